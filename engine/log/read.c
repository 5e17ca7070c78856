/* engine/log/read.c   One cold read: from an offset below the tail to extents of whole, proved batches.
 *
 *     begin --> OPENING --> INDEXING --> READING --> proved, extents pinned --> read->ready
 *        each stage is skipped when there is nothing to wait for;  MEMORY: the cache's budget is used up
 *        LARGE: the first batch is larger than the pieces a read may hold: read as one, past the cache
 *
 * Nothing leaves that was not checked: magic, length, CRC, and the two fields that stand outside the CRC. The leader
 * epoch is known to the log's table of epochs. The base offset is known by the batch before, or for the first one by
 * the index; above a gap, which compaction leaves, the batch behind must begin at or above this one's end. A wrong
 * index is found out by that too; the segment is then scanned once. A read gives what it has when it meets a bad batch
 * behind good ones. */
#include "log/reader.h"
#include "log/retention.h"
#include "log/tail.h"

#include "base/crc32c.h"

enum cold_stage { COLD_IDLE, COLD_OPENING, COLD_INDEXING, COLD_READING, COLD_MEMORY, COLD_LARGE };

struct cold_read {
    struct list_node node; /* reader->reads, while it waits */
    struct ready ready;    /* looks again */
    struct reader *reader;
    struct log_read *read; /* NULL: cancelled while LARGE */
    struct log *log;
    enum cold_stage stage;
    int64_t base;      /* of the segment */
    int64_t expected;  /* no batch begins below; most begin here */
    int64_t named;     /* where the batch at the position ends by the index; -1: it names another one */
    uint64_t position; /* where the walk goes on */
    uint64_t wanted;   /* the window must reach to here */
    uint64_t written;  /* of the segment, when the walk began */
    bool placed, sequential, scanned, starved;
    uint32_t first_piece, piece_count;
    struct piece *pieces[READER_PIECES];
    struct piece_wait waits[READER_PIECES];
    struct reader_wait wait; /* OPENING, INDEXING */
    struct piece_wait room;  /* MEMORY */
    struct completion io;    /* LARGE */
    struct block *block;
    uint32_t lead, large_size; /* the batch in `block` */
};

/* What a step of the read came to. */
enum cold_step { STEP_AGAIN, STEP_WAIT, STEP_DONE };

static void cold_go(struct cold_read *cold);

static void cold_ready(struct ready *ready)
{
    struct cold_read *cold = container_of(ready, struct cold_read, ready);
    cold_go(cold);
}

/* ---- the window: consecutive pieces ---- */

static uint64_t window_position(const struct cold_read *cold)
{
    return (uint64_t)cold->first_piece * CACHE_PIECE;
}

static uint64_t window_limit(const struct cold_read *cold)
{
    if (cold->piece_count == 0) return window_position(cold);
    const struct piece *last = cold->pieces[cold->piece_count - 1];
    return (uint64_t)last->number * CACHE_PIECE + last->size;
}

static void window_leave(struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        list_remove(&cold->waits[i].node);
        piece_leave(cold->pieces[i]);
    }
    cold->piece_count = 0;
}

/* The bytes at `position` within one piece: where they are and how many, at most `size`. */
static const uint8_t *window_at(const struct cold_read *cold, uint64_t position, uint32_t *size, struct piece **piece)
{
    uint32_t i = (uint32_t)(position / CACHE_PIECE) - cold->first_piece;
    uint32_t at = (uint32_t)(position % CACHE_PIECE);

    invariant(i < cold->piece_count && at < cold->pieces[i]->size);
    *piece = cold->pieces[i];
    *size = min_of(*size, cold->pieces[i]->size - at);
    return cold->pieces[i]->block->data + at;
}

static void window_copy(const struct cold_read *cold, uint64_t position, uint8_t *to, uint32_t size)
{
    for (uint32_t done = 0, part; done < size; done += part) {
        struct piece *piece;
        part = size - done;
        const uint8_t *from = window_at(cold, position + done, &part, &piece);
        memcpy(to + done, from, part);
    }
}

