/* tests/fuzz/net/messages/messages_fuzz.c   A frame as any message: the first bytes choose the API, the version and the
 * direction, the rest is the message. What the codec accepts it writes again, and that reads back to the very same
 * bytes; what a frame makes us take is bounded by its size. Reading in portions, whose size the first bytes choose too,
 * comes to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/codec_portion.h"
#include "base/heap.h"
#include "messages/apis.h"

enum { CHOICE_SIZE = 3, TAKEN_PER_BYTE_MAX = 512, TAKEN_ALWAYS = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy that ends where the message ends, so that a look past it is seen. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    invariant(copy);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

static uint8_t *write_message(const struct schema *schema, int16_t version, bool flexible, const void *from,
                              size_t *size)
{
    *size = message_size(schema, version, flexible, from);
    uint8_t *bytes = malloc(*size > 0 ? *size : 1);
    invariant(bytes);

    struct writer writer = { .start = bytes, .at = bytes, .limit = bytes + *size };
    message_write(schema, version, flexible, from, &writer);
    invariant(!writer.overrun);
    invariant(writer.at == writer.limit);
    return bytes;
}

static enum status read_portions(const struct schema *schema, int16_t version, bool flexible, struct bytes frame,
                                 uint32_t step_max, void *message, struct arena *arena)
{
    struct message_reading reading;
    enum status status = STATUS_OK;

    message_reading_begin(&reading, schema, version, flexible, frame, message, arena);
    while (status == STATUS_OK && message_reading_more(&reading)) status = message_reading_go(&reading, step_max);
    return status;
}

static void read_write_read(const struct schema *schema, int16_t version, bool flexible, const uint8_t *frame,
                            size_t size, uint32_t step_max, struct heap *heap)
{
    struct arena arena, other;
    void *message = heap_take(heap, schema->size);
    const uint8_t *at = frame;
    arena_init(&arena, heap, NULL, 0, SIZE_MAX / 2);

    enum status status = message_read(schema, version, flexible, &at, frame + size, message, &arena);
    invariant(status == STATUS_OK || status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
    invariant(arena.size <= TAKEN_ALWAYS + size * TAKEN_PER_BYTE_MAX);
    arena_init(&other, heap, NULL, 0, SIZE_MAX / 2);
    void *again = heap_take(heap, schema->size);
    invariant(read_portions(schema, version, flexible, (struct bytes){ frame, size }, step_max, again, &other) ==
              status);
    invariant(arena.size == other.size);
    if (status != STATUS_OK) return;

    size_t first_size = 0, second_size = 0;
    uint8_t *first = write_message(schema, version, flexible, message, &first_size);
    at = first;
    status = message_read(schema, version, flexible, &at, first + first_size, message, &arena);
    invariant(status == STATUS_OK);
    invariant(at == first + first_size);
    uint8_t *second = write_message(schema, version, flexible, message, &second_size);
    invariant(first_size == second_size && memcmp(first, second, first_size) == 0);
    free(second);
    second = write_message(schema, version, flexible, again, &second_size);
    invariant(first_size == second_size && memcmp(first, second, first_size) == 0);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICE_SIZE) return 0;

    const struct api_row *row = &api_rows[data[0] % api_row_count];
    int16_t version = (int16_t)(row->since + data[1] % (row->until - row->since + 1));
    const struct schema *schema = data[2] & 1 ? row->answer : row->ask;
    struct heap heap;
    heap_init(&heap);

    uint8_t *frame = copy_of(data + CHOICE_SIZE, size - CHOICE_SIZE);
    read_write_read(schema, version, api_flexible(row, version), frame, size - CHOICE_SIZE, 1 + data[2] / 2, &heap);
    free(frame);
    heap_end(&heap);
    return 0;
}
