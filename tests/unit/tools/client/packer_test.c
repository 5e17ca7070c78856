/* packer_test.c   What the packer makes is a batch that a broker takes and a reader reads back, whatever the codec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/packer.h"
#include "log/batch.h"

static const struct packer_author nobody = { -1, -1, -1 };

static struct bytes word(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

static void add(struct packer *packer, const char *key, const char *value, int64_t timestamp_ms)
{
    const struct packer_record record = { .key = word(key), .value = word(value), .timestamp_ms = timestamp_ms };

    packer_add(packer, &record);
}

static void a_batch_is_one_that_brokers_take(void **state)
{
    struct batch_verdict verdict;
    struct packer packer;
    struct batch batch;
    struct bytes bytes;
    struct heap heap;

    (void)state;
    heap_init(&heap);
    for (unsigned codec = 0; codec < COMPRESSION_COUNT; codec++) {
        packer_init(&packer, &heap, (enum compression)codec, COMPRESSION_LEVEL_DEFAULT);
        add(&packer, "k", "v", 1000);
        add(&packer, NULL, NULL, 999);
        add(&packer, "", "", 1005);
        assert_int_equal(packer_finish(&packer, &nobody, &bytes), STATUS_OK);
        assert_int_equal(batch_read_produced(bytes, &batch), STATUS_OK);
        assert_int_equal(batch_check_crc(&batch), STATUS_OK);
        const struct batch_rules rules = { .timestamp_min_ms = 0, .timestamp_max_ms = INT64_MAX };
        assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_OK);
        assert_int_equal(batch.record_count, 3);
        assert_int_equal(batch.last_delta, 2);
        assert_int_equal(batch.base_timestamp_ms, 1000);
        assert_int_equal(batch.max_timestamp_ms, 1005);
        assert_int_equal(batch.attributes & BATCH_CODEC, codec);
        packer_end(&packer);
    }
    heap_end(&heap);
}

static void records_come_back_as_they_were(void **state)
{
    uint8_t headers[64], *at = headers;
    struct packer packer;
    struct record_walk walk;
    struct record record;
    struct batch batch;
    struct bytes bytes;
    struct heap heap;
    enum status status;

    (void)state;
    heap_init(&heap);
    packer_init(&packer, &heap, COMPRESSION_NONE, COMPRESSION_LEVEL_DEFAULT);
    at = packer_header(at, word("name"), word("value"));
    at = packer_header(at, word("null"), BYTES_NULL);
    assert_int_equal((size_t)(at - headers),
                     packer_header_size(word("name"), word("value")) + packer_header_size(word("null"), BYTES_NULL));
    const struct packer_record with_headers = {
        .key = word("key"),
        .value = BYTES_NULL,
        .headers = { headers, (size_t)(at - headers) },
        .header_count = 2,
        .timestamp_ms = 5,
    };
    packer_add(&packer, &with_headers);
    add(&packer, NULL, "second", 3);
    assert_int_equal(packer_finish(&packer, &nobody, &bytes), STATUS_OK);
    assert_int_equal(batch_read(bytes.data, bytes.size, &batch), STATUS_OK);

    record_walk_begin(&walk, &batch, (struct bytes){ bytes.data + BATCH_HEADER_SIZE, bytes.size - BATCH_HEADER_SIZE });
    assert_true(record_walk_next(&walk, &record, &status));
    assert_memory_equal(record.key.data, "key", 3);
    assert_null(record.value.data);
    assert_int_equal(record.timestamp_ms, 5);
    assert_int_equal(record.headers.size, 1 + (at - headers));
    assert_true(record_walk_next(&walk, &record, &status));
    assert_null(record.key.data);
    assert_memory_equal(record.value.data, "second", 6);
    assert_int_equal(record.timestamp_ms, 3);
    assert_false(record_walk_next(&walk, &record, &status));
    assert_int_equal(status, STATUS_OK);
    packer_end(&packer);
    heap_end(&heap);
}

static void a_batch_may_be_finished_again_and_grows_from_empty(void **state)
{
    static char big[300000];
    struct packer packer;
    struct bytes first, again;
    struct heap heap;
    struct batch batch;
    const struct packer_author author = { 77, 3, 12 };

    (void)state;
    heap_init(&heap);
    memset(big, 'x', sizeof(big) - 1);
    packer_init(&packer, &heap, COMPRESSION_ZSTD, COMPRESSION_LEVEL_DEFAULT);
    for (int i = 0; i < 3; i++) add(&packer, NULL, big, i);
    assert_int_equal(packer_finish(&packer, &author, &first), STATUS_OK);
    size_t size = first.size;
    assert_int_equal(packer_finish(&packer, &author, &again), STATUS_OK);
    assert_int_equal(again.size, size);
    assert_int_equal(batch_read(again.data, again.size, &batch), STATUS_OK);
    assert_int_equal(batch.producer_id, 77);
    assert_int_equal(batch.producer_epoch, 3);
    assert_int_equal(batch.base_sequence, 12);
    packer_empty(&packer);
    add(&packer, NULL, "small", 9);
    assert_int_equal(packer_finish(&packer, &nobody, &again), STATUS_OK);
    assert_int_equal(batch_read(again.data, again.size, &batch), STATUS_OK);
    assert_int_equal(batch.record_count, 1);
    assert_int_equal(batch.base_timestamp_ms, 9);
    packer_end(&packer);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_one_that_brokers_take),
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(a_batch_may_be_finished_again_and_grows_from_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
