/* tests/unit/engine/base/trace_test.c   The shape of a line, dates at their borders, and silence under a limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/check.h"
#include "base/heap.h"
#include "base/sink.h"
#include "base/trace.h"

struct fixture {
    struct heap heap;
    struct memory_sink memory;
    struct trace trace;
};

static void begin(struct fixture *fixture)
{
    heap_init(&fixture->heap);
    memory_sink_init(&fixture->memory, &fixture->heap, 1 << 16);
    fixture->trace = (struct trace){ .sink = &fixture->memory.sink, .least = TRACE_INFO };
}

static void expect(struct fixture *fixture, const char *text)
{
    struct text got = memory_sink_text(&fixture->memory);
    assert_int_equal(got.size, strlen(text));
    assert_memory_equal(got.data, text, got.size);
    memory_sink_end(&fixture->memory);
}

static void a_line_has_kafkas_shape(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);

    trace_line(&fixture.trace, 1795204774123, TRACE_INFO, "shard", "started in %d ms", 41);
    expect(&fixture, "[2026-11-20 19:59:34,123] INFO started in 41 ms (shard)\n");
    trace_line(&fixture.trace, 0, TRACE_DEBUG, "shard", "unheard");
    expect(&fixture, "");
    trace_line(&fixture.trace, 0, TRACE_ERROR, "log", "two\nlines\t%s", "\x1b[31m");
    expect(&fixture, "[1970-01-01 00:00:00,000] ERROR two lines  [31m (log)\n");
    heap_end(&fixture.heap);
}

static void dates_are_right_at_their_borders(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        int32_t zone_s;
        const char *text;
    } rows[] = {
        { -1, 0, "[1969-12-31 23:59:59,999] WARN m (r)\n" },
        { 951782400000, 0, "[2000-02-29 00:00:00,000] WARN m (r)\n" },
        { 951868799999, 0, "[2000-02-29 23:59:59,999] WARN m (r)\n" },
        { 4107542400000, 0, "[2100-03-01 00:00:00,000] WARN m (r)\n" },
        { 4107542399000, 0, "[2100-02-28 23:59:59,000] WARN m (r)\n" },
        { 1735689599000, 3600, "[2025-01-01 00:59:59,000] WARN m (r)\n" },
        { 1735689600000, -1, "[2024-12-31 23:59:59,000] WARN m (r)\n" },
    };
    struct fixture fixture;
    begin(&fixture);

    for (size_t i = 0; i < array_count(rows); i++) {
        fixture.trace.zone_s = rows[i].zone_s;
        trace_line(&fixture.trace, rows[i].ms, TRACE_WARN, "r", "m");
        expect(&fixture, rows[i].text);
    }
    heap_end(&fixture.heap);
}

static void a_long_message_is_cut_and_still_one_line(void **state)
{
    (void)state;
    struct fixture fixture;
    char message[3000];
    memset(message, 'x', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    begin(&fixture);

    trace_line(&fixture.trace, 0, TRACE_FATAL, "room", "%s", message);
    struct text got = memory_sink_text(&fixture.memory);
    assert_true(got.size > 1000 && got.size < 1200);
    assert_true(text_ends(got, TEXT("x (room)\n")));
    heap_end(&fixture.heap);
}

static void a_limit_lets_one_line_through_and_counts_the_rest(void **state)
{
    (void)state;
    struct fixture fixture;
    struct trace_limit limit = { 0 };
    begin(&fixture);

    for (int64_t ms = 0; ms < 1000; ms++) trace_limited(&fixture.trace, &limit, ms, TRACE_WARN, "r", "m");
    expect(&fixture, "[1970-01-01 00:00:00,000] WARN m (r)\n");
    trace_limited(&fixture.trace, &limit, 1000, TRACE_WARN, "r", "m");
    expect(&fixture, "[1970-01-01 00:00:01,000] WARN m [and 999 like it before] (r)\n");
    trace_limited(&fixture.trace, &limit, 2000, TRACE_WARN, "r", "m");
    expect(&fixture, "[1970-01-01 00:00:02,000] WARN m (r)\n");
    trace_limited(&fixture.trace, &limit, 500, TRACE_WARN, "r", "the clock went back");
    expect(&fixture, "[1970-01-01 00:00:00,500] WARN the clock went back (r)\n");
    heap_end(&fixture.heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_kafkas_shape),
        cmocka_unit_test(dates_are_right_at_their_borders),
        cmocka_unit_test(a_long_message_is_cut_and_still_one_line),
        cmocka_unit_test(a_limit_lets_one_line_through_and_counts_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
