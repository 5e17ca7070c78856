/* tests/unit/net/api/seen_test.c   What was named already: each thing is new once, whatever its hash, and a set never
 * takes more than was planned for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/seen.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"

static void each_thing_is_new_once(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct seen seen;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    assert_true(seen_init(&seen, &arena, 1000));
    for (uint64_t i = 0; i < 1000; i++) assert_true(seen_add(&seen, i * 64));
    for (uint64_t i = 0; i < 1000; i++) assert_false(seen_add(&seen, i * 64));
    arena_reset(&arena);
    heap_end(&heap);
}

static void a_set_of_nothing_holds_one(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct arena arena;
    struct seen seen;

    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    assert_true(seen_init(&seen, &arena, 0));
    assert_true(seen_add(&seen, 0));
    assert_false(seen_add(&seen, 0));
    assert_false(seen_init(&seen, &arena, 1000));
}

static void asking_adds_nothing(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct arena arena;
    struct seen seen;

    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    assert_true(seen_init(&seen, &arena, 8));
    assert_false(seen_has(&seen, 5));
    assert_false(seen_has(&seen, 5));
    assert_true(seen_add(&seen, 5));
    assert_true(seen_has(&seen, 5));
    assert_false(seen_has(&seen, 0));
    assert_true(seen_add(&seen, 0)); /* No hash means "free". */
    assert_true(seen_has(&seen, 0));
    assert_true(seen_add(&seen, UINT64_MAX));
    assert_false(seen_add(&seen, UINT64_MAX));
}

static void the_last_word_is_not_said_again(void **state)
{
    (void)state;
    static const uint64_t hashes[] = { 7, 0, 7, 9, 0, 7 };
    static const bool wanted[] = { true, true, true, false, false, false };
    uint8_t memory[512];
    struct arena arena;

    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    const bool *again = seen_again(&arena, hashes, array_count(hashes));
    assert_non_null(again);
    for (size_t i = 0; i < array_count(wanted); i++) assert_int_equal(again[i], wanted[i]);
}

static void each_thing_keeps_its_number(void **state)
{
    (void)state;
    uint8_t memory[512];
    struct arena arena;
    struct numbered set;

    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    assert_true(numbered_init(&set, &arena, 8));
    for (uint64_t hash = 0; hash < 8; hash++) {
        assert_int_equal(*numbered_of(&set, hash), 0);
        *numbered_of(&set, hash) = 10 + (uint32_t)hash;
    }
    for (uint64_t hash = 0; hash < 8; hash++) assert_int_equal(*numbered_of(&set, hash), 10 + hash);
    assert_false(numbered_init(&set, &arena, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_is_new_once),      cmocka_unit_test(a_set_of_nothing_holds_one),
        cmocka_unit_test(asking_adds_nothing),         cmocka_unit_test(the_last_word_is_not_said_again),
        cmocka_unit_test(each_thing_keeps_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
