/* tests/unit/engine/base/codec_read_test.c   Single rules of the reader, one row each: what is taken, what ends too
 * early, what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/heap.h"

struct inner {
    int32_t number;
    struct text name;
    int8_t added; /* from version 1 */
};

/* clang-format off */
static const struct field inner_fields[] = {
    FIELD(inner, number, 0, LATEST, NEVER, NO_TAG, 0),
    FIELD(inner, name,   0, LATEST, NEVER, NO_TAG, 0),
    FIELD(inner, added,  1, LATEST, NEVER, NO_TAG, 9),
};
static const struct schema inner_schema = SCHEMA(inner, inner_fields);

/* clang-format on */

struct fixture {
    struct heap heap;
    struct arena arena;
};

static void begin(struct fixture *fixture)
{
    heap_init(&fixture->heap);
    arena_init(&fixture->arena, &fixture->heap, NULL, 0, 1 << 16);
}

static enum status read(struct fixture *fixture, const struct schema *schema, int16_t version, bool flexible,
                        const uint8_t *bytes, size_t size, void *into)
{
    /* A copy of its own, so that a sanitizer sees every look past the limit. */
    uint8_t *frame = heap_take(&fixture->heap, size);
    if (size > 0) memcpy(frame, bytes, size);
    const uint8_t *at = frame;
    enum status status = message_read(schema, version, flexible, &at, frame + size, into, &fixture->arena);
    assert_ptr_equal(at, status == STATUS_OK ? frame + size : frame);
    return status;
}

struct one_text {
    struct text text;
};
static const struct field one_text_fields[] = { FIELD(one_text, text, 0, LATEST, 1, NO_TAG, 0) };
static const struct schema one_text_schema = SCHEMA(one_text, one_text_fields);

struct one_bytes {
    struct bytes bytes;
};
static const struct field one_bytes_fields[] = { FIELD(one_bytes, bytes, 0, LATEST, 1, NO_TAG, 0) };
static const struct schema one_bytes_schema = SCHEMA(one_bytes, one_bytes_fields);

struct one_array {
    ARRAY_OF(int64_t) items;
};
static const struct field one_array_fields[] = { ARRAY(one_array, items, 0, LATEST, 1, NO_TAG, &schema_i64) };
static const struct schema one_array_schema = SCHEMA(one_array, one_array_fields);

struct structs {
    ARRAY_OF(struct inner) items;
};
static const struct field structs_fields[] = { ARRAY(structs, items, 0, LATEST, NEVER, NO_TAG, &inner_schema) };
static const struct schema structs_schema = SCHEMA(structs, structs_fields);

struct one_struct {
    struct inner *inner;
};
static const struct field one_struct_fields[] = { POINTER(one_struct, inner, 0, LATEST, 1, NO_TAG, &inner_schema) };
static const struct schema one_struct_schema = SCHEMA(one_struct, one_struct_fields);

struct tags {
    int32_t a, b;
};
static const struct field tags_fields[] = {
    FIELD(tags, a, 0, LATEST, NEVER, 1, 0),
    FIELD(tags, b, 1, LATEST, NEVER, 3, 0),
};
static const struct schema tags_schema = SCHEMA(tags, tags_fields);

struct reading {
    const struct schema *schema;
    int16_t version;
    bool flexible;
    const char *hex;
    enum status status;
};

