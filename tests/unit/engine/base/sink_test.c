/* tests/unit/engine/base/sink_test.c   Text goes where it is sent, whole or cut at a known place. */
#include "base/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"

static void a_memory_sink_stops_at_its_limit(void **state)
{
    (void)state;
    struct heap heap;
    struct memory_sink memory;
    heap_init(&heap);
    memory_sink_init(&memory, &heap, 10);

    sink_put(&memory.sink, TEXT("12345"));
    sink_format(&memory.sink, "%d", 67890);
    assert_false(memory.full);
    sink_put(&memory.sink, TEXT("x"));
    assert_true(memory.full);
    assert_true(text_equal(memory_sink_text(&memory), TEXT("1234567890")));
    memory_sink_end(&memory);
    assert_int_equal(memory_sink_text(&memory).size, 0);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void what_is_put_stands_in_order(void **state)
{
    (void)state;
    struct memory_sink memory;
    struct heap heap;
    char wanted[4000];
    size_t size = 0;

    heap_init(&heap);
    memory_sink_init(&memory, &heap, sizeof(wanted));
    assert_int_equal(memory_sink_text(&memory).size, 0);
    assert_non_null(memory_sink_text(&memory).data);
    sink_put(&memory.sink, TEXT(""));
    assert_int_equal(heap.live_count, 0); /* Nothing takes no memory. */
    for (int i = 0; i < 400; i++) {       /* It grows several times. */
        sink_format(&memory.sink, "%d,", i);
        size += (size_t)snprintf(wanted + size, sizeof(wanted) - size, "%d,", i);
    }
    assert_int_equal(memory_sink_text(&memory).size, size);
    assert_memory_equal(memory_sink_text(&memory).data, wanted, size);
    assert_false(memory.full);
    memory_sink_end(&memory);
    assert_int_equal(heap.live_count, 0);
    sink_put(&memory.sink, TEXT("again"));
    assert_int_equal(memory_sink_text(&memory).size, 5);
    memory_sink_end(&memory);
    heap_end(&heap);
}

static void what_is_formatted_is_cut_at_its_bound(void **state)
{
    (void)state;
    struct memory_sink memory;
    struct heap heap;
    char longest[SINK_FORMAT_MAX + 10];

    heap_init(&heap);
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    for (size_t size = SINK_FORMAT_MAX - 1; size <= SINK_FORMAT_MAX + 2; size++) {
        memory_sink_init(&memory, &heap, 1 << 16);
        sink_format(&memory.sink, "%.*s", (int)size, longest);
        assert_int_equal(memory_sink_text(&memory).size, size < SINK_FORMAT_MAX ? size : SINK_FORMAT_MAX);
        memory_sink_end(&memory);
    }
    heap_end(&heap);
}

/* All of a piece or nothing of it, and nothing after it: what is there is no riddle. */
static void what_does_not_fit_ends_it(void **state)
{
    (void)state;
    struct memory_sink memory;
    struct heap heap;

    heap_init(&heap);
    memory_sink_init(&memory, &heap, 5);
    sink_put(&memory.sink, TEXT("123"));
    sink_put(&memory.sink, TEXT("456"));
    assert_true(memory.full);
    sink_put(&memory.sink, TEXT("7"));
    assert_true(text_equal(memory_sink_text(&memory), TEXT("123")));
    memory_sink_end(&memory);
    sink_put(&memory.sink, TEXT("12345"));
    assert_false(memory.full);
    assert_int_equal(memory_sink_text(&memory).size, 5);
    memory_sink_end(&memory);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memory_sink_stops_at_its_limit),
        cmocka_unit_test(what_is_put_stands_in_order),
        cmocka_unit_test(what_is_formatted_is_cut_at_its_bound),
        cmocka_unit_test(what_does_not_fit_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
