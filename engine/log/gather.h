/* engine/log/gather.h   Where appends gather: blocks of the tail's memory, in which the next WAL chunk takes shape. The
 * bytes of a batch are copied here once; the WAL writes them from here and fetches send them from here.
 *
 *     block  |chunk 7: header, batches, table, pad|chunk 8 ...             |
 *                                                 ^ draft->at (a multiple of 4096)
 *
 * A draft is a chunk in the making: its payload grows in the block, its table aside. It is sealed when a flush takes it
 * or when its block is full; sealed drafts wait in order. What bounds them is the tail's memory. */
#ifndef ENGINE_LOG_GATHER_H
#define ENGINE_LOG_GATHER_H

#include "log/chunk.h"
#include "log/store.h"

enum {
    GATHER_BLOCK_SIZE = MEMORY_CHUNK,
    GATHER_BLOCK_SMALL = 256 << 10, /* where only metadata gathers, so that an idle node is small */
    DRAFT_ENTRIES_FIRST = 64,
    DRAFT_ENTRIES_MAX = 4096, /* then it is sealed */
};

/* One block of the tail's memory. It goes back when no log has a span in it, no draft needs it and nobody pins it. */
struct gather {
    struct list_node node; /* in gathers->blocks, oldest first */
    struct block *block;
    struct list tails; /* of logs whose oldest span lies here */
    uint32_t used;     /* chunks reach up to here */
    uint32_t drafts;   /* that are not written yet; and a stream that puts its pieces here */
    uint32_t spans;    /* of all tails */
    int64_t taken_ns;  /* when */
};

/* Whom to tell when the chunk is durable; log == NULL: nobody but store->flushed. */
struct draft_mark {
    struct log *log;
    int64_t limit;
    uint32_t size; /* of the bytes */
};

struct draft {
    struct list_node node;
    struct gather *gather;
    uint64_t sequence;
    uint32_t at; /* in the block */
    uint32_t payload_size;
    uint32_t entry_count, entry_max;
    uint8_t *table; /* entry_max * CHUNK_ENTRY_SIZE, aside */
    struct draft_mark *marks;
};

struct gathers {
    struct store *store;
    struct list blocks;     /* struct gather */
    struct gather *current; /* the newest, or NULL */
    struct draft *open;     /* in `current`, or NULL */
    struct list sealed;     /* struct draft, oldest first */
    struct list free_drafts, free_gathers, free_pieces;
    uint64_t next_sequence;
    uint64_t block_count;
    size_t block_size; /* at least, each */
};

/* `block_size`: GATHER_BLOCK_SIZE, or GATHER_BLOCK_SMALL. */
void gathers_init(struct gathers *gathers, struct store *store, size_t block_size);
void gathers_end(struct gathers *gathers);

/* What of the tail's memory appends may not use: a block for the staging of spill.c, until it has it, and one for
 * entries without batches. Without these, no memory would ever come back. */
size_t gathers_kept(const struct gathers *gathers);
/* Whether a batch of `size` bytes could have room if nothing else had any. */
bool gather_ever_fits(const struct gathers *gathers, size_t size);
/* A block for at least `size` bytes, with nothing in it; NULL: no memory. */
struct gather *gather_take(struct gathers *gathers, size_t size);
/* Room for `size` bytes of payload and one more entry: where they go, or NULL when the tail's memory is used up.
 * Nothing has happened until draft_add or draft_grow. */
uint8_t *gather_room(struct gathers *gathers, size_t size);
/* The same for an entry without batches; it may use the block that is kept for those, because memory that is used up
 * comes back by them: by an extent's or a removal's. `size` is below CHUNK_BLOCK. */
uint8_t *gather_entry_room(struct gathers *gathers, size_t size);
/* An entry for the `size` bytes that were just written to gather_room's place; position, size and (for batches) crc are
 * set here. */
void draft_add(struct gathers *gathers, struct chunk_entry *entry, struct log *log, size_t size);
/* An entry for `size` bytes that stand in the segment, but for the last `rest`, which were just written to
 * gather_room's place. */
void draft_add_extent(struct gathers *gathers, struct chunk_entry *entry, struct log *log, uint32_t size,
                      uint32_t rest);
/* The same bytes as a continuation of the last entry, when that is an append of the same log that ends where they
 * begin. */
bool draft_grow(struct gathers *gathers, const struct chunk_entry *more, struct log *log, size_t size);
/* What is gathered from now on goes into chunks of at least the returned sequence, nothing before does. */
uint64_t gathers_cut(struct gathers *gathers);
/* Something waits to be written. */
bool gather_waiting(const struct gathers *gathers);
/* The oldest draft that waits, sealed; it is the caller's until draft_give. */
struct draft *draft_take(struct gathers *gathers);
void draft_give(struct gathers *gathers, struct draft *draft);
/* A truncation: marks of `log` above `limit` are lowered to it, in every draft that is not written (`writing` may be
 * NULL). */
void gather_lower(struct gathers *gathers, struct draft *writing, struct log *log, int64_t limit);
/* Gives the block back if nobody needs it. */
void gather_release(struct gathers *gathers, struct gather *gather);

#endif
