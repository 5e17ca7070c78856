/* Lines of fields: as kafka-dump-log prints them, and as one JSON object each, whatever the bytes. */
#include "unit.h"

#include "base/sink.h"
#include "log/inspect_line.h"

/* What `print` makes of a line in either form. */
static void check(void (*print)(struct inspect_line *line), const char *text, const char *json)
{
    for (int form = 0; form < 2; form++) {
        struct memory_sink memory;
        struct heap heap;
        heap_init(&heap);
        memory_sink_init(&memory, &heap, 1 << 16);
        struct inspect inspect = { .heap = &heap, .out = &memory.sink, .json = form };
        struct inspect_line line = line_begin(&inspect, "kind", "| ");
        print(&line);
        line_end(&line);
        struct text wanted = text_of(form ? json : text), made = memory_sink_text(&memory);
        if (!text_equal(made, wanted)) fail_msg("%.*s", TEXT_ARGS(made));
        memory_sink_end(&memory);
        heap_end(&heap);
    }
}

static void print_plain(struct inspect_line *line)
{
    line_number(line, "least", INT64_MIN);
    line_truth(line, "yes", true);
    line_truth(line, "no", false);
    line_word(line, "word", "it");
    line_optional(line, "none", false, 5);
    line_optional(line, "some", true, 5);
}

static void fields_are_told_in_either_form(void **state)
{
    (void)state;
    check(print_plain,
          "| least: -9223372036854775808 yes: true no: false word: it none: OptionalLong.empty some: OptionalLong[5]\n",
          "{\"type\":\"kind\",\"least\":-9223372036854775808,\"yes\":true,\"no\":false,\"word\":\"it\",\"none\":null,"
          "\"some\":5}\n");
}

static void print_nothing(struct inspect_line *line)
{
    line_bytes(line, "null", BYTES_NULL);
    line_bytes(line, "empty", (struct bytes){ (const uint8_t *)"", 0 });
}

static void null_is_left_out_and_empty_is_not(void **state)
{
    (void)state;
    check(print_nothing, "| empty: \n", "{\"type\":\"kind\",\"empty\":\"\"}\n");
}

static void print_quotes(struct inspect_line *line)
{
    static const uint8_t bytes[] = "a\"b\\c\n\x01 \x7f\xc3\xa9\xf0\x9f\x98\x80";
    line_bytes(line, "key", (struct bytes){ bytes, sizeof bytes - 1 });
}

static void a_string_is_escaped_in_json_alone(void **state)
{
    (void)state;
    check(print_quotes, "| key: a\"b\\c\n\x01 \x7f\xc3\xa9\xf0\x9f\x98\x80\n",
          "{\"type\":\"kind\",\"key\":\"a\\\"b\\\\c\\u000a\\u0001 \x7f\xc3\xa9\xf0\x9f\x98\x80\"}\n");
}

static const uint8_t no_strings[][4] = {
    { 0x80 },            /* a continuation alone */
    { 0xc1, 0x81 },      /* a first byte that no character has */
    { 0xc3, 0x80 },      /* cut */
    { 0xe2, 0x82, 'x' }, /* not continued */
    { 0xf0, 0x9f, 0x98, 0x80 },
    { 0xf5, 0x80, 0x80, 0x80 },
};
static const size_t no_string_sizes[] = { 1, 2, 1, 3, 3, 4 };

static void print_no_strings(struct inspect_line *line)
{
    for (size_t i = 0; i < array_count(no_string_sizes); i++)
        line_bytes(line, "k", (struct bytes){ no_strings[i], no_string_sizes[i] });
}

static void what_is_no_string_is_told_in_hex(void **state)
{
    (void)state;
    check(
        print_no_strings, "| k: \x80 k: \xc1\x81 k: \xc3 k: \xe2\x82x k: \xf0\x9f\x98 k: \xf5\x80\x80\x80\n",
        "{\"type\":\"kind\",\"kHex\":\"80\",\"kHex\":\"c181\",\"kHex\":\"c3\",\"kHex\":\"e28278\",\"kHex\":\"f09f98\","
        "\"kHex\":\"f5808080\"}\n");
}

static void print_keys(struct inspect_line *line)
{
    static const uint8_t two[] = { 4, 2, 'h', 1, 4, 0xff, '"', 2, 'x' }, none[] = { 0 };
    line_keys(line, "none", (struct bytes){ none, sizeof none });
    line_keys(line, "two", (struct bytes){ two, sizeof two });
}

static void the_keys_of_headers_are_listed(void **state)
{
    (void)state;
    check(print_keys, "| none: [] two: [h,\xff\"]\n", "{\"type\":\"kind\",\"none\":[],\"two\":[\"h\",\"ff22\"]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_told_in_either_form),    cmocka_unit_test(null_is_left_out_and_empty_is_not),
        cmocka_unit_test(a_string_is_escaped_in_json_alone), cmocka_unit_test(what_is_no_string_is_told_in_hex),
        cmocka_unit_test(the_keys_of_headers_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
