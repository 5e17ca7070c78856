/* engine/log/spill.c   Writing out. A log's spans lie anywhere in memory and end anywhere; its segment is one run of
 * bytes, written in whole blocks with O_DIRECT. So the bytes go through a staging slot:
 *
 *     segment   ...|  old bytes  new|bytes .........|..... |        position = first byte that the file does not have
 *     staging      |<- read back -><- copied from spans ->0|        blocks of 4096; zeros behind the last byte
 *
 * The partial block before `position` is read back from the file when a round begins, and kept in the slot from one
 * piece to the next. It is rewritten with the bytes it had, so a write that is torn between sectors does no harm to
 * them.
 *
 * Invariants: a log is in at most one slot, so at most one write in flight touches a block of it; segment->written
 * moves only when a write has completed; spans leave memory only below it. Nothing here is durable until segment_sync;
 * the WAL is. */
#include "log/spill.h"

#include <string.h>

#include "base/canary.h"
#include "io/files.h"
#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/stream.h"
#include "log/upkeep.h"
#include "log/wal.h"

enum { BLOCK = CHUNK_BLOCK };

static void slot_prepared(struct segment_work *work);
static void slot_resume(struct completion *io);

void spill_init(struct spill *spill, struct store *store)
{
    *spill = (struct spill){ .store = store };
    list_init(&spill->queue);
    for (uint32_t i = 0; i < SPILL_SLOTS; i++) {
        spill->slots[i].spill = spill;
        spill->slots[i].io.resume = slot_resume;
    }
}

void spill_end(struct spill *spill)
{
    invariant(spill->running == 0 || spill->store->failed);
    if (spill->block) block_unpin(spill->block);
}

/* ---- what to write ---- */

/* What stream.c writes is not ours, nor is what comes after it, until it is written. */
static bool tail_unwritten(const struct tail *tail)
{
    return tail && tail->written < tail->count && !tail_span(tail, tail->written)->direct;
}

void spill_log(struct spill *spill, struct log *log)
{
    struct tail *tail = log->tail;

    if (!tail_unwritten(tail) || log->deleted || list_linked(&tail->spill)) return;
    list_append(&spill->queue, &tail->spill);
}

/* Copies the unwritten bytes of `tail` that belong to `segment` from `position` on, up to `room`; returns their
 * size. */
static size_t tail_copy(const struct tail *tail, int64_t segment, uint64_t position, uint8_t *to, size_t room)
{
    size_t size = 0;

    for (uint32_t i = tail->written; i < tail->count && size < room; i++) {
        const struct span *span = tail_span(tail, i);
        if (span->segment != segment || span->direct) break;
        uint64_t limit = (uint64_t)span->segment_position + span->size;
        invariant(position + size >= span->segment_position);
        if (position + size >= limit) continue; /* the last piece ended here */

        uint32_t skip = (uint32_t)(position + size - span->segment_position);
        size_t part = min_of((size_t)(span->size - skip), room - size);
        memcpy(to + size, span->gather->block->data + span->at + skip, part);
        size += part;
    }
    return size;
}

/* Bytes of the tail in `segment`, up to its end there. */
static uint64_t tail_segment_limit(const struct tail *tail, int64_t segment)
{
    uint64_t limit = 0;
    for (uint32_t i = tail->written; i < tail->count; i++) {
        const struct span *span = tail_span(tail, i);
        if (span->segment != segment || span->direct) break;
        limit = (uint64_t)span->segment_position + span->size;
    }
    return limit;
}

/* ---- one slot ---- */

static bool staging_take(struct spill *spill)
{
    if (spill->block) return true;

    spill->block = block_take(spill->store->shard->memory, MEMORY_TAIL, (size_t)SPILL_SLOTS * SPILL_SLOT_SIZE);
    if (!spill->block) return false;
    for (uint32_t i = 0; i < SPILL_SLOTS; i++)
        spill->slots[i].staging = spill->block->data + (size_t)i * SPILL_SLOT_SIZE;
    return true;
}

static void slot_free(struct spill_slot *slot)
{
    struct spill *spill = slot->spill;
    struct log *log = slot->log;

    slot->stage = SPILL_FREE;
    slot->log = NULL;
    spill->running--;
    log->tail->spilling = false;
    checkpoint_spilled(spill->store->checkpoint, log);
    if (log->stream) stream_spilled(log->stream);
    store_settle(spill->store);
}

static void slot_fail(struct spill_slot *slot, enum status status)
{
    struct store *store = slot->spill->store;
    struct log *log = slot->log;

    slot->stage = SPILL_FREE;
    slot->log = NULL;
    slot->spill->running--;
    log->tail->spilling = false;
    if (status == STATUS_NO_SPACE) {
        upkeep_no_space(store->upkeep);
        spill_log(slot->spill, log); /* Later. */
    } else {
        directory_fail(store, status);
    }
    if (log->stream) stream_spilled(log->stream); /* It has waited for this, and looks what became of it. */
    store_settle(store);
}

