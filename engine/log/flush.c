/* engine/log/flush.c   Group commit. The device's own latency is the batching window, but for lone batches (flush.h).
 *
 *     IDLE --end of a step in which something was gathered--> WRITING --completion--> IDLE, or again if more waits
 *         \--a lone batch--> HOLDING --another, or time--> WRITING \--error--> FAILED, for good
 *
 * The first chunk of a file is written together with the link in the file before (chunk.h), and counts when both are
 * written.
 *
 * One write in flight: a chunk says in `completed` that all chunks before it are durable, which is true because it is
 * only begun when they are. (Without DSYNC nothing is known, and it says 0.) */
#include "log/flush.h"

#include "base/canary.h"
#include "io/files.h"
#include "log/state.h"
#include "log/upkeep.h"
#include "log/wal.h"
#include "shard/probe.h"

static void flush_ready(struct ready *ready);
static void flush_held(struct timer *timer);
static void flush_resume(struct completion *io);
static void flush_link_resume(struct completion *io);

void flush_init(struct flush *flush, struct store *store)
{
    *flush = (struct flush){ .store = store, .flushed = 1, .gap_ns = FLUSH_PAUSE_NS };
    ready_init(&flush->ready, flush_ready);
    timer_init(&flush->hold, flush_held);
    flush->io.resume = flush_resume;
    flush->link_io.resume = flush_link_resume;
    flush->link_memory = heap_take(&store->shard->heap, (size_t)2 * CHUNK_BLOCK);
    flush->link = (uint8_t *)round_up((uintptr_t)flush->link_memory, (uintptr_t)CHUNK_BLOCK);
}

void flush_end(struct flush *flush)
{
    timer_clear(&flush->store->shard->timers, &flush->hold);
    heap_give(&flush->store->shard->heap, flush->link_memory);
}

/* Nothing is on its way to the device, and something may be. */
static bool flush_rests(const struct flush *flush)
{
    return (flush->stage == FLUSH_IDLE || flush->stage == FLUSH_HOLDING) && !flush->store->starting;
}

void flush_soon(struct flush *flush)
{
    flush->arrived++;
    if (flush_rests(flush)) shard_ready(flush->store->shard, &flush->ready);
}

static void flush_ready(struct ready *ready)
{
    struct flush *flush = container_of(ready, struct flush, ready);

    flush_go(flush);
    if (flush->hungry) store_settle(flush->store); /* Right after a start, nothing else may be under way that would. */
}

/* The chunk is complete in the block: its table behind the payload, its header in front. */
static size_t draft_finish(struct flush *flush, const struct draft *draft)
{
    const struct directory *directory = flush->store->directory;
    uint8_t *chunk = draft->gather->block->data + draft->at;
    struct chunk_header header = {
        .directory = directory->identity.directory,
        .shard = flush->store->shard->index,
        .incarnation = directory->incarnation,
        .sequence = draft->sequence,
        .completed = directory->relaxed ? 0 : flush->flushed,
        .previous_crc = flush->previous_crc,
        .payload_size = draft->payload_size,
        .entry_count = draft->entry_count,
    };

    invariant(draft->sequence == flush->flushed);
    memcpy(chunk + chunk_table_position(draft->payload_size), draft->table,
           (size_t)draft->entry_count * CHUNK_ENTRY_SIZE);
    size_t size = chunk_seal(chunk, &header);
    flush->previous_crc = header.crc;
    return size;
}

/* What the file that was left says about the chunk that comes next. */
static void link_finish(struct flush *flush, const struct wal_place *place)
{
    const struct directory *directory = flush->store->directory;
    struct chunk_link link = {
        .directory = directory->identity.directory,
        .shard = flush->store->shard->index,
        .incarnation = directory->incarnation,
        .sequence = flush->flushed,
        .completed = directory->relaxed ? 0 : flush->flushed,
        .previous_crc = flush->previous_crc,
        .number = place->number,
    };
    chunk_link_write(flush->link, &link);
}