/* A log without a table (none was kept when its batches were written) proves nothing. */
static bool epoch_proved(const struct cold_read *cold, const struct batch *batch)
{
    int32_t epoch = log_epoch_at(cold->log, batch->base_offset);
    return epoch < 0 || batch->leader_epoch == epoch;
}

/* The base offset stands outside the CRC too: what is known before the batch, or by the index, proves it. */
static bool base_proved(const struct cold_read *cold, const struct batch *batch)
{
    return batch->base_offset == cold->expected || batch_limit(batch) == cold->named;
}

/* Bytes behind the batch that say whether its base offset is right: none, or the next batch's. */
static uint32_t base_needs(const struct cold_read *cold, const struct batch *batch)
{
    uint64_t limit = cold->position + batch->size + sizeof batch->base_offset;
    return base_proved(cold, batch) || limit > cold->written ? 0 : sizeof batch->base_offset;
}

/* `behind`: these bytes, if any are needed. */
static bool base_stands(const struct cold_read *cold, const struct segment *segment, const struct batch *batch,
                        const uint8_t *behind)
{
    if (base_proved(cold, batch)) return true;
    if (base_needs(cold, batch) > 0) return batch_limit(batch) <= load_i64(behind);

    bool last = cold->written == segment->size;
    return batch_limit(batch) <= (last ? segment->limit : log_tail_first(cold->log));
}

/* The CRC of a batch that lies in the window; what was proved once is not summed again. */
static bool window_proved(const struct cold_read *cold, const struct batch *batch)
{
    bool proved = true;
    uint32_t crc = 0;

    for (uint32_t done = 0, part; done < batch->size; done += part) {
        struct piece *piece;
        part = batch->size - done;
        const uint8_t *at = window_at(cold, cold->position + done, &part, &piece);
        uint32_t from = (uint32_t)(at - piece->block->data);
        proved = proved && from >= piece->proved && from + part <= piece->proved_limit;
        if (!proved) break;
    }
    if (proved) return true;

    for (uint32_t done = BATCH_CRC_FROM, part; done < batch->size; done += part) {
        struct piece *piece;
        part = batch->size - done;
        const uint8_t *at = window_at(cold, cold->position + done, &part, &piece);
        crc = crc32c(crc, at, part);
    }
    if (crc != batch->crc) return false;

    for (uint32_t done = 0, part; done < batch->size; done += part) {
        struct piece *piece;
        part = batch->size - done;
        const uint8_t *at = window_at(cold, cold->position + done, &part, &piece);
        uint32_t from = (uint32_t)(at - piece->block->data);
        if (from != piece->proved_limit) piece->proved = from; /* One run of them is remembered: the latest. */
        piece->proved_limit = from + part;
    }
    return true;
}

/* ---- the end of a read ---- */

static void cold_free(struct cold_read *cold)
{
    struct log *log = cold->log;
    window_leave(cold);
    list_remove(&cold->node);
    list_remove(&cold->wait.node);
    list_remove(&cold->room.node);
    list_remove(&cold->ready.node);
    if (cold->block) block_unpin(cold->block);
    cold->block = NULL;
    cold->read = NULL;
    list_append(&cold->reader->free_reads, &cold->node);
    reader_release(log);
}

static uint64_t hint_slot(const struct log *log, int64_t offset)
{
    return hash_join(hash_partition(log->key.topic, log->key.partition), (uint64_t)offset) % READER_HINTS;
}

/* Where the next read of this consumer begins. */
static void cold_hint(struct cold_read *cold)
{
    cold->reader->hints[hint_slot(cold->log, cold->expected)] = (struct reader_hint){
        .log = cold->log, .base = cold->base, .offset = cold->expected, .position = cold->position
    };
}

static enum cold_step cold_end(struct cold_read *cold, enum status status)
{
    struct log_read *read = cold->read;
    read->status = status;
    read->work = NULL;
    if (status == STATUS_OK && read->size > 0) cold_hint(cold);
    return STEP_DONE;
}

