/* tests/unit/engine/base/check_test.c   The words of C, and that a broken invariant tells its sink and ends the
 * process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/status.h"

struct outer {
    int before;
    int member;
};

static void words_of_c(void **state)
{
    (void)state;
    struct outer outer = { 1, 2 };
    int array[3] = { 0 };

    assert_ptr_equal(container_of(&outer.member, struct outer, member), &outer);
    assert_int_equal(array_count(array), 3);
    assert_int_equal(min_of(1, 2), 1);
    assert_int_equal(max_of(1, 2), 2);
    assert_int_equal(round_up(0u, 16), 0);
    assert_int_equal(round_up(1u, 16), 16);
    assert_int_equal(round_up(16u, 16), 16);
    assert_int_equal(round_up(UINT64_C(0x100000001), 4096), UINT64_C(0x100001000));
    assert_int_equal(round_down(4097u, 4096), 4096);
    invariant(outer.before == 1);
}

static void say_and_leave(const char *line)
{
    /* Exit codes are the channel back to the test: 7 means that the line names the truth. */
    _exit(strstr(line, "1 == 2") && strstr(line, "check_test.c") ? 7 : 8);
}

static void a_broken_invariant_tells_the_sink(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        invariant_tell(say_and_leave);
        invariant(1 == 2);
        _exit(0);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_c),
        cmocka_unit_test(a_broken_invariant_tells_the_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
