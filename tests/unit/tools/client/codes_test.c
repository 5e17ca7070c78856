/* codes_test.c   The table of error codes has no holes and says what Kafka's says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/codes.h"

static void every_number_finds_its_own_row(void **state)
{
    (void)state;
    for (int16_t number = -1; number <= 133; number++) {
        assert_non_null(code_find(number));
        assert_int_equal(code_find(number)->number, number);
    }
}

static void numbers_that_kafka_does_not_have_find_none(void **state)
{
    (void)state;
    assert_null(code_find(134));
    assert_null(code_find(-2));
    assert_null(code_find(INT16_MAX));
    assert_null(code_find(INT16_MIN));
    assert_string_equal(code_name(999), "an error unknown here");
    assert_false(code_retriable(999));
}

static void passing_trouble_is_told_from_lasting(void **state)
{
    (void)state;
    assert_true(code_retriable(CODE_LEADER_NOT_AVAILABLE));
    assert_true(code_retriable(6));
    assert_false(code_retriable(CODE_TOPIC_ALREADY_EXISTS));
    assert_false(code_retriable(CODE_NONE));
    assert_string_equal(code_name(CODE_TOPIC_ALREADY_EXISTS), "TOPIC_ALREADY_EXISTS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_finds_its_own_row),
        cmocka_unit_test(numbers_that_kafka_does_not_have_find_none),
        cmocka_unit_test(passing_trouble_is_told_from_lasting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