static enum cold_step cold_wait(struct cold_read *cold, enum cold_stage stage)
{
    cold->stage = stage;
    return STEP_WAIT;
}

/* ---- extents ---- */

static bool extent_add(struct log_read *read, const uint8_t *data, uint32_t size, struct block *block)
{
    invariant(read->extents && read->extent_max > 0);
    struct extent *last = read->extent_count > 0 ? &read->extents[read->extent_count - 1] : NULL;
    if (last && last->block == block && last->data + last->size == data) {
        last->size += size;
        return true;
    }
    if (read->extent_count == read->extent_max) return false;
    block_pin(block);
    read->extents[read->extent_count++] = (struct extent){ data, size, block };
    return true;
}

/* False, and nothing changed, when the batch needs more extents than there are. */
static bool extents_add(struct cold_read *cold, uint32_t batch_size)
{
    struct log_read *read = cold->read;
    uint32_t count = read->extent_count;
    uint32_t last_size = count > 0 ? read->extents[count - 1].size : 0;

    for (uint32_t done = 0, part; done < batch_size; done += part) {
        struct piece *piece;
        part = batch_size - done;
        const uint8_t *at = window_at(cold, cold->position + done, &part, &piece);
        if (extent_add(read, at, part, piece->block)) continue;

        while (read->extent_count > count) block_unpin(read->extents[--read->extent_count].block);
        if (count > 0) read->extents[count - 1].size = last_size;
        return false;
    }
    read->size += batch_size;
    return true;
}

/* ---- a batch larger than the window ---- */

/* Nothing is held while it waits for memory, or two reads could wait for each other. When nobody else uses any
 * either, what is asked for is more than there is. */
static enum cold_step cold_wait_room(struct cold_read *cold)
{
    window_leave(cold);
    if (cold->read->ahead) return cold_end(cold, STATUS_BUSY);
    if (cold->read->hasty && cache_used(&cold->reader->cache)) return cold_end(cold, STATUS_BUSY);
    if (cache_wait(&cold->reader->cache, &cold->room)) return cold_wait(cold, COLD_MEMORY);
    if (cold->starved) return cold_end(cold, STATUS_NO_MEMORY);
    cold->starved = true; /* Once more, with all of it at hand. */
    return STEP_AGAIN;
}

static void large_resume(struct completion *io)
{
    struct cold_read *cold = container_of(io, struct cold_read, io);
    struct segment *segment = segments_at(cold->log, cold->base);
    segment->readers--;
    shard_ready(cold->reader->store->shard, &cold->ready);
}

static enum cold_step large_begin(struct cold_read *cold, struct segment *segment, uint32_t batch_size)
{
    struct shard *shard = cold->reader->store->shard;
    uint64_t from = round_down(cold->position, (uint64_t)MEMORY_PAGE);
    uint32_t lead = (uint32_t)(cold->position - from);
    size_t size = round_up((size_t)lead + batch_size + sizeof(int64_t), (size_t)MEMORY_PAGE); /* base_needs */

    window_leave(cold);
    do {
        cold->block = block_take(shard->memory, MEMORY_CACHE, size);
    } while (!cold->block && cache_evict(&cold->reader->cache));
    if (!cold->block) return cold_wait_room(cold);
    cold->lead = lead;
    cold->large_size = batch_size;
    cold->io.resume = large_resume;
    segment->readers++;
    io_read(shard->io, &cold->io, segment->file, cold->block->data, size, from);
    return cold_wait(cold, COLD_LARGE);
}

static enum cold_step large_end(struct cold_read *cold)
{
    struct batch batch;
    if (cold->io.status != STATUS_OK && cold->io.status != STATUS_TRUNCATED) return cold_end(cold, cold->io.status);

    const struct segment *segment = segments_at(cold->log, cold->base);
    const uint8_t *data = cold->block->data + cold->lead;
    enum status status = batch_read(data, cold->large_size, &batch);
    if (status == STATUS_OK) status = batch_check_crc(&batch);
    if (status == STATUS_OK && !base_stands(cold, segment, &batch, data + cold->large_size)) status = STATUS_CORRUPT;
    if (status != STATUS_OK || !epoch_proved(cold, &batch)) return cold_end(cold, STATUS_CORRUPT);

