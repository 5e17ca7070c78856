/* engine/log/producer_snapshot.c   The producers as bytes, twice.
 *
 * Kafka's `<offset>.snapshot`, big-endian; it keeps only each producer's last batch:
 *
 *     version i16 = 1 | crc u32, CRC-32C of all that follows | count i32 | count times:
 *     producer id i64 | epoch i16 | last sequence i32 | last offset i64 | offset delta i32 | timestamp i64 |
 *     coordinator epoch i32 | first offset of the open transaction i64, -1: none
 *
 * Ours, inside the checkpoint (which has its own checksum); all five batches, so that a retry is known again after a
 * crash:
 *
 *     count u32 | count times:
 *                 id i64 | epoch i16 | coordinator epoch i32 | transaction first i64 | timestamp i64 | batches u8 |
 *                 batches times: last sequence i32 | offset delta i32 | last offset i64 | timestamp i64
 *     decided u32 | decided times: first i64 | last i64
 *
 * Both list the producer that was silent for longest first. */
#include "base/crc32c.h"
#include "log/producer_entry.h"

enum { SNAPSHOT_HEAD = 10, SNAPSHOT_ENTRY = 46, SNAPSHOT_VERSION = 1, SNAPSHOT_CRC_FROM = 6 };
enum { SAVED_ENTRY = 31, SAVED_BATCH = 24, SAVED_DECIDED = 16, SAVED_COUNT = 4 };

size_t producer_snapshot_size(const struct producer_state *state)
{
    return SNAPSHOT_HEAD + SNAPSHOT_ENTRY * (size_t)(state ? state->by_id.count : 0);
}

static void snapshot_entry_write(uint8_t *at, const struct producer *producer)
{
    struct producer_batch last = { .last_sequence = -1, .last_offset = -1 };
    if (producer->batch_count > 0) last = producer->batches[producer->batch_count - 1];

    store_i64(at, producer->id);
    store_i16(at + 8, producer->epoch);
    store_i32(at + 10, last.last_sequence);
    store_i64(at + 14, last.last_offset);
    store_i32(at + 22, last.offset_delta);
    store_i64(at + 26, producer->timestamp_ms);
    store_i32(at + 34, producer->coordinator_epoch);
    store_i64(at + 38, producer->transaction_first);
}

void producer_snapshot_write(const struct producer_state *state, uint8_t *to)
{
    size_t size = producer_snapshot_size(state);
    uint8_t *at = to + SNAPSHOT_HEAD;

    if (state) {
        list_each(&state->recent, node)
        {
            snapshot_entry_write(at, container_of(node, struct producer, recent));
            at += SNAPSHOT_ENTRY;
        }
    }
    invariant(at == to + size);
    store_i16(to, SNAPSHOT_VERSION);
    store_i32(to + SNAPSHOT_CRC_FROM, (int32_t)(state ? state->by_id.count : 0));
    store_u32(to + 2, crc32c(0, to + SNAPSHOT_CRC_FROM, size - SNAPSHOT_CRC_FROM));
}

/* Transactions are listed by their first offset, which the files' order is not. */
static void producer_open_sorted(struct producer_state *state, struct producer *producer)
{
    struct list_node *place = &state->open.head;
    while (place->previous != &state->open.head &&
           container_of(place->previous, struct producer, open)->transaction_first > producer->transaction_first) {
        place = place->previous;
    }
    list_insert_before(place, &producer->open);
}

static void snapshot_entry_read(struct producer_state *state, const uint8_t *at, int64_t now_ms)
{
    struct producer *producer = producer_add(state, load_i64(at), load_i16(at + 8), now_ms);

    producer->timestamp_ms = load_i64(at + 26);
    producer->coordinator_epoch = load_i32(at + 34);
    producer->transaction_first = load_i64(at + 38);
    if (load_i64(at + 14) >= 0) {
        producer->batch_count = 1;
        producer->batches[0] = (struct producer_batch){
            .last_sequence = load_i32(at + 10),
            .last_offset = load_i64(at + 14),
            .offset_delta = load_i32(at + 22),
            .timestamp_ms = producer->timestamp_ms,
        };
    }
    if (producer->transaction_first >= 0) producer_open_sorted(state, producer);
}

enum status producer_snapshot_read(struct producer_state *state, struct bytes snapshot, int64_t now_ms)
{
    invariant(state->by_id.count == 0);
    if (snapshot.size < SNAPSHOT_HEAD || load_i16(snapshot.data) != SNAPSHOT_VERSION) return STATUS_MALFORMED;

    uint32_t crc = crc32c(0, snapshot.data + SNAPSHOT_CRC_FROM, snapshot.size - SNAPSHOT_CRC_FROM);
    if (crc != load_u32(snapshot.data + 2)) return STATUS_CORRUPT;