/* clang-format off */
static const struct reading readings[] = {
    { &one_text_schema, 0, false, "0000", STATUS_OK },
    { &one_text_schema, 0, false, "000161", STATUS_OK },
    { &one_text_schema, 0, false, "ffff", STATUS_MALFORMED },           /* null, not allowed in version 0 */
    { &one_text_schema, 1, false, "ffff", STATUS_OK },
    { &one_text_schema, 1, false, "fffe", STATUS_MALFORMED },
    { &one_text_schema, 0, false, "0001", STATUS_MALFORMED },           /* longer than what is left */
    { &one_text_schema, 0, false, "00", STATUS_TRUNCATED },
    { &one_text_schema, 0, false, "", STATUS_TRUNCATED },
    { &one_text_schema, 0, true, "0100", STATUS_OK },
    { &one_text_schema, 0, true, "026100", STATUS_OK },
    { &one_text_schema, 0, true, "0000", STATUS_MALFORMED },
    { &one_text_schema, 1, true, "0000", STATUS_OK },
    { &one_text_schema, 1, true, "82006100", STATUS_OK },         /* a longer varint than needed */
    { &one_text_schema, 0, true, "80", STATUS_TRUNCATED },
    { &one_text_schema, 0, true, "ffffffff7f0000", STATUS_MALFORMED },  /* more than 32 bits */
    { &one_text_schema, 0, true, "ffffffff0f0000", STATUS_MALFORMED },
    { &one_bytes_schema, 0, false, "00000001", STATUS_MALFORMED },
    { &one_bytes_schema, 0, false, "7fffffff00", STATUS_MALFORMED },
    { &one_bytes_schema, 0, false, "80000000", STATUS_MALFORMED },
    { &one_bytes_schema, 0, false, "ffffffff", STATUS_MALFORMED },
    { &one_bytes_schema, 1, false, "ffffffff", STATUS_OK },
    { &one_array_schema, 0, false, "00000000", STATUS_OK },
    { &one_array_schema, 0, false, "000000010000000000000001", STATUS_OK },
    { &one_array_schema, 0, false, "0000000100000000000000", STATUS_MALFORMED },
    { &one_array_schema, 0, false, "7fffffff", STATUS_MALFORMED },
    { &one_array_schema, 0, false, "ffffffff", STATUS_MALFORMED },
    { &one_array_schema, 1, false, "ffffffff", STATUS_OK },
    { &one_array_schema, 1, true, "0000", STATUS_OK },
    { &one_array_schema, 1, true, "0100", STATUS_OK },
    { &one_array_schema, 1, true, "ffffffff0f", STATUS_MALFORMED },
    { &structs_schema, 0, false, "00000001" "000000000000", STATUS_OK },
    { &structs_schema, 0, false, "00000002" "00000000000000000000", STATUS_MALFORMED }, /* one item and a bit */
    { &structs_schema, 0, true, "03" "000000000100" "000000000100" "00", STATUS_OK },
    { &structs_schema, 0, true, "04" "000000000100" "000000000100" "00", STATUS_MALFORMED },
    { &one_struct_schema, 0, false, "00000001000161", STATUS_OK },
    { &one_struct_schema, 1, false, "ff", STATUS_OK },
    { &one_struct_schema, 1, false, "0100000001000161" "05", STATUS_OK },
    { &one_struct_schema, 1, false, "0000000001000161" "05", STATUS_MALFORMED },
    { &one_struct_schema, 1, false, "", STATUS_TRUNCATED },
    { &tags_schema, 0, true, "00", STATUS_OK },
    { &tags_schema, 0, true, "", STATUS_TRUNCATED },
    { &tags_schema, 0, true, "01" "010400000007", STATUS_OK },
    { &tags_schema, 0, true, "01" "01050000000700", STATUS_MALFORMED }, /* shorter than its size */
    { &tags_schema, 0, true, "01" "0103000000", STATUS_MALFORMED },
    { &tags_schema, 0, true, "01" "0104000000", STATUS_MALFORMED },
    { &tags_schema, 0, true, "02" "010400000007" "010400000007", STATUS_MALFORMED },
    { &tags_schema, 1, true, "02" "030400000007" "010400000007", STATUS_MALFORMED },
    { &tags_schema, 1, true, "03" "000161" "010400000007" "c80100", STATUS_OK }, /* unknown tags 0 and 200 */
    { &tags_schema, 0, true, "01" "030161", STATUS_OK },                      /* tag 3 is not known in version 0 */
    { &tags_schema, 1, true, "01" "030161", STATUS_MALFORMED },
    { &tags_schema, 0, true, "ffffffff0f", STATUS_TRUNCATED },
    { &tags_schema, 0, true, "02" "000161", STATUS_TRUNCATED },
};
/* clang-format on */

static void lengths_counts_nulls_and_tags_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_count(readings); i++) {
        struct fixture fixture;
        union {
            struct one_text text;
            struct one_bytes bytes;
            struct one_array array;
            struct structs structs;
            struct one_struct pointer;
            struct tags tags;
        } into;
        uint8_t bytes[64];
        const struct reading *reading = &readings[i];
        size_t size = strlen(reading->hex) / 2;
        for (size_t j = 0; j < size; j++) {
            const char digits[3] = { reading->hex[2 * j], reading->hex[2 * j + 1], '\0' };
            bytes[j] = (uint8_t)strtoul(digits, NULL, 16);
        }
        begin(&fixture);
        enum status status = read(&fixture, reading->schema, reading->version, reading->flexible, bytes, size, &into);
        if (status != reading->status) fail_msg("row %zu (%s): %s", i, reading->hex, status_text(status));
        heap_end(&fixture.heap);
    }
}

static void texts_end_at_32767_bytes_also_in_flexible_versions(void **state)
{
    (void)state;
    static uint8_t bytes[40000];
    struct fixture fixture;
    struct one_text text;
    begin(&fixture);

    size_t used = varint_write_u32(bytes, 32767 + 1);
    assert_int_equal(read(&fixture, &one_text_schema, 0, true, bytes, used + 32767 + 1, &text), STATUS_OK);
    assert_int_equal(text.text.size, 32767);
    used = varint_write_u32(bytes, 32768 + 1);
    assert_int_equal(read(&fixture, &one_text_schema, 0, true, bytes, used + 32768 + 1, &text), STATUS_MALFORMED);
    heap_end(&fixture.heap);
}

static void a_full_arena_is_a_status(void **state)
{
    (void)state;
    struct arena arena;
    struct one_array array;
    uint8_t bytes[12] = { 0, 0, 0, 1 };
    const uint8_t *at = bytes;
    arena_init(&arena, NULL, NULL, 0, 0);
    assert_int_equal(message_read(&one_array_schema, 0, false, &at, bytes + 12, &array, &arena), STATUS_NO_MEMORY);
    assert_ptr_equal(at, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_counts_nulls_and_tags_are_judged),
        cmocka_unit_test(texts_end_at_32767_bytes_also_in_flexible_versions),
        cmocka_unit_test(a_full_arena_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
