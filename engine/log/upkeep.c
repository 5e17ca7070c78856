/* engine/log/upkeep.c   The clockwork of a store. It runs only while there is something to look after: memory beyond
 * the block that is being filled, or a lack of space. */
#include "log/upkeep.h"

#include <inttypes.h>

#include "io/files.h"
#include "log/flush.h"
#include "log/gather.h"
#include "log/spill.h"
#include "log/stream.h"
#include "log/wal.h"

enum { NS_PER_MS = 1000000 };

static void upkeep_fire(struct timer *timer);
static void look_begin(struct upkeep *upkeep);

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

/* Whether what was appended to the log lacks a place: in the WAL, or its stream in a segment. */
static bool log_starved(const struct log *log)
{
    bool streaming = log->stream && stream_busy(log->stream);
    return log->waiting > 0 && (log->store->flush->hungry || streaming);
}

void upkeep_starved(struct upkeep *upkeep)
{
    struct store *store = upkeep->store;

    list_each(&store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        if (!log_starved(log)) continue;
        watermark_turn_away(store->shard, &log->durable, STATUS_NO_SPACE);
        watermark_turn_away(store->shard, &log->committed, STATUS_NO_SPACE);
    }
}

/* Bytes that must be free: the reserve, and what a start writes anew before it lets go of the old, of every shard as of
 * its last look. That is what stands in the WAL, and in streams above the cut. The latter counts twice: the first start
 * copies it from segments, which keep it, into the WAL, and a second one that follows at once copies that again. */
static uint64_t reserve_now(struct upkeep *upkeep)
{
    struct store *store = upkeep->store;
    struct directory *directory = store->directory;
    uint64_t owed = wal_used(store->wal) + 2 * store->stream_size, more = owed - upkeep->owed;

    upkeep->owed = owed;
    return directory->reserve_size + atomic_fetch_add_explicit(&directory->owed, more, memory_order_relaxed) + more;
}

/* A little more than the reserve must be free before appends are taken again, so that the answer does not flicker. */
static uint64_t room_again(uint64_t reserve)
{
    return reserve + reserve / 8 + UPKEEP_ROOM;
}

/* People hear of it once for all shards. */
static void full_set(struct store *store, bool full, uint64_t reserve)
{
    struct directory *directory = store->directory;

    if (store->full == full) return;
    store->full = full;
    if (atomic_exchange(&directory->full, full) == full) return;
    if (full) {
        directory_say(directory,
                      "%s is nearly full: records are refused until more than %" PRIu64
                      " MiB are free; fetches, retention and deletion go on",
                      directory->path, room_again(reserve) >> 20);
    } else {
        directory_say(directory, "%s has room again: records are taken", directory->path);
    }
}

void upkeep_no_space(struct upkeep *upkeep)
{
    struct store *store = upkeep->store;

    full_set(store, true, reserve_now(upkeep));
    store->no_space = true;
    upkeep_starved(upkeep);
    upkeep_soon(upkeep);
    if (store->hurry) look_begin(upkeep);
}

void upkeep_hurry(struct upkeep *upkeep)
{
    upkeep->store->hurry = true;
    if (upkeep->store->no_space) look_begin(upkeep);
}

static void look_work(struct job *job)
{
    struct upkeep *upkeep = container_of(job, struct upkeep, job);
    struct directory *directory = upkeep->store->directory;
    uint64_t total;

    job->status = files_space(directory->files, directory->handle, &upkeep->available, &total);
}

static void look_done(struct job *job)
{
    struct upkeep *upkeep = container_of(job, struct upkeep, job);
    struct store *store = upkeep->store;
    uint64_t reserve = reserve_now(upkeep);
    bool lacked = store->no_space;

    upkeep->looking = false;
    if (job->status != STATUS_OK) { /* Asked again at the next look; a device that is gone fails its writes. */
        store_settle(store);
        return;
    }
    if (upkeep->available < reserve) full_set(store, true, reserve);
    if (upkeep->available >= room_again(reserve)) full_set(store, false, reserve);
    if (upkeep->available >= UPKEEP_ROOM) store->no_space = false;
    /* The lack may come back at once, though there are bytes: of inodes, or by a quota. */
    uint32_t looks_max = UPKEEP_LAST_LOOKS + (store->no_space ? 0 : 1);
    if (lacked && store->hurry && ++upkeep->last_looks >= looks_max) {
        directory_fail(store, STATUS_NO_SPACE);
        return;
    }
    if (store->no_space) upkeep_starved(upkeep);
    if (store->full || store->no_space) upkeep_soon(upkeep);
    if (store->no_space && store->hurry) look_begin(upkeep);
    flush_go(store->flush); /* It may have waited for a file that can be made now. */
    streams_go(store);
    store_settle(store);
}

static void look_begin(struct upkeep *upkeep)
{
    if (upkeep->looking || upkeep->store->failed) return;
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
