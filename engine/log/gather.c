/* engine/log/gather.c   Blocks and drafts. Invariants:
 *
 *   - only the newest block has an open draft; sealed drafts are in order of sequence, and of place within one block;
 *   - draft->at + chunk_size(payload, entries) never passes the end of its block, so that the table always fits behind;
 *   - a block is given back when no span lies in it, no draft or stream needs it, and it is not the current one. */
#include "log/gather.h"

#include <string.h>

#include "base/crc32c.h"
#include "log/spill.h"
#include "log/stream.h"
#include "log/upkeep.h"
#include "log/wal.h"

void gathers_init(struct gathers *gathers, struct store *store, size_t block_size)
{
    *gathers = (struct gathers){ .store = store, .next_sequence = 1, .block_size = block_size };
    list_init(&gathers->blocks);
    list_init(&gathers->sealed);
    list_init(&gathers->free_drafts);
    list_init(&gathers->free_gathers);
    list_init(&gathers->free_pieces);
}

static void draft_end(struct heap *heap, struct draft *draft)
{
    heap_give(heap, draft->table);
    heap_give(heap, draft->marks);
    heap_give(heap, draft);
}

void gathers_end(struct gathers *gathers)
{
    struct heap *heap = &gathers->store->shard->heap;

    if (gathers->open) draft_give(gathers, gathers->open);
    gathers->open = NULL;
    list_each(&gathers->sealed, node)
    {
        list_remove(node);
        draft_give(gathers, container_of(node, struct draft, node));
    }
    list_each(&gathers->free_drafts, node) draft_end(heap, container_of(node, struct draft, node));
    list_each(&gathers->blocks, node)
    {
        struct gather *gather = container_of(node, struct gather, node);
        block_unpin(gather->block);
        heap_give(heap, gather);
    }
    list_each(&gathers->free_gathers, node) heap_give(heap, container_of(node, struct gather, node));
    list_each(&gathers->free_pieces, node) heap_give(heap, container_of(node, struct stream_piece, node));
}

size_t gathers_kept(const struct gathers *gathers)
{
    size_t staging = spill_has_staging(gathers->store->spill) ? 0 : (size_t)MEMORY_CHUNK;
    return staging + gathers->block_size;
}

bool gather_ever_fits(const struct gathers *gathers, size_t size)
{
    const struct memory *memory = gathers->store->shard->memory;
    size_t budget = memory_free(memory, MEMORY_TAIL) + memory_used(memory, MEMORY_TAIL);
    size_t whole = round_up(size + STREAM_SPARE, gathers->block_size);
    return whole + MEMORY_CHUNK + gathers->block_size <= budget;
}

static struct gather *block_for(struct gathers *gathers, size_t size, size_t kept)
{
    struct store *store = gathers->store;
    size_t whole = round_up(size, gathers->block_size);

    struct memory *memory = store->shard->memory;
    size_t left = memory_free(memory, MEMORY_TAIL);
    if (left < whole + kept) return NULL;
    struct block *block = block_take(memory, MEMORY_TAIL, whole);
    if (!block && !store->starting) { /* There is room, but in pieces: what lies between them goes before its time. */
        spill_for_memory(store->spill, left + whole);
        block = block_take(memory, MEMORY_TAIL, whole);
    }
    if (!block) return NULL;

    struct list_node *node = list_take_first(&gathers->free_gathers);
    struct gather *gather =
        node ? container_of(node, struct gather, node) : heap_take(&store->shard->heap, sizeof *gather);
    *gather = (struct gather){ .block = block, .taken_ns = shard_now_ns(store->shard) };
    list_node_init(&gather->node);
    list_init(&gather->tails);
    list_append(&gathers->blocks, &gather->node);
    gathers->block_count++;
    upkeep_soon(store->upkeep);
    return gather;
}

struct gather *gather_take(struct gathers *gathers, size_t size)
{
    return block_for(gathers, size, gathers_kept(gathers));
}

static struct draft *draft_begin(struct gathers *gathers, struct gather *gather)
{
    struct heap *heap = &gathers->store->shard->heap;
    struct list_node *node = list_take_first(&gathers->free_drafts);
    struct draft *draft = node ? container_of(node, struct draft, node) : heap_take(heap, sizeof *draft);

