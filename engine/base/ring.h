/* engine/base/ring.h   A first-in first-out queue of items of one size in memory that its owner brings. Its room is a
 * power of two; a full ring says so. Items are reached in place: put gives the place to fill, first the one to look at.
 * Counters run freely and wrap; their difference is the count. One thread; between shards see shard/mailbox.h. */
#ifndef ENGINE_BASE_RING_H
#define ENGINE_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct ring {
    uint8_t *items;
    size_t item_size;
    uint32_t mask;
    uint32_t first, limit; /* the oldest item, and the place behind the newest */
};

/* `memory` holds item_size * room bytes, aligned as the items need it. */
static inline void ring_init(struct ring *ring, void *memory, size_t item_size, uint32_t room)
{
    invariant(room > 0 && (room & (room - 1)) == 0);
    *ring = (struct ring){ .items = memory, .item_size = item_size, .mask = room - 1 };
}

static inline uint32_t ring_count(const struct ring *ring)
{
    return ring->limit - ring->first;
}

static inline bool ring_empty(const struct ring *ring)
{
    return ring->limit == ring->first;
}

static inline bool ring_full(const struct ring *ring)
{
    return ring_count(ring) == ring->mask + 1;
}

/* The item `index` places behind the oldest. */
static inline void *ring_at(const struct ring *ring, uint32_t index)
{
    invariant(index < ring_count(ring));
    return ring->items + ring->item_size * ((ring->first + index) & ring->mask);
}

/* The place of a new item, with what was there before; NULL when full. */
static inline void *ring_put(struct ring *ring)
{
    if (ring_full(ring)) return NULL;
    ring->limit++;
    return ring_at(ring, ring_count(ring) - 1);
}

static inline void *ring_first(const struct ring *ring)
{
    return ring_empty(ring) ? NULL : ring_at(ring, 0);
}

static inline void ring_drop_first(struct ring *ring)
{
    invariant(!ring_empty(ring));
    ring->first++;
}

#endif
