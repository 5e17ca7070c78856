/* tests/fuzz/engine/log/producers_fuzz.c   Any bytes as a producer snapshot, Kafka's or ours. What is accepted is
 * written again and reads back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "log/producer_state.h"
#include "mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void kafkas(struct bytes snapshot, struct heap *heap)
{
    struct producer_state *state = producer_state_make(heap), *again = producer_state_make(heap);

    if (producer_snapshot_read(state, snapshot, 0) == STATUS_OK) {
        size_t size = producer_snapshot_size(state);
        uint8_t *first = malloc(size), *second = malloc(size);
        invariant(first && second && size <= snapshot.size);
        producer_snapshot_write(state, first);
        invariant(producer_snapshot_read(again, (struct bytes){ first, size }, 0) == STATUS_OK);
        invariant(producer_snapshot_size(again) == size);
        producer_snapshot_write(again, second);
        invariant(memcmp(first, second, size) == 0);
        free(first);
        free(second);
    }
    producer_state_end(state);
    producer_state_end(again);
}

static void ours(struct bytes saved, struct heap *heap)
{
    struct producer_state *state = producer_state_make(heap), *again = producer_state_make(heap);

    if (producer_state_read(state, saved, 0) == STATUS_OK) {
        size_t size = producer_state_size(state);
        uint8_t *first = malloc(size), *second = malloc(size);
        invariant(first && second);
        producer_state_write(state, first);
        invariant(producer_state_read(again, (struct bytes){ first, size }, 0) == STATUS_OK);
        invariant(producer_state_size(again) == size);
        producer_state_write(again, second);
        invariant(memcmp(first, second, size) == 0);
        (void)producer_state_commit(state, 0);
        free(first);
        free(second);
    }
    producer_state_end(state);
    producer_state_end(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct bytes bytes = { NULL, size - 1 };
    uint8_t *copy = malloc(max_of(bytes.size, (size_t)1));
    struct heap heap;

    invariant(copy);
    memcpy(copy, data + 1, bytes.size);
    bytes.data = copy;
    heap_init(&heap);
    if (data[0] & 1) {
        ours(bytes, &heap);
    } else {
        if (data[0] & 2) mend_snapshot(copy, bytes.size);
        kafkas(bytes, &heap);
    }
    invariant(heap.live_count == 0);
    heap_end(&heap);
    free(copy);
    return 0;
}
