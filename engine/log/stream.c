/* engine/log/stream.c   Straight to the segment. The bytes of an append stand in a block of the stream such that
 * address and position agree modulo 4096, so the write takes them from there, whole blocks only:
 *
 *     block     |....old|new batches .......|rest..|     old: what stands before it in its first block, copied
 *     segment   |old     new batches .......|            written with DSYNC: blocks that were never written before
 *     WAL       extent {offsets, place, sum}, rest       rest: what lies behind the last whole block, below 4096
 *
 * The next piece begins with the block of `rest`, on a page of its own. So a write neither touches a block twice nor
 * crosses from written to unwritten blocks, which the kernel would hand to a worker thread. What is left when the
 * stream ends is spill.c's.
 *
 * Order: a piece is written when everything before it is in the file or in its front; its entry is made when its write
 * has completed; the entries of a log follow each other in the WAL as their offsets do. Durable means: the entry's
 * chunk is. */
#include "log/stream.h"

#include <string.h>

#include "base/canary.h"
#include "base/crc32c.h"
#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/spill.h"
#include "log/upkeep.h"
#include "log/wal.h"

enum { BLOCK = CHUNK_BLOCK };

static void stream_ready(struct ready *ready);
static void stream_held(struct timer *timer);
static void turn_ended(struct ready *ready);
static void stream_prepared(struct segment_work *work);
static void stream_resume(struct completion *io);
static void stream_drop(struct stream *stream);
static void stream_go(struct stream *stream);

/* ---- being there ---- */

static struct stream *stream_make(struct log *log)
{
    struct store *store = log->store;
    struct list_node *node = list_take_first(&store->free_streams);
    struct stream *stream =
        node ? container_of(node, struct stream, node) : heap_take(&store->shard->heap, sizeof *stream);
    uint8_t *memory = node ? stream->block_memory : heap_take(&store->shard->heap, (size_t)2 * BLOCK);

    *stream = (struct stream){ .log = log, .block_memory = memory };
    list_node_init(&stream->node);
    list_append(&store->streams, &stream->node);
    list_init(&stream->pieces);
    ready_init(&stream->ready, stream_ready);
    timer_init(&stream->hold, stream_held);
    ready_init(&stream->turn_end.ready, turn_ended);
    list_node_init(&stream->turn_end.node);
    stream->io.resume = stream_resume;
    stream->block = (uint8_t *)round_up((uintptr_t)stream->block_memory, (uintptr_t)BLOCK);
    log->stream = stream;
    return stream;
}

static void stream_leave_block(struct stream *stream)
{
    if (!stream->gather) return;
    invariant(stream->gather->drafts > 0);
    stream->gather->drafts--;
    stream->gather = NULL;
}

void stream_end(struct stream *stream)
{
    struct store *store = stream->log->store;

    if (store->failed) stream_drop(stream);
    invariant(!stream_busy(stream));
    if (stream->log->tail) tail_hand_over(stream->log->tail, -1);
    stream_leave_block(stream);
    list_remove(&stream->node);
    list_remove(&stream->ready.node);
    timer_clear(&store->shard->timers, &stream->hold);
    watermark_leave(&stream->turn_end);
    stream->log->stream = NULL;
    list_append(&store->free_streams, &stream->node);
}

void streams_free(struct store *store)
{
    struct heap *heap = &store->shard->heap;

    for (struct list_node *node; (node = list_take_first(&store->free_streams)) != NULL;) {
        struct stream *stream = container_of(node, struct stream, node);
        heap_give(heap, stream->block_memory);
        heap_give(heap, stream);
    }
}

void streams_trim(struct store *store)
{
    list_each(&store->streams, node)
    {
        struct stream *stream = container_of(node, struct stream, node);
        if (!stream_busy(stream)) stream_end(stream);
    }
}

void streams_go(struct store *store)
{
    list_each(&store->streams, node) shard_ready(store->shard, &container_of(node, struct stream, node)->ready);
}

