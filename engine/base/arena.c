/* engine/base/arena.c   The owner's block first, then blocks from the heap, each twice as large as the one before:
 *
 *     first block:   | piece | piece |    free     |      heap's block:   | head | piece |     free      |
 *                                   at            end                                   at              end
 *
 * Only one block is open at a time; what is left of an older one is lost until the reset. */
#include "base/arena.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/heap.h"

enum { PIECE_ALIGNMENT = 16, BLOCK_SIZE_MIN = 1024, BLOCK_SIZE_MAX = 256 * 1024 };

struct block {
    struct block *next;
    size_t size; /* with this head */
};

_Static_assert(sizeof(struct block) % PIECE_ALIGNMENT == 0, "the first piece of a block is aligned");

static void arena_open_first(struct arena *arena)
{
    size_t skip = -(uintptr_t)arena->first & (PIECE_ALIGNMENT - 1);

    if (!arena->first || skip > arena->first_size) {
        arena->at = arena->end = NULL;
        return;
    }
    arena->at = arena->first + skip;
    arena->end = arena->first + arena->first_size;
}

void arena_init(struct arena *arena, struct heap *heap, void *first, size_t first_size, size_t size_max)
{
    *arena = (struct arena){ .heap = heap, .first = first, .first_size = first_size, .size_max = size_max };
    arena_open_first(arena);
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks) {
        struct block *block = arena->blocks;
        invariant(arena->size >= block->size);
        arena->blocks = block->next;
        arena->size -= block->size;
        heap_give(arena->heap, block);
    }
    invariant(arena->size == 0);
    arena_open_first(arena);
}

/* Opens a block with room for `size`; false at the limit. */
static bool arena_grow(struct arena *arena, size_t size)
{
    size_t left = arena->size_max - arena->size;
    if (!arena->heap || left < sizeof(struct block) || size > left - sizeof(struct block)) return false;

    const struct block *last = arena->blocks;
    size_t wanted = last ? min_of(2 * last->size, (size_t)BLOCK_SIZE_MAX) : (size_t)BLOCK_SIZE_MIN;
    wanted = max_of(wanted, size + sizeof(struct block));
    wanted = min_of(wanted, left);

    struct block *block = heap_take_raw(arena->heap, wanted);
    block->next = arena->blocks;
    block->size = wanted;
    arena->blocks = block;
    arena->size += wanted;
    arena->at = (uint8_t *)(block + 1);
    arena->end = (uint8_t *)block + wanted;
    return true;
}

void *arena_take_raw(struct arena *arena, size_t size)
{
    size_t left = (size_t)(arena->end - arena->at);
    if (!arena->at || size > left || left == 0) {
        if (!arena_grow(arena, max_of(size, (size_t)1))) return NULL;
        left = (size_t)(arena->end - arena->at);
    }
    invariant(size <= left);

    uint8_t *piece = arena->at;
    size_t step = round_up(max_of(size, (size_t)1), PIECE_ALIGNMENT);
    arena->at += min_of(step, left);
    return piece;
}

void *arena_take(struct arena *arena, size_t size)
{
    void *piece = arena_take_raw(arena, size);
    if (piece) memset(piece, 0, size);
    return piece;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_take(arena, size);
    if (copy && size > 0) memcpy(copy, data, size);
    return copy;
}
