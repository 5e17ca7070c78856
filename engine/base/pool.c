/* engine/base/pool.c   | item 0 | item 1 | ... | slot 0 | slot 1 | ...
 *
 * A slot's generation is odd while it is taken and even while it is free, so "was given back" and "was taken again" are
 * one comparison. Free slots are chained through `next`; slots from `fresh` on were never touched. */
#include "base/pool.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

enum { SLOT_NONE = UINT32_MAX };

struct pool_slot {
    uint32_t generation;
    uint32_t next;
};

static size_t item_size_rounded(size_t item_size)
{
    return round_up(max_of(item_size, (size_t)1), 16);
}

size_t pool_memory_size(size_t item_size, uint32_t slot_count)
{
    return (item_size_rounded(item_size) + sizeof(struct pool_slot)) * slot_count;
}

void pool_init(struct pool *pool, void *memory, size_t item_size, uint32_t slot_count)
{
    invariant((uintptr_t)memory % 16 == 0);
    invariant(slot_count < SLOT_NONE);
    *pool = (struct pool){
        .items = memory,
        .item_size = item_size_rounded(item_size),
        .slot_count = slot_count,
        .free = SLOT_NONE,
    };
    pool->slots = (void *)(pool->items + pool->item_size * slot_count);
}

static bool taken(const struct pool_slot *slot)
{
    return slot->generation & 1;
}

void *pool_take(struct pool *pool)
{
    uint32_t index = pool->free;

    if (index != SLOT_NONE) {
        pool->free = pool->slots[index].next;
    } else if (pool->fresh < pool->slot_count) {
        index = pool->fresh++;
        pool->slots[index].generation = 0;
    } else {
        return NULL;
    }

    struct pool_slot *slot = &pool->slots[index];
    invariant(!taken(slot));
    slot->generation++;
    pool->count++;
    pool->peak = max_of(pool->peak, pool->count);
    return memset(pool->items + pool->item_size * index, 0, pool->item_size);
}

static uint32_t slot_index(const struct pool *pool, const void *item)
{
    const uint8_t *place = item;
    invariant(place >= pool->items);

    size_t position = (size_t)(place - pool->items);
    invariant(position % pool->item_size == 0);
    invariant(position / pool->item_size < pool->fresh);
    return (uint32_t)(position / pool->item_size);
}

void pool_give(struct pool *pool, void *item)
{
    uint32_t index = slot_index(pool, item);
    struct pool_slot *slot = &pool->slots[index];

    invariant(taken(slot));
    slot->generation++;
    slot->next = pool->free;
    pool->free = index;
    pool->count--;
}

struct pool_handle pool_handle(const struct pool *pool, const void *item)
{
    uint32_t index = slot_index(pool, item);
    invariant(taken(&pool->slots[index]));
    return (struct pool_handle){ index, pool->slots[index].generation };
}

void *pool_find(const struct pool *pool, struct pool_handle handle)
{
    if (handle.slot >= pool->fresh) return NULL;

    const struct pool_slot *slot = &pool->slots[handle.slot];
    if (!taken(slot) || slot->generation != handle.generation) return NULL;
    return pool->items + pool->item_size * handle.slot;
}