bool streams_busy(const struct store *store)
{
    list_each(&store->streams, node)
    {
        if (stream_busy(container_of(node, struct stream, node))) return true;
    }
    return false;
}

bool stream_takes(struct log *log, size_t size)
{
    struct store *store = log->store;
    bool large = log->waiting + size >= STREAM_WAITING_MIN || size > wal_batch_max(store->wal);

    if (log->stream) {
        if (large || stream_busy(log->stream)) return true;
        stream_end(log->stream);
        return false;
    }
    if (!large || store->starting) return false;
    (void)stream_make(log);
    return true;
}

/* ---- memory ---- */

/* The piece that can still grow: the newest, unless it is on its way. */
static struct stream_piece *piece_open(const struct stream *stream)
{
    struct list_node *last = list_last(&stream->pieces);
    if (!last) return NULL;
    if (stream->stage == STREAM_WRITING && last == list_first(&stream->pieces)) return NULL;
    return container_of(last, struct stream_piece, node);
}

static uint64_t stream_position(const struct stream *stream)
{
    const struct segment *segment = segments_last(stream->log);
    return segment ? segment->size : 0;
}

uint8_t *stream_room(struct stream *stream, size_t size)
{
    struct gathers *gathers = stream->log->store->gathers;
    const struct stream_piece *open = piece_open(stream);
    uint32_t partial = (uint32_t)(stream_position(stream) % BLOCK);

    /* Two pages more: for where a new piece begins, and for a move to another when the segment rolls. */
    if (!stream->gather || stream->gather->used + size + 3 * (size_t)BLOCK > stream->gather->block->size) {
        struct gather *gather = gather_take(gathers, size + STREAM_SPARE);
        if (!gather) return NULL;
        stream_leave_block(stream);
        gather->drafts++;
        stream->gather = gather;
    }
    if (open && open->gather == stream->gather) return stream->gather->block->data + open->at + open->size;
    return stream->gather->block->data + round_up(stream->gather->used, (uint32_t)BLOCK) + partial;
}

static struct stream_piece *piece_begin(struct stream *stream, uint8_t **data, const struct chunk_entry *entry,
                                        uint32_t size)
{
    struct gathers *gathers = stream->log->store->gathers;
    struct gather *gather = stream->gather;
    uint32_t page = round_up(gather->used, (uint32_t)BLOCK);
    uint8_t *place = gather->block->data + page + entry->segment_position % BLOCK;

    if (place != *data) memmove(place, *data, size); /* The segment rolled: it begins at 0. */
    *data = place;

    struct list_node *node = list_take_first(&gathers->free_pieces);
    struct stream_piece *piece = node ? container_of(node, struct stream_piece, node)
                                      : heap_take(&stream->log->store->shard->heap, sizeof *piece);
    *piece = (struct stream_piece){
        .gather = gather,
        .at = (uint32_t)(place - gather->block->data),
        .position = entry->segment_position,
        .segment = entry->segment,
        .first = entry->first,
    };
    list_node_init(&piece->node);
    list_append(&stream->pieces, &piece->node);
    return piece;
}

struct gather *stream_join(struct stream *stream, uint8_t **data, const struct chunk_entry *entry, uint32_t size)
{
    struct stream_piece *piece = piece_open(stream);
    bool goes_on = piece && piece->gather == stream->gather && piece->segment == entry->segment &&
                   piece->leader_epoch == entry->leader_epoch && piece->limit == entry->first;

    if (!goes_on) piece = piece_begin(stream, data, entry, size);
    piece->leader_epoch = entry->leader_epoch;
    piece->limit = entry->limit;
    piece->size += size;
    piece->crc = crc32c(piece->crc, *data, BATCH_HEAD_SIZE);
    stream->gather->used = piece->at + piece->size;
    invariant(stream->gather->used + BLOCK <= stream->gather->block->size);
    shard_ready(stream->log->store->shard, &stream->ready);
    return stream->gather;
}

