/* engine/base/arena.h   Memory with one end: a request, a start-up phase, a printed report. Pieces are never given back
 * one by one. An arena begins in memory that its owner brings (which may be none) and goes on in blocks from a heap, up
 * to a limit, so that one request can't eat the node. */
#ifndef ENGINE_BASE_ARENA_H
#define ENGINE_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct heap;

struct arena {
    struct heap *heap; /* NULL: only the first block */
    uint8_t *at, *end; /* the free part of the current block */
    void *blocks;      /* from the heap, newest first; private */
    uint8_t *first;    /* the owner's block */
    size_t first_size;
    size_t size_max; /* of the blocks from the heap, together */
    size_t size;     /* taken from the heap until now */
};

void arena_init(struct arena *arena, struct heap *heap, void *first, size_t first_size, size_t size_max);
/* Forgets all pieces and gives the heap's blocks back; the arena may be used again. */
void arena_reset(struct arena *arena);

/* NULL when the limit is reached: the caller refuses the request. Zeroed, aligned to 16. */
void *arena_take(struct arena *arena, size_t size);
/* The same, but what is in it is anything: for what is written at once, or so large that clearing it takes long. */
void *arena_take_raw(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);

#endif
