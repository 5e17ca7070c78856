/* tests/unit/net/api/init_producer_id_test.c   Producer ids: dealt out one by one from a block, which is asked for once
 * however many wait for it. */
#include "decisions.h"
#include "one_desk.h"

#include "messages/init_producer_id.h"

static struct init_producer_id_answer answer;

static struct init_producer_id_ask plain(void)
{
    struct init_producer_id_ask ask;
    message_clear(&init_producer_id_ask_schema, &ask);
    ask.transactional_id = TEXT_NULL;
    return ask;
}

static void many_wait_for_one_block(void **state)
{
    (void)state;
    struct init_producer_id_ask ask = plain();
    int32_t first = desk.correlation + 1;

    struct controller_call *call = desk_asks(&desk, API_INIT_PRODUCER_ID, 4, &ask, CONTROLLER_PRODUCER_IDS);
    for (int i = 0; i < 2; i++) desk_send(&desk, API_INIT_PRODUCER_ID, 4, &ask);
    assert_true(desk_quiet(&desk, 20));
    assert_int_equal(decision_count, 1);
    call->first_producer_id = 7000;
    desk_decides(STATUS_OK);
    for (int i = 0; i < 3; i++) {
        desk_answer_of(&desk, first + i, API_INIT_PRODUCER_ID, 4, &answer);
        assert_int_equal(answer.error, ERROR_NONE);
        assert_int_equal(answer.producer_id, 7000 + i);
        assert_int_equal(answer.producer_epoch, 0);
    }
}

/* What is left of the block is dealt out without a word; behind its end another one is asked for. */
static void a_block_ends_after_a_thousand(void **state)
{
    (void)state;
    struct init_producer_id_ask ask = plain();

    for (int i = 3; i < 1000; i++) {
        desk_ask(&desk, API_INIT_PRODUCER_ID, 4, &ask, &answer);
        assert_int_equal(answer.producer_id, 7000 + i);
        arena_reset(&desk.messages);
    }
    assert_int_equal(decision_count, 0);
    (void)desk_asks(&desk, API_INIT_PRODUCER_ID, 4, &ask, CONTROLLER_PRODUCER_IDS);
    desk_decides(STATUS_STOPPING);
    desk_told(&desk, API_INIT_PRODUCER_ID, 4, &answer);
    assert_int_equal(answer.error, ERROR_COORDINATOR_LOAD_IN_PROGRESS); /* Clients try again, */
    assert_int_equal(answer.producer_id, -1);
    assert_int_equal(answer.producer_epoch, -1);

    struct controller_call *call = desk_asks(&desk, API_INIT_PRODUCER_ID, 4, &ask, CONTROLLER_PRODUCER_IDS);
    call->first_producer_id = 9000; /* and are asked for then. */
    desk_decides(STATUS_OK);
    desk_told(&desk, API_INIT_PRODUCER_ID, 4, &answer);
    assert_int_equal(answer.producer_id, 9000);
}

static void transactions_are_refused_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        int32_t timeout_ms;
        int16_t error;
    } rows[] = {
        { "", 1000, ERROR_INVALID_REQUEST },
        { "t", 0, ERROR_INVALID_TRANSACTION_TIMEOUT },
        { "t", -1, ERROR_INVALID_TRANSACTION_TIMEOUT },
        { "t", 900001, ERROR_INVALID_TRANSACTION_TIMEOUT },
        { "t", 900000, ERROR_COORDINATOR_NOT_AVAILABLE },
        { "t", 1, ERROR_COORDINATOR_NOT_AVAILABLE },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct init_producer_id_ask ask = plain();
        ask.transactional_id = text_of(rows[i].id);
        ask.transaction_timeout_ms = rows[i].timeout_ms;
        for (int16_t version = 0; version <= 5; version++) {
            desk_ask(&desk, API_INIT_PRODUCER_ID, version, &ask, &answer);
            assert_int_equal(answer.error, rows[i].error);
            assert_int_equal(answer.producer_id, -1);
        }
    }
    assert_int_equal(decision_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_wait_for_one_block),
        cmocka_unit_test(a_block_ends_after_a_thousand),
        cmocka_unit_test(transactions_are_refused_in_order),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
