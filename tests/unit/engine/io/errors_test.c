/* errno becomes a status that says what its caller can do; what is unknown is an input/output error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/check.h"
#include "io/errors.h"

static void every_known_number_has_its_status(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum status status;
    } rows[] = {
        { 0, STATUS_OK },
        { ECANCELED, STATUS_CANCELLED },
        { ECONNRESET, STATUS_CLOSED },
        { EPIPE, STATUS_CLOSED },
        { ENOSPC, STATUS_NO_SPACE },
        { EDQUOT, STATUS_NO_SPACE },
        { EMFILE, STATUS_TOO_MANY },
        { EADDRINUSE, STATUS_ADDRESS_IN_USE },
        { EROFS, STATUS_READ_ONLY },
        { EIO, STATUS_IO_ERROR },
    };
    for (size_t i = 0; i < array_count(rows); i++) assert_int_equal(error_status(rows[i].error), rows[i].status);
}

static void an_unknown_number_is_an_input_output_error(void **state)
{
    (void)state;
    assert_int_equal(error_status(EXDEV), STATUS_IO_ERROR);
    assert_int_equal(error_status(100000), STATUS_IO_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_number_has_its_status),
        cmocka_unit_test(an_unknown_number_is_an_input_output_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
