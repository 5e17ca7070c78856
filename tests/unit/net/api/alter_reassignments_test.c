/* tests/unit/net/api/alter_reassignments_test.c   Replicas stay where they are; every other wish has its own words. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/alter_reassignments.h"
#include "messages/list_reassignments.h"

static struct desk desk;
static struct alter_reassignments_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_broker(&desk, DESK_SELF);
    desk_broker(&desk, DESK_OTHER);
    desk_topic(&desk, "t", 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void assert_reassigned(const char *topic, int32_t index, int32_t *replicas, int32_t count, int16_t error,
                              const char *words)
{
    struct alter_reassignments_partition_ask partition = { index, { replicas, count } };
    struct alter_reassignments_topic_ask row = { text_of(topic), { &partition, 1 } };
    struct alter_reassignments_ask asked = { 1000, true, { &row, 1 } };

    for (int16_t version = 0; version <= 1; version++) {
        desk_ask(&desk, API_ALTER_PARTITION_REASSIGNMENTS, version, &asked, &answer);
        assert_int_equal(answer.error, ERROR_NONE);
        const struct alter_reassignments_partition_answer *got = answer.topics.items[0].partitions.items;
        assert_int_equal(got->index, index);
        assert_int_equal(got->error, error);
        assert_true(words ? text_equal(got->error_message, text_of(words)) : !got->error_message.data);
    }
}

static void replicas_may_be_put_where_they_are(void **state)
{
    (void)state;
    int32_t self[] = { DESK_SELF };
    assert_reassigned("t", 0, self, 1, ERROR_NONE, NULL);
    assert_reassigned("t", 0, NULL, -1, ERROR_NO_REASSIGNMENT_IN_PROGRESS, NULL);
}

static void they_may_be_put_nowhere_else(void **state)
{
    (void)state;
    int32_t other[] = { DESK_OTHER }, both[] = { DESK_SELF, DESK_OTHER };
    const char *words = "Replicas can't be moved: this node has nowhere to move them to.";
    assert_reassigned("t", 0, other, 1, ERROR_INVALID_REPLICA_ASSIGNMENT, words);
    assert_reassigned("t", 0, both, 2, ERROR_INVALID_REPLICA_ASSIGNMENT, words);
}

static void assignments_are_refused_in_kafkas_words(void **state)
{
    (void)state;
    int32_t self[] = { DESK_SELF }, twice[] = { 2, 1, 2, 1 }, unknown[] = { 9, 1, 7 }, below[] = { 1, 1, -4 };
    assert_reassigned("t", 0, self, 0, ERROR_INVALID_REPLICA_ASSIGNMENT,
                      "The manual partition assignment includes an empty replica list.");
    assert_reassigned("t", 0, twice, 4, ERROR_INVALID_REPLICA_ASSIGNMENT,
                      "The manual partition assignment includes the broker 1 more than once.");
    assert_reassigned("t", 0, unknown, 3, ERROR_INVALID_REPLICA_ASSIGNMENT,
                      "The manual partition assignment includes broker 7, but no such broker is registered.");
    assert_reassigned("t", 0, below, 3, ERROR_INVALID_REPLICA_ASSIGNMENT,
                      "The manual partition assignment includes broker -4, but no such broker is registered.");
    assert_reassigned("none", 0, self, 1, ERROR_UNKNOWN_TOPIC_OR_PARTITION, "Unable to find a topic named none.");
    assert_reassigned("t", 1, self, 1, ERROR_UNKNOWN_TOPIC_OR_PARTITION, "Unable to find partition t:1.");
    assert_reassigned("t", -1, NULL, -1, ERROR_UNKNOWN_TOPIC_OR_PARTITION, "Unable to find partition t:-1.");
}

static void nothing_is_ever_on_its_way(void **state)
{
    (void)state;
    struct list_reassignments_ask asked = { 1000, { NULL, -1 } };
    struct list_reassignments_answer listed;
    desk_ask(&desk, API_LIST_PARTITION_REASSIGNMENTS, 0, &asked, &listed);
    assert_int_equal(listed.error, ERROR_NONE);
    assert_int_equal(listed.topics.count, 0);
}

/* In portions, each topic's partitions where they stand. */
static void a_large_request_is_answered_as_a_small_one(void **state)
{
    (void)state;
    enum { NAMES = 2500, WIDE = 3000 };
    struct alter_reassignments_topic_ask *rows = arena_take(&desk.messages, (NAMES + 1) * sizeof(*rows));
    struct alter_reassignments_partition_ask *parts = arena_take(&desk.messages, WIDE * sizeof(*parts));
    struct alter_reassignments_ask asked = { 1000, true, { rows, NAMES + 1 } };

    for (int32_t i = 0; i < WIDE; i++) parts[i] = (struct alter_reassignments_partition_ask){ i, { NULL, -1 } };
    for (int32_t i = 0; i <= NAMES; i++) {
        rows[i].name = i < NAMES ? text_format(&desk.messages, "none-%d", i) : TEXT("t");
        rows[i].partitions.items = parts;
        rows[i].partitions.count = i < NAMES ? i % 3 : WIDE;
    }
    desk_ask(&desk, API_ALTER_PARTITION_REASSIGNMENTS, 0, &asked, &answer);
    assert_int_equal(answer.topics.count, NAMES + 1);
    for (int32_t i = 0; i <= NAMES; i++) {
        const struct alter_reassignments_topic_answer *topic = &answer.topics.items[i];
        assert_true(text_equal(topic->name, rows[i].name));
        assert_int_equal(topic->partitions.count, rows[i].partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            assert_int_equal(topic->partitions.items[j].index, j);
            assert_int_equal(topic->partitions.items[j].error, i == NAMES && j == 0 ? ERROR_NO_REASSIGNMENT_IN_PROGRESS
                                                                                    : ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
    assert_true(text_equal(answer.topics.items[NAMES].partitions.items[WIDE - 1].error_message,
                           TEXT("Unable to find partition t:2999.")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replicas_may_be_put_where_they_are),         cmocka_unit_test(they_may_be_put_nowhere_else),
        cmocka_unit_test(assignments_are_refused_in_kafkas_words),    cmocka_unit_test(nothing_is_ever_on_its_way),
        cmocka_unit_test(a_large_request_is_answered_as_a_small_one),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
