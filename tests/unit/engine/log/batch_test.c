/* Batches: golden bytes of Apache Kafka 4.3.1 read and stamped, and every rule for a produced batch broken once. */
#include "golden_batches.h"

static void reads_golden_header(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = unit_unhex(plain_two, data);
    struct batch batch;

    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    assert_int_equal(batch.size, 94);
    assert_int_equal(batch.last_delta, 1);
    assert_int_equal(batch.base_timestamp_ms, 1700000000000);
    assert_int_equal(batch.max_timestamp_ms, 1700000000005);
    assert_int_equal(batch.producer_id, -1);
    assert_int_equal(batch.record_count, 2);
    assert_int_equal(batch_limit(&batch), 2);
    assert_int_equal(batch_check_crc(&batch), STATUS_OK);
    assert_int_equal(batch_check_produced(&batch), STATUS_OK);

    for (size_t cut = 0; cut < size; cut++) assert_int_equal(batch_read(data, cut, &batch), STATUS_TRUNCATED);
}

static void stamps_as_kafka_does(void **state)
{
    (void)state;
    uint8_t data[256], wanted[256];
    size_t size = unit_unhex(plain_two, data);

    batch_stamp(data, 1000, 9);
    unit_unhex(plain_two_appended, wanted);
    assert_int_equal(memcmp(data, wanted, size), 0);

    batch_stamp_time(data, (uint32_t)size, 1700000000099);
    unit_unhex(plain_two_append_time, wanted);
    assert_int_equal(memcmp(data, wanted, size), 0);

    batch_stamp_create_time(data, (uint32_t)size, 1700000000005);
    unit_unhex(plain_two_appended, wanted);
    assert_int_equal(memcmp(data, wanted, size), 0);
}

static enum status produced(const uint8_t *data, size_t size)
{
    struct batch batch;
    enum status status = batch_read_produced((struct bytes){ data, size }, &batch);
    return status == STATUS_OK ? batch_check_produced(&batch) : status;
}

/* The rows of wire behaviour, one by one. */
static void judges_as_kafka_does(void **state)
{
    (void)state;
    uint8_t data[512];
    size_t size = unit_unhex(plain_two, data);
    uint8_t copy[512];
    memcpy(copy, data, size);

    assert_int_equal(produced(data, 0), STATUS_BAD_RECORD);
    assert_int_equal(produced(data, 20), STATUS_BAD_RECORD);
    assert_int_equal(produced(data, size - 3), STATUS_BAD_RECORD);
    memset(data + size, 0x73, 5);
    assert_int_equal(produced(data, size + 5), STATUS_OK);
    memcpy(data + size, copy, size);
    assert_int_equal(produced(data, 2 * size), STATUS_BAD_RECORD);

    struct {
        size_t at, width;
        int64_t value;
        enum status wanted;
    } rows[] = {
        { 0, 8, 77, STATUS_BAD_RECORD },
        { 8, 4, 10, STATUS_CORRUPT },
        { 8, 4, -1, STATUS_CORRUPT },
        { 8, 4, 30, STATUS_CORRUPT },
        { 12, 4, 77, STATUS_OK },
        { 16, 1, 0, STATUS_BAD_MAGIC },
        { 16, 1, 1, STATUS_BAD_MAGIC },
        { 16, 1, 3, STATUS_CORRUPT },
        { 21, 2, 0x20, STATUS_BAD_RECORD },
        { 21, 2, 0xff80, STATUS_OK },
        { 21, 2, 0x40, STATUS_OK },
        { 21, 2, 5, STATUS_UNSUPPORTED },
        { 21, 2, 7, STATUS_UNSUPPORTED },
        { 21, 2, 1, STATUS_OK },
        { 21, 2, 8, STATUS_OK },
        { 23, 4, 3, STATUS_BAD_RECORD },
        { 57, 4, 1, STATUS_BAD_RECORD },
        { 57, 4, 0, STATUS_BAD_RECORD },
        { 57, 4, -1, STATUS_BAD_RECORD },
        { 43, 8, 5, STATUS_BAD_RECORD },
        { 53, 4, 7, STATUS_OK },
        { 61, 1, 0x24, STATUS_BAD_RECORD },
        { 64, 1, 0x80, STATUS_BAD_RECORD },
        { 74, 1, 0x03, STATUS_BAD_RECORD },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        memcpy(data, copy, size);
        for (size_t b = 0; b < rows[i].width; b++)
            data[rows[i].at + b] = (uint8_t)(rows[i].value >> (8 * (rows[i].width - 1 - b)));
        assert_int_equal(produced(data, size), rows[i].wanted);
    }
    size = unit_unhex(magic1, data);
    assert_int_equal(produced(data, size), STATUS_CORRUPT); /* Shifted by a byte: no format at all. */
}

static void counts_that_agree_with_no_records_are_refused(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = unit_unhex(plain_two, data);
    store_i32(data + 57, 5);
    store_i32(data + 23, 4);
    assert_int_equal(produced(data, size), STATUS_BAD_RECORD);
    store_i32(data + 57, 1);
    store_i32(data + 23, 0);
    assert_int_equal(produced(data, size), STATUS_BAD_RECORD);
}

