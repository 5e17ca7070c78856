/* tests/unit/net/api/describe_quorum_test.c   Who votes about the metadata log, and that nothing else has a quorum. */
#include "decisions.h"
#include "one_desk.h"

#include "messages/describe_quorum.h"
#include "replica/quorum_view.h"

static struct describe_quorum_answer answer;

static void the_quorum_is_shown_as_the_controller_sees_it(void **state)
{
    (void)state;
    struct describe_quorum_partition_ask partition = { 0 };
    struct describe_quorum_topic_ask topic = { TEXT("__cluster_metadata"), { &partition, 1 } };
    struct describe_quorum_ask ask = { { &topic, 1 } };
    struct image_endpoint controller = { .listener = TEXT("CONTROLLER"), .host = TEXT("here"), .port = 9093 };

    for (int16_t version = 0; version <= 2; version++) {
        struct controller_call *call = desk_asks(&desk, API_DESCRIBE_QUORUM, version, &ask, CONTROLLER_DESCRIBE_QUORUM);
        *call->quorum = (struct quorum_view){ .leader = 1, .epoch = 5, .committed = 100, .count = 2 };
        call->quorum->members[0] = (struct quorum_member){ .voter = { .id = 1 }, .end = 101 };
        call->quorum->members[1] = (struct quorum_member){ .voter = { .id = 2 }, .end = -1 };
        call->quorum->controller = &controller;
        desk_decides(STATUS_OK);
        desk_told(&desk, API_DESCRIBE_QUORUM, version, &answer);
        assert_int_equal(answer.error, ERROR_NONE);
        const struct describe_quorum_partition_answer *row = &answer.topics.items[0].partitions.items[0];
        assert_int_equal(row->leader_id, 1);
        assert_int_equal(row->leader_epoch, 5);
        assert_int_equal(row->high_watermark, 100);
        assert_int_equal(row->current_voters.count, 2);
        assert_int_equal(row->observers.count, 0);
        assert_int_equal(row->current_voters.items[0].log_end_offset, 101);
        assert_int_equal(row->current_voters.items[1].log_end_offset, -1);
        if (version >= 1) { /* A leader has seen itself just now; of others nothing is known. */
            assert_true(row->current_voters.items[0].last_caught_up_timestamp_ms > 0);
            assert_int_equal(row->current_voters.items[1].last_caught_up_timestamp_ms, -1);
        }
        if (version >= 2) {
            assert_int_equal(answer.nodes.count, 1);
            assert_int_equal(answer.nodes.items[0].listeners.items[0].port, 9093);
        }
    }
}

static void whoever_does_not_lead_says_so(void **state)
{
    (void)state;
    struct describe_quorum_partition_ask partition = { 0 };
    struct describe_quorum_topic_ask topic = { TEXT("__cluster_metadata"), { &partition, 1 } };
    struct describe_quorum_ask ask = { { &topic, 1 } };

    (void)desk_asks(&desk, API_DESCRIBE_QUORUM, 2, &ask, CONTROLLER_DESCRIBE_QUORUM);
    desk_decides(STATUS_NOT_LEADER);
    desk_told(&desk, API_DESCRIBE_QUORUM, 2, &answer);
    assert_int_equal(answer.error, ERROR_NOT_LEADER_OR_FOLLOWER);
    assert_int_equal(answer.topics.count, 0);
}

static void nothing_else_has_a_quorum(void **state)
{
    (void)state;
    struct describe_quorum_partition_ask both[] = { { 0 }, { 1 } };
    struct describe_quorum_topic_ask rows[] = { { TEXT("__cluster_metadata"), { both, 2 } },
                                                { TEXT("__cluster_metadata"), { both + 1, 1 } },
                                                { TEXT("__cluster_metadata"), { both, 1 } },
                                                { TEXT("t"), { both, 1 } } };
    const struct {
        struct describe_quorum_topic_ask *topics;
        int32_t count;
    } asks[] = { { rows, 1 }, { rows + 1, 1 }, { rows + 3, 1 }, { rows + 2, 2 }, { rows, 0 } };

    for (size_t i = 0; i < array_count(asks); i++) {
        struct describe_quorum_ask ask = { { asks[i].topics, asks[i].count } };
        desk_ask(&desk, API_DESCRIBE_QUORUM, 2, &ask, &answer);
        assert_int_equal(answer.topics.count, asks[i].count);
        for (int32_t j = 0; j < answer.topics.count; j++) {
            assert_int_equal(answer.topics.items[j].partitions.count, asks[i].topics[j].partitions.count);
            assert_int_equal(answer.topics.items[j].partitions.items[0].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
    assert_int_equal(decision_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quorum_is_shown_as_the_controller_sees_it),
        cmocka_unit_test(whoever_does_not_lead_says_so),
        cmocka_unit_test(nothing_else_has_a_quorum),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
