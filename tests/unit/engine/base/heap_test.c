/* tests/unit/engine/base/heap_test.c   What the heap counts, and that it can give everything back at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"

static void pieces_are_zeroed_aligned_and_counted(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);

    uint8_t *a = heap_take(&heap, 100), *b = heap_take(&heap, 0);
    assert_non_null(b);
    assert_int_equal((uintptr_t)a % 16, 0);
    assert_int_equal((uintptr_t)b % 16, 0);
    for (int i = 0; i < 100; i++) assert_int_equal(a[i], 0);
    assert_int_equal(heap.live_count, 2);
    assert_int_equal(heap.live_size, 100);
    assert_int_equal(heap.take_count, 2);

    heap_give(&heap, a);
    heap_give(&heap, NULL);
    assert_int_equal(heap.live_count, 1);
    assert_int_equal(heap.live_size, 0);
    heap_give(&heap, b);
    assert_int_equal(heap.live_count, 0);
    assert_int_equal(heap.take_count, 2);
    heap_end(&heap);
}

static void resizing_keeps_the_bytes_and_zeroes_the_rest(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);

    uint8_t *first = heap_take(&heap, 8);
    uint8_t *piece = heap_resize(&heap, NULL, 4);
    memset(piece, 7, 4);
    uint8_t *last = heap_take(&heap, 8);
    piece = heap_resize(&heap, piece, 100000);
    for (int i = 0; i < 4; i++) assert_int_equal(piece[i], 7);
    for (int i = 4; i < 100000; i++) assert_int_equal(piece[i], 0);
    piece = heap_resize(&heap, piece, 2);
    assert_int_equal(piece[1], 7);
    assert_int_equal(heap.live_size, 18);

    heap_give(&heap, first);
    heap_give(&heap, last);
    heap_give(&heap, piece);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void the_end_gives_back_what_is_still_taken(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);
    for (int i = 0; i < 100; i++) (void)heap_take(&heap, (size_t)i);
    heap_end(&heap);
    assert_int_equal(heap.live_count, 0);
    assert_int_equal(heap.live_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_counted),
        cmocka_unit_test(resizing_keeps_the_bytes_and_zeroes_the_rest),
        cmocka_unit_test(the_end_gives_back_what_is_still_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
