/* tests/unit/net/api/unregister_broker_test.c   Forgetting a broker: each outcome in its words. */
#include "decisions.h"
#include "one_desk.h"

#include "messages/unregister_broker.h"

static void each_outcome_has_its_words(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        int16_t error;
        const char *why;
    } rows[] = {
        { STATUS_OK, ERROR_NONE, "" },
        { STATUS_NOT_FOUND, ERROR_BROKER_ID_NOT_REGISTERED, "Broker ID 77 is not currently registered" },
        { STATUS_INVALID_REQUEST, ERROR_INVALID_REQUEST, "Broker ID 77 is this node, which is running" },
        { STATUS_TIMED_OUT, ERROR_REQUEST_TIMED_OUT, "timed out" },
    };
    struct unregister_broker_ask ask = { 77 };
    struct unregister_broker_answer answer;

    for (size_t i = 0; i < array_count(rows); i++) {
        struct controller_call *call = desk_asks(&desk, API_UNREGISTER_BROKER, 0, &ask, CONTROLLER_UNREGISTER_BROKER);
        assert_int_equal(call->broker, 77);
        desk_decides(rows[i].status);
        desk_told(&desk, API_UNREGISTER_BROKER, 0, &answer);
        assert_int_equal(answer.error, rows[i].error);
        assert_true(text_equal(answer.error_message, text_of(rows[i].why)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_outcome_has_its_words),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
