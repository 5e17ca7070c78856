/* tests/unit/engine/base/properties_test.c   The corners of java.util.Properties, and the names of the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/properties.h"

struct fixture {
    struct heap heap;
    struct arena arena;
    struct property_list list;
};

static void begin(struct fixture *fixture)
{
    heap_init(&fixture->heap);
    arena_init(&fixture->arena, &fixture->heap, NULL, 0, 1 << 20);
    properties_init(&fixture->list, &fixture->arena);
}

static enum status read(struct fixture *fixture, const char *content)
{
    int32_t bad_line = 0;
    return properties_read(&fixture->list, text_of(content), TEXT("server.properties"), &bad_line);
}

static void one_line_gives_one_property(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name, *value;
    } rows[] = {
        { "a=b", "a", "b" },
        { "a = b", "a", "b" },
        { "a: b", "a", "b" },
        { "a b c", "a", "b c" },
        { "  a\t=\tb \n", "a", "b " },
        { "a", "a", "" },
        { "a=", "a", "" },
        { "=b", "", "b" },
        { "a==b", "a", "=b" },
        { "a = = b", "a", "= b" },
        { "a:=b", "a", "=b" },
        { "a\\ =b", "a ", "b" },
        { "a\\=c=b", "a=c", "b" },
        { "a\\\\=b", "a\\", "b" },
        { "k=v # no comment", "k", "v # no comment" },
        { "k=a;b;c", "k", "a;b;c" },
        { "a=1\\\n   2\\\n\t3", "a", "123" },
        { "a=1\\\n#2", "a", "1#2" },
        { "a=1\\\\\n", "a", "1\\" },
        { "a=1\\", "a", "1" },
        { "a\\\n  =1", "a", "1" },
        { "\xef\xbb\xbf"
          "a=1",
          "a", "1" },
        { "a=x\\ty\\nz\\q", "a", "x\ty\nzq" },
        { "a=\\u0041\\u00e9\\u20AC\\ud83d\\ude00", "a", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "a=\\ud83dx", "a", "\xef\xbf\xbdx" },
        { "a=\\ud83d\\u0041", "a",
          "\xef\xbf\xbd"
          "A" },
        { "caf\xc3\xa9=1", "caf\xc3\xa9", "1" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct fixture fixture;
        begin(&fixture);
        assert_int_equal(read(&fixture, rows[i].line), STATUS_OK);
        assert_int_equal(fixture.list.count, 1);
        const struct property *property = &fixture.list.items[0];
        if (!text_equal(property->name, text_of(rows[i].name)) ||
            !text_equal(property->value, text_of(rows[i].value))) {
            fail_msg("row %zu: '%.*s' = '%.*s'", i, TEXT_ARGS(property->name), TEXT_ARGS(property->value));
        }
        assert_int_equal(property->line, 1);
        assert_true(text_equal(property->source, TEXT("server.properties")));
        heap_end(&fixture.heap);
    }
}

static void line_numbers_count_natural_lines(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(read(&fixture, "# one\r\n\r\na=1\r! four\n   # five \\\nb=2\\\r\n  2\n\nc=3"), STATUS_OK);
    assert_int_equal(fixture.list.count, 3);
    assert_int_equal(fixture.list.items[0].line, 3);
    assert_int_equal(fixture.list.items[1].line, 6);
    assert_true(text_equal(fixture.list.items[1].value, TEXT("22")));
    assert_int_equal(fixture.list.items[2].line, 9);
    heap_end(&fixture.heap);
}

static void a_malformed_escape_names_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = { "a=1\nb=\\u12", "a=1\nb=\\u12g4", "a=1\n\\u=1", "a=1\nb=\\u123" };
    for (size_t i = 0; i < array_count(bad); i++) {
        struct fixture fixture;
        int32_t bad_line = 0;
        begin(&fixture);
        assert_int_equal(properties_read(&fixture.list, text_of(bad[i]), TEXT("f"), &bad_line), STATUS_INVALID);
        assert_int_equal(bad_line, 2);
        heap_end(&fixture.heap);
    }
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(read(&fixture, ""), STATUS_OK);
    assert_int_equal(read(&fixture, "\n\r\n  \n#x"), STATUS_OK);
    assert_int_equal(fixture.list.count, 0);
    assert_null(properties_find(&fixture.list, TEXT("a")));
    heap_end(&fixture.heap);
}

static void the_environment_is_named_as_kafkas_image_names_it(void **state)
{
    (void)state;
    static const char *const environment[] = {
        "PATH=/bin", "KAFKA_NUM_PARTITIONS=3", "KAFKA_A__B=x=y", "KAFKA_A___B_C=",
        "KAFKA_=1",  "KAFKA_BROKEN",           "KAFKA_A____B=4", "XKAFKA_A=1",
        NULL
    };
    static const char *const names[] = { "num.partitions", "a_b", "a-b.c", "a-.b" };
    static const char *const values[] = { "3", "x=y", "", "4" };
    struct fixture fixture;
    begin(&fixture);

    assert_int_equal(properties_read_environment(&fixture.list, environment), STATUS_OK);
    assert_int_equal(fixture.list.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(text_equal(fixture.list.items[i].name, text_of(names[i])));
        assert_true(text_equal(fixture.list.items[i].value, text_of(values[i])));
        assert_int_equal(fixture.list.items[i].origin, PROPERTY_ENVIRONMENT);
    }
    assert_true(text_equal(fixture.list.items[0].source, TEXT("KAFKA_NUM_PARTITIONS")));
    heap_end(&fixture.heap);
}

static void overrides_beat_the_environment_beats_the_file(void **state)
{
    (void)state;
    static const char *const environment[] = { "KAFKA_A=environment", "KAFKA_B=environment", NULL };
    struct fixture fixture;
    begin(&fixture);

    assert_int_equal(properties_override(&fixture.list, TEXT("a=override")), STATUS_OK);
    assert_int_equal(properties_read_environment(&fixture.list, environment), STATUS_OK);
    assert_int_equal(read(&fixture, "a=file\nb=file\nc=file\nc=later"), STATUS_OK);
    assert_true(text_equal(properties_find(&fixture.list, TEXT("a"))->value, TEXT("override")));
    assert_true(text_equal(properties_find(&fixture.list, TEXT("b"))->value, TEXT("environment")));
    assert_true(text_equal(properties_find(&fixture.list, TEXT("c"))->value, TEXT("later")));
    assert_int_equal(properties_override(&fixture.list, TEXT("a")), STATUS_INVALID);
    assert_int_equal(properties_override(&fixture.list, TEXT("=a")), STATUS_INVALID);
    assert_int_equal(properties_override(&fixture.list, TEXT("a=")), STATUS_OK);
    heap_end(&fixture.heap);
}

static void a_list_without_memory_says_so(void **state)
{
    (void)state;
    struct arena arena;
    struct property_list list;
    int32_t bad_line = 0;
    arena_init(&arena, NULL, NULL, 0, 0);
    properties_init(&list, &arena);
    assert_int_equal(properties_read(&list, TEXT("a=b"), TEXT("f"), &bad_line), STATUS_NO_MEMORY);
    assert_int_equal(properties_override(&list, TEXT("a=b")), STATUS_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_gives_one_property),
        cmocka_unit_test(line_numbers_count_natural_lines),
        cmocka_unit_test(a_malformed_escape_names_its_line),
        cmocka_unit_test(nothing_gives_nothing),
        cmocka_unit_test(the_environment_is_named_as_kafkas_image_names_it),
        cmocka_unit_test(overrides_beat_the_environment_beats_the_file),
        cmocka_unit_test(a_list_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