/* The file as it must be to take the next piece: made, and with room. */
static void slot_prepare(struct spill_slot *slot)
{
    slot->stage = SPILL_PREPARING;
    slot->work =
        (struct segment_work){ .log = slot->log, .base = slot->segment, .size = slot->limit, .done = slot_prepared };
    segment_prepare(&slot->work);
}

/* Somebody waits for what writing out gives back, or soon will: memory, WAL files, the end. */
static bool spill_pressed(const struct spill *spill)
{
    const struct store *store = spill->store;
    const struct memory *memory = store->shard->memory;
    size_t left = memory_free(memory, MEMORY_TAIL);

    return store->closing || store->hurry || store->flush->hungry || wal_used(store->wal) > store->wal->size / 4 * 3 ||
           left < (left + memory_used(memory, MEMORY_TAIL)) / 8;
}

/* A round begins with the block that the file has in part, alone: the kernel hands a write that goes from blocks that
 * were written to blocks that never were to a worker. */
static uint64_t piece_room(const struct spill_slot *slot, const struct segment *segment)
{
    uint32_t partial = (uint32_t)(slot->position % BLOCK);
    uint64_t size = spill_pressed(slot->spill) ? SPILL_SLOT_SIZE : SPILL_PIECE_SIZE;

    if (partial > 0) size = BLOCK;
    return min_of(segment_run_limit(segment, slot->position) - slot->position, size - partial);
}

/* Copies the next piece behind the partial block that stands at the front of the staging, and writes it. */
static void slot_write(struct spill_slot *slot)
{
    struct segment *segment = segments_at(slot->log, slot->segment);
    uint32_t partial = (uint32_t)(slot->position % BLOCK);
    uint64_t room = piece_room(slot, segment);
    size_t size = tail_copy(slot->log->tail, slot->segment, slot->position, slot->staging + partial, room);
    size_t whole = round_up(partial + size, (size_t)BLOCK);

    invariant(size > 0);
    memset(slot->staging + partial + size, 0, whole - partial - size);
    if (CANARY(CANARY_BLOCK_OUT_OF_ORDER)) memset(slot->staging, 0, partial); /* As if it were an older picture. */
    slot->stage = SPILL_WRITING;
    slot->limit = slot->position + size;
    slot->part = (struct iovec){ .iov_base = slot->staging, .iov_len = whole };
    slot->part_size = whole;
    slot->spill->bytes_written += whole;
    slot->spill->write_count++;
    io_write(slot->spill->store->shard->io, &slot->io, segment->file, &slot->part, 1, slot->position - partial, 0);
}

/* Begins with the first byte that is not in the file. False: the tail is written. */
static bool slot_next(struct spill_slot *slot)
{
    struct tail *tail = slot->log->tail;
    if (!tail_unwritten(tail) || slot->log->deleted) return false;

    const struct span *span = tail_span(tail, tail->written);
    struct segment *segment = segments_at(slot->log, span->segment);
    invariant(segment && segment->written >= span->segment_position);

    bool same = slot->segment == span->segment && slot->position == segment->written;
    slot->segment = span->segment;
    slot->position = segment->written;
    slot->limit = tail_segment_limit(tail, slot->segment);
    if (!segment->named || segment->file < 0 || segment->allocated < round_up(slot->limit, (uint64_t)BLOCK)) {
        slot_prepare(slot);
    } else if (!same && slot->position % BLOCK != 0) {
        slot->stage = SPILL_READING;
        io_read(slot->spill->store->shard->io, &slot->io, segment->file, slot->staging, BLOCK,
                round_down(slot->position, (uint64_t)BLOCK));
    } else {
        slot_write(slot);
    }
    return true;
}

static void slot_prepared(struct segment_work *work)
{
    struct spill_slot *slot = container_of(work, struct spill_slot, work);

    invariant(slot->stage == SPILL_PREPARING);
    if (work->status != STATUS_OK) {
        slot_fail(slot, work->status);
        return;
    }
    slot->position = UINT64_MAX; /* Whatever the staging holds, it is not this block. */
    if (!slot_next(slot)) slot_free(slot);
}

static void slot_wrote(struct spill_slot *slot)
{
    struct segment *segment = segments_at(slot->log, slot->segment);
    uint32_t partial = (uint32_t)(slot->limit % BLOCK);

    segment->written = slot->limit;
    tail_wrote(slot->spill->store->tails, slot->log->tail, slot->segment, slot->limit);
    if (partial > 0) {
        const uint8_t *last = slot->staging + slot->part_size - BLOCK;
        if (last != slot->staging) memcpy(slot->staging, last, BLOCK);
    }
    slot->position = slot->limit;
    if (!slot_next(slot)) slot_free(slot);
}

