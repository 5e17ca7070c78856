/* engine/base/pool.h   A fixed number of slots of one size. A full pool is an answer, not an accident: whoever asked
 * stops reading its socket. What is referenced from afar is referenced by handle, whose generation tells a slot's new
 * tenant from the one that was meant. Memory is touched only when a slot is first used. */
#ifndef ENGINE_BASE_POOL_H
#define ENGINE_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Never {0, 0}: a zeroed handle refers to nothing. */
struct pool_handle {
    uint32_t slot;
    uint32_t generation;
};

struct pool {
    uint8_t *items;
    struct pool_slot *slots; /* behind the items; private */
    size_t item_size;        /* rounded up to 16 */
    uint32_t slot_count;
    uint32_t fresh; /* the first slot that was never used */
    uint32_t free;  /* the slot given back last */
    uint32_t count, peak;
};

/* Bytes that pool_init needs, aligned to 16. */
size_t pool_memory_size(size_t item_size, uint32_t slot_count);
void pool_init(struct pool *pool, void *memory, size_t item_size, uint32_t slot_count);

/* A zeroed item, NULL when all are taken. The one given back last comes first: it is in cache. */
void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *item);

struct pool_handle pool_handle(const struct pool *pool, const void *item);
/* NULL when the item was given back since, or the handle is none of this pool's. */
void *pool_find(const struct pool *pool, struct pool_handle handle);

#endif