/* The next draft in `flush->draft`, and its place. False: nothing waits, or the WAL has no room. */
static bool flush_next(struct flush *flush, struct wal_place *place)
{
    struct store *store = flush->store;

    if (!flush->draft) {
        if (!gather_waiting(store->gathers)) return false;
        flush->draft = draft_take(store->gathers);
    }
    size_t size = chunk_size(flush->draft->payload_size, flush->draft->entry_count);
    flush->hungry = !wal_place(store->wal, size, flush->draft->sequence, place);
    if (flush->hungry && store->no_space) upkeep_starved(store->upkeep);
    return !flush->hungry;
}

/* Each log's mark moves, and whoever waits there becomes ready. */
static void draft_tell(struct flush *flush, struct draft *draft)
{
    for (uint32_t i = 0; i < draft->entry_count; i++) {
        struct draft_mark *mark = &draft->marks[i];
        if (!mark->log || mark->limit <= mark->log->durable.at) continue;
        watermark_advance(flush->store->shard, &mark->log->durable, mark->limit);
    }
}

/* ---- lone batches ---- */

static void flush_held(struct timer *timer)
{
    struct flush *flush = container_of(timer, struct flush, hold);

    shard_ready(flush->store->shard, &flush->ready);
}

static bool flush_pays_to_hold(const struct flush *flush)
{
    const struct gathers *gathers = flush->store->gathers;
    const struct draft *open = gathers->open;

    if (flush->arrived != 1 || flush->gap_ns > FLUSH_HOLD_NS || flush->draft || !list_empty(&gathers->sealed) || !open)
        return false;
    size_t size = chunk_size(open->payload_size, open->entry_count);
    return size > CHUNK_BLOCK && size - open->payload_size > size / 3;
}

/* Whether what waits goes on waiting. */
static bool flush_holds(struct flush *flush)
{
    struct shard *shard = flush->store->shard;

    if (flush->stage == FLUSH_IDLE) {
        if (!flush_pays_to_hold(flush)) return false;
        if (flush->skips > 0) {
            flush->skips--;
            return false;
        }
        flush->stage = FLUSH_HOLDING;
        timer_set_exact(&shard->timers, &flush->hold, shard_now_ns(shard) + FLUSH_HOLD_NS);
        return true;
    }
    bool alone = flush->arrived == 1;
    if (alone && timer_pending(&flush->hold)) return true;
    flush->misses = alone ? min_of(flush->misses + 1, (uint32_t)FLUSH_MISSES_MAX) : 0;
    flush->skips = (UINT32_C(1) << flush->misses) - 1;
    flush->stage = FLUSH_IDLE;
    timer_clear(&shard->timers, &flush->hold);
    return false;
}

static void flush_note_arrivals(struct flush *flush, int64_t now_ns)
{
    int64_t since_ns = min_of(now_ns - flush->begun_ns, (int64_t)FLUSH_PAUSE_NS);

    flush->gap_ns += (since_ns / max_of(flush->arrived, UINT32_C(1)) - flush->gap_ns) / 8;
    flush->arrived = 0;
}

void flush_go(struct flush *flush)
{
    struct store *store = flush->store;
    struct wal_place place;

    if (!flush_rests(flush) || flush_holds(flush)) return;
    if (!flush_next(flush, &place)) return;

    int64_t now_ns = shard_now_ns(store->shard);
    flush_note_arrivals(flush, now_ns);
    flush->stage = FLUSH_WRITING;
    flush->begun_ns = now_ns;
    PROBE3(flush__begin, store->shard->index, flush->draft->sequence, flush->draft->payload_size);
    flush->status = STATUS_OK;
    flush->writing = 1;
    if (place.left) {
        link_finish(flush, &place);
        flush->writing++;
        flush->link_part = (struct iovec){ flush->link, CHUNK_BLOCK };
        io_write(store->shard->io, &flush->link_io, place.left_file, &flush->link_part, 1, place.left_position,
                 store->directory->relaxed ? 0 : IO_DURABLE);
    }
    flush->part.iov_base = flush->draft->gather->block->data + flush->draft->at;
    flush->part.iov_len = draft_finish(flush, flush->draft);
    flush->byte_count += flush->part.iov_len;
    flush->chunk_count++;
    io_write(store->shard->io, &flush->io, place.file, &flush->part, 1, place.position,
             store->directory->relaxed ? 0 : IO_DURABLE);
    if (CANARY(CANARY_ACK_BEFORE_WRITE)) draft_tell(flush, flush->draft);
}

