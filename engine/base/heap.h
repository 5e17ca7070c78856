/* engine/base/heap.h   The allocator of the control plane (jemalloc below), as a value that is passed in. Each node has
 * one per thread; it counts, so that "no allocation on the data path" is a test, and it remembers what it gave, so that
 * the simulator can pull the plug on a node and give everything back at once.
 *
 * A heap belongs to one thread. What is handed to another thread goes back by mail to where it came from.
 * Out of memory is not a status: the control plane's needs are bounded by plan.c, so running out is a broken invariant.
 * */
#ifndef ENGINE_BASE_HEAP_H
#define ENGINE_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap {
    void *first;         /* all live pieces, newest first; private */
    uint64_t take_count; /* since the start: the data path must not move it */
    size_t live_count;
    size_t live_size;
};

void heap_init(struct heap *heap);
/* Gives back every piece that is still taken. */
void heap_end(struct heap *heap);

void *heap_take(struct heap *heap, size_t size);     /* zeroed, aligned to 16; size 0 gives a valid pointer */
void *heap_take_raw(struct heap *heap, size_t size); /* the same, not zeroed: for who zeroes what he hands out */
void *heap_resize(struct heap *heap, void *piece, size_t size); /* piece may be NULL; what is added is zeroed */
void heap_give(struct heap *heap, void *piece);                 /* NULL is fine */

#endif
