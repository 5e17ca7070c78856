/* tests/unit/tools/format_test.c   kcat's format strings: what is none, every token with and without something to
 * print, escapes at the end of the text, bytes that hold NUL. */
#include "printed.h"

#include "format.h"

static const struct consumer_partition partition = { .topic = TEXT("orders"), .index = 3 };

static struct bytes bytes_of(const char *text)
{
    return text ? (struct bytes){ (const uint8_t *)text, strlen(text) } : BYTES_NULL;
}

static struct consumer_record record_of(const char *key, const char *value)
{
    return (struct consumer_record){ .partition = &partition,
                                     .record = { .timestamp_ms = 1700000000123,
                                                 .offset = 42,
                                                 .key = bytes_of(key),
                                                 .value = bytes_of(value),
                                                 .headers = { (const uint8_t *)"\0", 1 } } };
}

static void what_is_no_format_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = { { "%", "there is no '%'" },
                 { "%s %", "there is no '%'" },
                 { "%z", "there is no '%z'" },
                 { "%%%x", "there is no '%x'" },
                 { "\\x25y", "there is no '%y'" } };
    static struct format format;
    char why[64];

    for (size_t i = 0; i < array_count(rows); i++) {
        assert_false(format_read(&format, rows[i].text, "", why));
        assert_string_equal(why, rows[i].why);
    }
}

static void a_format_has_its_length(void **state)
{
    (void)state;
    static struct format format;
    static char text[FORMAT_SIZE_MAX + 1];
    char why[64];

    memset(text, 'a', FORMAT_SIZE_MAX - 1);
    assert_true(format_read(&format, text, "", why));
    assert_int_equal(format.size, FORMAT_SIZE_MAX - 1);
    text[FORMAT_SIZE_MAX - 1] = 'a';
    assert_false(format_read(&format, text, "", why));
    assert_string_equal(why, "it is longer than 4095 bytes");
}

static void escapes_are_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t size;
    } rows[] = {
        { "a\\n\\t\\r\\\\", "a\n\t\r\\", 5 }, { "\\x41\\x4", "A\x04", 2 }, { "\\x", "x", 1 }, { "\\xg", "xg", 2 },
        { "\\101\\0\\78", "A\0\78", 4 },      { "\\0", "\0", 1 },          { "\\q", "q", 1 }, { "end\\", "end\\", 4 }
    };
    char text[32];

    for (size_t i = 0; i < array_count(rows); i++) {
        (void)snprintf(text, sizeof(text), "%s", rows[i].text);
        assert_int_equal(format_unescape(text, strlen(text)), rows[i].size);
        assert_memory_equal(text, rows[i].bytes, rows[i].size);
    }
}

static void print(const char *text, const char *null, const struct consumer_record *one, const char *expected)
{
    static struct format format;
    struct printed printed;
    char why[64];

    format = (struct format){ .size = 0 };
    assert_true(format_read(&format, text, null, why));
    assert_true(format_print(&format, one, printed_begin(&printed)));
    printed_is(&printed, expected);
}

static void every_token_prints_its_part(void **state)
{
    (void)state;
    struct consumer_record both = record_of("key", "value"), none = record_of(NULL, NULL), empty = record_of("", "");

    print("%t/%p@%o %T [%K]%k=[%S]%s 100%%\\n", "NULL", &both, "orders/3@42 1700000000123 [3]key=[5]value 100%\n");
    print("%K:%k %S:%s", "NULL", &none, "-1:NULL -1:NULL");
    print("%K:%k %S:%s", "", &none, "-1: -1:");
    print("%K:%k %S:%s", "NULL", &empty, "0: 0:");
    print("no token", "NULL", &both, "no token");
    print("", "NULL", &both, "");
    print("[%h]", "NULL", &both, "[]");
}

static void a_length_before_a_value_is_four_bytes(void **state)
{
    (void)state;
    struct consumer_record one = record_of(NULL, "abc"), none = record_of(NULL, NULL);
    static struct format format;
    struct printed printed;
    char why[64];

    assert_true(format_read(&format, "%R%s", "", why));
    assert_true(format_print(&format, &one, printed_begin(&printed)));
    assert_memory_equal(printed_end(&printed), "\0\0\0\3abc", 7);
    assert_int_equal(printed.size, 7);
    printed_free(&printed);
    assert_true(format_print(&format, &none, printed_begin(&printed)));
    assert_memory_equal(printed_end(&printed), "\xff\xff\xff\xff", 4);
    assert_int_equal(printed.size, 4);
    printed_free(&printed);
}

/* name=value, and what a null value is called also where nulls are printed as nothing. */
static void headers_stand_side_by_side(void **state)
{
    (void)state;
    struct consumer_record one = record_of(NULL, "v");

    one.record.headers = (struct bytes){ (const uint8_t *)"\x06\x02"
                                                          "a\x04"
                                                          "12\x02"
                                                          "b\x01\x00\x00",
                                         12 };
    print("%h", "", &one, "a=12,b=NULL,=");
    print("%h", "-", &one, "a=12,b=-,=");
}

static void a_value_that_its_spec_can_not_read_is_an_error(void **state)
{
    (void)state;
    struct consumer_record one = record_of("\1\2", "abc"), none = record_of(NULL, NULL);
    static struct format format;
    struct printed printed;
    char why[64];

    assert_true(format_read(&format, "%k/%s", "-", why));
    format.key_spec = "H$";
    assert_true(format_print(&format, &one, printed_begin(&printed)));
    printed_is(&printed, "258/abc");
    assert_true(format_print(&format, &none, printed_begin(&printed))); /* A null is no number of any size. */
    printed_is(&printed, "-/-");
    format.value_spec = "I";
    assert_false(format_print(&format, &one, printed_begin(&printed)));
    printed_is(&printed, "258/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_format_is_told),
        cmocka_unit_test(a_format_has_its_length),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(every_token_prints_its_part),
        cmocka_unit_test(a_length_before_a_value_is_four_bytes),
        cmocka_unit_test(headers_stand_side_by_side),
        cmocka_unit_test(a_value_that_its_spec_can_not_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
