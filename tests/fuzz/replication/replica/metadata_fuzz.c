/* The metadata log as somebody else may have left it: any bytes, told to an image batch by batch. Whatever they say,
 * the apply ends with a status, the image stays one that can be hashed and given back, and a second image that hears
 * the same is equal. The checksum is not looked at (log_load has), so that the records themselves are reached. */
#include <stdlib.h>

#include "replica/metadata_batch.h"

struct listener {
    struct heap heap;
    struct arena arena;
    struct image image;
    enum status status;
    uint64_t hash;
};

static void hear(struct listener *listener, struct bytes bytes, bool snapshot)
{
    heap_init(&listener->heap);
    arena_init(&listener->arena, &listener->heap, NULL, 0, 1 << 20);
    image_init(&listener->image, &listener->heap, 3);
    listener->status = snapshot
                           ? metadata_apply_snapshot(&listener->image, bytes, INT32_MAX, INT32_MAX, &listener->arena)
                           : metadata_apply(&listener->image, bytes, &listener->arena);
    listener->hash = image_hash(&listener->image);
}

static void leave(struct listener *listener)
{
    image_end(&listener->image);
    arena_reset(&listener->arena);
    invariant(listener->heap.live_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct listener first, second;
    if (size == 0) return 0;

    uint8_t *copy = malloc(size);
    if (!copy) return 0;
    memcpy(copy, data, size);
    hear(&first, (struct bytes){ copy + 1, size - 1 }, copy[0] & 1);
    hear(&second, (struct bytes){ copy + 1, size - 1 }, copy[0] & 1);
    invariant(first.status == second.status && first.hash == second.hash);
    leave(&first);
    leave(&second);
    free(copy);
    return 0;
}
