/* engine/log/upkeep.c   The clockwork of a store. It runs only while there is something to look after: memory beyond
 * the block that is being filled, or a lack of space. */
#include "log/upkeep.h"

#include "io/files.h"
#include "log/gather.h"
#include "log/spill.h"
#include "log/stream.h"

enum { NS_PER_MS = 1000000 };

static void upkeep_fire(struct timer *timer);

void upkeep_init(struct upkeep *upkeep, struct store *store)
{
    *upkeep = (struct upkeep){ .store = store };
    timer_init(&upkeep->timer, upkeep_fire);
}

void upkeep_end(struct upkeep *upkeep)
{
    timer_clear(&upkeep->store->shard->timers, &upkeep->timer);
}

void upkeep_soon(struct upkeep *upkeep)
{
    struct shard *shard = upkeep->store->shard;

    if (timer_pending(&upkeep->timer) || upkeep->store->starting) return;
    timer_set(&shard->timers, &upkeep->timer, shard_now_ns(shard) + (int64_t)UPKEEP_INTERVAL_MS * NS_PER_MS);
}

void upkeep_no_space(struct upkeep *upkeep)
{
    upkeep->store->full = true;
    upkeep->store->no_space = true;
    upkeep_soon(upkeep);
}

static void look_work(struct job *job)
{
    struct upkeep *upkeep = container_of(job, struct upkeep, job);
    struct directory *directory = upkeep->store->directory;
    uint64_t total;

    job->status = files_space(directory->files, directory->handle, &upkeep->available, &total);
}

/* A little more than the reserve must be free before appends are taken again, so that the answer does not flicker. */
static void look_done(struct job *job)
{
    struct upkeep *upkeep = container_of(job, struct upkeep, job);
    struct store *store = upkeep->store;
    uint64_t reserve = store->directory->reserve_size;

    upkeep->looking = false;
    if (job->status != STATUS_OK) { /* Asked again at the next look; a device that is gone fails its writes. */
        store_settle(store);
        return;
    }
    if (upkeep->available < reserve) store->full = true;
    if (upkeep->available >= reserve + reserve / 8 + UPKEEP_ROOM) store->full = false;
    if (upkeep->available >= UPKEEP_ROOM) store->no_space = false;
    if (store->full || store->no_space) upkeep_soon(upkeep);
    streams_go(store);
    store_settle(store);
}

static void look_begin(struct upkeep *upkeep)
{
    if (upkeep->looking) return;
    upkeep->looking = true;
    upkeep->grown = 0;
    jobs_begin(upkeep->store->shard, &upkeep->job, 0, look_work, look_done);
}

void upkeep_grew(struct upkeep *upkeep, uint64_t size)
{
    upkeep->grown += size;
    if (upkeep->grown >= UPKEEP_GROWN && !upkeep->store->starting && !upkeep->store->failed) look_begin(upkeep);
}

static void upkeep_fire(struct timer *timer)
{
    struct upkeep *upkeep = container_of(timer, struct upkeep, timer);
    struct store *store = upkeep->store;
    struct shard *shard = store->shard;

    if (store->failed) return;
    streams_trim(store);
    spill_old(store->spill, shard_now_ns(shard) - (int64_t)UPKEEP_AGE_MS * NS_PER_MS);
    store_settle(store);
    look_begin(upkeep);
    if (store->gathers->block_count > 1) upkeep_soon(upkeep);
}
