/* client/unpack.c   No header says how large the records are, so room is tried: eight times what is packed, then four
 * times as much. */
#include "client/unpack.h"

#include "base/compression.h"

enum { ROOM_FACTOR = 8, ROOM_STEP = 4, ROOM_LEAST = 64 << 10, ROOM_MOST = 512 << 20 };

enum status unpack_records(const struct batch *batch, struct arena *arena, struct heap *heap, struct bytes *records)
{
    unsigned codec = batch->attributes & BATCH_CODEC;
    struct bytes packed = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    enum status status = STATUS_TOO_LARGE;

    *records = packed;
    if (codec == COMPRESSION_NONE) return STATUS_OK;
    if (codec >= COMPRESSION_COUNT) return STATUS_UNSUPPORTED;
    for (size_t room = ROOM_LEAST + packed.size * ROOM_FACTOR; status == STATUS_TOO_LARGE && room <= ROOM_MOST;
         room *= ROOM_STEP) {
        uint8_t *to = arena_take(arena, room);
        size_t size = 0;
        if (!to) return STATUS_NO_MEMORY;
        status = compression_unpack((enum compression)codec, packed, to, room, &size, heap);
        *records = (struct bytes){ to, size };
    }
    return status;
}