/* ---- the way of a piece ---- */

static void stream_fail(struct stream *stream, enum status status)
{
    struct store *store = stream->log->store;

    stream->stage = STREAM_IDLE;
    directory_fail(store, status);
    stream_drop(stream);
}

static void piece_give(struct stream *stream, struct stream_piece *piece)
{
    list_append(&stream->log->store->gathers->free_pieces, &piece->node);
}

/* After a failure nothing goes on; what waited is let go. */
static void stream_drop(struct stream *stream)
{
    for (struct list_node *node; (node = list_take_first(&stream->pieces)) != NULL;)
        piece_give(stream, container_of(node, struct stream_piece, node));
    if (stream->done) piece_give(stream, stream->done);
    stream->done = NULL;
    if (stream->stage == STREAM_HOLDING) stream->stage = STREAM_IDLE;
}

/* Where its whole blocks end in the file. */
static uint64_t piece_blocks_limit(const struct stream_piece *piece)
{
    return round_down(piece->position + piece->size, (uint64_t)BLOCK);
}

/* Bytes behind its last whole block: they go into the WAL. */
static uint32_t piece_rest(const struct stream_piece *piece)
{
    return chunk_extent_rest(piece->position, piece->size);
}

static void piece_prepare(struct stream *stream, const struct stream_piece *piece)
{
    uint64_t needed = piece_blocks_limit(piece);
    uint64_t ahead = min_of(needed + STREAM_AHEAD, (uint64_t)stream->log->settings->segment_bytes);

    stream->stage = STREAM_PREPARING;
    stream->work = (struct segment_work){
        .log = stream->log, .base = piece->segment, .size = max_of(needed, ahead), .done = stream_prepared
    };
    segment_prepare(&stream->work);
}

/* Writes what it has from `position` in the file on, as far as one write goes. */
static void piece_write_from(struct stream *stream, const struct stream_piece *piece, uint64_t position)
{
    struct store *store = stream->log->store;
    struct segment *segment = segments_at(stream->log, piece->segment);
    uint8_t *data = piece->gather->block->data + piece->at; /* of piece->position */

    stream->stage = STREAM_WRITING;
    stream->part_limit = min_of(piece_blocks_limit(piece), segment_run_limit(segment, position));
    stream->part = (struct iovec){ .iov_base = data + (ptrdiff_t)(position - piece->position),
                                   .iov_len = stream->part_limit - position };
    store->spill->bytes_written += stream->part.iov_len;
    store->spill->write_count++;
    io_write(store->shard->io, &stream->io, segment->file, &stream->part, 1, position,
             store->directory->relaxed || CANARY(CANARY_EXTENT_BEFORE_BYTES) ? 0 : IO_DURABLE);
}

/* Puts what stands before the piece in front of it; false: there is no whole block to write. */
static bool piece_write(struct stream *stream, const struct stream_piece *piece)
{
    uint32_t front = (uint32_t)(piece->position % BLOCK);

    memcpy(piece->gather->block->data + piece->at - front, stream->block, front);
    if (piece_blocks_limit(piece) <= piece->position) return false;
    piece_write_from(stream, piece, piece->position - front);
    return true;
}

static bool piece_has_partial(const struct stream *stream, const struct stream_piece *piece)
{
    return piece->position % BLOCK == 0 ||
           (stream->block_limit == piece->position && stream->block_segment == piece->segment);
}

static bool piece_has_file(const struct segment *segment, const struct stream_piece *piece)
{
    if (piece_blocks_limit(piece) <= piece->position) return true; /* It will not be written. */
    return segment->named && segment->file >= 0 && segment->allocated >= piece_blocks_limit(piece);
}

/* ---- turns ---- */

static void stream_held(struct timer *timer)
{
    struct stream *stream = container_of(timer, struct stream, hold);

    shard_ready(stream->log->store->shard, &stream->ready);
}

static bool turn_under_way(const struct stream *stream)
{
    return list_linked(&stream->turn_end.node);
}

