/* tests/unit/engine/base/text_test.c   Null, empty and one character are where text functions break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"

static void null_differs_from_empty(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT_NULL, TEXT_NULL));
    assert_false(text_equal(TEXT_NULL, TEXT("")));
    assert_true(text_equal(TEXT(""), TEXT("")));
    assert_null(text_of(NULL).data);
    assert_int_equal(text_of("abc").size, 3);
    assert_true(text_compare(TEXT_NULL, TEXT("")) < 0);
    assert_int_equal(text_compare(TEXT_NULL, TEXT_NULL), 0);
}

static void order_is_bytewise_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(text_compare(TEXT("a"), TEXT("ab")) < 0);
    assert_true(text_compare(TEXT("b"), TEXT("ab")) > 0);
    assert_true(text_compare(TEXT("\x80"), TEXT("a")) > 0);
    assert_int_equal(text_compare(TEXT("ab"), TEXT("ab")), 0);
    assert_true(text_compare(TEXT(""), TEXT("a")) < 0);
}

static void hashes_depend_on_every_byte_and_on_nothing_else(void **state)
{
    (void)state;
    char bytes[24] = "abcdefghijklmnopqrstuvw";
    char copy[25];
    uint64_t hash = text_hash((struct text){ bytes, 23 });

    memcpy(copy + 1, bytes, 24);
    assert_true(text_hash((struct text){ copy + 1, 23 }) == hash);
    for (size_t i = 0; i < 23; i++) {
        bytes[i] ^= 1;
        assert_false(text_hash((struct text){ bytes, 23 }) == hash);
        bytes[i] ^= 1;
    }
    assert_false(text_hash((struct text){ "\0", 1 }) == text_hash(TEXT("")));
    assert_false(text_hash((struct text){ "\0\0", 2 }) == text_hash((struct text){ "\0", 1 }));
}

static void starts_ends_trim(void **state)
{
    (void)state;
    assert_true(text_starts(TEXT("abc"), TEXT("ab")));
    assert_false(text_starts(TEXT("ab"), TEXT("abc")));
    assert_true(text_starts(TEXT_NULL, TEXT("")));
    assert_true(text_ends(TEXT("abc"), TEXT("bc")));
    assert_true(text_ends(TEXT("abc"), TEXT("abc")));
    assert_false(text_ends(TEXT("bc"), TEXT("abc")));
    assert_true(text_equal(text_trim(TEXT(" \t a b\t ")), TEXT("a b")));
    assert_int_equal(text_trim(TEXT("  ")).size, 0);
    assert_int_equal(text_trim(TEXT_NULL).size, 0);
}

static void cutting_walks_through_all_parts(void **state)
{
    (void)state;
    struct text rest = TEXT("a,,b");
    assert_true(text_equal(text_cut(&rest, ','), TEXT("a")));
    assert_true(text_equal(text_cut(&rest, ','), TEXT("")));
    assert_true(text_equal(text_cut(&rest, ','), TEXT("b")));
    assert_null(rest.data);

    rest = TEXT("a,");
    assert_true(text_equal(text_cut(&rest, ','), TEXT("a")));
    assert_non_null(rest.data);
    assert_int_equal(text_cut(&rest, ',').size, 0);
    assert_null(rest.data);
}

static void numbers_are_whole_or_refused(void **state)
{
    (void)state;
    int64_t n = 5;
    assert_true(text_to_i64(TEXT("0"), &n) && n == 0);
    assert_true(text_to_i64(TEXT("-0"), &n) && n == 0);
    assert_true(text_to_i64(TEXT("+7"), &n) && n == 7);
    assert_true(text_to_i64(TEXT("9223372036854775807"), &n) && n == INT64_MAX);
    assert_true(text_to_i64(TEXT("-9223372036854775808"), &n) && n == INT64_MIN);

    n = 5;
    static const char *const bad[] = { "",
                                       "-",
                                       "+",
                                       "1a",
                                       "a1",
                                       " 1",
                                       "1 ",
                                       "1.0",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999999",
                                       "--1",
                                       "0x10" };
    for (size_t i = 0; i < array_count(bad); i++) assert_false(text_to_i64(text_of(bad[i]), &n));
    assert_int_equal(n, 5);
}

static void copies_end_with_a_nul(void **state)
{
    (void)state;
    struct arena arena;
    _Alignas(16) uint8_t first[256];
    arena_init(&arena, NULL, first, sizeof(first), 0);

    struct text copy = text_copy(&arena, (struct text){ "abcdef", 3 });
    assert_string_equal(copy.data, "abc");
    assert_int_equal(copy.size, 3);
    assert_null(text_copy(&arena, TEXT_NULL).data);
    struct text made = text_format(&arena, "%d-%.*s", 42, TEXT_ARGS(copy));
    assert_string_equal(made.data, "42-abc");
    assert_int_equal(made.size, 6);
    assert_null(text_format(&arena, "%300d", 1).data);
}

static void distance_counts_slips_up_to_its_limit(void **state)
{
    (void)state;
    assert_int_equal(text_distance(TEXT("log.dirs"), TEXT("log.dirs"), 3), 0);
    assert_int_equal(text_distance(TEXT("log.dir"), TEXT("log.dirs"), 3), 1);
    assert_int_equal(text_distance(TEXT("kitten"), TEXT("sitting"), 10), 3);
    assert_int_equal(text_distance(TEXT("kitten"), TEXT("sitting"), 3), 3);
    assert_int_equal(text_distance(TEXT("kitten"), TEXT("sitting"), 2), 2);
    assert_int_equal(text_distance(TEXT(""), TEXT("ab"), 5), 2);
    assert_int_equal(text_distance(TEXT(""), TEXT(""), 5), 0);
    assert_int_equal(text_distance(TEXT("a"), TEXT("abcdefgh"), 3), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_differs_from_empty),
        cmocka_unit_test(order_is_bytewise_and_a_prefix_comes_first),
        cmocka_unit_test(hashes_depend_on_every_byte_and_on_nothing_else),
        cmocka_unit_test(starts_ends_trim),
        cmocka_unit_test(cutting_walks_through_all_parts),
        cmocka_unit_test(numbers_are_whole_or_refused),
        cmocka_unit_test(copies_end_with_a_nul),
        cmocka_unit_test(distance_counts_slips_up_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
