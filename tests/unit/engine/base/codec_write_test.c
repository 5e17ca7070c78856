/* Single rules of the writer, one row each: the bytes of what is written, and what becomes of what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/codec.h"

static uint8_t buffer[1 << 17];

static struct writer writer_of(size_t size)
{
    memset(buffer, 0xee, sizeof buffer);
    return (struct writer){ .start = buffer, .at = buffer, .limit = buffer + size };
}

/* Size and bytes agree, and nothing is written behind them. */
static size_t written(const struct schema *schema, int16_t version, bool flexible, const void *from)
{
    struct writer writer = writer_of(sizeof buffer);
    size_t size = message_size(schema, version, flexible, from);

    message_write(schema, version, flexible, from, &writer);
    assert_false(writer.overrun);
    assert_int_equal(writer.at - writer.start, size);
    assert_int_equal(buffer[size], 0xee);
    return size;
}

struct one_text {
    struct text text;
};
static const struct field text_fields[] = { FIELD(one_text, text, 0, LATEST, 1, NO_TAG, 0) };
static const struct schema text_schema = SCHEMA(one_text, text_fields);
static const struct field plain_fields[] = { PLAIN(one_text, text, 0, LATEST, 1, NO_TAG, 0) };
static const struct schema plain_schema = SCHEMA(one_text, plain_fields);

static void a_length_is_as_long_as_its_form_wants(void **state)
{
    (void)state;
    static char letters[INT16_MAX];
    memset(letters, 'x', sizeof letters);
    static const struct {
        size_t size;
        uint8_t wide[2], compact[3];
        size_t compact_size;
    } rows[] = {
        { 0, { 0, 0 }, { 1 }, 1 },
        { 126, { 0, 126 }, { 127 }, 1 },
        { 127, { 0, 127 }, { 0x80, 1 }, 2 },
        { 16382, { 0x3f, 0xfe }, { 0xff, 0x7f }, 2 },
        { 16383, { 0x3f, 0xff }, { 0x80, 0x80, 1 }, 3 },
        { INT16_MAX, { 0x7f, 0xff }, { 0x80, 0x80, 2 }, 3 },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct one_text message = { { letters, rows[i].size } };
        assert_int_equal(written(&text_schema, 0, false, &message), 2 + rows[i].size);
        assert_memory_equal(buffer, rows[i].wide, 2);
        assert_memory_equal(buffer + 2, letters, rows[i].size);

        assert_int_equal(written(&text_schema, 0, true, &message), rows[i].compact_size + rows[i].size + 1);
        assert_memory_equal(buffer, rows[i].compact, rows[i].compact_size);
        assert_int_equal(buffer[rows[i].compact_size + rows[i].size], 0); /* no tags */

        assert_int_equal(written(&plain_schema, 0, true, &message), 2 + rows[i].size + 1);
        assert_memory_equal(buffer, rows[i].wide, 2);
    }
}

static void null_is_empty_where_it_has_no_form(void **state)
{
    (void)state;
    const struct one_text null = { TEXT_NULL };

    assert_int_equal(written(&text_schema, 0, false, &null), 2);
    assert_memory_equal(buffer, "\0\0", 2);
    assert_int_equal(written(&text_schema, 1, false, &null), 2);
    assert_memory_equal(buffer, "\xff\xff", 2);
    assert_int_equal(written(&text_schema, 0, true, &null), 2);
    assert_memory_equal(buffer, "\1\0", 2);
    assert_int_equal(written(&text_schema, 1, true, &null), 2);
    assert_memory_equal(buffer, "\0\0", 2);
    assert_int_equal(written(&plain_schema, 1, true, &null), 3);
    assert_memory_equal(buffer, "\xff\xff\0", 3);
}

struct tags {
    int32_t a, b, c;
    int8_t old;
};
/* Rows in another order than their tags. */
/* clang-format off */
static const struct field tags_fields[] = {
    FIELD(tags, c,   0, LATEST, NEVER, 9, 3),
    FIELD(tags, a,   0, LATEST, NEVER, 2, 1),
    FIELD(tags, b,   1, LATEST, NEVER, 4, 2),
    FIELD(tags, old, 0, 0,      NEVER, NO_TAG, 7),
};
/* clang-format on */
static const struct schema tags_schema = SCHEMA(tags, tags_fields);