/* Whether the next turn waits for more. Not when its piece can't grow any more. */
static bool turn_waits(struct stream *stream)
{
    struct shard *shard = stream->log->store->shard;
    int64_t now_ns = shard_now_ns(shard);

    if (stream->turn_ns == 0 || list_first(&stream->pieces) != list_last(&stream->pieces)) return false;
    if (!turn_under_way(stream) && stream->log->waiting >= stream->turn_whole) return false;
    if (stream->hold_limit_ns == 0) {
        stream->hold_limit_ns = now_ns + min_of(stream->turn_ns, (int64_t)STREAM_HOLD_NS_MAX);
        timer_set_exact(&shard->timers, &stream->hold, stream->hold_limit_ns);
    }
    return now_ns < stream->hold_limit_ns;
}

/* A turn that is under way still becomes one with it. */
static void turn_begin(struct stream *stream, const struct stream_piece *piece)
{
    struct shard *shard = stream->log->store->shard;

    timer_clear(&shard->timers, &stream->hold);
    stream->hold_limit_ns = 0;
    stream->turn_begun_ns = shard_now_ns(shard);
    stream->turn_size = (turn_under_way(stream) ? stream->turn_size : 0) + piece->size;
    watermark_leave(&stream->turn_end);
    watermark_wait(shard, &stream->log->durable, &stream->turn_end, piece->limit);
}

static void turn_ended(struct ready *ready)
{
    struct stream *stream = container_of(ready, struct stream, turn_end.ready);

    stream->turn_ns = max_of(shard_now_ns(stream->log->store->shard) - stream->turn_begun_ns, INT64_C(1));
    stream->turn_whole = stream->turn_size + stream->log->waiting;
    stream_go(stream);
}

/* The next step for the oldest piece, whatever it is that it lacks. True: it is written (or need not be). */
static bool stream_step(struct stream *stream)
{
    struct store *store = stream->log->store;
    struct list_node *node = list_first(&stream->pieces);

    if (stream->stage == STREAM_HOLDING) stream->stage = STREAM_IDLE; /* Looks again. */
    if (stream->stage == STREAM_IDLE && (store->failed || stream->log->deleted)) {
        stream_drop(stream);
        return false;
    }
    if (!node || stream->stage != STREAM_IDLE || stream->done || store->no_space) return false;

    struct stream_piece *piece = container_of(node, struct stream_piece, node);
    struct segment *segment = segments_at(stream->log, piece->segment);
    struct tail *tail = stream->log->tail;
    invariant(segment && tail && tail->written < tail->count);

    tail_hand_over(tail, piece->segment); /* The rest of a segment that was rolled. */
    if (tail->spilling || !tail_span(tail, tail->written)->direct) {
        stream->stage = STREAM_SPILLING;
        spill_log(store->spill, stream->log);
        spill_go(store->spill);
    } else if (!piece_has_file(segment, piece)) {
        piece_prepare(stream, piece);
    } else if (!piece_has_partial(stream, piece)) {
        stream->stage = STREAM_READING;
        io_read(store->shard->io, &stream->io, segment->file, stream->block, BLOCK,
                round_down(piece->position, (uint64_t)BLOCK));
    } else if (turn_waits(stream)) {
        stream->stage = STREAM_HOLDING;
    } else {
        turn_begin(stream, piece);
        return !piece_write(stream, piece);
    }
    return false;
}

/* The extent in the WAL; false: no memory for it yet. */
static bool piece_enter(struct stream *stream, const struct stream_piece *piece)
{
    struct log *log = stream->log;
    struct gathers *gathers = log->store->gathers;
    uint32_t rest = piece_rest(piece);
    uint8_t *room = gather_entry_room(gathers, rest);
    if (!room) return false;

    memcpy(room, piece->gather->block->data + piece->at + piece->size - rest, rest);
    struct chunk_entry entry = {
        .kind = CHUNK_EXTENT,
        .key = log->key,
        .incarnation = log->incarnation,
        .first = piece->first,
        .limit = piece->limit,
        .leader_epoch = piece->leader_epoch,
        .crc = piece->crc,
        .segment = piece->segment,
        .segment_position = piece->position,
        .rest_crc = crc32c(0, room, rest),
    };
    draft_add_extent(gathers, &entry, log, piece->size, rest);
    log->store->stream_size += piece->size;
    flush_soon(log->store->flush);
    return true;
}

