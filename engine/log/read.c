/* engine/log/read.c   One cold read: from an offset below the tail to extents of whole, proved batches.
 *
 *     begin --> OPENING --> INDEXING --> READING --> proved, extents pinned --> read->ready
 *        each stage is skipped when there is nothing to wait for;  MEMORY: in the cache's queue, with nothing in hand
 *        LARGE: the first batch is larger than the pieces a read may hold: read as one, past the cache
 *
 * Nothing leaves that was not checked: magic, length, CRC, and the two fields that stand outside the CRC. The leader
 * epoch is known to the log's table of epochs. The base offset is known by the batch before, or for the first one by
 * the index; above a gap, which compaction leaves, the batch behind must begin at or above this one's end. A wrong
 * index is found out by that too; the segment is then scanned once. A read gives what it has when it meets a bad batch
 * behind good ones. */
#include "log/cold_read.h"
#include "log/retention.h"
#include "log/tail.h"

/* What a step of the read came to. */
enum cold_step { STEP_AGAIN, STEP_WAIT, STEP_DONE };

static void cold_go(struct cold_read *cold);

static void cold_ready(struct ready *ready)
{
    struct cold_read *cold = container_of(ready, struct cold_read, ready);
    cold_go(cold);
}

/* ---- what proves a batch ---- */

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

/* ---- the end of a read ---- */

static void cold_free(struct cold_read *cold)
{
    struct log *log = cold->log;
    cold_window_leave(cold);
    list_remove(&cold->node);
    list_remove(&cold->wait.node);
    room_leave(&cold->reader->cache, &cold->room);
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
    if (status == STATUS_OK && read->size > 0) {
        cold_hint(cold);
        cold_window_spent(cold);
    }
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
        const uint8_t *at = cold_window_at(cold, cold->position + done, &part, &piece);
        if (extent_add(read, at, part, piece->block)) continue;

        while (read->extent_count > count) block_unpin(read->extents[--read->extent_count].block);
        if (count > 0) read->extents[count - 1].size = last_size;
        return false;
    }
    read->size += batch_size;
    return true;
}

/* ---- a batch larger than the window ---- */

/* Nothing is held while it waits for memory, or two reads could wait for each other. */
static enum cold_step cold_wait_room(struct cold_read *cold)
{
    struct cache *cache = &cold->reader->cache;

    cold_window_leave(cold);
    if (cold->read->ahead || cold->read->hasty) return cold_end(cold, STATUS_BUSY);
    room_wait(cache, &cold->room, &cold->ready);
    return cold_wait(cold, COLD_MEMORY);
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

    cold_window_leave(cold);
    cold->large_size = batch_size;
    cold->block = cache_block(&cold->reader->cache, size, &cold->room);
    room_leave(&cold->reader->cache, &cold->room);
    if (!cold->block) {
        room_clear(&cold->room);
        room_ask(&cold->room, size);
        return cold_wait_room(cold);
    }
    cold->lead = lead;
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
    cold_window_leave(cold);
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
    cold_window_leave(cold);
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

        if (limit > cold_window_limit(cold)) return walk_short(cold, segment, limit, 0);
        cold_window_copy(cold, cold->position, header, BATCH_HEADER_SIZE);
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
        if (limit + behind_size > cold_window_limit(cold))
            return walk_short(cold, segment, limit + behind_size, batch.size);
        cold_window_copy(cold, limit, header, behind_size);
        if (!base_stands(cold, segment, &batch, header)) return walk_bad(cold, segment);
        if (!epoch_proved(cold, &batch) || !cold_window_proved(cold, &batch)) return walk_bad(cold, segment);
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

/* Room for the pieces `first` to `last`, at the sizes that they have now. */
static void window_ask(struct cold_read *cold, const struct segment *segment, uint32_t first, uint32_t last)
{
    room_leave(&cold->reader->cache, &cold->room);
    room_clear(&cold->room);
    for (uint32_t number = first; number <= last; number++) {
        uint64_t size = min_of(segment->written - (uint64_t)number * CACHE_PIECE, (uint64_t)CACHE_PIECE);
        room_ask(&cold->room, max_of((size_t)size, (size_t)CACHE_BLOCK_LEAST));
    }
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
    struct cache_room *room = cold->read->ahead ? NULL : &cold->room;
    bool waits = false;

    cold_window_leave(cold);
    cold->first_piece = first;
    for (uint32_t number = first; number <= min_of(last, first + READER_PIECES - 1); number++) {
        struct piece *piece = cache_piece(cache, cold->log, segment, number, room);
        if (!piece && number > needed) break; /* Memory is short: with less. */
        if (!piece) {
            window_ask(cold, segment, first, min_of(last, first + READER_PIECES - 1));
            return cold_wait_room(cold);
        }
        uint32_t i = cold->piece_count++;
        cold->pieces[i] = piece;
        cold->waits[i].ready = &cold->ready;
        list_node_init(&cold->waits[i].node);
        if (piece->reading) piece_wait(piece, &cold->waits[i]);
        waits = waits || piece->reading;
    }
    room_leave(cache, &cold->room);
    for (uint32_t i = 1; cold->sequential && i <= READER_AHEAD; i++) {
        if ((uint64_t)(last + i) * CACHE_PIECE >= segment->written) break;
        struct piece *ahead = cache_piece(cache, cold->log, segment, last + i, NULL);
        if (!ahead) break;
        piece_leave(ahead);
    }
    return waits ? cold_wait(cold, COLD_READING) : STEP_AGAIN;
}

static enum cold_step cold_step(struct cold_read *cold)
{
    struct log *log = cold->log;
    enum cold_stage stage = cold->stage;

    cold->stage = COLD_IDLE;
    if (!cold->read) return STEP_DONE;
    if (log->deleted) return cold_end(cold, STATUS_NOT_FOUND);
    if (log->offline) return cold_end(cold, STATUS_OFFLINE);
    if (stage == COLD_LARGE) return large_end(cold);
    if (stage == COLD_MEMORY && cold->room.refused) return cold_end(cold, STATUS_NO_MEMORY);

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
    if (cold->large_size > 0) return large_begin(cold, segment, cold->large_size);

    if (stage == COLD_READING && cold_window_reading(cold)) return cold_wait(cold, COLD_READING);
    if (stage != COLD_READING) {
        enum cold_step step = cold_window(cold, segment);
        if (step != STEP_AGAIN) return step;
    }
    enum status status = cold_window_status(cold);
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
    cold->wait.ready = &cold->ready;
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

void read_cold_hurry(struct log_read *read)
{
    struct cold_read *cold = read->work;

    read->hasty = true;
    if (!cold || cold->stage != COLD_MEMORY) return;

    struct shard *shard = cold->reader->store->shard; /* The log may go with its last read. */
    (void)cold_end(cold, STATUS_BUSY);
    cold_free(cold);
    shard_ready(shard, &read->ready);
}

void reader_end(struct store *store)
{
    struct reader *reader = store->reader;
    retention_end(store);
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
