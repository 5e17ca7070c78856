/* Chunks: what is sealed is read back; every single flipped bit and every cut is noticed, or is in the padding. */
#include "node_records.h"

#include "log/chunk.h"

enum { ROOM = 64 << 10 };

static _Alignas(4096) uint8_t chunk[ROOM], copy[ROOM];

enum { ENTRIES = 4, REST = 700 };

/* What lies behind the last whole block of an extent's bytes. */
static void extent_make(struct chunk_entry *extent, uint8_t *payload)
{
    memset(payload, 0x5a, REST);
    extent->size = 5 * CHUNK_BLOCK + REST - extent->segment_position;
    extent->rest_crc = crc32c(0, payload, REST);
}

/* Two appends of one batch each, a truncation between them, and an extent. */
static size_t chunk_make(struct chunk_header *header)
{
    struct chunk_entry entries[ENTRIES] = {
        { .kind = CHUNK_APPEND, .first = 10, .limit = 13, .segment = 10 },
        { .kind = CHUNK_TRUNCATE, .first = 12, .limit = 99 },
        { .kind = CHUNK_APPEND, .first = 12, .limit = 13, .segment_position = 7 },
        { .kind = CHUNK_EXTENT, .first = 13, .limit = 90, .segment_position = 107 },
    };
    uint8_t *payload = chunk + CHUNK_HEADER_SIZE;
    uint32_t size = 0;

    memset(chunk, 0xee, sizeof chunk);
    for (int i = 0; i < ENTRIES; i++) {
        entries[i].position = size;
        entries[i].incarnation = 5;
        if (entries[i].kind != CHUNK_APPEND) continue;
        uint8_t memory[4096];
        struct bytes batch = node_batch(memory, sizeof memory, (uint32_t)(entries[i].limit - entries[i].first), 100, 0);
        memcpy(payload + size, batch.data, batch.size);
        batch_stamp(payload + size, entries[i].first, 4);
        entries[i].size = (uint32_t)batch.size;
        entries[i].crc = crc32c(0, payload + size, BATCH_HEAD_SIZE);
        size += (uint32_t)batch.size;
    }
    extent_make(&entries[3], payload + size);
    size += REST;
    *header = (struct chunk_header){ .shard = 2,
                                     .incarnation = 77,
                                     .sequence = 9,
                                     .completed = 8,
                                     .previous_crc = 1,
                                     .payload_size = size,
                                     .entry_count = ENTRIES };
    for (uint32_t i = 0; i < ENTRIES; i++)
        chunk_entry_write(chunk + chunk_table_position(size) + (size_t)i * CHUNK_ENTRY_SIZE, &entries[i]);
    return chunk_seal(chunk, header);
}

static void what_is_sealed_is_read_back(void **state)
{
    (void)state;
    struct chunk_header header, read;
    struct chunk_entry entry;
    size_t size = chunk_make(&header);

    assert_int_equal(size % CHUNK_BLOCK, 0);
    assert_int_equal(chunk_check(chunk, size, &read), STATUS_OK);
    assert_true(uuid_equal(read.directory, header.directory));
    assert_int_equal(read.shard, header.shard);
    assert_int_equal(read.incarnation, header.incarnation);
    assert_int_equal(read.sequence, header.sequence);
    assert_int_equal(read.completed, header.completed);
    assert_int_equal(read.previous_crc, header.previous_crc);
    assert_int_equal(read.payload_size, header.payload_size);
    assert_int_equal(read.entry_count, header.entry_count);
    assert_int_equal(read.crc, header.crc);
    chunk_entry_at(chunk, &read, 1, &entry);
    assert_int_equal(entry.kind, CHUNK_TRUNCATE);
    assert_int_equal(entry.limit, 99);
    chunk_entry_at(chunk, &read, 2, &entry);
    assert_int_equal(entry.segment_position, 7);
    assert_int_equal(chunk_check(chunk, size - CHUNK_BLOCK, &read), STATUS_TRUNCATED);
}

static void no_flipped_bit_goes_unnoticed(void **state)
{
    (void)state;
    struct chunk_header header, read;
    size_t size = chunk_make(&header);
    size_t payload_limit = CHUNK_HEADER_SIZE + (size_t)header.payload_size;
    size_t table = chunk_table_position(header.payload_size);
    size_t limit = table + ENTRIES * (size_t)CHUNK_ENTRY_SIZE;

    for (size_t at = 0; at < limit; at++) {
        if (at >= payload_limit && at < table) continue;
        memcpy(copy, chunk, size);
        copy[at] ^= (uint8_t)(1 << at % 8);
        assert_int_not_equal(chunk_check(copy, size, &read), STATUS_OK);
    }
}

static void batches_that_do_not_follow_each_other_prove_nothing(void **state)
{
    (void)state;
    struct chunk_header header;
    uint32_t crc;

    (void)chunk_make(&header);
    const uint8_t *payload = chunk + CHUNK_HEADER_SIZE;
    struct batch batch;
    batch_decode(payload, &batch);
    assert_int_equal(chunk_sum_batches(payload, batch.size, 10, 13, &crc), STATUS_OK);
    assert_int_equal(chunk_sum_batches(payload, batch.size, 10, 14, &crc), STATUS_CORRUPT);
    assert_int_equal(chunk_sum_batches(payload, batch.size, 11, 13, &crc), STATUS_CORRUPT);
    assert_int_equal(chunk_sum_batches(payload, batch.size - 1, 10, 13, &crc), STATUS_CORRUPT);
    assert_int_equal(chunk_sum_batches(payload, header.payload_size, 10, 13, &crc), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_is_read_back),
        cmocka_unit_test(no_flipped_bit_goes_unnoticed),
        cmocka_unit_test(batches_that_do_not_follow_each_other_prove_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
