/* tests/unit/net/api/produce_refusal_test.c   What a producer is told of a batch that was refused: which records, in
 * which words, and no more of them than an answer should hold. */
#include "desk_metadata.h"
#include "desk_records.h"

enum { TOLD_MAX = 10000 };

static struct desk desk;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic_of(&desk, "compact", 1, DESK_SELF, "cleanup.policy", "compact");
    desk_topic_of(&desk, "timely", 1, DESK_SELF, "message.timestamp.after.max.ms", "1000");
    desk_topic_of(&desk, "small", 1, DESK_SELF, "max.message.bytes", "100");
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

/* `key` for each record; `late_ms` on top of the present for every second one. */
static struct produce_partition_answer produce(const char *topic, uint32_t count, struct bytes key, int64_t late_ms)
{
    struct bytes text = { (const uint8_t *)"x", 1 };
    int64_t now = shard_wall_ms(desk.node.shards[0]);
    size_t room = 256 + (size_t)count * 64;
    struct batch_builder builder;

    batch_begin(&builder, arena_take(&desk.messages, room), room, 0, now);
    for (uint32_t i = 0; i < count; i++) batch_add(&builder, key, text, now + (i % 2 ? late_ms : 0));
    return desk_produce(&desk, topic, 0, 1, batch_end(&builder));
}

static bool says(struct text text, const char *words)
{
    return text.data && memmem(text.data, text.size, words, strlen(words)) != NULL;
}

static void of_many_records_three_are_quoted(void **state)
{
    (void)state;
    struct produce_partition_answer row = produce("compact", 5, BYTES_NULL, 0);

    assert_int_equal(row.error, ERROR_INVALID_RECORD);
    assert_int_equal(row.record_errors.count, 5);
    for (int32_t i = 0; i < 5; i++) assert_int_equal(row.record_errors.items[i].batch_index, i);
    assert_true(says(row.error_message, "due to 5 record errors in total"));
    assert_true(says(row.error_message, "RecordError(batchIndex=2, "));
    assert_false(says(row.error_message, "RecordError(batchIndex=3, "));
    assert_int_equal(row.base_offset, -1);
}

static void an_answer_names_no_more_than_ten_thousand(void **state)
{
    (void)state;
    struct produce_partition_answer row = produce("compact", TOLD_MAX + 1, BYTES_NULL, 0);

    assert_int_equal(row.record_errors.count, TOLD_MAX);
    assert_int_equal(row.record_errors.items[TOLD_MAX - 1].batch_index, TOLD_MAX - 1);
    assert_true(says(row.error_message, "due to 10001 record errors in total"));
}

static void times_out_of_bounds_are_named_with_the_bounds(void **state)
{
    (void)state;
    struct produce_partition_answer row = produce("timely", 4, (struct bytes){ (const uint8_t *)"k", 1 }, 3600000);

    assert_int_equal(row.error, ERROR_INVALID_TIMESTAMP);
    assert_true(text_equal(row.error_message, TEXT("One or more records have been rejected due to invalid timestamp")));
    assert_int_equal(row.log_start_offset, 0);
    assert_int_equal(row.record_errors.count, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(row.record_errors.items[i].batch_index, 2 * i + 1);
        assert_true(says(row.record_errors.items[i].message, "is out of range. The timestamp should be within ["));
    }
    assert_true(says(row.record_errors.items[1].message, "of message with offset 3 "));
}

static void a_batch_that_is_refused_as_a_whole_names_no_record(void **state)
{
    (void)state;
    struct produce_partition_answer row = produce("small", 20, BYTES_NULL, 0);

    assert_int_equal(row.error, ERROR_MESSAGE_TOO_LARGE);
    assert_int_equal(row.record_errors.count, 0);
    assert_true(text_equal(row.error_message, error_text(STATUS_TOO_LARGE)));
    assert_int_equal(row.log_start_offset, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_many_records_three_are_quoted),
        cmocka_unit_test(an_answer_names_no_more_than_ten_thousand),
        cmocka_unit_test(times_out_of_bounds_are_named_with_the_bounds),
        cmocka_unit_test(a_batch_that_is_refused_as_a_whole_names_no_record),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
