/* tests/unit/net/api/topic_name_test.c   Which names a topic may have, and in which words the others are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/topic_name.h"
#include "base/arena.h"
#include "base/check.h"

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

/* What a file system or a shell would take for something else is no name. */
static void every_byte_is_allowed_or_not(void **state)
{
    (void)state;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    for (int byte = 0; byte < 256; byte++) {
        char name[3] = { 'a', (char)byte, 'b' };
        bool may = byte != 0 && strchr(allowed, byte) != NULL;
        assert_int_equal(topic_name_status((struct text){ name, 3 }, NULL), may ? STATUS_OK : STATUS_INVALID);
    }
}

static void refusals_are_in_kafkas_words(void **state)
{
    (void)state;
    char long_name[250], memory[2048];
    memset(long_name, 'a', sizeof(long_name));
    const struct {
        struct text name;
        const char *start, *end;
    } rows[] = {
        { TEXT(""), "Topic name is invalid: the empty string is not allowed", "allowed" },
        { TEXT("."), "Topic name is invalid: '.' is not allowed", "allowed" },
        { TEXT(".."), "Topic name is invalid: '..' is not allowed", "allowed" },
        { TEXT("a "), "Topic name is invalid: 'a ' contains one or more characters other than ASCII", "'-'" },
        { TEXT("/"), "Topic name is invalid: '/' contains one or more characters other than ASCII", "'-'" },
        { { long_name, 250 }, "Topic name is invalid: the length of 'aaa", "max allowed length 249" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct arena arena;
        arena_init(&arena, NULL, memory, sizeof(memory), 0);
        struct text why = topic_name_why(rows[i].name, &arena);
        size_t start = strlen(rows[i].start), end = strlen(rows[i].end);
        assert_true(why.size >= start);
        assert_memory_equal(why.data, rows[i].start, start);
        assert_memory_equal(why.data + why.size - end, rows[i].end, end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_at_the_borders),
        cmocka_unit_test(every_byte_is_allowed_or_not),
        cmocka_unit_test(refusals_are_in_kafkas_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