/* What the chunk held is durable. */
static void draft_durable(struct flush *flush, struct draft *draft)
{
    struct shard *shard = flush->store->shard;

    for (uint32_t i = 0; i < draft->entry_count; i++) {
        struct draft_mark *mark = &draft->marks[i];
        if (!mark->log) continue;
        invariant(mark->log->waiting >= mark->size);
        mark->log->waiting -= mark->size;
    }
    draft_tell(flush, draft);
    watermark_advance(shard, &flush->store->flushed, (int64_t)flush->flushed);
    draft_give(flush->store->gathers, draft);
}

struct checkpoint_resume flush_resume_point(const struct flush *flush)
{
    const struct wal_file *current = flush->store->wal->current;
    bool placed = flush->stage == FLUSH_WRITING;

    return (struct checkpoint_resume){
        .sequence = flush->flushed + (placed ? 1 : 0),
        .number = current ? current->number : WAL_NUMBER_NONE,
        .previous_crc = flush->previous_crc,
        .position = current ? current->used : 0,
    };
}

static void flush_written(struct flush *flush, enum status status)
{
    struct draft *done = flush->draft;

    invariant(flush->stage == FLUSH_WRITING && done && flush->writing > 0);
    if (flush->status == STATUS_OK) flush->status = status;
    if (--flush->writing > 0) return;
    flush->draft = NULL;
    if (flush->status == STATUS_OK &&
        flush->store->failed) { /* Something else failed: nothing is acknowledged any more. */
        flush->stage = FLUSH_FAILED;
        draft_give(flush->store->gathers, done);
        return;
    }
    if (flush->status != STATUS_OK) {
        flush->stage = FLUSH_FAILED; /* Never retried: what the device holds is unknown now. */
        draft_give(flush->store->gathers, done);
        directory_fail(flush->store, flush->status);
        return;
    }
    uint64_t took_ns = (uint64_t)(shard_now_ns(flush->store->shard) - flush->begun_ns);
    PROBE3(flush__end, flush->store->shard->index, done->sequence, took_ns);
    flush->times[metric_bucket(took_ns)]++;
    flush->time_ns += took_ns;
    flush->stage = FLUSH_IDLE;
    flush->flushed = done->sequence + 1;
    flush_go(flush);            /* Keep the disk busy first, */
    draft_durable(flush, done); /* then tell the world. */
    store_flushed(flush->store);
}

static void flush_resume(struct completion *io)
{
    flush_written(container_of(io, struct flush, io), io->status);
}

static void flush_link_resume(struct completion *io)
{
    flush_written(container_of(io, struct flush, link_io), io->status);
}

enum status flush_now(struct flush *flush)
{
    struct store *store = flush->store;
    struct files *files = store->directory->files;
    struct wal_place place;

    invariant(flush->stage == FLUSH_IDLE);
    while (flush_next(flush, &place)) {
        struct draft *draft = flush->draft;
        enum status status = STATUS_OK;
        if (place.left) {
            link_finish(flush, &place);
            status = files_write(files, place.left_file, flush->link, CHUNK_BLOCK, place.left_position, FILES_DURABLE);
        }
        size_t size = draft_finish(flush, draft);
        /* Durable even when relaxed: what recovery writes anew was on the device before. */
        if (status == STATUS_OK) {
            status = files_write(files, place.file, draft->gather->block->data + draft->at, size, place.position,
                                 FILES_DURABLE);
        }
        flush->draft = NULL;
        if (status != STATUS_OK) return status;
        flush->flushed = draft->sequence + 1;
        draft_durable(flush, draft);
    }
    return flush->hungry ? STATUS_NO_SPACE : STATUS_OK;
}
