/* tests/unit/net/api/delete_records_test.c   The start of a log moves, up to the high watermark, and readers see it. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "messages/delete_records.h"

static struct desk desk;
static struct delete_records_partition_ask partitions[3];
static struct delete_records_topic_ask topic_ask;
static struct delete_records_ask ask;
static struct delete_records_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "t", 2);
    for (int32_t i = 0; i < 2; i++) desk_store(&desk, "t", i, 10, 100);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct delete_records_partition_answer *delete_to(const char *topic, int32_t count, int64_t offset)
{
    for (int32_t i = 0; i < count; i++) partitions[i] = (struct delete_records_partition_ask){ i, offset };
    topic_ask.name = text_of(topic);
    topic_ask.partitions.items = partitions;
    topic_ask.partitions.count = count;
    ask.topics.items = &topic_ask;
    ask.topics.count = 1;
    ask.timeout_ms = 1000;
    desk_ask(&desk, API_DELETE_RECORDS, 2, &ask, &answer);
    assert_int_equal(answer.topics.items[0].partitions.count, count);
    return answer.topics.items[0].partitions.items;
}

static void starts_move_forward_and_never_back(void **state)
{
    (void)state;
    const struct delete_records_partition_answer *rows = delete_to("t", 2, 4);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(rows[i].error, ERROR_NONE);
        assert_int_equal(rows[i].low_watermark, 4);
    }
    assert_int_equal(delete_to("t", 1, 2)[0].low_watermark, 4);
    assert_int_equal(delete_to("t", 1, 11)[0].error, ERROR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(delete_to("t", 1, -2)[0].error, ERROR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(delete_to("t", 1, -1)[0].low_watermark, 10);
    assert_int_equal(delete_to("t", 1, 10)[0].low_watermark, 10);
}

static void readers_see_the_new_start(void **state)
{
    (void)state;
    struct desk_fetch fetch;
    struct fetch_answer fetched;
    struct uuid topic = desk_topic(&desk, "read", 1);

    desk_store(&desk, "read", 0, 5, 100);
    assert_int_equal(delete_to("read", 1, 3)[0].low_watermark, 3);
    desk_fetch_fill(&fetch, topic, "", 1);
    desk_ask(&desk, API_FETCH, 13, &fetch.ask, &fetched);
    assert_int_equal(fetched.topics.items[0].partitions.items[0].error, ERROR_OFFSET_OUT_OF_RANGE);
    fetch.partitions[0].fetch_offset = 3;
    desk_ask(&desk, API_FETCH, 13, &fetch.ask, &fetched);
    const struct fetch_partition_answer *row = &fetched.topics.items[0].partitions.items[0];
    int64_t offset = 3;
    assert_int_equal(row->log_start_offset, 3);
    assert_int_equal(desk_batches(row, &offset), 2);
}

static void what_can_not_be_is_refused_by_row(void **state)
{
    (void)state;
    desk_topic_of(&desk, "compact", 1, DESK_SELF, "cleanup.policy", "compact");
    assert_int_equal(delete_to("compact", 1, 0)[0].error, ERROR_POLICY_VIOLATION);
    assert_int_equal(delete_to("none", 1, 0)[0].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    const struct delete_records_partition_answer *rows = delete_to("t", 3, -1);
    assert_int_equal(rows[2].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(rows[2].low_watermark, -1);
    assert_int_equal(rows[1].error, ERROR_NONE);
}

/* In portions: a topic in two rows is told in one, and of what is named twice the last word holds. */
static void a_large_request_is_answered_as_a_small_one(void **state)
{
    (void)state;
    enum { NAMES = 1500, WIDE = 3000 };
    struct arena *arena = &desk.messages;
    struct delete_records_topic_ask *rows = arena_take(arena, (NAMES + 3) * sizeof(*rows));
    struct delete_records_partition_ask *parts = arena_take(arena, WIDE * sizeof(*parts));
    struct delete_records_partition_ask first[] = { { 1, 99 }, { 0, 10 } }, last[] = { { 1, 10 } };

    for (int32_t i = 0; i < WIDE; i++) parts[i].index = i;
    rows[0] = (struct delete_records_topic_ask){ TEXT("t"), { first, 2 } };
    for (int32_t i = 0; i < NAMES; i++) {
        rows[1 + i] = (struct delete_records_topic_ask){ text_format(arena, "none-%d", i), { parts, i % 3 } };
    }
    rows[1 + NAMES] = (struct delete_records_topic_ask){ TEXT("wide"), { parts, WIDE } };
    rows[2 + NAMES] = (struct delete_records_topic_ask){ TEXT("t"), { last, 1 } };
    ask = (struct delete_records_ask){ .topics = { rows, NAMES + 3 }, .timeout_ms = 1000 };
    desk_ask(&desk, API_DELETE_RECORDS, 2, &ask, &answer);

    assert_int_equal(answer.topics.count, 2 + NAMES - NAMES / 3); /* a third have no partitions */
    const struct delete_records_topic_answer *topic = &answer.topics.items[0];
    assert_int_equal(topic->partitions.count, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(topic->partitions.items[i].index, i);
        assert_int_equal(topic->partitions.items[i].error, ERROR_NONE);
        assert_int_equal(topic->partitions.items[i].low_watermark, 10);
    }
    topic = &answer.topics.items[answer.topics.count - 1];
    assert_true(text_equal(topic->name, TEXT("wide")));
    assert_int_equal(topic->partitions.count, WIDE);
    for (int32_t i = 0; i < WIDE; i++) {
        assert_int_equal(topic->partitions.items[i].index, i);
        assert_int_equal(topic->partitions.items[i].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_move_forward_and_never_back),
        cmocka_unit_test(readers_see_the_new_start),
        cmocka_unit_test(what_can_not_be_is_refused_by_row),
        cmocka_unit_test(a_large_request_is_answered_as_a_small_one),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
