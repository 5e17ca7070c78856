/* tests/unit/net/api/list_reassignments_test.c   On one node nothing is on its way anywhere, whatever is asked for. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/list_reassignments.h"

static struct desk desk;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    (void)desk_topic(&desk, "t", 3);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void assert_nothing_moves(struct list_reassignments_topic_ask *topics, int32_t count)
{
    struct list_reassignments_ask asked = { 1000, { topics, count } };
    struct list_reassignments_answer answer;

    desk_ask(&desk, API_LIST_PARTITION_REASSIGNMENTS, 0, &asked, &answer);
    assert_int_equal(answer.error, ERROR_NONE);
    assert_null(answer.error_message.data);
    assert_int_equal(answer.topics.count, 0);
}

static void nothing_moves(void **state)
{
    (void)state;
    static int32_t indexes[] = { 0, 2, 99 };
    struct list_reassignments_topic_ask topics[] = { { TEXT("t"), { indexes, 3 } }, { TEXT("none"), { indexes, 1 } } };

    assert_nothing_moves(NULL, -1);
    assert_nothing_moves(NULL, 0);
    assert_nothing_moves(topics, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_moves),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
