/* Records inside a batch: Kafka's read as they are, written ones read again whatever their sizes, and every way in
 * which their bytes can be wrong found. */
#include "golden_batches.h"

static void walks_golden_records(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = unit_unhex(plain_two, data);
    struct batch batch;
    struct record_walk walk;
    struct record record;
    enum status status;

    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    record_walk_begin(&walk, &batch, (struct bytes){ data + 61, size - 61 });
    assert_true(record_walk_next(&walk, &record, &status));
    assert_int_equal(record.key.size, 2);
    assert_memory_equal(record.value.data, "hello", 5);
    assert_true(record_walk_next(&walk, &record, &status));
    assert_null(record.key.data);
    assert_int_equal(record.offset, 1);
    assert_int_equal(record.timestamp_ms, 1700000000005);
    assert_false(record_walk_next(&walk, &record, &status));
    assert_int_equal(status, STATUS_OK);
}

static void reads_markers(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = unit_unhex(marker_abort, data);
    struct batch batch;
    enum control_type type;
    int32_t epoch;

    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    assert_int_equal(batch_check_crc(&batch), STATUS_OK);
    assert_int_equal(batch_control(&batch, &type, &epoch), STATUS_OK);
    assert_int_equal(type, CONTROL_ABORT);
    assert_int_equal(epoch, 2);
}

static void builder_says_when_it_is_full(void **state)
{
    (void)state;
    uint8_t memory[80];
    struct batch_builder builder;
    struct bytes value = { (const uint8_t *)"0123456789", 10 };

    batch_begin(&builder, memory, sizeof memory, 0, 0);
    batch_add(&builder, BYTES_NULL, value, 0);
    assert_false(builder.overrun);
    batch_add(&builder, BYTES_NULL, value, 0);
    assert_true(builder.overrun);
    assert_int_equal(batch_end(&builder).size, 0);
}

/* How a walk over `records` ends, when the batch says that it has `count`. */
static enum status walk_all(struct bytes records, int32_t count, uint32_t *seen)
{
    struct batch batch = { .record_count = count };
    struct record_walk walk;
    struct record record;
    enum status status;

    *seen = 0;
    record_walk_begin(&walk, &batch, records);
    while (record_walk_next(&walk, &record, &status)) ++*seen;
    return status;
}

static void records_are_used_up_exactly(void **state)
{
    (void)state;
    uint8_t data[256];
    uint32_t seen;
    size_t size = unit_unhex(plain_two, data) - BATCH_HEADER_SIZE;
    const uint8_t *records = data + BATCH_HEADER_SIZE;

    assert_int_equal(walk_all((struct bytes){ records, size }, 2, &seen), STATUS_OK);
    assert_int_equal(seen, 2);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(walk_all((struct bytes){ records, cut }, 2, &seen), STATUS_BAD_RECORD);
        assert_int_equal(seen, cut > records[0] / 2);
    }
    assert_int_equal(walk_all((struct bytes){ records, size + 1 }, 2, &seen), STATUS_BAD_RECORD);
    assert_int_equal(walk_all((struct bytes){ records, size }, 1, &seen), STATUS_BAD_RECORD);
    assert_int_equal(walk_all((struct bytes){ records, size }, 3, &seen), STATUS_BAD_RECORD);
    assert_int_equal(walk_all((struct bytes){ records, 0 }, 0, &seen), STATUS_OK);
}

static void a_broken_record_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum status wanted;
    } rows[] = {
        /* length, attributes, timestamp delta, offset delta, key, value, headers */
        { "0c000000010100", STATUS_OK },
        { "0cff0000010100", STATUS_OK },                   /* attributes are not looked at */
        { "00", STATUS_BAD_RECORD },                       /* a length of 0, */
        { "01000000010100", STATUS_BAD_RECORD },           /* below it, */
        { "0a000000010100", STATUS_BAD_RECORD },           /* too short for the fields, */
        { "0e00000001010000", STATUS_BAD_RECORD },         /* longer than they, */
        { "0e000000010100", STATUS_BAD_RECORD },           /* longer than the batch; */
        { "8c8080808000000000010100", STATUS_BAD_RECORD }, /* a varint of six bytes; */
        { "0c000000020100", STATUS_BAD_RECORD },           /* the key took a byte of what follows; */
        { "0c000000080100", STATUS_BAD_RECORD },           /* a key beyond the record, */
        { "0c000000010600", STATUS_BAD_RECORD },           /* and a value; */
        { "0c000000010101", STATUS_BAD_RECORD },           /* minus one header, */
        { "0c000000010102", STATUS_BAD_RECORD },           /* one that is not there, */
        { "100000000101020001", STATUS_OK },
        { "100000000101020101", STATUS_BAD_RECORD },     /* one without a key */
        { "140000000101feffffff0f", STATUS_BAD_RECORD }, /* 2^31 - 1 of them */
    };
    uint8_t records[64];
    uint32_t seen;

    for (size_t i = 0; i < array_count(rows); i++) {
        size_t size = unit_unhex(rows[i].hex, records);
        enum status status = walk_all((struct bytes){ records, size }, 1, &seen);
        if (status != rows[i].wanted) fail_msg("%s: %s", rows[i].hex, status_text(status));
    }
}

/* The rest of the first record's length holds what would be one more. */
static void a_record_inside_another_is_found(void **state)
{
    (void)state;
    uint8_t records[64];
    uint32_t seen;
    size_t size = unit_unhex("1a0000000101000c000000010100", records);
    assert_int_equal(walk_all((struct bytes){ records, size }, 2, &seen), STATUS_BAD_RECORD);
    assert_int_equal(seen, 0);
}

