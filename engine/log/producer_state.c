/* engine/log/producer_state.c   Kafka's ProducerStateManager, rule by rule (each was asked of a real broker):
 *
 *     the same epoch and sequences as one of the last five batches    the original's offsets
 *     epoch lower than the last                                       fenced
 *     higher epoch                                                    must begin at sequence 0
 *     otherwise                                                       the sequence after the last one, which wraps to 0
 *     unknown producer                                                any sequence
 *
 * Invariants: a producer is in `open` exactly while it has a transaction_first, and `open` ascends by it; it is in
 * `recent` always; decided[i].last ascends. */
#include "log/producer_entry.h"

static bool producer_has_id(const void *value, const void *key)
{
    return ((const struct producer *)value)->id == *(const int64_t *)key;
}

struct producer_state *producer_state_make(struct heap *heap)
{
    struct producer_state *state = heap_take(heap, sizeof *state);
    state->heap = heap;
    map_init(&state->by_id, heap, producer_has_id);
    list_init(&state->recent);
    list_init(&state->open);
    return state;
}

static void producer_forget(struct producer_state *state, struct producer *producer)
{
    map_remove(&state->by_id, hash_u64((uint64_t)producer->id), &producer->id);
    list_remove(&producer->recent);
    list_remove(&producer->open);
    heap_give(state->heap, producer);
}

void producer_state_end(struct producer_state *state)
{
    if (!state) return;
    list_each(&state->recent, node) producer_forget(state, container_of(node, struct producer, recent));
    map_end(&state->by_id);
    heap_give(state->heap, state->decided);
    heap_give(state->heap, state);
}

const struct producer *producer_find(const struct producer_state *state, int64_t id)
{
    return state ? map_find(&state->by_id, hash_u64((uint64_t)id), &id) : NULL;
}

/* The one silent for longest that has no transaction open; all may have one. */
static struct producer *producer_stalest(struct producer_state *state)
{
    list_each(&state->recent, node)
    {
        struct producer *producer = container_of(node, struct producer, recent);
        if (producer->transaction_first < 0) return producer;
    }
    return NULL;
}

struct producer *producer_add(struct producer_state *state, int64_t id, int16_t epoch, int64_t now_ms)
{
    if (state->by_id.count >= PRODUCERS_MAX) {
        struct producer *stalest = producer_stalest(state);
        if (stalest) producer_forget(state, stalest);
    }

    struct producer *producer = heap_take(state->heap, sizeof *producer);
    *producer = (struct producer){
        .id = id,
        .epoch = epoch,
        .coordinator_epoch = -1,
        .transaction_first = -1,
        .timestamp_ms = -1,
        .used_ms = now_ms,
    };
    list_node_init(&producer->open);
    list_node_init(&producer->recent);
    list_append(&state->recent, &producer->recent);
    map_add(&state->by_id, hash_u64((uint64_t)id), &producer->id, producer);
    return producer;
}

static int32_t first_sequence(const struct producer_batch *batch)
{
    return (int32_t)(((uint32_t)batch->last_sequence - (uint32_t)batch->offset_delta) & INT32_MAX);
}

static const struct producer_batch *producer_duplicate(const struct producer *producer, const struct batch *batch)
{
    if (batch->producer_epoch != producer->epoch) return NULL;

    for (uint8_t i = 0; i < producer->batch_count; i++) {
        const struct producer_batch *known = &producer->batches[i];
        if (known->last_sequence != batch_last_sequence(batch)) continue;
        if (first_sequence(known) == batch->base_sequence) return known;
    }
    return NULL;
}

static enum status producer_check_marker(const struct producer *producer, const struct batch *batch)
{
    enum control_type type;
    int32_t coordinator_epoch;
    enum status status = batch_control(batch, &type, &coordinator_epoch);

    if (status != STATUS_OK || type == CONTROL_OTHER) return status;
    return coordinator_epoch < producer->coordinator_epoch ? STATUS_FENCED : STATUS_OK;
}

static enum status producer_check_sequence(const struct producer *producer, const struct batch *batch)
{
    if (batch->producer_epoch != producer->epoch) {
        return batch->base_sequence == 0 || producer->epoch < 0 ? STATUS_OK : STATUS_OUT_OF_ORDER;
    }

    bool fresh = producer->batch_count == 0;
    int32_t wanted = fresh ? 0 : sequence_add(producer->batches[producer->batch_count - 1].last_sequence, 1);
    return batch->base_sequence == wanted ? STATUS_OK : STATUS_OUT_OF_ORDER;
}

enum status producer_state_check(const struct producer_state *state, const struct batch *batch,
                                 struct producer_batch *original)
{
    const struct producer *producer = producer_find(state, batch->producer_id);
    if (batch->producer_id < 0 || !producer) return STATUS_OK;

