/* tests/unit/replication/cluster/record_test.c   The table of records: every row and version has golden records
 * (which the tests of *_records.c go through), captured ones are written again to the same bytes, the frame is
 * checked, and writing takes the version that Kafka would take. */
#include "cluster/control.h"
#include "golden_records.h"

/* ---- golden records ---------------------------------------------------------------------------------------------- */

static void every_version_has_golden_records(void **state)
{
    (void)state;
    uint32_t *seen = calloc(record_row_count, sizeof(*seen));
    struct golden golden;

    golden_open(&golden, __FILE__, "golden_records.tsv");
    while (golden_next(&golden)) {
        const struct record_row *row = row_named(golden.name);
        if (row != NULL) seen[row - record_rows] |= 1u << golden.version;
    }
    golden_close(&golden);
    for (size_t i = 0; i < record_row_count; i++) {
        if (seen[i] != (2u << record_rows[i].version_max) - 1)
            fail_msg("%s: versions %x", record_rows[i].name, seen[i]);
    }
    free(seen);
}

/* ---- captured records -------------------------------------------------------------------------------------------- */

/* captured_records.tsv: key and value, as an Apache Kafka 4.3.1 node wrote them while it was formatted, started,
 * used and stopped. Ours must choose the same versions, so that the bytes come out the same. */
static void records_that_kafka_wrote_are_written_the_same(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct golden golden;
    struct any_record any;
    struct any_control control;
    struct bytes key, value;
    uint8_t again[RECORD_SIZE_MAX];
    size_t count = 0;

    arena_begin(&arena, &heap);
    golden_open(&golden, __FILE__, "captured_records.tsv");
    for (; golden_next_pair(&golden, &key, &value); count++) {
        struct writer writer = { .start = again, .at = again, .limit = again + sizeof(again) };
        if (key.data == NULL) {
            assert_int_equal(record_read(value, &any, &arena), STATUS_OK);
            record_write(&any, &writer);
            assert_int_equal(record_size(&any), value.size);
        } else {
            assert_int_equal(control_read(key, value, &control, &arena), STATUS_OK);
            control_write(&control, &writer);
            assert_int_equal(control_size(&control), value.size);
        }
        assert_false(writer.overrun);
        assert_int_equal(writer.at - again, value.size);
        assert_memory_equal(again, value.data, value.size);
    }
    golden_close(&golden);
    heap_end(&heap);
    assert_true(count > 50);
}

/* ---- the frame --------------------------------------------------------------------------------------------------- */

static enum status read_hex(const char *hex, struct any_record *any)
{
    struct heap heap;
    struct arena arena;
    uint8_t bytes[64];
    size_t size = golden_hex(hex, bytes);

    arena_begin(&arena, &heap);
    enum status status = record_read((struct bytes){ bytes, size }, any, &arena);
    heap_end(&heap);
    return status;
}

static void an_unknown_frame_type_or_version_is_refused(void **state)
{
    (void)state;
    struct any_record any;

    assert_int_equal(read_hex("01140000", &any), STATUS_OK); /* NoOp */
    assert_int_equal(any.type, RECORD_NO_OP);
    assert_int_equal(read_hex("00140000", &any), STATUS_UNSUPPORTED);
    assert_int_equal(read_hex("02140000", &any), STATUS_UNSUPPORTED);
    assert_int_equal(read_hex("01060000", &any), STATUS_UNSUPPORTED);
    assert_int_equal(read_hex("01ffffffff0f0000", &any), STATUS_UNSUPPORTED);
    assert_int_equal(read_hex("01140100", &any), STATUS_UNSUPPORTED);
    assert_int_equal(read_hex("01148080040000", &any), STATUS_UNSUPPORTED); /* version 65536 */
    assert_int_equal(read_hex("0114ffffffff7f00", &any), STATUS_MALFORMED); /* a varint of more than 32 bits */
    assert_int_equal(read_hex("", &any), STATUS_TRUNCATED);
    assert_int_equal(read_hex("0114", &any), STATUS_TRUNCATED);
    assert_int_equal(read_hex("011400", &any), STATUS_TRUNCATED);
}

static void bytes_behind_a_record_are_refused(void **state)
{
    (void)state;
    struct any_record any;

    assert_int_equal(read_hex("0114000000", &any), STATUS_MALFORMED);
}

static void tagged_fields_of_the_future_are_skipped(void **state)
{
    (void)state;
    struct any_record any;

    assert_int_equal(read_hex("01140001070300ff00", &any), STATUS_OK);
}

/* ---- versions ---------------------------------------------------------------------------------------------------- */

static void a_registration_change_takes_the_lowest_version_that_says_it(void **state)
{
    (void)state;
    struct uuid directories[1] = { UUID_METADATA_TOPIC };
    struct any_record any;

    record_clear(&any, RECORD_BROKER_CHANGE);
    any.broker_change.fenced = -1;
    assert_int_equal(record_version(&any), 0);
    any.broker_change.in_controlled_shutdown = 1;
    assert_int_equal(record_version(&any), 1);
    any.broker_change.log_dirs.items = directories;
    any.broker_change.log_dirs.count = 1;
    assert_int_equal(record_version(&any), 2);
    any.broker_change.cordoned_log_dirs.count = 0; /* empty is not null */
    assert_int_equal(record_version(&any), 3);
}

static void other_records_take_the_version_of_the_metadata_version(void **state)
{
    (void)state;
    struct any_record any;

    for (size_t i = 0; i < record_row_count; i++) {
        if (record_rows[i].type == RECORD_BROKER_CHANGE) continue;
        record_clear(&any, record_rows[i].type);
        assert_int_equal(record_version(&any), record_rows[i].version_max);
    }
}

static void a_cleared_record_has_the_fallbacks(void **state)
{
    (void)state;
    struct any_record any;

    record_clear(&any, RECORD_PARTITION_CHANGE);
    assert_int_equal(any.partition_change.leader, -2);
    assert_int_equal(any.partition_change.leader_recovery_state, -1);
    assert_int_equal(any.partition_change.isr.count, -1);
    record_clear(&any, RECORD_REGISTER_BROKER);
    assert_true(any.register_broker.fenced);
    assert_int_equal(any.register_broker.log_dirs.count, 0);
    assert_int_equal(any.register_broker.cordoned_log_dirs.count, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_has_golden_records),
        cmocka_unit_test(records_that_kafka_wrote_are_written_the_same),
        cmocka_unit_test(an_unknown_frame_type_or_version_is_refused),
        cmocka_unit_test(bytes_behind_a_record_are_refused),
        cmocka_unit_test(tagged_fields_of_the_future_are_skipped),
        cmocka_unit_test(a_registration_change_takes_the_lowest_version_that_says_it),
        cmocka_unit_test(other_records_take_the_version_of_the_metadata_version),
        cmocka_unit_test(a_cleared_record_has_the_fallbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
