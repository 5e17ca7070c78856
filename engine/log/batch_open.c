/* engine/log/batch_open.c   The payload of a batch, decompressed: for tools, for searches by time, for topics that want
 * another codec (repack.c). The size of what comes out is announced nowhere, so the room grows until it is enough, up
 * to a bound. */
#include "base/compression.h"
#include "base/heap.h"
#include "log/inspect.h"

enum { OPEN_ROOM_FIRST = 4, OPEN_SIZE_MAX = 256 << 20 };

enum status batch_open(const struct batch *batch, struct heap *heap, struct bytes *records, void **memory)
{
    return batch_open_within(batch, OPEN_SIZE_MAX, heap, records, memory);
}

enum status batch_open_within(const struct batch *batch, size_t size_max, struct heap *heap, struct bytes *records,
                              void **memory)
{
    struct bytes packed = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    unsigned codec = batch->attributes & BATCH_CODEC;

    *memory = NULL;
    *records = packed;
    if (codec == COMPRESSION_NONE) return STATUS_OK;
    if (codec >= COMPRESSION_COUNT) return STATUS_UNSUPPORTED;

    for (size_t room = max_of(packed.size * OPEN_ROOM_FIRST, (size_t)4096);; room *= 4) {
        room = min_of(room, size_max);
        uint8_t *to = heap_take(heap, room);
        size_t size;
        enum status status = compression_unpack(codec, packed, to, room, &size, heap);
        if (status == STATUS_OK) {
            *memory = to;
            *records = (struct bytes){ to, size };
            return STATUS_OK;
        }
        heap_give(heap, to);
        if (status != STATUS_TOO_LARGE || room == size_max) return status;
    }
}
