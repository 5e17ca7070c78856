/* tests/unit/tools/pack_spec_test.c   Bytes read as numbers and text: both orders, both ends of every number, and bytes
 * that are too few or too many. */
#include "printed.h"

#include "pack_spec.h"

static void specs_are_read_or_their_first_bad_letter_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        bool good;
        char bad;
    } rows[] = { { "<>bBhHiIqQcs$ ", true, 0 }, { "q", true, 0 },    { "", false, 0 },
                 { "iz", false, 'z' },          { "x", false, 'x' }, { "i\n", false, '\n' } };

    for (size_t i = 0; i < array_count(rows); i++) {
        char bad = '?';
        assert_int_equal(pack_spec_read(rows[i].spec, &bad), rows[i].good);
        assert_int_equal(bad, rows[i].bad);
    }
}

#define BYTES_OF(literal)                               \
    {                                                   \
        (const uint8_t *)(literal), sizeof(literal) - 1 \
    }

static void numbers_and_text_are_eaten_from_the_front(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *spec;
        struct bytes bytes;
        const char *printed;
    } rows[] = {
        { "b",     BYTES_OF("\x80"),                             "-128" },
        { "b",     BYTES_OF("\x7f"),                             "127" },
        { "B",     BYTES_OF("\xff"),                             "255" },
        { "h",     BYTES_OF("\x80\x00"),                         "-32768" },
        { "<h",    BYTES_OF("\x00\x80"),                         "-32768" },
        { "H",     BYTES_OF("\xff\xfe"),                         "65534" },
        { "<H",    BYTES_OF("\xff\xfe"),                         "65279" },
        { "i",     BYTES_OF("\x80\x00\x00\x00"),                 "-2147483648" },
        { "I",     BYTES_OF("\xff\xff\xff\xff"),                 "4294967295" },
        { "q",     BYTES_OF("\x80\0\0\0\0\0\0\0"),               "-9223372036854775808" },
        { "q",     BYTES_OF("\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807" },
        { "Q",     BYTES_OF("\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615" },
        { "<I >I", BYTES_OF("\1\0\0\0\0\0\0\1"),                 "1 1" },
        { "c c",   BYTES_OF("ab"),                               "a b" },
        { "b s$",  BYTES_OF("\1rest"),                           "1 rest" },
        { "s",     BYTES_OF(""),                                 "" },
        { "B",     BYTES_OF("\1\2"),                             "1" }, /* what is left is nobody's trouble */
    };
    /* clang-format on */

    for (size_t i = 0; i < array_count(rows); i++) {
        struct printed printed;
        assert_true(pack_spec_print(rows[i].spec, rows[i].bytes, printed_begin(&printed)));
        printed_is(&printed, rows[i].printed);
    }
}

static void bytes_of_another_shape_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        struct bytes bytes;
    } rows[] = { { "b", BYTES_OF("") },       { "h", BYTES_OF("1") },
                 { "i", BYTES_OF("123") },    { "q", BYTES_OF("1234567") },
                 { "c", BYTES_OF("") },       { "b$", BYTES_OF("12") },
                 { "s$i", BYTES_OF("abcd") }, /* the text has eaten it */ { "$s", BYTES_OF("a") } };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct printed printed;
        assert_false(pack_spec_print(rows[i].spec, rows[i].bytes, printed_begin(&printed)));
        printed_end(&printed);
        printed_free(&printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_are_read_or_their_first_bad_letter_is_told),
        cmocka_unit_test(numbers_and_text_are_eaten_from_the_front),
        cmocka_unit_test(bytes_of_another_shape_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
