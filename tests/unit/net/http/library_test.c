/* tests/unit/net/http/library_test.c   The HTTP library is loaded when it is wanted, whole, and any number of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/library.h"

static void every_call_is_found(void **state)
{
    (void)state;
    struct library first = { 0 }, second = { 0 };
    const char *why = "not asked yet";

    assert_int_equal(library_load(&first, &why), STATUS_OK);
    assert_null(why);
#define LIBRARY_THERE(name) assert_non_null(first.name);
    LIBRARY_CALLS(LIBRARY_THERE)
    assert_int_equal(library_load(&second, &why), STATUS_OK);
    assert_ptr_equal(second.handle, first.handle);
    assert_ptr_equal(second.run, first.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
