/* tests/fuzz/engine/log/mend.h   Putting sums right, which a fuzzer can't guess, so that what lies behind them is
 * reached. What can't be right anyway is left alone. */
#ifndef TESTS_FUZZ_ENGINE_LOG_MEND_H
#define TESTS_FUZZ_ENGINE_LOG_MEND_H

#include "base/crc32c.h"
#include "log/chunk.h"

enum { MEND_SLOT_HEADER = 4096, MEND_SLOT_BODY_SIZE_AT = 56 };

static inline bool mend_find_table(const uint8_t *chunk, size_t size, size_t *table, uint32_t *count)
{
    if (size < CHUNK_BLOCK) return false;
    uint32_t payload = load_u32(chunk + 60);
    *count = load_u32(chunk + 64);
    if (payload > size || *count > size / CHUNK_ENTRY_SIZE || chunk_size(payload, *count) > size) return false;
    *table = chunk_table_position(payload);
    return true;
}

static inline void mend_entry(const uint8_t *chunk, uint8_t *entry)
{
    uint32_t payload_size = load_u32(chunk + 60), position = load_u32(entry + 56), size = load_u32(entry + 60), crc;
    if (position > payload_size || size > payload_size - position) return;

    const uint8_t *bytes = chunk + CHUNK_HEADER_SIZE + position;
    if (entry[0] == CHUNK_OPEN) store_u32(entry + 52, crc32c(0, bytes, size));
    if (entry[0] != CHUNK_APPEND) return;
    if (chunk_sum_batches(bytes, size, load_i64(entry + 32), load_i64(entry + 40), &crc) != STATUS_OK) return;
    store_u32(entry + 52, crc);
}

/* A chunk of the write-ahead log: its entries' sums, then its own. */
static inline void mend_chunk(uint8_t *chunk, size_t size)
{
    size_t table;
    uint32_t count;
    if (!mend_find_table(chunk, size, &table, &count)) return;

    for (uint32_t i = 0; i < count; i++) mend_entry(chunk, chunk + table + (size_t)i * CHUNK_ENTRY_SIZE);
    uint32_t crc = crc32c(0, chunk, 124);
    store_u32(chunk + 124, crc32c(crc, chunk + table, (size_t)count * CHUNK_ENTRY_SIZE));
}

/* A checkpoint slot: the records' sum, then the header's. */
static inline void mend_slot(uint8_t *slot, size_t size)
{
    if (size < MEND_SLOT_HEADER) return;
    uint64_t body = load_u64(slot + MEND_SLOT_BODY_SIZE_AT);
    if (body <= size - MEND_SLOT_HEADER) store_u32(slot + 68, crc32c(0, slot + MEND_SLOT_HEADER, body));
    store_u32(slot + 96, crc32c(0, slot, 96));
}

/* Kafka's producer snapshot. */
static inline void mend_snapshot(uint8_t *snapshot, size_t size)
{
    if (size < 6) return;
    store_u16(snapshot, 1);
    store_u32(snapshot + 2, crc32c(0, snapshot + 6, size - 6));
}

#endif
