/* tests/unit/net/api/describe_log_dirs_test.c   Sizes from all shards in one answer, and what is left out of it. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "messages/describe_log_dirs.h"

static struct desk desk;
static struct describe_log_dirs_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "a", 3);
    desk_topic(&desk, "b", 1);
    for (int32_t i = 0; i < 3; i++) desk_store(&desk, "a", i, 1 + i, 100);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

/* NULL: everything. */
static const struct describe_log_dirs_result *ask(int16_t version, struct describe_log_dirs_topic_ask *topics,
                                                  int32_t count)
{
    struct describe_log_dirs_ask asked = { { topics, count } };

    desk_ask(&desk, API_DESCRIBE_LOG_DIRS, version, &asked, &answer);
    assert_int_equal(answer.results.count, 1);
    assert_int_equal(answer.results.items[0].error, ERROR_NONE);
    assert_true(answer.results.items[0].log_dir.size > 0);
    return answer.results.items;
}

static void everything_is_told_topic_by_topic(void **state)
{
    (void)state;
    for (int16_t version = 1; version <= 5; version++) {
        const struct describe_log_dirs_result *result = ask(version, NULL, -1);
        assert_int_equal(result->topics.count, 2);
        const struct describe_log_dirs_topic_answer *topics = result->topics.items;
        assert_true(text_equal(topics[0].name, TEXT("a")) && text_equal(topics[1].name, TEXT("b")));
        assert_int_equal(topics[0].partitions.count, 3);
        int64_t one = topics[0].partitions.items[0].partition_size;
        assert_true(one > 100);
        for (int32_t i = 0; i < 3; i++) {
            assert_int_equal(topics[0].partitions.items[i].index, i);
            assert_int_equal(topics[0].partitions.items[i].partition_size, one * (1 + i));
            assert_int_equal(topics[0].partitions.items[i].offset_lag, 0);
        }
        assert_int_equal(topics[1].partitions.items[0].partition_size, 0);
    }
}

static void the_volume_is_measured_from_version_4_on(void **state)
{
    (void)state;
    assert_int_equal(ask(3, NULL, -1)->total_bytes, -1);
    const struct describe_log_dirs_result *result = ask(4, NULL, -1);
    assert_true(result->usable_bytes >= 0 && result->total_bytes > result->usable_bytes);
}

static void what_is_not_here_or_was_named_already_is_left_out(void **state)
{
    (void)state;
    int32_t indexes[] = { 2, 9, 2, -1, 0 }, gone[] = { 7 };
    struct describe_log_dirs_topic_ask topics[] = { { TEXT("none"), { indexes, 5 } },
                                                    { TEXT("a"), { indexes, 5 } },
                                                    { TEXT("b"), { gone, 1 } },
                                                    { TEXT("a"), { indexes, 1 } } };
    const struct describe_log_dirs_result *result = ask(4, topics, 4);
    assert_int_equal(result->topics.count, 1);
    assert_int_equal(result->topics.items[0].partitions.count, 2);
    assert_int_equal(result->topics.items[0].partitions.items[0].index, 2);
    assert_int_equal(result->topics.items[0].partitions.items[1].index, 0);
    assert_int_equal(ask(4, topics, 0)->topics.count, 0);
}

enum { LARGE = 2500 };

/* In portions, here and at the other shard; those of a topic that goes meanwhile are told or not. */
static void many_partitions_are_told_as_few_are(void **state)
{
    (void)state;
    desk_topic(&desk, "large", LARGE);
    const struct describe_log_dirs_result *result = ask(4, NULL, -1);
    assert_int_equal(result->topics.count, 3);
    assert_true(text_equal(result->topics.items[2].name, TEXT("large")));
    assert_int_equal(result->topics.items[2].partitions.count, LARGE);
    for (int32_t i = 0; i < LARGE; i++) assert_int_equal(result->topics.items[2].partitions.items[i].index, i);

    struct describe_log_dirs_topic_ask *topics = arena_take(&desk.messages, 2 * LARGE * sizeof(*topics));
    int32_t *indexes = arena_take(&desk.messages, LARGE * sizeof(*indexes));
    for (int32_t i = 0; i < LARGE; i++) {
        indexes[i] = i;
        topics[2 * i] = (struct describe_log_dirs_topic_ask){ TEXT("large"), { &indexes[i], 1 } };
        topics[2 * i + 1].name = text_format(&desk.messages, "absent-%d", i);
        topics[2 * i + 1].partitions.items = &indexes[i];
        topics[2 * i + 1].partitions.count = 1;
    }
    topics[1].name = TEXT("b");
    result = ask(4, topics, 2 * LARGE);
    assert_int_equal(result->topics.count, 2);
    assert_int_equal(result->topics.items[0].partitions.count, LARGE);
    for (int32_t i = 0; i < LARGE; i++) assert_int_equal(result->topics.items[0].partitions.items[i].index, i);
    assert_true(text_equal(result->topics.items[1].name, TEXT("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_told_topic_by_topic),
        cmocka_unit_test(the_volume_is_measured_from_version_4_on),
        cmocka_unit_test(what_is_not_here_or_was_named_already_is_left_out),
        cmocka_unit_test(many_partitions_are_told_as_few_are),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
