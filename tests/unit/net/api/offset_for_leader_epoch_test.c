/* tests/unit/net/api/offset_for_leader_epoch_test.c   Epochs known, unknown and begun without a record, on both
 * shards. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "messages/offset_for_leader_epoch.h"

static struct desk desk;
static struct offset_for_leader_epoch_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "t", 2);
    desk_topic(&desk, "empty", 1);
    desk_topic_of(&desk, "other", 1, DESK_OTHER, NULL, NULL);
    for (int32_t i = 0; i < 2; i++) desk_store(&desk, "t", i, 3 + i, 100);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct offset_for_leader_epoch_partition_answer *ask(int16_t version, const char *topic, int32_t index,
                                                                  int32_t epoch, int32_t current)
{
    struct offset_for_leader_epoch_partition_ask partition = { index, current, epoch };
    struct offset_for_leader_epoch_topic_ask row = { text_of(topic), { &partition, 1 } };
    struct offset_for_leader_epoch_ask asked = { -1, { &row, 1 } };

    desk_ask(&desk, API_OFFSET_FOR_LEADER_EPOCH, version, &asked, &answer);
    assert_int_equal(answer.topics.count, 1);
    assert_int_equal(answer.topics.items[0].partitions.count, 1);
    return answer.topics.items[0].partitions.items;
}

static void assert_epoch(const struct offset_for_leader_epoch_partition_answer *row, int32_t epoch, int64_t limit)
{
    assert_int_equal(row->error, ERROR_NONE);
    assert_int_equal(row->leader_epoch, epoch);
    assert_int_equal(row->end_offset, limit);
}

static void the_latest_epoch_ends_where_the_log_ends(void **state)
{
    (void)state;
    for (int16_t version = 2; version <= 4; version++) {
        for (int32_t i = 0; i < 2; i++) assert_epoch(ask(version, "t", i, 5, -1), 5, 3 + i);
    }
}

static void an_epoch_is_known_before_its_first_record(void **state)
{
    (void)state;
    assert_epoch(ask(4, "empty", 0, 5, -1), 5, 0);
    assert_epoch(ask(4, "empty", 0, 3, -1), 3, 0);
    assert_epoch(ask(4, "empty", 0, -5, -1), -5, 0);
    assert_epoch(ask(4, "empty", 0, INT32_MIN, -1), INT32_MIN, 0);
}

static void epochs_that_nobody_knows_are_no_error(void **state)
{
    (void)state;
    assert_epoch(ask(4, "t", 0, 6, -1), -1, -1);
    assert_epoch(ask(4, "t", 0, -1, -1), -1, -1);
    assert_epoch(ask(4, "t", 0, 4, -1), 4, 0); /* Before all that are known: nothing of it is there. */
    assert_epoch(ask(4, "t", 0, -5, -1), -5, 0);
}

static void what_is_not_served_here_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask(4, "none", 0, 5, -1)->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(ask(4, "t", 2, 5, -1)->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(ask(4, "t", -1, 5, -1)->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(ask(4, "t", 0, 5, 4)->error, ERROR_FENCED_LEADER_EPOCH);
    assert_int_equal(ask(4, "t", 1, 5, 6)->error, ERROR_UNKNOWN_LEADER_EPOCH);
    assert_int_equal(ask(4, "other", 0, 5, -1)->error, ERROR_NOT_LEADER_OR_FOLLOWER);
    assert_int_equal(ask(4, "t", 0, 5, 5)->error, ERROR_NONE);
}

/* In portions, each topic's partitions where they stand. */
static void a_large_request_is_answered_as_a_small_one(void **state)
{
    (void)state;
    enum { NAMES = 2500, WIDE = 3000 };
    struct offset_for_leader_epoch_topic_ask *rows = arena_take(&desk.messages, (NAMES + 2) * sizeof(*rows));
    struct offset_for_leader_epoch_partition_ask *parts = arena_take(&desk.messages, WIDE * sizeof(*parts));
    struct offset_for_leader_epoch_ask asked = { -1, { rows, NAMES + 2 } };

    for (int32_t i = 0; i < WIDE; i++) parts[i] = (struct offset_for_leader_epoch_partition_ask){ i, -1, 5 };
    for (int32_t i = 0; i < NAMES; i++) {
        rows[i].name = text_format(&desk.messages, "none-%d", i);
        rows[i].partitions.items = parts;
        rows[i].partitions.count = i % 3;
    }
    for (int32_t i = NAMES; i < NAMES + 2; i++) rows[i].partitions.items = parts;
    rows[NAMES].name = TEXT("wide");
    rows[NAMES].partitions.count = WIDE;
    rows[NAMES + 1].name = TEXT("t");
    rows[NAMES + 1].partitions.count = 2;
    desk_ask(&desk, API_OFFSET_FOR_LEADER_EPOCH, 4, &asked, &answer);
    assert_int_equal(answer.topics.count, NAMES + 2);
    for (int32_t i = 0; i < NAMES + 2; i++) {
        const struct offset_for_leader_epoch_topic_answer *topic = &answer.topics.items[i];
        assert_true(text_equal(topic->name, rows[i].name));
        assert_int_equal(topic->partitions.count, rows[i].partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            assert_int_equal(topic->partitions.items[j].index, j);
            assert_int_equal(topic->partitions.items[j].error,
                             i == NAMES + 1 ? ERROR_NONE : ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
    assert_int_equal(answer.topics.items[NAMES + 1].partitions.items[1].end_offset, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_epoch_ends_where_the_log_ends),
        cmocka_unit_test(an_epoch_is_known_before_its_first_record),
        cmocka_unit_test(epochs_that_nobody_knows_are_no_error),
        cmocka_unit_test(what_is_not_served_here_is_refused),
        cmocka_unit_test(a_large_request_is_answered_as_a_small_one),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