static void slot_resume(struct completion *io)
{
    struct spill_slot *slot = container_of(io, struct spill_slot, io);

    if (io->status != STATUS_OK) {
        slot_fail(slot, io->status);
    } else if (slot->stage == SPILL_READING) {
        slot_write(slot);
    } else {
        invariant(slot->stage == SPILL_WRITING);
        slot_wrote(slot);
    }
}

static struct spill_slot *slot_take(struct spill *spill)
{
    for (uint32_t i = 0; i < SPILL_SLOTS; i++)
        if (spill->slots[i].stage == SPILL_FREE) return &spill->slots[i];
    return NULL;
}

void spill_go(struct spill *spill)
{
    if (spill->store->failed || spill->store->no_space) return;
    while (!list_empty(&spill->queue)) {
        if (spill->running > 0 && !spill_pressed(spill)) return;
        struct spill_slot *slot = slot_take(spill);
        if (!slot || !staging_take(spill)) return;

        struct tail *tail = container_of(list_take_first(&spill->queue), struct tail, spill);
        if (tail->spilling) continue; /* Its round goes on to the end anyway. */
        slot->log = tail->log;
        slot->position = UINT64_MAX;
        tail->spilling = true;
        spill->running++;
        if (!slot_next(slot)) slot_free(slot);
    }
}

/* What was written leaves the block; what was not is queued. True when something left. */
static bool block_let_go(struct spill *spill, struct gather *gather)
{
    struct store *store = spill->store;
    bool progress = false;

    list_each(&gather->tails, place)
    {
        struct tail *tail = container_of(place, struct tail, node);
        if (tail_leave(store->tails, tail, gather)) {
            progress = true;
        } else {
            spill_log(spill, tail->log);
        }
    }
    gather_release(store->gathers, gather);
    return progress;
}

/* Oldest blocks first, again and again: a log's spans leave from its oldest on, so a span in one block may hold back
 * others. */
void spill_for_memory(struct spill *spill, size_t size)
{
    struct memory *memory = spill->store->shard->memory;
    bool progress = true;

    while (progress) {
        progress = false;
        list_each(&spill->store->gathers->blocks, node)
        {
            if (memory_free(memory, MEMORY_TAIL) >= size) return;
            if (block_let_go(spill, container_of(node, struct gather, node))) progress = true;
        }
    }
}

void spill_old(struct spill *spill, int64_t before_ns)
{
    list_each(&spill->store->gathers->blocks, node)
    {
        struct gather *gather = container_of(node, struct gather, node);
        if (gather->taken_ns < before_ns) (void)block_let_go(spill, gather);
    }
}

/* ---- at start and stop ---- */

/* Behind `used` bytes of the block that ends at `limit` stays what the file has: at a start, an extent of the
 * incarnation that is still in force may begin there. */
static enum status last_block_keep(struct spill *spill, int file, uint64_t limit, uint8_t *block, size_t used)
{
    uint8_t *old = spill->slots[1].staging;
    size_t done = 0;

    enum status status = files_read(spill->store->directory->files, file, old, BLOCK, limit - BLOCK, &done);
    if (status != STATUS_OK) return status;
    memset(old + done, 0, BLOCK - done);
    memcpy(block + used, old + used, BLOCK - used);
    return STATUS_OK;
}

enum status spill_now(struct spill *spill, struct log *log)
{
    struct store *store = spill->store;
    struct files *files = store->directory->files;
    struct spill_slot *slot = &spill->slots[0];

    if (!staging_take(spill)) return STATUS_NO_MEMORY;
    invariant(slot->stage == SPILL_FREE);
    while (tail_unwritten(log->tail)) {
        const struct span *span = tail_span(log->tail, log->tail->written);
        int64_t base = span->segment;
        uint64_t limit = tail_segment_limit(log->tail, base);
        enum status status = segment_prepare_now(log, base, limit);
        if (status != STATUS_OK) return status;

        struct segment *segment = segments_at(log, base);
        uint32_t partial = (uint32_t)(segment->written % BLOCK);
        uint64_t position = segment->written - partial;
        size_t done = 0;
        if (partial > 0) status = files_read(files, segment->file, slot->staging, BLOCK, position, &done);
        if (status != STATUS_OK) return status;

        size_t size = tail_copy(log->tail, base, segment->written, slot->staging + partial, SPILL_SLOT_SIZE - partial);
        size_t whole = round_up(partial + size, (size_t)BLOCK);
        if (whole > partial + size) {
            status = last_block_keep(spill, segment->file, position + whole, slot->staging + whole - BLOCK,
                                     (partial + size) % BLOCK);
            if (status != STATUS_OK) return status;
        }
        status = files_write(files, segment->file, slot->staging, whole, position, 0);
        if (status != STATUS_OK) return status;
        segment->written += size;
        tail_wrote(store->tails, log->tail, base, segment->written);
    }
    return STATUS_OK;
}