    if (!node) {
        list_node_init(&draft->node);
        draft->entry_max = DRAFT_ENTRIES_FIRST;
        draft->table = heap_take(heap, DRAFT_ENTRIES_FIRST * (size_t)CHUNK_ENTRY_SIZE);
        draft->marks = heap_take(heap, DRAFT_ENTRIES_FIRST * sizeof draft->marks[0]);
    }
    draft->gather = gather;
    draft->at = gather->used;
    draft->payload_size = 0;
    draft->entry_count = 0;
    draft->sequence = gathers->next_sequence++;
    gather->drafts++;
    return draft;
}

/* Room for one more in the table aside. */
static bool draft_widen(struct gathers *gathers, struct draft *draft)
{
    if (draft->entry_count < draft->entry_max) return true;
    if (draft->entry_max >= DRAFT_ENTRIES_MAX) return false;

    struct heap *heap = &gathers->store->shard->heap;
    draft->entry_max *= 2;
    draft->table = heap_resize(heap, draft->table, draft->entry_max * (size_t)CHUNK_ENTRY_SIZE);
    draft->marks = heap_resize(heap, draft->marks, draft->entry_max * sizeof draft->marks[0]);
    return true;
}

static void draft_seal(struct gathers *gathers)
{
    struct draft *draft = gathers->open;

    invariant(draft && draft->entry_count > 0);
    draft->gather->used = draft->at + (uint32_t)chunk_size(draft->payload_size, draft->entry_count);
    invariant(draft->gather->used <= draft->gather->block->size);
    list_append(&gathers->sealed, &draft->node);
    gathers->open = NULL;
}

/* Into its block, and into a WAL file. A batch that was too large for one went to its segment (stream.c); a start takes
 * every batch through the WAL, and makes a file for it (wal_next_file). */
static bool fits(const struct gathers *gathers, const struct gather *gather, uint32_t at, size_t payload,
                 uint32_t entries)
{
    const struct store *store = gathers->store;
    size_t size = chunk_size(payload, entries);
    bool alone = store->starting && entries == 1;
    return at + size <= gather->block->size && (alone || size <= wal_chunk_max(store->wal));
}

/* The draft that can take so much: the open one, a new one behind it, or the first of a new block, if `kept` bytes of
 * memory are left then. */
static struct draft *draft_for(struct gathers *gathers, size_t size, size_t kept)
{
    struct draft *open = gathers->open;

    if (open) {
        if (fits(gathers, open->gather, open->at, open->payload_size + size, open->entry_count + 1) &&
            draft_widen(gathers, open))
            return open;
        if (open->entry_count > 0) {
            draft_seal(gathers);
        } else {
            gathers->next_sequence--; /* Nobody has seen it. */
            draft_give(gathers, open);
            gathers->open = NULL;
        }
    }
    struct gather *gather = gathers->current;
    if (!gather || !fits(gathers, gather, gather->used, size, 1)) {
        gathers->current = NULL; /* Full: it may be written out and let go, even if there is no other yet. */
        gather = block_for(gathers, chunk_size(size, 1), kept);
        if (!gather) return NULL;
        gathers->current = gather;
    }
    gathers->open = draft_begin(gathers, gather);
    return gathers->open;
}

static uint8_t *room_in(struct draft *draft)
{
    return draft ? draft->gather->block->data + draft->at + CHUNK_HEADER_SIZE + draft->payload_size : NULL;
}

/* Less is free than is kept only while entries use their block: batches would fill it up, and entries that give memory
 * back found no room. */
uint8_t *gather_room(struct gathers *gathers, size_t size)
{
    if (memory_free(gathers->store->shard->memory, MEMORY_TAIL) < gathers_kept(gathers)) return NULL;
    return room_in(draft_for(gathers, size, gathers_kept(gathers)));
}

uint8_t *gather_entry_room(struct gathers *gathers, size_t size)
{
    invariant(size < CHUNK_BLOCK);
    return room_in(draft_for(gathers, size, gathers_kept(gathers) - gathers->block_size));
}

/* Goes on with the sum over the heads of batches: what their own CRCs leave out. */
static uint32_t heads_sum(uint32_t crc, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at += BATCH_PREFIX_SIZE + load_u32(data + at + 8))
        crc = crc32c(crc, data + at, BATCH_HEAD_SIZE);
    return crc;
}

static const uint8_t *draft_payload_end(const struct draft *draft)
{
    return draft->gather->block->data + draft->at + CHUNK_HEADER_SIZE + draft->payload_size;
}

