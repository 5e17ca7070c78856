/* One value: every type at its bounds and one beyond, a refusal's words, and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/settings.h"

struct values {
    bool flag;
    int16_t small;
    int32_t number;
    int64_t large;
    double ratio;
    struct text name, secret;
    struct text_list list;
    uint8_t kind;
};

enum { FLAG, SMALL, NUMBER, LARGE, RATIO, NAME, SECRET, LIST, KIND };

/* clang-format off */
static const struct setting rows[] = {
    SETTING(values, flag,   "flag",   SETTING_BOOL,     "true", 0, 0, NULL, SETTING_BROKER, ""),
    SETTING(values, small,  "small",  SETTING_SHORT,    "1", SETTING_LEAST, SETTING_MOST, NULL, SETTING_BROKER, ""),
    SETTING(values, number, "number", SETTING_INT,      "1", 1, 9, NULL, SETTING_BROKER | SETTING_OR_MINUS_ONE, ""),
    SETTING(values, large,  "large",  SETTING_LONG,     "1", 0, SETTING_MOST, NULL, SETTING_BROKER, ""),
    SETTING(values, ratio,  "ratio",  SETTING_DOUBLE,   "1", 0, 1, NULL, SETTING_BROKER, ""),
    SETTING(values, name,   "name",   SETTING_STRING,   "", 0, 0, "one, Two", SETTING_BROKER | SETTING_ANY_CASE, ""),
    SETTING(values, secret, "secret", SETTING_PASSWORD, NULL, 0, 0, NULL, SETTING_BROKER | SETTING_NOT_EMPTY, ""),
    SETTING(values, list,   "list",   SETTING_LIST,     "", 0, 0, NULL, SETTING_BROKER | SETTING_NO_DUPLICATES, ""),
    SETTING(values, kind,   "kind",   SETTING_ENUM,     "a", 0, 0, "a, b, c", SETTING_BROKER, ""),
};

static const struct row {
    uint8_t setting;
    const char *text, *printed; /* NULL: refused, */
    const char *reason;         /* in these words */
} cases[] = {
    { FLAG,   "true",                  "true",                  NULL },
    { FLAG,   " FALSE\t",              "false",                 NULL },
    { FLAG,   "yes",                   NULL, "Expected value to be either true or false" },
    { FLAG,   "",                      NULL, "Expected value to be either true or false" },
    { SMALL,  "-32768",                "-32768",                NULL },
    { SMALL,  "32767",                 "32767",                 NULL },
    { SMALL,  "32768",                 NULL, "Not a number of type SHORT" },
    { NUMBER, "-1",                    "-1",                    NULL },
    { NUMBER, "9",                     "9",                     NULL },
    { NUMBER, "0",                     NULL, "Value must be between 1 and 9 or equal to -1" },
    { NUMBER, "10",                    NULL, "Value must be between 1 and 9 or equal to -1" },
    { NUMBER, "2147483648",            NULL, "Not a number of type INT" },
    { NUMBER, "1.5",                   NULL, "Not a number of type INT" },
    { LARGE,  "9223372036854775807",   "9223372036854775807",   NULL },
    { LARGE,  "9223372036854775808",   NULL, "Not a number of type LONG" },
    { LARGE,  "-1",                    NULL, "Value must be at least 0" },
    { RATIO,  "0",                     "0.0",                   NULL },
    { RATIO,  "0.1",                   "0.1",                   NULL },
    { RATIO,  "1e-3",                  "0.001",                 NULL },
    { RATIO,  "0.0001",                "1.0E-4",                NULL }, /* as Java */
    { RATIO,  "0.00012345",            "1.2345E-4",             NULL },
    { RATIO,  "1.5",                   NULL, "Value must be no more than 1" },
    { RATIO,  "nan",                   NULL, "Not a number of type DOUBLE" },
    { RATIO,  "1e999",                 NULL, "Not a number of type DOUBLE" },
    { NAME,   "TWO",                   "TWO",                   NULL },
    { NAME,   "three",                 NULL, "String must be one of (case insensitive): one, Two" },
    { SECRET, "x y",                   "x y",                   NULL },
    { SECRET, " ",                     NULL, "String must be non-empty" },
    { LIST,   "",                      "",                      NULL },
    { LIST,   "a, b ,a,b",             "a,b",                   NULL },
    { KIND,   "c",                     "c",                     NULL },
    { KIND,   "C",                     NULL, "String must be one of: a, b, c" },
};
/* clang-format on */

