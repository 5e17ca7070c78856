/* tests/unit/engine/log/repack_test.c   A batch from each codec to each codec, record by record; what Kafka rewrites is
 * rewritten, what it refuses is refused, and a bomb goes off in a bounded room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "log/inspect.h"
#include "log/repack.h"

enum { RECORDS = 300, BASE_MS = 1700000000, ROOM = 1 << 20 };

static uint8_t plain_memory[ROOM], packed_memory[2 * ROOM], value[2000];

static const uint8_t two_headers[] = { 4, 2, 'h', 2, 'x', 2, 'n', 1 }; /* h: x, n: null */

static struct record record_at(int i)
{
    struct record record = { .timestamp_ms = BASE_MS + (i * 37) % 50 };
    static const uint8_t none[1] = { 0 };

    memset(value, 'a' + i % 7, sizeof(value));
    record.key = i % 3 == 0 ? BYTES_NULL : (struct bytes){ value, (size_t)(i % 5) };
    record.value = i % 11 == 0 ? BYTES_NULL : (struct bytes){ value, (size_t)(i * 13 % 1500) };
    record.headers = i % 4 == 0 ? (struct bytes){ two_headers, sizeof(two_headers) } : (struct bytes){ none, 1 };
    return record;
}

/* A produced batch in `codec`, of an idempotent producer. */
static struct bytes produced(enum compression codec, struct batch_builder *builder)
{
    struct heap heap;
    size_t size;

    struct bytes plain = { builder->data + BATCH_HEADER_SIZE, builder->size - BATCH_HEADER_SIZE };
    heap_init(&heap);
    enum status status = compression_pack(codec, COMPRESSION_LEVEL_DEFAULT, plain, packed_memory + BATCH_HEADER_SIZE,
                                          sizeof(packed_memory) - BATCH_HEADER_SIZE, &size, &heap);
    assert_int_equal(status, STATUS_OK);
    heap_end(&heap);
    builder->data = packed_memory;
    builder->size = builder->capacity = BATCH_HEADER_SIZE + size;
    builder->batch.attributes |= (uint16_t)codec;
    return batch_end(builder);
}

static struct bytes produced_records(enum compression codec)
{
    struct batch_builder builder;
    batch_begin(&builder, plain_memory, sizeof(plain_memory), BATCH_TRANSACTIONAL, BASE_MS);
    builder.batch.producer_id = 77;
    builder.batch.producer_epoch = 3;
    builder.batch.base_sequence = 12;
    for (int i = 0; i < RECORDS; i++) {
        struct record record = record_at(i);
        batch_add_record(&builder, &record);
    }
    return produced(codec, &builder);
}

static void run(struct repack *repack, struct bytes batch, enum compression codec)
{
    repack_init(repack);
    repack->produced = batch;
    repack->rules = (struct batch_rules){ .timestamp_min_ms = 0, .timestamp_max_ms = INT64_MAX };
    repack->codec = codec;
    repack->level = COMPRESSION_LEVEL_DEFAULT;
    repack->size_max = ROOM;
    repack->open_max = ROOM;
    repack_run(repack);
}

static enum status status_of(struct bytes batch, enum compression codec)
{
    struct repack repack;
    run(&repack, batch, codec);
    enum status status = repack.status;
    if (status != STATUS_OK) assert_int_equal(repack.heap.live_count, 0);
    repack_end(&repack);
    return status;
}

static void same_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_int_equal(a.size, b.size);
    if (a.size > 0) assert_memory_equal(a.data, b.data, a.size);
}

