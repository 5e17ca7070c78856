/* engine/base/heap.c   Every piece carries its place in the list of live pieces in front of it:
 *
 *     | next | previous | size | (unused) | the caller's bytes ...
 *                                         ^ aligned to 16, because calloc's result is and the head is 32 bytes
 */
#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct piece {
    struct piece *next, *previous;
    size_t size;
    size_t unused;
};

_Static_assert(sizeof(struct piece) % 16 == 0, "the caller's bytes are aligned to 16");

static void piece_link(struct heap *heap, struct piece *piece, size_t size)
{
    piece->next = heap->first;
    piece->previous = NULL;
    piece->size = size;
    if (piece->next) piece->next->previous = piece;
    heap->first = piece;
    heap->live_count++;
    heap->live_size += size;
}

static void piece_unlink(struct heap *heap, struct piece *piece)
{
    invariant(heap->live_count > 0);
    invariant(heap->live_size >= piece->size);
    heap->live_count--;
    heap->live_size -= piece->size;
    if (piece->next) piece->next->previous = piece->previous;
    if (piece->previous) {
        piece->previous->next = piece->next;
    } else {
        invariant(heap->first == piece);
        heap->first = piece->next;
    }
}

void heap_init(struct heap *heap)
{
    *heap = (struct heap){ 0 };
}

void heap_end(struct heap *heap)
{
    struct piece *piece = heap->first;
    while (piece) {
        struct piece *next = piece->next;
        invariant(heap->live_count > 0);
        heap->live_count--;
        heap->live_size -= piece->size;
        free(piece);
        piece = next;
    }
    heap->first = NULL;
    invariant(heap->live_count == 0);
    invariant(heap->live_size == 0);
}

void *heap_take(struct heap *heap, size_t size)
{
    invariant(size < SIZE_MAX / 2);
    struct piece *piece = calloc(1, sizeof(*piece) + size);
    invariant(piece != NULL);

    piece_link(heap, piece, size);
    heap->take_count++;
    return piece + 1;
}

/* jemalloc clears large pieces by giving their pages back: each would be faulted in anew. */
void *heap_take_raw(struct heap *heap, size_t size)
{
    invariant(size < SIZE_MAX / 2);
    struct piece *piece = malloc(sizeof(*piece) + size);
    invariant(piece != NULL);

    piece_link(heap, piece, size);
    heap->take_count++;
    return piece + 1;
}

void *heap_resize(struct heap *heap, void *piece, size_t size)
{
    if (!piece) return heap_take(heap, size);

    invariant(size < SIZE_MAX / 2);
    struct piece *head = (struct piece *)piece - 1;
    size_t old_size = head->size;
    piece_unlink(heap, head);
    head = realloc(head, sizeof(*head) + size);
    invariant(head != NULL);

    if (size > old_size) memset((char *)(head + 1) + old_size, 0, size - old_size);
    piece_link(heap, head, size);
    heap->take_count++;
    return head + 1;
}

void heap_give(struct heap *heap, void *piece)
{
    if (!piece) return;

    struct piece *head = (struct piece *)piece - 1;
    piece_unlink(heap, head);
    free(head);
}
