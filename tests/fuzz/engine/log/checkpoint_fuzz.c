/* tests/fuzz/engine/log/checkpoint_fuzz.c   Any bytes as a checkpoint slot, with its sums put right when the first byte
 * asks for it. Names and states of what is accepted lie inside the slot; a log's state that is accepted can be saved
 * again, and ends without a leak. */
#include <stdlib.h>
#include <string.h>

#include "log/checkpoint.h"
#include "log/state.h"
#include "mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void state_look(const struct checkpoint_record *record)
{
    struct io io = { .wall_ms = 1 };
    struct shard shard = { .io = &io };
    struct store store = { .shard = &shard };
    struct log log = { .store = &store, .key = record->key, .start = record->start, .end = record->end };

    heap_init(&shard.heap);
    if (log_state_load(&log, record->state) == STATUS_OK) {
        size_t size = log_state_size(&log);
        uint8_t *saved = malloc(size);
        invariant(saved && log_state_save(&log, saved) <= size);
        free(saved);
    }
    log_state_end(&log);
    invariant(shard.heap.live_count == 0);
    heap_end(&shard.heap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    /* A fuzzer's bytes are few: the header's 4096 are the first 128 and zeros, so the rest are records. */
    size_t head = min_of(size - 1, (size_t)128), body = size - 1 - head, room = MEND_SLOT_HEADER + body;
    uint8_t *slot = calloc(1, room);
    invariant(slot);
    memcpy(slot, data + 1, head);
    memcpy(slot + MEND_SLOT_HEADER, data + 1 + head, body);
    if (data[0] & 1) {
        memcpy(slot, "SLUICECP\0\0\0\1", 12);
        store_u64(slot + MEND_SLOT_BODY_SIZE_AT, body);
    }
    if (data[0] & 2) mend_slot(slot, room);

    struct bytes file = { slot, room };
    struct checkpoint_header header;
    struct checkpoint_record record;
    size_t at = 0;

    if (checkpoint_read(file, &header) == STATUS_OK) {
        while (checkpoint_next(file, &header, &at, &record)) {
            invariant((const uint8_t *)record.topic.data >= slot + MEND_SLOT_HEADER);
            invariant((const uint8_t *)record.topic.data + record.topic.size <= slot + room);
            invariant(record.state.data + record.state.size <= slot + room);
            state_look(&record);
        }
    }
    free(slot);
    return 0;
}
