/* tests/fuzz/engine/log/batch_fuzz.c   Any bytes as what a producer sends to one partition. A batch that is accepted
 * lies within the bytes; when its records are open, they can be walked to their end, and there are as many as it says.
 * The CRC is not asked, since a fuzzer can't guess one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "log/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct batch *batch)
{
    struct bytes records = { batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE };
    struct record_walk walk;
    struct record record;
    enum status status = STATUS_OK;
    int32_t count = 0;

    record_walk_begin(&walk, batch, records);
    while (record_walk_next(&walk, &record, &status)) {
        invariant(!record.key.data || record.key.data + record.key.size <= batch->data + batch->size);
        invariant(!record.value.data || record.value.data + record.value.size <= batch->data + batch->size);
        count++;
    }
    invariant(status == STATUS_OK);
    invariant(count == batch->record_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    invariant(bytes);
    if (size > 0) memcpy(bytes, data, size);

    struct batch batch;
    struct batch_rules rules = { .timestamp_min_ms = INT64_MIN, .timestamp_max_ms = INT64_MAX };
    struct batch_verdict verdict;
    if (batch_read_produced((struct bytes){ bytes, size }, &batch) == STATUS_OK) {
        invariant(batch.data == bytes && batch.size <= size);
        if (batch_judge(&batch, &rules, &verdict) == STATUS_OK && (batch.attributes & BATCH_CODEC) == CODEC_NONE) {
            walk(&batch);
        }
        (void)batch_check_crc(&batch);
    }
    free(bytes);
    return 0;
}