void draft_add(struct gathers *gathers, struct chunk_entry *entry, struct log *log, size_t size)
{
    struct draft *draft = gathers->open;

    invariant(draft && draft->entry_count < draft->entry_max);
    invariant(fits(gathers, draft->gather, draft->at, draft->payload_size + size, draft->entry_count + 1));
    entry->position = draft->payload_size;
    entry->size = (uint32_t)size;
    if (entry->kind == CHUNK_APPEND) entry->crc = heads_sum(0, draft_payload_end(draft), size);
    chunk_entry_write(draft->table + (size_t)draft->entry_count * CHUNK_ENTRY_SIZE, entry);
    draft->marks[draft->entry_count] = (struct draft_mark){ .log = log, .limit = entry->limit, .size = (uint32_t)size };
    draft->entry_count++;
    draft->payload_size += (uint32_t)size;
}

void draft_add_extent(struct gathers *gathers, struct chunk_entry *entry, struct log *log, uint32_t size, uint32_t rest)
{
    struct draft *draft = gathers->open;

    invariant(entry->kind == CHUNK_EXTENT && rest == chunk_extent_rest(entry->segment_position, size));
    draft_add(gathers, entry, log, rest);
    store_u32(draft->table + (size_t)(draft->entry_count - 1) * CHUNK_ENTRY_SIZE + CHUNK_ENTRY_SIZE_AT, size);
    draft->marks[draft->entry_count - 1].size = size;
}

bool draft_grow(struct gathers *gathers, const struct chunk_entry *more, struct log *log, size_t size)
{
    struct draft *draft = gathers->open;
    if (!draft || draft->entry_count == 0 || draft->marks[draft->entry_count - 1].log != log) return false;

    uint8_t *row = draft->table + (size_t)(draft->entry_count - 1) * CHUNK_ENTRY_SIZE;
    struct chunk_entry last;
    if (chunk_entry_read(row, &last) != STATUS_OK) return false;
    if (last.kind != CHUNK_APPEND || last.leader_epoch != more->leader_epoch || last.limit != more->first) return false;
    if (last.incarnation != more->incarnation || last.position + last.size != draft->payload_size) return false;
    if (last.segment != more->segment || last.segment_position + last.size != more->segment_position) return false;

    last.limit = more->limit;
    last.size += (uint32_t)size;
    last.crc = heads_sum(last.crc, draft_payload_end(draft), size);
    chunk_entry_write(row, &last);
    draft->marks[draft->entry_count - 1].limit = more->limit;
    draft->marks[draft->entry_count - 1].size += (uint32_t)size;
    draft->payload_size += (uint32_t)size;
    return true;
}

uint64_t gathers_cut(struct gathers *gathers)
{
    if (gathers->open && gathers->open->entry_count > 0) draft_seal(gathers);
    return gathers->open ? gathers->open->sequence : gathers->next_sequence;
}

bool gather_waiting(const struct gathers *gathers)
{
    return !list_empty(&gathers->sealed) || (gathers->open && gathers->open->entry_count > 0);
}

struct draft *draft_take(struct gathers *gathers)
{
    if (list_empty(&gathers->sealed)) draft_seal(gathers);
    return container_of(list_take_first(&gathers->sealed), struct draft, node);
}

void draft_give(struct gathers *gathers, struct draft *draft)
{
    invariant(draft->gather->drafts > 0);
    draft->gather->drafts--;
    draft->gather = NULL;
    list_append(&gathers->free_drafts, &draft->node);
}

static void draft_lower(struct draft *draft, struct log *log, int64_t limit)
{
    for (uint32_t i = 0; i < draft->entry_count; i++) {
        struct draft_mark *mark = &draft->marks[i];
        if (mark->log == log && mark->limit > limit) mark->limit = limit;
    }
}

void gather_lower(struct gathers *gathers, struct draft *writing, struct log *log, int64_t limit)
{
    if (writing) draft_lower(writing, log, limit);
    if (gathers->open) draft_lower(gathers->open, log, limit);
    list_each(&gathers->sealed, node) draft_lower(container_of(node, struct draft, node), log, limit);
}

void gather_release(struct gathers *gathers, struct gather *gather)
{
    if (gather == gathers->current || gather->drafts > 0 || gather->spans > 0) return;

    list_remove(&gather->node);
    block_unpin(gather->block);
    gather->block = NULL;
    list_append(&gathers->free_gathers, &gather->node);
    gathers->block_count--;
}
