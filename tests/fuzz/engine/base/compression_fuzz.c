/* tests/fuzz/engine/base/compression_fuzz.c   Any bytes as a compressed payload: the first byte chooses the codec, the
 * second how much room there is. Unpacking ends in a status and stays within the room. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/compression.h"
#include "base/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;

    struct heap heap;
    heap_init(&heap);
    size_t room = (size_t)data[1] * 256, unpacked_size = 0;
    uint8_t *from = malloc(size - 1), *to = malloc(room + 1);
    invariant(from && to);
    memcpy(from, data + 2, size - 2);

    enum status status = compression_unpack(data[0] % COMPRESSION_COUNT, (struct bytes){ from, size - 2 }, to, room,
                                            &unpacked_size, &heap);
    invariant(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_TOO_LARGE);
    invariant(unpacked_size <= room);
    invariant(heap.live_count == 0);
    free(from);
    free(to);
    heap_end(&heap);
    return 0;
}
