/* tests/unit/net/api/describe_cluster_test.c   The cluster as a whole; where its brokers are is endpoint_test's. */
#include "desk_ask.h"
#include "one_desk.h"

#include "api/endpoint.h"
#include "messages/describe_cluster.h"

static struct describe_cluster_answer answer;

static void the_cluster_is_named(void **state)
{
    (void)state;
    struct describe_cluster_ask ask = { .endpoint_type = 1 };

    for (int16_t version = 0; version <= 2; version++) {
        desk_ask(&desk, API_DESCRIBE_CLUSTER, version, &ask, &answer);
        assert_int_equal(answer.error, ERROR_NONE);
        assert_true(text_equal(answer.cluster_id, TEXT("cluster")));
        assert_int_equal(answer.controller_id, DESK_SELF);
        assert_int_equal(answer.cluster_authorized_operations, OPERATIONS_NOT_ASKED);
    }
}

static void operations_are_told_to_those_who_ask(void **state)
{
    (void)state;
    struct describe_cluster_ask ask = { .endpoint_type = 1, .include_cluster_authorized_operations = true };
    desk_ask(&desk, API_DESCRIBE_CLUSTER, 1, &ask, &answer);
    assert_int_equal(answer.cluster_authorized_operations, OPERATIONS_CLUSTER);
}

/* A tool that wants the controllers has come to the wrong door. */
static void controllers_are_asked_elsewhere(void **state)
{
    (void)state;
    static const struct {
        int8_t type;
        int16_t error;
    } rows[] = { { 2, ERROR_MISMATCHED_ENDPOINT_TYPE },
                 { 0, ERROR_UNSUPPORTED_ENDPOINT_TYPE },
                 { -1, ERROR_UNSUPPORTED_ENDPOINT_TYPE },
                 { 3, ERROR_UNSUPPORTED_ENDPOINT_TYPE } };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct describe_cluster_ask ask = { .endpoint_type = rows[i].type };
        desk_ask(&desk, API_DESCRIBE_CLUSTER, 1, &ask, &answer);
        assert_int_equal(answer.error, rows[i].error);
        assert_true(answer.error_message.size > 0);
        assert_int_equal(answer.brokers.count, 0);
        desk_ask(&desk, API_DESCRIBE_CLUSTER, 0, &ask, &answer); /* There is no such field. */
        assert_int_equal(answer.error, ERROR_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cluster_is_named),
        cmocka_unit_test(operations_are_told_to_those_who_ask),
        cmocka_unit_test(controllers_are_asked_elsewhere),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