static void from_each_codec_to_each_codec(void **state)
{
    (void)state;
    for (int from = 0; from < COMPRESSION_COUNT; from++) {
        struct bytes batch = produced_records((enum compression)from);
        for (int to = 0; to < COMPRESSION_COUNT; to++) {
            struct repack repack;
            struct batch made;
            struct bytes records;
            void *memory;

            run(&repack, batch, (enum compression)to);
            assert_int_equal(repack.status, STATUS_OK);
            assert_int_equal(batch_read_produced(repack.made, &made), STATUS_OK);
            assert_int_equal(made.size, repack.made.size);
            assert_int_equal(batch_check_crc(&made), STATUS_OK);
            assert_int_equal(made.attributes, BATCH_TRANSACTIONAL | to);
            assert_int_equal(made.producer_id, 77);
            assert_int_equal(made.producer_epoch, 3);
            assert_int_equal(made.base_sequence, 12);
            assert_int_equal(made.record_count, RECORDS);
            assert_int_equal(made.base_timestamp_ms, BASE_MS);
            assert_int_equal(made.max_timestamp_ms, BASE_MS + 49);
            assert_int_equal(batch_open(&made, &repack.heap, &records, &memory), STATUS_OK);

            struct record_walk walk;
            struct record record;
            enum status status;
            record_walk_begin(&walk, &made, records);
            for (int i = 0; i < RECORDS; i++) {
                struct record wanted = record_at(i);
                assert_true(record_walk_next(&walk, &record, &status));
                assert_int_equal(record.offset, i);
                assert_int_equal(record.timestamp_ms, wanted.timestamp_ms);
                same_bytes(record.key, wanted.key);
                same_bytes(record.value, wanted.value);
                same_bytes(record.headers, wanted.headers);
            }
            assert_false(record_walk_next(&walk, &record, &status));
            assert_int_equal(status, STATUS_OK);
            repack_end(&repack);
        }
    }
}

/* Wrong offset deltas, record attributes, a base timestamp below the first record's, a wrong maximum, stray bits. */
static void what_kafka_puts_right_is_put_right(void **state)
{
    (void)state;
    static const uint8_t records[] = { 16, 5, 40, 14, 2, 'k', 2, 'v', 0, 14, 0, 10, 14, 1, 2, 'w', 0 };
    struct batch_builder builder;
    struct repack repack;
    struct batch made;

    batch_begin(&builder, plain_memory, sizeof(plain_memory), BATCH_DELETE_HORIZON | 0x4000, BASE_MS);
    memcpy(builder.data + builder.size, records, sizeof(records));
    builder.size += sizeof(records);
    builder.batch.record_count = 2;
    builder.batch.max_timestamp_ms = BASE_MS + 9000;
    run(&repack, produced(COMPRESSION_GZIP, &builder), COMPRESSION_NONE);
    assert_int_equal(repack.status, STATUS_OK);
    assert_int_equal(batch_read_produced(repack.made, &made), STATUS_OK);
    assert_int_equal(made.attributes, 0);
    assert_int_equal(made.base_timestamp_ms, BASE_MS + 20);
    assert_int_equal(made.max_timestamp_ms, BASE_MS + 20);
    static const uint8_t wanted[] = { 16, 0, 0, 0, 2, 'k', 2, 'v', 0, 14, 0, 29, 2, 1, 2, 'w', 0 };
    assert_int_equal(made.size, BATCH_HEADER_SIZE + sizeof(wanted));
    assert_memory_equal(made.data + BATCH_HEADER_SIZE, wanted, sizeof(wanted));
    repack_end(&repack);
}

/* The sum is right, the payload is not: cut at many places, a byte flipped, stray bytes, another count. */
static void a_broken_payload_is_a_bad_record(void **state)
{
    (void)state;
    enum { COUNT_AT = 57, DELTA_AT = 23, LENGTH_AT = 8, CRC_AT = 17 };
    for (int codec = COMPRESSION_GZIP; codec < COMPRESSION_COUNT; codec++) {
        struct bytes whole = produced_records((enum compression)codec);
        uint8_t *copy = malloc(whole.size);
        for (size_t cut = 1; cut < whole.size - BATCH_HEADER_SIZE; cut += 1 + cut / 7) {
            memcpy(copy, whole.data, whole.size);
            size_t size = whole.size - cut;
            store_u32(copy + LENGTH_AT, (uint32_t)(size - BATCH_PREFIX_SIZE));
            store_u32(copy + CRC_AT, crc32c(0, copy + BATCH_CRC_FROM, size - BATCH_CRC_FROM));
            assert_int_equal(status_of((struct bytes){ copy, size }, COMPRESSION_NONE), STATUS_BAD_RECORD);
        }
        for (int count = RECORDS - 1; count <= RECORDS + 1; count += 2) {
            memcpy(copy, whole.data, whole.size);
            store_i32(copy + COUNT_AT, count);
            store_i32(copy + DELTA_AT, count - 1);
            store_u32(copy + CRC_AT, crc32c(0, copy + BATCH_CRC_FROM, whole.size - BATCH_CRC_FROM));
            assert_int_equal(status_of((struct bytes){ copy, whole.size }, COMPRESSION_LZ4), STATUS_BAD_RECORD);
        }
        memcpy(copy, whole.data, whole.size);
        copy[whole.size / 2] ^= 1;
        assert_int_equal(status_of((struct bytes){ copy, whole.size }, COMPRESSION_LZ4), STATUS_CORRUPT);
        free(copy);
    }
}

