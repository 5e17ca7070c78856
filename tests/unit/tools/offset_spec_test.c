/* tests/unit/tools/offset_spec_test.c   Where reading begins, as people say it: words, numbers at their ends, times in
 * three notations, and what is none of them. */
#include "printed.h"

#include <time.h>

#include "offset_spec.h"

enum { NOW_S = 1700000000 };
static const int64_t now_ms = INT64_C(1000) * NOW_S;

static void words_and_numbers_are_places(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum offset_kind from;
        int64_t value;
    } rows[] = { { "beginning", OFFSET_BEGINNING, 0 },
                 { "earliest", OFFSET_BEGINNING, 0 },
                 { "start", OFFSET_BEGINNING, 0 },
                 { "end", OFFSET_END, 0 },
                 { "latest", OFFSET_END, 0 },
                 { "0", OFFSET_ABSOLUTE, 0 },
                 { "9223372036854775807", OFFSET_ABSOLUTE, INT64_MAX },
                 { "-1", OFFSET_BACK, 1 },
                 { "-9223372036854775807", OFFSET_BACK, INT64_MAX },
                 { "-0", OFFSET_BACK, 0 },
                 { "s@5", OFFSET_TIME, 5 },
                 { "s@-1s", OFFSET_TIME, INT64_C(1699999999000) } };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct offset_spec spec = { .until_ms = -1 };
        if (!offset_spec_read(&spec, rows[i].word, now_ms)) fail_msg("'%s' is refused", rows[i].word);
        assert_int_equal(spec.from, rows[i].from);
        assert_int_equal(spec.from_value, rows[i].value);
        assert_int_equal(spec.until_ms, -1);
    }
}

static void an_end_leaves_the_beginning_as_it_was(void **state)
{
    (void)state;
    struct offset_spec spec = { .until_ms = -1 };

    assert_true(offset_spec_read(&spec, "s@100", now_ms));
    assert_true(offset_spec_read(&spec, "e@200", now_ms));
    assert_int_equal(spec.from, OFFSET_TIME);
    assert_int_equal(spec.from_value, 100);
    assert_int_equal(spec.until_ms, 200);
}

static void what_is_no_place_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",        "x",     "1x",  "--1",  "1.5",    "middle",
                                         "s@",      "e@",    "s@x", "s@-1", "s@-1y",  "s@2026-13-01",
                                         "s@--1s",  "END",   "-",   "s@-s", "s@2026", "-9223372036854775808",
                                         "s@-5 ms", "e@end", "@5",  "5@",   "s5",     "9223372036854775808" };

    for (size_t i = 0; i < array_count(wrong); i++) {
        struct offset_spec spec = { .until_ms = -1 };
        bool year = strcmp(wrong[i], "s@2026") == 0; /* is 2026 ms */
        if (offset_spec_read(&spec, wrong[i], now_ms) != year) fail_msg("'%s'", wrong[i]);
    }
}

static void times_are_said_in_three_ways(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int64_t ms;
    } rows[] = { { "0", 0 },
                 { "1700000000123", INT64_C(1700000000123) },
                 { "2023-11-14T22:13:20Z", INT64_C(1700000000000) },
                 { "2023-11-14 22:13:20Z", INT64_C(1700000000000) },
                 { "1970-01-01Z", 0 },
                 { "2024-02-29Z", INT64_C(1709164800000) },
                 { "-1ms", INT64_C(1699999999999) },
                 { "-0s", INT64_C(1700000000000) },
                 { "-90m", INT64_C(1699994600000) },
                 { "-2h", INT64_C(1699992800000) },
                 { "-1d", INT64_C(1699913600000) },
                 { "-2147483647d", 0 } }; /* before 1970: from its beginning on */
    int64_t ms;

    for (size_t i = 0; i < array_count(rows); i++) {
        if (!time_read(rows[i].word, now_ms, &ms)) fail_msg("'%s' is refused", rows[i].word);
        if (ms != rows[i].ms) fail_msg("'%s' is %lld", rows[i].word, (long long)ms);
    }
}

static void a_time_without_a_zone_is_of_here(void **state)
{
    (void)state;
    int64_t here, there;

    setenv("TZ", "UTC-2", 1); /* two hours before Greenwich */
    tzset();
    assert_true(time_read("2024-06-01T12:00:00", now_ms, &here));
    assert_true(time_read("2024-06-01T12:00:00Z", now_ms, &there));
    assert_int_equal(there - here, 2 * 3600 * 1000);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",
                                         "-1",
                                         "-1w",
                                         "-5",
                                         "-2147483648d",
                                         "yesterday",
                                         "2024-02-30x",
                                         "2024-06-01T",
                                         "2024-06-01T12",
                                         "2024-06-01T12:00:00X",
                                         "1969-12-31Z",
                                         "-ms",
                                         "--1d" };
    int64_t ms;

    for (size_t i = 0; i < array_count(wrong); i++) {
        if (time_read(wrong[i], now_ms, &ms)) fail_msg("'%s' is %lld", wrong[i], (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_numbers_are_places),     cmocka_unit_test(an_end_leaves_the_beginning_as_it_was),
        cmocka_unit_test(what_is_no_place_is_refused),      cmocka_unit_test(times_are_said_in_three_ways),
        cmocka_unit_test(a_time_without_a_zone_is_of_here), cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