    const struct producer_batch *known = producer_duplicate(producer, batch);
    if (known && !(batch->attributes & BATCH_CONTROL)) {
        *original = *known;
        return STATUS_DUPLICATE;
    }
    if (batch->producer_epoch < producer->epoch) return STATUS_FENCED;
    if (batch->attributes & BATCH_CONTROL) return producer_check_marker(producer, batch);

    enum status status = producer_check_sequence(producer, batch);
    if (status != STATUS_OK) return status;
    bool outside = producer->transaction_first >= 0 && !(batch->attributes & BATCH_TRANSACTIONAL);
    return outside ? STATUS_INVALID : STATUS_OK;
}

static void producer_remember(struct producer *producer, const struct batch *batch)
{
    if (producer->batch_count == PRODUCER_BATCHES) {
        memmove(producer->batches, producer->batches + 1, (PRODUCER_BATCHES - 1) * sizeof producer->batches[0]);
        producer->batch_count--;
    }
    producer->batches[producer->batch_count++] = (struct producer_batch){
        .last_sequence = batch_last_sequence(batch),
        .offset_delta = batch->last_delta,
        .last_offset = batch->base_offset + batch->last_delta,
        .timestamp_ms = batch->max_timestamp_ms,
    };
}

static void producer_open(struct producer_state *state, struct producer *producer, int64_t first)
{
    if (producer->transaction_first >= 0) return;
    producer->transaction_first = first;
    list_append(&state->open, &producer->open);
}

static int64_t producer_state_first_open(const struct producer_state *state)
{
    struct list_node *node = list_first(&state->open);
    return node ? container_of(node, struct producer, open)->transaction_first : INT64_MAX;
}

void producer_state_decide(struct producer_state *state, int64_t first, int64_t last)
{
    if (state->decided_count == state->decided_capacity) {
        state->decided_capacity = max_of(4u, state->decided_capacity * 2);
        state->decided = heap_resize(state->heap, state->decided, state->decided_capacity * sizeof *state->decided);
    }
    invariant(state->decided_count == 0 || state->decided[state->decided_count - 1].last < last);
    state->decided[state->decided_count++] = (struct decided){ first, last };
}

static void producer_close(struct producer_state *state, struct producer *producer, const struct batch *marker,
                           struct transaction_end *end)
{
    enum control_type type;
    int32_t coordinator_epoch;

    /* A marker that does not parse can't have been accepted; one that came by recovery ends nothing. */
    if (batch_control(marker, &type, &coordinator_epoch) != STATUS_OK || type == CONTROL_OTHER) return;
    producer->coordinator_epoch = coordinator_epoch;
    if (producer->transaction_first < 0) return;

    *end = (struct transaction_end){
        .producer_id = producer->id,
        .first = producer->transaction_first,
        .last = marker->base_offset,
        .ended = true,
        .aborted = type == CONTROL_ABORT,
    };
    producer->transaction_first = -1;
    list_remove(&producer->open);
    end->last_stable = min_of(producer_state_first_open(state), end->last + 1);
    producer_state_decide(state, end->first, end->last);
}

void producer_state_apply(struct producer_state *state, const struct batch *batch, int64_t now_ms,
                          struct transaction_end *end)
{
    *end = (struct transaction_end){ .ended = false };
    if (batch->producer_id < 0) return;

    struct producer *producer = map_find(&state->by_id, hash_u64((uint64_t)batch->producer_id), &batch->producer_id);
    if (!producer) producer = producer_add(state, batch->producer_id, batch->producer_epoch, now_ms);
    if (producer->epoch != batch->producer_epoch) producer->batch_count = 0;
    producer->epoch = batch->producer_epoch;
    producer->timestamp_ms = batch->max_timestamp_ms;
    producer->used_ms = now_ms;
    list_remove(&producer->recent);
    list_append(&state->recent, &producer->recent);

    if (batch->attributes & BATCH_CONTROL) {
        producer_close(state, producer, batch, end);
        return;
    }
    producer_remember(producer, batch);
    if (batch->attributes & BATCH_TRANSACTIONAL) producer_open(state, producer, batch->base_offset);
}

int64_t producer_state_commit(struct producer_state *state, int64_t committed)
{
    uint32_t done = 0;
    while (done < state->decided_count && state->decided[done].last < committed) done++;
    if (done > 0) {
        state->decided_count -= done;
        memmove(state->decided, state->decided + done, state->decided_count * sizeof *state->decided);
    }

    int64_t first = producer_state_first_open(state);
    for (uint32_t i = 0; i < state->decided_count; i++) first = min_of(first, state->decided[i].first);
    return first;
}

bool producer_state_expire(struct producer_state *state, int64_t now_ms, int64_t expiration_ms)
{
    uint32_t before = state->by_id.count;

    list_each(&state->recent, node)
    {
        struct producer *producer = container_of(node, struct producer, recent);
        if (now_ms - producer->used_ms < expiration_ms) break;
        if (producer->transaction_first < 0) producer_forget(state, producer);
    }
    return state->by_id.count < before;
}