    if (!extent_add(cold->read, data, cold->large_size, cold->block)) return cold_end(cold, STATUS_NO_MEMORY);
    cold->read->size = cold->large_size;
    cold->position += cold->large_size;
    cold->expected = batch_limit(&batch);
    return cold_end(cold, STATUS_OK);
}

/* ---- the walk over the window ---- */

/* A gap in the offsets below the tail: the tail has the next batch. */
static enum cold_step cold_above(struct cold_read *cold)
{
    struct log *log = cold->log;
    if (log->tail && log->tail->count > 0 && !cold->read->ahead) tail_read(log->tail, cold->read);
    return cold_end(cold, cold->read->status);
}

/* Nothing at or behind the wanted offset in this segment, because compaction left a gap at its end: what is wanted next
 * stands in the one behind it. */
static enum cold_step walk_on(struct cold_read *cold, struct segment *segment)
{
    if (segment == segments_last(cold->log)) return cold_above(cold);
    cold->read->offset = max_of(cold->read->offset, segment->limit);
    cold->placed = cold->sequential = cold->scanned = false;
    window_leave(cold);
    return STEP_AGAIN;
}

/* The window ends before the next batch does. */
static enum cold_step walk_short(struct cold_read *cold, struct segment *segment, uint64_t limit, uint32_t batch_size)
{
    if (cold->read->size > 0) return cold_end(cold, STATUS_OK);
    if (limit > segment->written) return walk_on(cold, segment);
    uint64_t reach = round_down(cold->position, (uint64_t)CACHE_PIECE) + (uint64_t)READER_PIECES * CACHE_PIECE;
    if (limit > reach || batch_size > (READER_PIECES - 1) * CACHE_PIECE) return large_begin(cold, segment, batch_size);
    cold->wanted = limit;
    return STEP_AGAIN;
}

/* What is at the position is no batch, or not the one that belongs there. */
static enum cold_step walk_bad(struct cold_read *cold, struct segment *segment)
{
    if (cold->read->size > 0) return cold_end(cold, STATUS_OK);
    if (cold->scanned || segment->index.count == 0) return cold_end(cold, STATUS_CORRUPT);

    cold->scanned = true;
    cold->placed = false;
    window_leave(cold);
    reader_index(cold->reader, cold->log, segment, true, &cold->wait);
    return cold_wait(cold, COLD_INDEXING);
}

static void walk_past(struct cold_read *cold, const struct batch *batch)
{
    cold->position += batch->size;
    cold->expected = batch_limit(batch);
    cold->named = -1;
}

/* True when the batch is not to be given any more. */
static bool walk_full(const struct cold_read *cold, const struct batch *batch)
{
    const struct log_read *read = cold->read;
    if (batch->base_offset >= read->limit || batch->base_offset >= log_tail_first(cold->log)) return true;
    if (read->size == 0) return batch->size > read->size_max && !read->first_whole;
    return read->size + (uint64_t)batch->size > read->size_max;
}

static enum cold_step cold_walk(struct cold_read *cold, struct segment *segment)
{
    struct log_read *read = cold->read;

