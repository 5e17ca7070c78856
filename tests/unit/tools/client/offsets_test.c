/* tests/unit/tools/client/offsets_test.c   Where records stand: answers go back to the queries by topic and partition,
 * leaders that moved are looked up, and those that there are none of are told in the end. */
#include "pair.h"

#include "client/offsets.h"

/* Of Kafka. */
enum { UNKNOWN_SERVER = -1, UNKNOWN_TOPIC = 3, NO_LEADER = 5, NOT_LEADER = 6 };

static struct pair pair;
static struct offset_query queries[3];

static struct list_offsets_partition_answer parts[2];
static struct list_offsets_topic_answer topic = { .name = TEXT("t"), .partitions = { parts, 2 } };
static const struct list_offsets_answer answered = { .topics = { &topic, 1 } };

static int begin(void **state)
{
    (void)state;
    pair_init(&pair);
    for (int32_t i = 0; i < 2; i++) {
        queries[i] = (struct offset_query){
            .topic = TEXT("t"), .partition = i, .leader = PAIR_LEADER, .timestamp_ms = LIST_OFFSETS_LATEST
        };
        /* In another order than they were asked. */
        parts[i] = (struct list_offsets_partition_answer){ .index = 1 - i, .offset = 100 + 1 - i, .timestamp_ms = -1 };
    }
    return 0;
}

/* The client knows the leader. */
static void meet(const struct broker_step *first, size_t first_count, const struct broker_step *leader,
                 size_t leader_count)
{
    struct metadata_answer answer;

    pair_begin(&pair, first, first_count, leader, leader_count);
    assert_int_equal(client_metadata(&pair.client, NULL, -1, false, &answer, &pair.arena), STATUS_OK);
}

static void answers_go_back_by_partition(void **state)
{
    (void)state;
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&answered) };

    meet(first, 2, leader, 2);
    assert_int_equal(client_offsets(&pair.client, queries, 2, false), STATUS_OK);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(queries[i].offset, 100 + i);
        assert_int_equal(queries[i].error, 0);
    }
    pair_end(&pair);
    assert_int_equal(pair.leader.keys[1], API_LIST_OFFSETS); /* one request for both */
}

static void a_leader_that_has_moved_is_asked_where_it_is(void **state)
{
    (void)state;
    static struct list_offsets_partition_answer moved[2] = { { .index = 0, .offset = 100 },
                                                             { .index = 1, .error = NOT_LEADER } };
    static struct list_offsets_topic_answer one = { .name = TEXT("t"), .partitions = { moved, 2 } };
    static const struct list_offsets_answer half = { .topics = { &one, 1 } };
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&half), ANSWER(&answered) };

    meet(first, 3, leader, 3);
    assert_int_equal(client_offsets(&pair.client, queries, 2, true), STATUS_OK);
    assert_int_equal(queries[1].offset, 101);
    assert_int_equal(queries[1].error, 0);
    pair_end(&pair);
    assert_int_equal(pair.first.keys[2], API_METADATA);
}

/* It does not come by waiting. */
static void a_partition_that_is_unknown_is_told_at_once(void **state)
{
    (void)state;
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&answered) };

    parts[0].error = UNKNOWN_TOPIC;
    parts[0].offset = -1;
    meet(first, 2, leader, 2);
    assert_int_equal(client_offsets(&pair.client, queries, 2, false), STATUS_OK);
    assert_int_equal(queries[1].error, UNKNOWN_TOPIC);
    assert_int_equal(queries[1].offset, -1);
    assert_int_equal(queries[0].offset, 100);
    pair_end(&pair);
}

static void what_an_answer_leaves_out_is_no_empty_partition(void **state)
{
    (void)state;
    static struct list_offsets_topic_answer less = { .name = TEXT("t"), .partitions = { parts, 1 } };
    static const struct list_offsets_answer lacking = { .topics = { &less, 1 } };
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&lacking) };

    meet(first, 2, leader, 2);
    assert_int_equal(client_offsets(&pair.client, queries, 2, false), STATUS_OK);
    assert_int_equal(queries[1].error, 0);
    assert_int_equal(queries[1].offset, 101);
    assert_int_equal(queries[0].error, UNKNOWN_SERVER);
    pair_end(&pair);
}

/* Not for ever, and nobody is asked for it. */
static void a_partition_without_a_leader_is_waited_for(void **state)
{
    (void)state;
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };

    queries[0].leader = -1;
    pair.partitions[0].leader_id = -1;
    meet(first, 2, NULL, 0);
    pair.client.timeout_ms = 0;
    assert_int_equal(client_offsets(&pair.client, queries, 1, false), STATUS_OK);
    assert_int_equal(queries[0].error, NO_LEADER);
    assert_int_equal(queries[0].offset, -1);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_go_back_by_partition, begin),
        cmocka_unit_test_setup(a_leader_that_has_moved_is_asked_where_it_is, begin),
        cmocka_unit_test_setup(a_partition_that_is_unknown_is_told_at_once, begin),
        cmocka_unit_test_setup(what_an_answer_leaves_out_is_no_empty_partition, begin),
        cmocka_unit_test_setup(a_partition_without_a_leader_is_waited_for, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
