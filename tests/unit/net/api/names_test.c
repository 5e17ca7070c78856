/* tests/unit/net/api/names_test.c   Which names a topic may have, what was named already, and a code for every
 * status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/error.h"
#include "api/seen.h"
#include "api/topic_name.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"

static void names_at_the_borders(void **state)
{
    (void)state;
    char longest[251];
    memset(longest, 'a', sizeof(longest));
    struct text why;

    assert_int_equal(topic_name_status(TEXT("a"), NULL), STATUS_OK);
    assert_int_equal(topic_name_status(TEXT("A.b_c-9"), NULL), STATUS_OK);
    assert_int_equal(topic_name_status(TEXT("..."), NULL), STATUS_OK);
    assert_int_equal(topic_name_status((struct text){ longest, 249 }, NULL), STATUS_OK);
    assert_int_equal(topic_name_status((struct text){ longest, 250 }, &why), STATUS_INVALID);
    assert_true(why.size > 0);
    assert_int_equal(topic_name_status(TEXT(""), NULL), STATUS_INVALID);
    assert_int_equal(topic_name_status(TEXT("."), NULL), STATUS_INVALID);
    assert_int_equal(topic_name_status(TEXT(".."), NULL), STATUS_INVALID);
    assert_int_equal(topic_name_status(TEXT("a/b"), NULL), STATUS_INVALID);
    assert_int_equal(topic_name_status(TEXT("a b"), NULL), STATUS_INVALID);
    assert_int_equal(topic_name_status(((struct text){ "a\0b", 3 }), NULL), STATUS_INVALID);
}

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

static void every_status_has_a_code(void **state)
{
    (void)state;
    assert_int_equal(error_of(STATUS_OK), 0);
    for (int status = STATUS_OK + 1; status < STATUS_COUNT; status++) {
        assert_int_not_equal(error_of((enum status)status), 0);
        assert_true(error_text((enum status)status).size > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_at_the_borders),
        cmocka_unit_test(each_thing_is_new_once),
        cmocka_unit_test(a_set_of_nothing_holds_one),
        cmocka_unit_test(every_status_has_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