/* Sizes on both sides of where a varint grows, times as far apart as they can be. */
static void what_is_written_is_read_again(void **state)
{
    (void)state;
    enum { ROOM = 1 << 20 };
    static const int64_t times[] = { 1000, 1063, 1064, 936, 935, 0, -1, INT64_MAX, INT64_MIN, 1000 + 8191 };
    static const size_t sizes[] = { 0, 1, 63, 64, 8191, 8192, 100000 };
    static const uint8_t none[1] = { 0 }, one[] = { 2, 2, 'h', 1 };
    static uint8_t memory[ROOM], bytes[100000];
    struct batch_builder builder;
    struct record_walk walk;
    struct record record;
    struct batch batch;
    enum status status;
    int count = 0;

    batch_begin(&builder, memory, sizeof memory, 0, 1000);
    for (size_t i = 0; i < array_count(times); i++) {
        for (size_t k = 0; k < array_count(sizes); k++, count++) {
            struct record given = { .timestamp_ms = times[i],
                                    .key = k % 2 ? BYTES_NULL : (struct bytes){ bytes, k },
                                    .value = { bytes, i == 0 ? sizes[k] : k },
                                    .headers = { k % 3 ? none : one, k % 3 ? sizeof none : sizeof one } };
            size_t before = builder.size, wanted = batch_record_size(&builder.batch, &given);
            batch_add_record(&builder, &given);
            assert_int_equal(builder.size - before, wanted);
        }
    }
    struct bytes made = batch_end(&builder);
    assert_int_equal(batch_read(made.data, made.size, &batch), STATUS_OK);
    assert_int_equal(batch.record_count, count);
    assert_int_equal(batch.max_timestamp_ms, INT64_MAX);
    record_walk_begin(&walk, &batch, (struct bytes){ made.data + BATCH_HEADER_SIZE, made.size - BATCH_HEADER_SIZE });
    for (int at = 0; at < count; at++) {
        size_t i = (size_t)at / array_count(sizes), k = (size_t)at % array_count(sizes);
        assert_true(record_walk_next(&walk, &record, &status));
        assert_int_equal(record.offset, at);
        assert_int_equal(record.timestamp_ms, times[i]);
        assert_int_equal(record.key.data == NULL, k % 2);
        assert_int_equal(record.value.size, i == 0 ? sizes[k] : k);
        assert_int_equal(record.headers.size, k % 3 ? sizeof none : sizeof one);
    }
    assert_false(record_walk_next(&walk, &record, &status));
    assert_int_equal(status, STATUS_OK);
}

static void the_brokers_time_stands_for_each_records(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = unit_unhex(plain_two_append_time, data);
    struct record_walk walk;
    struct record record;
    struct batch batch;
    enum status status;
    int count = 0;

    assert_int_equal(batch_read(data, size, &batch), STATUS_OK);
    record_walk_begin(&walk, &batch, (struct bytes){ data + BATCH_HEADER_SIZE, size - BATCH_HEADER_SIZE });
    for (; record_walk_next(&walk, &record, &status); count++) assert_int_equal(record.timestamp_ms, 1700000000099);
    assert_int_equal(count, 2);
}

static enum status control(struct bytes key, struct bytes value, enum control_type *type, int32_t *epoch)
{
    uint8_t memory[256];
    struct batch_builder builder;
    struct batch batch;

    batch_begin(&builder, memory, sizeof memory, BATCH_CONTROL, 1);
    batch_add(&builder, key, value, 1);
    struct bytes made = batch_end(&builder);
    assert_int_equal(batch_read(made.data, made.size, &batch), STATUS_OK);
    return batch_control(&batch, type, epoch);
}

static void a_short_marker_is_refused_and_an_unknown_one_is_told(void **state)
{
    (void)state;
    static const uint8_t commit[] = { 0, 0, 0, 1 }, leader[] = { 0, 0, 0, 2 }, value[] = { 0, 0, 0, 0, 0, 9 };
    enum control_type type;
    int32_t epoch;

    assert_int_equal(control((struct bytes){ commit, 4 }, (struct bytes){ value, 6 }, &type, &epoch), STATUS_OK);
    assert_int_equal(type, CONTROL_COMMIT);
    assert_int_equal(epoch, 9);
    assert_int_equal(control((struct bytes){ leader, 4 }, BYTES_NULL, &type, &epoch), STATUS_OK);
    assert_int_equal(type, CONTROL_OTHER);
    assert_int_equal(epoch, -1);
    assert_int_equal(control((struct bytes){ commit, 3 }, (struct bytes){ value, 6 }, &type, &epoch),
                     STATUS_BAD_RECORD);
    assert_int_equal(control((struct bytes){ commit, 4 }, (struct bytes){ value, 5 }, &type, &epoch),
                     STATUS_BAD_RECORD);
    assert_int_equal(control(BYTES_NULL, BYTES_NULL, &type, &epoch), STATUS_BAD_RECORD);
    struct batch none = { .data = value, .size = BATCH_HEADER_SIZE, .attributes = BATCH_CONTROL };
    assert_int_equal(batch_control(&none, &type, &epoch), STATUS_BAD_RECORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_golden_records),
        cmocka_unit_test(reads_markers),
        cmocka_unit_test(builder_says_when_it_is_full),
        cmocka_unit_test(records_are_used_up_exactly),
        cmocka_unit_test(a_broken_record_is_found),
        cmocka_unit_test(a_record_inside_another_is_found),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_brokers_time_stands_for_each_records),
        cmocka_unit_test(a_short_marker_is_refused_and_an_unknown_one_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