static void faults_are_listed_by_their_place(void **state)
{
    (void)state;
    uint8_t memory[512];
    struct bytes text = { (const uint8_t *)"x", 1 };
    struct batch_builder builder;
    struct batch_fault faults[2];
    struct batch_rules rules = { .timestamp_min_ms = 1000, .timestamp_max_ms = 2000, .keys_wanted = true };
    struct batch batch;

    batch_begin(&builder, memory, sizeof(memory), 0, 1000);
    batch_add(&builder, BYTES_NULL, text, 3000);
    batch_add(&builder, text, text, 1500);
    batch_add(&builder, text, text, 3000);
    batch_add(&builder, BYTES_NULL, text, 1500);
    struct bytes made = batch_end(&builder);
    assert_int_equal(batch_read(made.data, made.size, &batch), STATUS_OK);
    assert_int_equal(batch_faults(&batch, &rules, faults, 2), 3);
    assert_int_equal(faults[0].index, 0);
    assert_true(faults[0].keyless);
    assert_int_equal(faults[1].index, 2);
    assert_false(faults[1].keyless);
    assert_int_equal(faults[1].timestamp_ms, 3000);

    rules = (struct batch_rules){ .timestamp_min_ms = 1000, .timestamp_max_ms = 3000 };
    assert_int_equal(batch_faults(&batch, &rules, NULL, 0), 0);
}

static void rules_name_the_record(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = unit_unhex(plain_two, data);
    struct batch batch;
    struct batch_verdict verdict;
    struct batch_rules rules = { .timestamp_min_ms = 0, .timestamp_max_ms = 1700000000005 };

    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_OK);
    assert_int_equal(verdict.bad_record, -1);

    rules.keys_wanted = true;
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_BAD_RECORD);
    assert_int_equal(verdict.bad_record, 1);

    rules.timestamp_max_ms--; /* The same record breaks both: the key is asked for first. */
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_BAD_RECORD);
    rules.keys_wanted = false;
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_BAD_TIMESTAMP);
    assert_int_equal(verdict.bad_record, 1);
    rules.append_time = true;
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_OK);

    store_i64(data + 35, 1700000000900);
    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_OK);
    assert_int_equal(verdict.max_timestamp_ms, 1700000000005);

    store_u16(data + 21, CODEC_ZSTD); /* Closed: its own word is taken. */
    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    assert_int_equal(batch_judge(&batch, &rules, &verdict), STATUS_OK);
    assert_int_equal(verdict.max_timestamp_ms, 1700000000900);
}

static void builds_what_kafka_builds(void **state)
{
    (void)state;
    uint8_t memory[256], wanted[256];
    size_t size = unit_unhex(marker_abort, wanted);
    struct batch_builder builder;

    batch_begin(&builder, memory, sizeof memory, BATCH_TRANSACTIONAL | BATCH_CONTROL, 1700000000000);
    builder.batch.producer_id = 4000;
    builder.batch.producer_epoch = 3;
    batch_add(&builder, (struct bytes){ (const uint8_t *)"\0\0\0\0", 4 },
              (struct bytes){ (const uint8_t *)"\0\0\0\0\0\2", 6 }, 1700000000000);
    struct bytes made = batch_end(&builder);
    assert_int_equal(made.size, size);
    batch_stamp(memory, 12, 5);
    assert_int_equal(memcmp(memory, wanted, size), 0);
}

static void a_fresh_sum_equals_the_restamped_one(void **state)
{
    (void)state;
    uint8_t memory[8192];
    static const uint8_t value[1000];
    struct batch_builder builder;

    batch_begin(&builder, memory, sizeof memory, 0, 5);
    for (int i = 0; i < 7; i++) batch_add(&builder, BYTES_NULL, (struct bytes){ value, sizeof value }, 5 + i * 1000);
    struct bytes made = batch_end(&builder);
    batch_stamp_time(memory, (uint32_t)made.size, 123456789);
    uint32_t crc = load_u32(memory + 17);
    unit_sum(memory, made.size);
    assert_int_equal(load_u32(memory + 17), crc);
}

static void sequences_wrap(void **state)
{
    (void)state;
    assert_int_equal(sequence_add(2147483646, 1), 2147483647);
    assert_int_equal(sequence_add(2147483647, 1), 0);
    assert_int_equal(sequence_add(2147483646, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_golden_header),
        cmocka_unit_test(stamps_as_kafka_does),
        cmocka_unit_test(judges_as_kafka_does),
        cmocka_unit_test(counts_that_agree_with_no_records_are_refused),
        cmocka_unit_test(faults_are_listed_by_their_place),
        cmocka_unit_test(rules_name_the_record),
        cmocka_unit_test(builds_what_kafka_builds),
        cmocka_unit_test(a_fresh_sum_equals_the_restamped_one),
        cmocka_unit_test(sequences_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
