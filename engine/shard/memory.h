/* engine/shard/memory.h   The data path's memory of one shard: one region, planned at start (plan.c), handed out as
 * blocks. A block is a page-aligned run of bytes with a pin count; it goes back to its pool when the last pin is gone.
 * Pages are touched, and registered with io_enroll, chunk by chunk (2 MiB) as blocks are first used, so an idle node
 * stays small.
 *
 * Budgets are separate: what receives can't starve what commits. A take that finds its budget empty gives NULL, and its
 * caller stops reading its socket (backpressure is the absence of a slot); memory_wait says when there is room
 * again. */
#ifndef ENGINE_SHARD_MEMORY_H
#define ENGINE_SHARD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "shard/shard.h"

enum memory_budget { MEMORY_RECEIVE, MEMORY_TAIL, MEMORY_CACHE, MEMORY_ANSWER, MEMORY_BUDGETS };

enum { MEMORY_PAGE = 4096, MEMORY_CHUNK = 2 << 20 };

struct block {
    uint8_t *data;
    uint32_t size; /* a power of two from 4 KiB, or whole chunks */
    uint32_t pins; /* 0: free */
    uint8_t budget;
    struct shard *shard;               /* where pin and unpin must be called */
    struct list_node node;             /* the owner's, while pinned */
    void (*idle)(struct block *block); /* called when only one pin is left, if set: the owner's own */
};

/* Bytes of a block that somebody holds: what fetches send and the WAL writes. */
struct extent {
    const uint8_t *data;
    uint32_t size;
    struct block *block;
};

struct memory_plan {
    size_t budget[MEMORY_BUDGETS]; /* bytes; whole chunks */
    bool from_heap; /* the shard's heap, touched at once: for the simulator, whose nodes go with their heap */
};

/* The caller stores it in shard->memory before the first block is given back. */
must_check enum status memory_make(struct shard *shard, const struct memory_plan *plan, struct memory **memory);
/* All blocks are back, and the shard has run to its end; or it never ran, and the jobs have ended. */
void memory_end(struct memory *memory);

/* STATUS_OK, or why the engine took no (more) memory into its registered buffers: said once by whoever starts the
 * shard. */
enum status memory_enrolled(const struct memory *memory);

/* A block of at least `size` bytes with one pin, or NULL when the budget is used up. Contents are not cleared. */
struct block *block_take(struct memory *memory, enum memory_budget budget, size_t size);
void block_pin(struct block *block);
void block_unpin(struct block *block);
/* Becomes ready, once, when a block of this budget was given back. First come, first served; whoever then takes a block
 * and leaves room wakes the next. To leave early: list_remove(&ready->node). */
void memory_wait(struct memory *memory, enum memory_budget budget, struct ready *ready);
size_t memory_used(const struct memory *memory, enum memory_budget budget);
size_t memory_free(const struct memory *memory, enum memory_budget budget);

#endif