static void the_rules_of_the_topic_reach_into_the_payload(void **state)
{
    (void)state;
    struct bytes batch = produced_records(COMPRESSION_ZSTD);
    struct repack repack;

    repack_init(&repack);
    repack.produced = batch;
    repack.codec = COMPRESSION_LZ4;
    repack.size_max = repack.open_max = ROOM;
    repack.rules = (struct batch_rules){ .timestamp_min_ms = 0, .timestamp_max_ms = BASE_MS + 36 };
    repack_run(&repack);
    assert_int_equal(repack.status, STATUS_BAD_TIMESTAMP);
    assert_int_equal(repack.bad_record, 1);

    repack.rules = (struct batch_rules){ .append_time = true, .keys_wanted = true };
    repack_run(&repack);
    assert_int_equal(repack.status, STATUS_BAD_RECORD);
    assert_int_equal(repack.bad_record, 0);
    repack_end(&repack);
}

/* Half a megabyte of zeros, in some hundred bytes. */
static void a_bomb_has_a_bound(void **state)
{
    (void)state;
    static uint8_t zeros[ROOM / 2];
    for (int codec = COMPRESSION_GZIP; codec < COMPRESSION_COUNT; codec++) {
        struct batch_builder builder;
        batch_begin(&builder, plain_memory, sizeof(plain_memory), 0, BASE_MS);
        batch_add(&builder, BYTES_NULL, (struct bytes){ zeros, sizeof(zeros) }, BASE_MS);
        struct bytes bomb = produced((enum compression)codec, &builder);
        struct repack repack;

        repack_init(&repack);
        repack.produced = bomb;
        repack.rules.append_time = true;
        repack.level = COMPRESSION_LEVEL_DEFAULT;
        repack.codec = codec == COMPRESSION_ZSTD ? COMPRESSION_GZIP : COMPRESSION_ZSTD;
        repack.size_max = repack.open_max = sizeof(zeros);
        repack_run(&repack);
        assert_int_equal(repack.status, STATUS_TOO_LARGE); /* what is opened is larger than the room */

        repack.open_max = ROOM;
        repack_run(&repack);
        assert_int_equal(repack.status, STATUS_OK);
        assert_in_range(repack.made.size, BATCH_HEADER_SIZE, sizeof(zeros) / 100);

        repack.size_max = repack.made.size - 1;
        repack_run(&repack);
        assert_int_equal(repack.status, STATUS_TOO_LARGE); /* what is made is larger than the topic takes */

        repack.codec = COMPRESSION_NONE;
        repack.size_max = sizeof(zeros);
        repack_run(&repack);
        assert_int_equal(repack.status, STATUS_TOO_LARGE);
        repack_end(&repack);
    }
}

static void the_level_is_obeyed(void **state)
{
    (void)state;
    static const struct {
        enum compression codec;
        int low, high;
    } rows[] = { { COMPRESSION_GZIP, 1, 9 }, { COMPRESSION_LZ4, 9, 12 }, { COMPRESSION_ZSTD, -50, 19 } };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct bytes batch = produced_records(COMPRESSION_NONE);
        size_t sizes[2];
        for (int high = 0; high < 2; high++) {
            struct repack repack;
            repack_init(&repack);
            repack.produced = batch;
            repack.rules.append_time = true;
            repack.codec = rows[i].codec;
            repack.level = high ? rows[i].high : rows[i].low;
            repack.size_max = repack.open_max = ROOM;
            repack_run(&repack);
            assert_int_equal(repack.status, STATUS_OK);
            sizes[high] = repack.made.size;
            repack_end(&repack);
        }
        assert_true(sizes[1] < sizes[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_each_codec_to_each_codec),
        cmocka_unit_test(what_kafka_puts_right_is_put_right),
        cmocka_unit_test(a_broken_payload_is_a_bad_record),
        cmocka_unit_test(the_rules_of_the_topic_reach_into_the_payload),
        cmocka_unit_test(a_bomb_has_a_bound),
        cmocka_unit_test(the_level_is_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