    uint32_t count = load_u32(snapshot.data + SNAPSHOT_CRC_FROM);
    if (snapshot.size != SNAPSHOT_HEAD + SNAPSHOT_ENTRY * (size_t)count) return STATUS_MALFORMED;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = snapshot.data + SNAPSHOT_HEAD + SNAPSHOT_ENTRY * (size_t)i;
        if (producer_find(state, load_i64(at))) return STATUS_MALFORMED;
        snapshot_entry_read(state, at, now_ms);
    }
    return STATUS_OK;
}

size_t producer_state_size(const struct producer_state *state)
{
    size_t size = SAVED_COUNT + SAVED_COUNT;
    if (!state) return size;

    list_each(&state->recent, node)
    {
        const struct producer *producer = container_of(node, struct producer, recent);
        size += SAVED_ENTRY + SAVED_BATCH * (size_t)producer->batch_count;
    }
    return size + SAVED_DECIDED * (size_t)state->decided_count;
}

static uint8_t *saved_entry_write(uint8_t *at, const struct producer *producer)
{
    store_i64(at, producer->id);
    store_i16(at + 8, producer->epoch);
    store_i32(at + 10, producer->coordinator_epoch);
    store_i64(at + 14, producer->transaction_first);
    store_i64(at + 22, producer->timestamp_ms);
    at[30] = producer->batch_count;
    at += SAVED_ENTRY;
    for (uint8_t i = 0; i < producer->batch_count; i++, at += SAVED_BATCH) {
        store_i32(at, producer->batches[i].last_sequence);
        store_i32(at + 4, producer->batches[i].offset_delta);
        store_i64(at + 8, producer->batches[i].last_offset);
        store_i64(at + 16, producer->batches[i].timestamp_ms);
    }
    return at;
}

void producer_state_write(const struct producer_state *state, uint8_t *to)
{
    uint8_t *at = to + SAVED_COUNT;

    store_u32(to, state ? state->by_id.count : 0);
    if (state) {
        list_each(&state->recent, node) at = saved_entry_write(at, container_of(node, struct producer, recent));
    }
    store_u32(at, state ? state->decided_count : 0);
    at += SAVED_COUNT;
    for (uint32_t i = 0; state && i < state->decided_count; i++, at += SAVED_DECIDED) {
        store_i64(at, state->decided[i].first);
        store_i64(at + 8, state->decided[i].last);
    }
    invariant(at == to + producer_state_size(state));
}

static enum status saved_entry_read(struct producer_state *state, const uint8_t **from, const uint8_t *limit,
                                    int64_t now_ms)
{
    const uint8_t *at = *from;
    if (limit - at < SAVED_ENTRY || at[30] > PRODUCER_BATCHES) return STATUS_MALFORMED;
    if (limit - at < SAVED_ENTRY + SAVED_BATCH * at[30] || producer_find(state, load_i64(at))) return STATUS_MALFORMED;

    struct producer *producer = producer_add(state, load_i64(at), load_i16(at + 8), now_ms);
    producer->coordinator_epoch = load_i32(at + 10);
    producer->transaction_first = load_i64(at + 14);
    producer->timestamp_ms = load_i64(at + 22);
    producer->batch_count = at[30];
    at += SAVED_ENTRY;
    for (uint8_t i = 0; i < producer->batch_count; i++, at += SAVED_BATCH) {
        producer->batches[i] = (struct producer_batch){
            .last_sequence = load_i32(at),
            .offset_delta = load_i32(at + 4),
            .last_offset = load_i64(at + 8),
            .timestamp_ms = load_i64(at + 16),
        };
    }
    if (producer->transaction_first >= 0) producer_open_sorted(state, producer);
    *from = at;
    return STATUS_OK;
}

enum status producer_state_read(struct producer_state *state, struct bytes saved, int64_t now_ms)
{
    const uint8_t *at = saved.data, *limit = saved.data + saved.size;

    invariant(state->by_id.count == 0);
    if (limit - at < SAVED_COUNT) return STATUS_MALFORMED;
    uint32_t count = load_u32(at);
    at += SAVED_COUNT;
    for (uint32_t i = 0; i < count; i++) {
        enum status status = saved_entry_read(state, &at, limit, now_ms);
        if (status != STATUS_OK) return status;
    }

    if (limit - at < SAVED_COUNT) return STATUS_MALFORMED;
    uint32_t decided = load_u32(at);
    at += SAVED_COUNT;
    if ((uint64_t)(limit - at) != SAVED_DECIDED * (uint64_t)decided) return STATUS_MALFORMED;
    for (int64_t above = -1; at < limit; at += SAVED_DECIDED) {
        if (load_i64(at + 8) <= above) return STATUS_MALFORMED;
        above = load_i64(at + 8);
        producer_state_decide(state, load_i64(at), above);
    }
    return STATUS_OK;
}