static void stream_enter(struct stream *stream)
{
    if (!stream->done) return;
    if (!stream->log->deleted && !piece_enter(stream, stream->done)) {
        memory_wait(stream->log->store->shard->memory, MEMORY_TAIL, &stream->ready);
        return;
    }
    piece_give(stream, stream->done);
    stream->done = NULL;
}

/* The oldest piece is in the file, as far as its whole blocks go. */
static void stream_wrote(struct stream *stream)
{
    struct log *log = stream->log;
    struct stream_piece *piece = container_of(list_take_first(&stream->pieces), struct stream_piece, node);
    struct segment *segment = segments_at(log, piece->segment);
    const uint8_t *data = piece->gather->block->data;
    uint32_t limit = piece->at + piece->size;

    invariant(!stream->done && segment->written <= piece->position);
    invariant(segment->written >= round_down(piece->position, (uint64_t)BLOCK));
    segment->written = max_of(segment->written, piece_blocks_limit(piece));
    tail_wrote(log->store->tails, log->tail, piece->segment, segment->written);
    memcpy(stream->block, data + round_down(limit, (uint32_t)BLOCK), limit % BLOCK);
    stream->block_segment = piece->segment;
    stream->block_limit = piece->position + piece->size;
    stream->done = piece;
    stream->stage = STREAM_IDLE;
    stream_enter(stream);
}

/* As far as it goes now. The stream may be gone when this returns: a checkpoint that waits for its rest ends it. */
static void stream_go(struct stream *stream)
{
    struct log *log = stream->log;
    struct store *store = log->store;

    while (stream_step(stream)) stream_wrote(stream);
    bool busy = stream_busy(stream);
    if (!busy && log->tail && log->tail->cut) stream_end(stream);
    if (log->tail) checkpoint_spilled(store->checkpoint, log);
    if (!busy) store_settle(store);
}

static void stream_ready(struct ready *ready)
{
    struct stream *stream = container_of(ready, struct stream, ready);

    stream_enter(stream);
    stream_go(stream);
}

static void stream_resume(struct completion *io)
{
    struct stream *stream = container_of(io, struct stream, io);

    if (io->status != STATUS_OK) {
        stream_fail(stream, io->status);
        return;
    }
    struct stream_piece *piece = container_of(list_first(&stream->pieces), struct stream_piece, node);
    if (stream->stage == STREAM_READING) {
        stream->block_segment = piece->segment;
        stream->block_limit = piece->position;
        stream->stage = STREAM_IDLE;
    } else {
        invariant(stream->stage == STREAM_WRITING);
        if (stream->part_limit < piece_blocks_limit(piece)) {
            piece_write_from(stream, piece, stream->part_limit);
            return;
        }
        stream_wrote(stream);
    }
    stream_go(stream);
}

static void stream_prepared(struct segment_work *work)
{
    struct stream *stream = container_of(work, struct stream, work);

    invariant(stream->stage == STREAM_PREPARING);
    stream->stage = STREAM_IDLE;
    if (work->status == STATUS_NO_SPACE) {
        upkeep_no_space(stream->log->store->upkeep);
    } else if (work->status != STATUS_OK) {
        stream_fail(stream, work->status);
    } else {
        stream_go(stream);
    }
}

void stream_spilled(struct stream *stream)
{
    if (stream->stage != STREAM_SPILLING) return;
    stream->stage = STREAM_IDLE;
    shard_ready(stream->log->store->shard, &stream->ready);
}