static void each_value_is_taken_or_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_count(cases); i++) {
        const struct row *row = &cases[i];
        const struct setting *setting = &rows[row->setting];
        struct values values = { .number = 42 };
        struct text why = TEXT_NULL;
        struct heap heap;
        struct arena arena;
        char words[160];

        heap_init(&heap);
        arena_init(&arena, &heap, NULL, 0, 1 << 16);
        enum status status = setting_parse(setting, text_of(row->text), &values, &arena, &why);
        if (row->printed) {
            struct text printed = setting_print(setting, &values, &arena);
            assert_int_equal(status, STATUS_OK);
            assert_true(text_equal(printed, text_of(row->printed)));
        } else {
            assert_int_equal(status, STATUS_INVALID);
            snprintf(words, sizeof words, "Invalid value %s for configuration %s: %s",
                     row->setting == SECRET ? "[hidden]" : row->text, setting->name, row->reason);
            assert_string_equal(why.data, words);
            assert_int_equal(values.number, 42); /* What is refused changes nothing. */
        }
        heap_end(&heap);
    }
}

/* The complaint has the number that was read, in Java's spelling, and not its letters. */
static void what_is_out_of_bounds_is_said_as_it_was_read(void **state)
{
    (void)state;
    static const struct {
        uint8_t setting;
        const char *text, *why;
    } said[] = {
        { NUMBER, "+12", "Invalid value 12 for configuration number: Value must be between 1 and 9 or equal to -1" },
        { LARGE, "-9223372036854775807",
          "Invalid value -9223372036854775807 for configuration large: Value must be at least 0" },
        { RATIO, "2", "Invalid value 2.0 for configuration ratio: Value must be no more than 1" },
        { RATIO, "-0.00001", "Invalid value -1.0E-5 for configuration ratio: Value must be at least 0" },
        { RATIO, "1000000", "Invalid value 1000000.0 for configuration ratio: Value must be no more than 1" },
        { RATIO, "12345678", "Invalid value 1.2345678E7 for configuration ratio: Value must be no more than 1" },
        { RATIO, "1e22", "Invalid value 1.0E22 for configuration ratio: Value must be no more than 1" },
        { LIST, "a,", "Configuration 'list' values must not be empty." },
        { LIST, ",", "Configuration 'list' values must not be empty." },
    };
    for (size_t i = 0; i < array_count(said); i++) {
        struct values values;
        struct text why = TEXT_NULL;
        struct heap heap;
        struct arena arena;

        heap_init(&heap);
        arena_init(&arena, &heap, NULL, 0, 1 << 16);
        assert_int_equal(setting_parse(&rows[said[i].setting], text_of(said[i].text), &values, &arena, &why),
                         STATUS_INVALID);
        assert_string_equal(why.data, said[i].why);
        heap_end(&heap);
    }
}

static void without_memory_nothing_is_taken(void **state)
{
    (void)state;
    static const uint8_t texts[] = { NAME, SECRET, LIST };
    struct values values = { .number = 42 };
    struct text why = TEXT_NULL;
    struct arena arena;

    arena_init(&arena, NULL, NULL, 0, 0);
    for (size_t i = 0; i < array_count(texts); i++) {
        enum status status = setting_parse(&rows[texts[i]], TEXT("one"), &values, &arena, &why);
        assert_int_equal(status, STATUS_NO_MEMORY);
    }
    assert_int_equal(setting_parse(&rows[FLAG], TEXT("maybe"), &values, &arena, &why), STATUS_NO_MEMORY);
    assert_int_equal(setting_parse(&rows[NUMBER], TEXT("7"), &values, &arena, &why), STATUS_OK);
    assert_int_equal(values.number, 7);
}

static void null_is_printed_as_null(void **state)
{
    (void)state;
    const struct values values = { .list = { NULL, -1 } };
    struct arena arena;

    arena_init(&arena, NULL, NULL, 0, 0);
    assert_null(setting_print(&rows[SECRET], &values, &arena).data);
    assert_null(setting_print(&rows[LIST], &values, &arena).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_is_taken_or_refused_in_words),
        cmocka_unit_test(what_is_out_of_bounds_is_said_as_it_was_read),
        cmocka_unit_test(without_memory_nothing_is_taken),
        cmocka_unit_test(null_is_printed_as_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
