/* tests/fuzz/engine/log/repack_fuzz.c   Any bytes as a produced batch for a topic that wants another codec: the first
 * byte chooses which, the rest is a batch whose length and sum are put right. It ends in a status; what is made is a
 * batch that would be taken, with the records that were in it; and nothing is left lying about. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "log/inspect.h"
#include "log/repack.h"

enum { OPEN_MAX = 1 << 20, SIZE_MAX_MADE = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(struct bytes a, struct bytes b)
{
    return a.size == b.size && !a.data == !b.data && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static struct bytes opened(const struct batch *batch, struct heap *heap)
{
    struct bytes records;
    void *memory;
    enum status status = batch_open(batch, heap, &records, &memory);
    invariant(status == STATUS_OK);
    return records;
}

/* Record by record: what came in, and what was made of it. */
static void compare(const struct repack *repack, struct heap *heap)
{
    struct record_walk from_walk, to_walk;
    enum status from_status, to_status;
    struct record from, to;
    struct batch produced, made;

    invariant(batch_read_produced(repack->produced, &produced) == STATUS_OK);
    invariant(batch_read_produced(repack->made, &made) == STATUS_OK && made.size == repack->made.size);
    invariant(batch_check_crc(&made) == STATUS_OK && batch_check_produced(&made) == STATUS_OK);
    invariant((made.attributes & BATCH_CODEC) == repack->codec && made.size <= SIZE_MAX_MADE);
    invariant(made.producer_id == produced.producer_id && made.base_sequence == produced.base_sequence);

    record_walk_begin(&from_walk, &produced, opened(&produced, heap));
    record_walk_begin(&to_walk, &made, opened(&made, heap));
    for (int32_t i = 0; record_walk_next(&from_walk, &from, &from_status); i++) {
        invariant(record_walk_next(&to_walk, &to, &to_status));
        invariant(to.offset == i && to.timestamp_ms == from.timestamp_ms && to.timestamp_ms <= made.max_timestamp_ms);
        invariant(same(to.key, from.key) && same(to.value, from.value) && same(to.headers, from.headers));
    }
    invariant(from_status == STATUS_OK);
    invariant(!record_walk_next(&to_walk, &to, &to_status) && to_status == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 + BATCH_HEADER_SIZE) return 0;

    size_t batch_size = size - 1;
    uint8_t *bytes = malloc(batch_size);
    struct repack repack;
    struct heap heap;

    invariant(bytes);
    memcpy(bytes, data + 1, batch_size);
    store_u32(bytes + 8, (uint32_t)(batch_size - BATCH_PREFIX_SIZE));
    store_u32(bytes + 17, crc32c(0, bytes + BATCH_CRC_FROM, batch_size - BATCH_CRC_FROM));
    heap_init(&heap);
    repack_init(&repack);
    repack.produced = (struct bytes){ bytes, batch_size };
    repack.rules = (struct batch_rules){ .append_time = true, .keys_wanted = (data[0] & 0x80) != 0 };
    repack.codec = (enum compression)(data[0] % COMPRESSION_COUNT);
    repack.level = COMPRESSION_LEVEL_DEFAULT;
    repack.open_max = OPEN_MAX;
    repack.size_max = SIZE_MAX_MADE;
    repack_run(&repack);
    if (repack.status == STATUS_OK) compare(&repack, &heap);
    invariant(repack.status == STATUS_OK || repack.heap.live_count == 0);
    repack_end(&repack);
    heap_end(&heap);
    free(bytes);
    return 0;
}