    cold->written = segment->written;
    for (;;) {
        uint8_t header[BATCH_HEADER_SIZE];
        struct batch batch;
        uint64_t limit = cold->position + BATCH_HEADER_SIZE;

        if (limit > window_limit(cold)) return walk_short(cold, segment, limit, 0);
        window_copy(cold, cold->position, header, BATCH_HEADER_SIZE);
        if (batch_read(header, SIZE_MAX, &batch) != STATUS_OK) return walk_bad(cold, segment);

        limit = cold->position + batch.size;
        bool fits = batch.base_offset >= cold->expected && batch_limit(&batch) <= segment->limit &&
                    (cold->named < 0 || batch_limit(&batch) <= cold->named);
        if (!fits || batch.last_delta < 0 || limit > segment->size) return walk_bad(cold, segment);
        if (batch_limit(&batch) <= read->offset) { /* Before the one that is wanted: only stepped over. */
            walk_past(cold, &batch);
            continue;
        }
        if (walk_full(cold, &batch)) return cold_end(cold, STATUS_OK);
        uint32_t behind_size = base_needs(cold, &batch);
        if (limit + behind_size > window_limit(cold)) return walk_short(cold, segment, limit + behind_size, batch.size);
        window_copy(cold, limit, header, behind_size);
        if (!base_stands(cold, segment, &batch, header)) return walk_bad(cold, segment);
        if (!epoch_proved(cold, &batch) || !window_proved(cold, &batch)) return walk_bad(cold, segment);
        if (!extents_add(cold, batch.size)) {
            if (read->size > 0) return cold_end(cold, STATUS_OK);
            return large_begin(cold, segment, batch.size);
        }
        walk_past(cold, &batch);
    }
}

/* ---- up to the walk ---- */

/* Where to begin. False: the index must be read first. */
static bool cold_place(struct cold_read *cold, struct segment *segment)
{
    int64_t offset = cold->read->offset;
    const struct reader_hint *hint = &cold->reader->hints[hint_slot(cold->log, offset)];
    bool missing = false;

    cold->base = segment->base;
    cold->expected = segment->base;
    cold->named = -1;
    cold->wanted = 0;
    if (hint->log == cold->log && hint->base == segment->base && hint->offset == offset && !cold->scanned) {
        cold->position = hint->position;
        cold->expected = offset;
        cold->sequential = true;
        return true;
    }
    uint32_t relative = offset > segment->base ? (uint32_t)(offset - segment->base) : 0;
    const struct index_entry *entry = index_find(&segment->index, relative, &missing);
    cold->position = entry ? entry->position : 0;
    cold->named = entry ? segment->base + entry->offset + 1 : -1;
    return !missing || segment->written <= (uint64_t)2 * CACHE_PIECE;
}

/* Holds the pieces from the position to what is wanted; READY when all were read. */
static enum cold_step cold_window(struct cold_read *cold, struct segment *segment)
{
    struct cache *cache = &cold->reader->cache;
    uint64_t most = cold->position + min_of(cold->read->size_max, (uint32_t)((READER_PIECES - 1) * CACHE_PIECE));
    uint64_t limit = min_of(max_of(most, cold->wanted), segment->written);
    uint32_t first = (uint32_t)(cold->position / CACHE_PIECE);
    uint32_t last = limit > cold->position ? (uint32_t)((limit - 1) / CACHE_PIECE) : first;
    uint32_t needed = (uint32_t)((max_of(cold->wanted, cold->position + 1) - 1) / CACHE_PIECE);
    bool waits = false;

    window_leave(cold);
    cold->first_piece = first;
    for (uint32_t number = first; number <= min_of(last, first + READER_PIECES - 1); number++) {
        struct piece *piece = cache_piece(cache, cold->log, segment, number);
        if (!piece && number > needed) break; /* Memory is short: with less. */
        if (!piece) return cold_wait_room(cold);
        uint32_t i = cold->piece_count++;
        cold->pieces[i] = piece;
        cold->waits[i].ready = &cold->ready;
        list_node_init(&cold->waits[i].node);
        if (piece->reading) piece_wait(piece, &cold->waits[i]);
        waits = waits || piece->reading;
    }
    for (uint32_t i = 1; cold->sequential && i <= READER_AHEAD; i++) {
        if ((uint64_t)(last + i) * CACHE_PIECE >= segment->written) break;
        struct piece *ahead = cache_piece(cache, cold->log, segment, last + i);
        if (!ahead) break;
        piece_leave(ahead);
    }
    return waits ? cold_wait(cold, COLD_READING) : STEP_AGAIN;
}

static bool window_reading(const struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        if (cold->pieces[i]->reading) return true;
    }
    return false;
}

static enum status window_status(const struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        if (cold->pieces[i]->status != STATUS_OK) return cold->pieces[i]->status;
    }
    return STATUS_OK;
}

