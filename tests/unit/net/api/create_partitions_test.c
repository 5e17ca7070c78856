/* tests/unit/net/api/create_partitions_test.c   More partitions: what the controller is asked, and who is answered
 * without it. */
#include "decisions.h"
#include "one_desk.h"

#include "messages/create_partitions.h"

static struct create_partitions_answer answer;

static void a_topic_by_hand_and_one_without(void **state)
{
    (void)state;
    int32_t first[] = { 1, 2 }, second[] = { 3 };
    struct create_partitions_assignment rows[] = { { { first, 2 } }, { { second, 1 } } };
    struct create_partitions_topic_ask topics[] = { { TEXT("hand"), 4, { rows, 2 } },
                                                    { TEXT("plain"), 9, { NULL, -1 } } };
    struct create_partitions_ask ask = { .topics = { topics, 2 }, .timeout_ms = 1000, .validate_only = true };

    for (int16_t version = 0; version <= 3; version++) {
        struct controller_call *call =
            desk_asks(&desk, API_CREATE_PARTITIONS, version, &ask, CONTROLLER_CREATE_PARTITIONS);
        assert_true(call->validate_only);
        assert_int_equal(call->grow_count, 2);
        const struct topic_grow *hand = &call->grows[0], *plain = &call->grows[1];
        assert_true(hand->by_hand);
        assert_int_equal(hand->count, 4);
        assert_int_equal(hand->assignment_count, 2);
        assert_int_equal(hand->assignment_sizes[0], 2);
        assert_int_equal(hand->assignments[0][1], 2);
        assert_int_equal(hand->assignment_sizes[1], 1);
        assert_int_equal(hand->assignments[1][0], 3);
        assert_false(plain->by_hand);
        assert_int_equal(plain->count, 9);
        assert_int_equal(plain->assignment_count, 0);
        call->grows[1].status = STATUS_INVALID_PARTITIONS;
        call->grows[1].why = TEXT("too few");
        desk_decides(STATUS_OK);
        desk_told(&desk, API_CREATE_PARTITIONS, version, &answer);
        assert_int_equal(answer.topics.items[0].error, ERROR_NONE);
        assert_int_equal(answer.topics.items[1].error, ERROR_INVALID_PARTITIONS);
        assert_true(text_equal(answer.topics.items[1].error_message, TEXT("too few")));
    }
}

/* An empty list is a choice, and not the same as none. */
static void no_assignment_is_not_a_missing_one(void **state)
{
    (void)state;
    struct create_partitions_topic_ask topic = { TEXT("t"), 2, { NULL, 0 } };
    struct create_partitions_ask ask = { .topics = { &topic, 1 }, .timeout_ms = 1000 };

    struct controller_call *call = desk_asks(&desk, API_CREATE_PARTITIONS, 3, &ask, CONTROLLER_CREATE_PARTITIONS);
    assert_true(call->grows[0].by_hand);
    assert_int_equal(call->grows[0].assignment_count, 0);
    assert_false(call->validate_only);
    desk_decides(STATUS_NOT_LEADER);
    desk_told(&desk, API_CREATE_PARTITIONS, 3, &answer);
    assert_int_equal(answer.topics.items[0].error, error_of(STATUS_NOT_LEADER));
    assert_true(answer.topics.items[0].error_message.size > 0);
}

static void who_is_named_twice_is_answered_once_and_not_grown(void **state)
{
    (void)state;
    struct create_partitions_topic_ask topics[] = {
        { TEXT("a"), 2, { NULL, -1 } }, { TEXT("b"), 2, { NULL, -1 } }, { TEXT("a"), 3, { NULL, -1 } },
        { TEXT("a"), 2, { NULL, -1 } }, { TEXT("c"), 2, { NULL, -1 } },
    };
    struct create_partitions_ask ask = { .topics = { topics, 5 }, .timeout_ms = 1000 };

    struct controller_call *call = desk_asks(&desk, API_CREATE_PARTITIONS, 3, &ask, CONTROLLER_CREATE_PARTITIONS);
    assert_int_equal(call->grow_count, 2);
    assert_true(text_equal(call->grows[0].name, TEXT("b")));
    assert_true(text_equal(call->grows[1].name, TEXT("c")));
    desk_decides(STATUS_OK);
    desk_told(&desk, API_CREATE_PARTITIONS, 3, &answer);
    assert_int_equal(answer.topics.count, 3);
    assert_true(text_equal(answer.topics.items[0].name, TEXT("a")));
    assert_int_equal(answer.topics.items[0].error, ERROR_INVALID_REQUEST);
    assert_true(text_equal(answer.topics.items[0].error_message, TEXT("Duplicate topic name.")));
    for (int32_t i = 1; i < 3; i++) assert_int_equal(answer.topics.items[i].error, ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_by_hand_and_one_without),
        cmocka_unit_test(no_assignment_is_not_a_missing_one),
        cmocka_unit_test(who_is_named_twice_is_answered_once_and_not_grown),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