static void tags_ascend_and_fallbacks_are_left_out(void **state)
{
    (void)state;
    const struct tags none = { .a = 1, .b = 2, .c = 3, .old = 7 }, all = { .a = 5, .b = 6, .c = 7, .old = 8 };

    assert_int_equal(written(&tags_schema, 1, true, &none), 1);
    assert_int_equal(buffer[0], 0);
    assert_int_equal(written(&tags_schema, 1, true, &all), 19);
    assert_memory_equal(buffer, "\3\2\4\0\0\0\5\4\4\0\0\0\6\11\4\0\0\0\7", 19);
    assert_int_equal(written(&tags_schema, 0, true, &all), 14); /* without b, with old */
    assert_memory_equal(buffer, "\10\2\2\4\0\0\0\5\11\4\0\0\0\7", 14);
    assert_int_equal(written(&tags_schema, 1, false, &all), 0); /* no tags in versions that have none */
}

struct inner {
    int16_t number;
};
struct pointed {
    struct inner *inner;
};
static const struct field inner_fields[] = { FIELD(inner, number, 0, LATEST, NEVER, NO_TAG, 0) };
static const struct schema inner_schema = SCHEMA(inner, inner_fields);
static const struct field pointed_fields[] = { POINTER(pointed, inner, 0, LATEST, 1, NO_TAG, &inner_schema) };
static const struct schema pointed_schema = SCHEMA(pointed, pointed_fields);

static void a_struct_that_may_be_null_says_whether_it_is(void **state)
{
    (void)state;
    struct inner inner = { 258 };
    const struct pointed some = { &inner }, none = { NULL };

    assert_int_equal(written(&pointed_schema, 0, false, &some), 2);
    assert_memory_equal(buffer, "\1\2", 2);
    assert_int_equal(written(&pointed_schema, 1, false, &some), 3);
    assert_memory_equal(buffer, "\1\1\2", 3);
    assert_int_equal(written(&pointed_schema, 1, false, &none), 1);
    assert_int_equal(buffer[0], 0xff);
}

struct gapped {
    struct records first, second;
    int8_t last;
};
static const struct field gapped_fields[] = {
    FIELD(gapped, first, 0, LATEST, 0, NO_TAG, 0),
    FIELD(gapped, second, 0, LATEST, 0, NO_TAG, 0),
    FIELD(gapped, last, 0, LATEST, NEVER, NO_TAG, 0),
};
static const struct schema gapped_schema = SCHEMA(gapped, gapped_fields);

static void without_a_place_for_a_gap_nothing_counts(void **state)
{
    (void)state;
    int sources[2];
    const struct gapped message = { { NULL, 1000, &sources[0] }, { NULL, 7, &sources[1] }, 5 };
    struct gap gaps[2];

    assert_int_equal(message_size(&gapped_schema, 0, false, &message), 9); /* gaps are not counted */
    for (uint32_t room = 0; room <= 2; room++) {
        struct writer writer = writer_of(sizeof buffer);
        writer.gaps = room == 0 ? NULL : gaps;
        writer.gap_max = room;
        message_write(&gapped_schema, 0, false, &message, &writer);
        assert_int_equal(writer.overrun, room < 2);
        assert_int_equal(writer.gap_count, room);
        if (room < 2) continue;
        assert_int_equal(gaps[0].position, 4);
        assert_int_equal(gaps[0].size, 1000);
        assert_ptr_equal(gaps[0].source, &sources[0]);
        assert_int_equal(gaps[1].position, 8);
        assert_memory_equal(buffer, "\0\0\3\xe8\0\0\0\7\5", 9);
    }
}

/* Though a later field would fit. */
static void after_what_does_not_fit_nothing_is_written(void **state)
{
    (void)state;
    const struct gapped message = { { (const uint8_t *)"abcdef", 6, NULL }, { NULL, -1, NULL }, 5 };
    size_t size = message_size(&gapped_schema, 0, false, &message);

    assert_int_equal(size, 15);
    for (size_t room = 0; room <= size; room++) {
        struct writer writer = writer_of(room);
        message_write(&gapped_schema, 0, false, &message, &writer);
        assert_int_equal(writer.overrun, room < size);
        size_t whole = room < 4 ? 0 : room < 10 ? 4 : room < 14 ? 10 : room < 15 ? 14 : 15;
        assert_int_equal(writer.at - writer.start, whole);
        assert_int_equal(buffer[whole], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_is_as_long_as_its_form_wants),
        cmocka_unit_test(null_is_empty_where_it_has_no_form),
        cmocka_unit_test(tags_ascend_and_fallbacks_are_left_out),
        cmocka_unit_test(a_struct_that_may_be_null_says_whether_it_is),
        cmocka_unit_test(without_a_place_for_a_gap_nothing_counts),
        cmocka_unit_test(after_what_does_not_fit_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
