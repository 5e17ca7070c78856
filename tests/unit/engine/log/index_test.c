/* The sparse index: where entries go, what they find, and Kafka's bytes for them. */
#include "unit.h"

#include "log/index.h"

static struct index_entry entry_at(uint32_t i, uint32_t batch_size)
{
    return (struct index_entry){
        .max_timestamp_ms = 1000 + i, .timestamp_offset = 10 * i + 9, .offset = 10 * i + 9, .position = i * batch_size
    };
}

/* Kafka: batches of 1572 bytes with 4096 between entries are indexed at batch 3, 6, 9; of 6072 bytes, every one but
 * the first. */
static void entries_stand_where_kafka_puts_them(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);
    struct index index = { .from = 0 };

    for (uint32_t i = 0; i < 10; i++) index_note(&index, &heap, 4096, 1572, entry_at(i, 1572));
    assert_int_equal(index.count, 3);
    for (uint32_t i = 0; i < 3; i++) assert_int_equal(index.entries[i].position, 1572 * 3 * (i + 1));
    index_end(&index, &heap);

    for (uint32_t i = 0; i < 10; i++) index_note(&index, &heap, 4096, 6072, entry_at(i, 6072));
    assert_int_equal(index.count, 9);
    index_end(&index, &heap);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void finds_the_place_before(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);
    struct index index = { .from = 0 };
    bool missing;

    assert_null(index_find(&index, 5, &missing));
    for (uint32_t i = 0; i < 100; i++) index_note(&index, &heap, 10, 100, entry_at(i, 100));
    assert_int_equal(index.count, 99);
    for (uint32_t offset = 0; offset < 1000; offset++) {
        uint32_t batch = (offset + 1) / 10; /* The last one that ends at or below. */
        uint32_t wanted = batch < 2 ? 0 : (batch - 1) * 100;
        const struct index_entry *entry = index_find(&index, offset, &missing);
        assert_int_equal(entry ? entry->position : 0, wanted);
        assert_false(missing);
    }
    assert_int_equal(index_find_time(&index, 0, &missing), 0);
    assert_int_equal(index_find_time(&index, 1001, &missing), 0);
    assert_int_equal(index_find_time(&index, 1002, &missing), 19);
    assert_int_equal(index_find_time(&index, INT64_MAX, &missing), 999);

    index.from = 100;
    assert_null(index_find(&index, 18, &missing));
    assert_true(missing);
    (void)index_find(&index, 19, &missing);
    assert_false(missing);

    index_truncate(&index, 500);
    assert_int_equal(index.count, 4);
    assert_int_equal(index.since, 100);
    index_end(&index, &heap);
    heap_end(&heap);
}

static void writes_kafkas_files(void **state)
{
    (void)state;
    struct index_entry entries[] = {
        { .max_timestamp_ms = 1700000049000, .timestamp_offset = 49, .offset = 49, .position = 4754 },
        { .max_timestamp_ms = 1700000049000, .timestamp_offset = 49, .offset = 89, .position = 9518 },
    };
    struct index index = { .entries = entries, .count = 2, .capacity = 2 };
    struct index_entry last = { .max_timestamp_ms = 1700000099000, .timestamp_offset = 99 };
    uint8_t wanted[64], made[64];

    assert_int_equal(index_offsets_size(&index), unit_unhex("0000003100001292000000590000252e", wanted));
    index_offsets_write(&index, made);
    assert_memory_equal(made, wanted, 16);

    /* The second entry adds no time, the last one does. */
    assert_int_equal(index_times_size(&index, last),
                     unit_unhex("0000018bcfe62768000000310000018bcfe6eab800000063", wanted));
    index_times_write(&index, last, made);
    assert_memory_equal(made, wanted, 24);

    index.count = 0;
    last.max_timestamp_ms = -1;
    assert_int_equal(index_times_size(&index, last), 0);
}

static void spacing_grows_with_the_segment(void **state)
{
    (void)state;
    assert_int_equal(index_spacing(4096, 1 << 20), INDEX_SPACING_LEAST);
    assert_int_equal(index_spacing(4096, 1 << 30), 256 << 10);
    assert_int_equal(index_spacing(1 << 20, 1 << 30), 1 << 20);
    assert_int_equal(index_spacing(INT64_MAX, 1), INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_stand_where_kafka_puts_them),
        cmocka_unit_test(finds_the_place_before),
        cmocka_unit_test(writes_kafkas_files),
        cmocka_unit_test(spacing_grows_with_the_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
