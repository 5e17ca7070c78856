/* tests/unit/engine/base/status_test.c   Every status has words of its own. */
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_status_has_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        assert_non_null(status_text((enum status)i));
        assert_true(strlen(status_text((enum status)i)) > 0);
    }
    assert_string_equal(status_text(STATUS_OK), "ok");
}

/* A person who reads the words knows which it was. */
static void no_two_have_the_same_words(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        for (int k = 0; k < i; k++) assert_string_not_equal(status_text((enum status)i), status_text((enum status)k));
    }
    assert_int_equal(STATUS_OK, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text),
        cmocka_unit_test(no_two_have_the_same_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