static enum cold_step cold_step(struct cold_read *cold)
{
    struct log *log = cold->log;
    enum cold_stage stage = cold->stage;

    cold->stage = COLD_IDLE;
    list_remove(&cold->room.node);
    if (!cold->read) return STEP_DONE;
    if (log->deleted) return cold_end(cold, STATUS_NOT_FOUND);
    if (log->offline) return cold_end(cold, STATUS_OFFLINE);
    if (stage == COLD_LARGE) return large_end(cold);

    struct segment *segment = segments_find(log, cold->read->offset);
    if (!segment || segment->base >= log_tail_first(log)) return cold_above(cold);
    segment->used = ++cold->reader->clock;
    bool prepared = stage == COLD_OPENING || stage == COLD_INDEXING;
    if (prepared && segment->failed != STATUS_OK) return cold_end(cold, STATUS_IO_ERROR); /* Also when it is missing. */
    if (segment->file < 0) {
        reader_open(cold->reader, log, segment, &cold->wait);
        return cold_wait(cold, COLD_OPENING);
    }
    if (!cold->placed && !cold_place(cold, segment)) {
        reader_index(cold->reader, log, segment, false, &cold->wait);
        return cold_wait(cold, COLD_INDEXING);
    }
    cold->placed = true;

    if (stage == COLD_READING && window_reading(cold)) return cold_wait(cold, COLD_READING);
    if (stage != COLD_READING) {
        enum cold_step step = cold_window(cold, segment);
        if (step != STEP_AGAIN) return step;
    }
    enum status status = window_status(cold);
    bool walk = status == STATUS_OK && !cold->read->ahead;
    return walk ? cold_walk(cold, segment) : cold_end(cold, status);
}

/* Steps until it waits or is done. True: done; then `cold` is free. */
static bool cold_run(struct cold_read *cold)
{
    enum cold_step step;
    do {
        step = cold_step(cold);
    } while (step == STEP_AGAIN);

    if (step == STEP_DONE) cold_free(cold);
    return step == STEP_DONE;
}

static void cold_go(struct cold_read *cold)
{
    struct shard *shard = cold->reader->store->shard;
    struct log_read *read = cold->read;
    if (cold_run(cold) && read) shard_ready(shard, &read->ready);
}

bool read_cold_begin(struct log_read *read)
{
    struct log *log = read->log;
    struct reader *reader = reader_of(log->store);
    struct list_node *node = list_take_first(&reader->free_reads);
    struct cold_read *cold =
        node ? container_of(node, struct cold_read, node) : heap_take(&log->store->shard->heap, sizeof *cold);

    invariant(log->segments);
    *cold = (struct cold_read){ .reader = reader, .read = read, .log = log };
    ready_init(&cold->ready, cold_ready);
    list_node_init(&cold->node);
    list_node_init(&cold->wait.node);
    list_node_init(&cold->room.node);
    cold->wait.ready = cold->room.ready = &cold->ready;
    list_append(&reader->reads, &cold->node);
    reader_hold(log);
    read->work = cold;
    return cold_run(cold);
}

void read_cold_cancel(struct log_read *read)
{
    struct cold_read *cold = read->work;
    if (!cold) return;

    struct shard *shard = cold->reader->store->shard;
    (void)cold_end(cold, STATUS_CANCELLED);
    if (cold->stage == COLD_LARGE) {
        cold->read = NULL; /* The kernel still writes into its block. */
    } else {
        cold_free(cold);
    }
    shard_ready(shard, &read->ready);
}

void reader_end(struct store *store)
{
    struct reader *reader = store->reader;
    retention_end(store);
    log_deletions_end(store);
    if (!reader) return;

    invariant(list_empty(&reader->reads) && list_empty(&reader->waits));
    list_each(&reader->free_reads, node)
    {
        list_remove(node);
        heap_give(&store->shard->heap, container_of(node, struct cold_read, node));
    }
    cache_end(&reader->cache);
    heap_give(&store->shard->heap, reader);
    store->reader = NULL;
}
