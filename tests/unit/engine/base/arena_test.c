/* tests/unit/engine/base/arena_test.c   The two borders of an arena: the end of a block and the limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"

static void the_first_block_is_used_up_before_the_heap_is_asked(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    _Alignas(16) uint8_t first[64];
    memset(first, 0xff, sizeof(first));
    heap_init(&heap);
    arena_init(&arena, &heap, first, sizeof(first), 10000);

    uint8_t *a = arena_take(&arena, 33), *b = arena_take(&arena, 16);
    assert_ptr_equal(a, first);
    assert_ptr_equal(b, first + 48);
    for (int i = 0; i < 33; i++) assert_int_equal(a[i], 0);
    assert_int_equal(heap.take_count, 0);

    uint8_t *c = arena_take(&arena, 1);
    assert_int_equal(heap.take_count, 1);
    assert_int_equal((uintptr_t)c % 16, 0);
    arena_reset(&arena);
    assert_int_equal(heap.live_count, 0);
    assert_ptr_equal(arena_take(&arena, 64), first);
    heap_end(&heap);
}

static void an_unaligned_first_block_loses_its_first_bytes(void **state)
{
    (void)state;
    struct arena arena;
    _Alignas(16) uint8_t first[64];

    arena_init(&arena, NULL, first + 1, 63, 0);
    assert_ptr_equal(arena_take(&arena, 48), first + 16);
    assert_null(arena_take(&arena, 1));
    arena_init(&arena, NULL, first + 1, 3, 0);
    assert_null(arena_take(&arena, 1));
}

static void the_limit_is_kept_and_can_be_reached(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 4096);

    assert_null(arena_take(&arena, 4096)); /* the head of the block needs room too */
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_null(arena_take(&arena, SIZE_MAX - 8));
    size_t taken = 0;
    while (arena_take(&arena, 256)) taken += 256;
    assert_true(taken >= 3072);
    assert_true(arena.size <= 4096);
    arena_reset(&arena);
    assert_int_equal(arena.size, 0);
    assert_non_null(arena_take(&arena, 4096 - 16));
    assert_null(arena_take(&arena, 1));
    heap_end(&heap);
}

static void an_arena_without_anything_gives_nothing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, NULL, NULL, 0, 1 << 20);
    assert_null(arena_take(&arena, 1));
    assert_null(arena_take(&arena, 0));
    assert_null(arena_copy(&arena, "x", 1));
}

static void pieces_do_not_touch(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    uint8_t *pieces[500];
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);

    for (size_t i = 0; i < array_count(pieces); i++) {
        pieces[i] = arena_take(&arena, i);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < array_count(pieces); i++) {
        for (size_t j = 0; j < i; j++) assert_int_equal(pieces[i][j], i & 0xff);
    }
    assert_memory_equal(arena_copy(&arena, "abc", 4), "abc", 4);
    arena_reset(&arena);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_block_is_used_up_before_the_heap_is_asked),
        cmocka_unit_test(an_unaligned_first_block_loses_its_first_bytes),
        cmocka_unit_test(the_limit_is_kept_and_can_be_reached),
        cmocka_unit_test(an_arena_without_anything_gives_nothing),
        cmocka_unit_test(pieces_do_not_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
