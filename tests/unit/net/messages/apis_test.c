/* tests/unit/net/messages/apis_test.c   Every message of every API, version and direction: the rows are well formed,
 * and golden messages, made by another implementation from Kafka's own schemas, are read as they should and written
 * again to the same bytes. */
#include "messages/apis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../wire/golden.h"
#include "../../../wire/golden_text.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "messages/header.h"

/* ---- the rows ---------------------------------------------------------------------------------------------------- */

static void check_schema(const struct schema *schema, int depth);

static void check_row(const struct schema *schema, const struct field *field, int depth)
{
    bool nullable = field->null_from != NEVER;
    bool sized = field->type >= FIELD_TEXT;

    assert_true(field->since >= 0 && field->since <= field->until);
    assert_true(field->place < schema->size);
    assert_true(!nullable || (sized && field->null_from >= 0 && field->null_from <= field->until));
    assert_true(field->tag == NO_TAG || field->tag >= 0);
    assert_true(field->fallback != FALLBACK_NULL || sized);
    assert_false(field->plain && field->type != FIELD_TEXT);

    if (field->type == FIELD_ARRAY || field->type == FIELD_STRUCT) {
        assert_non_null(field->items);
        if (field->item_size != field->items->size) fail_msg("%s.%s: size of its items", schema->name, field->name);
        if (field->items->item == FIELD_STRUCT) check_schema(field->items, depth + 1);
    } else {
        assert_null(field->items);
    }
}

static void check_schema(const struct schema *schema, int depth)
{
    uint64_t tags = 0;
    size_t end = 0;

    assert_true(depth < 8);
    for (uint16_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];

        check_row(schema, field, depth);
        assert_true(i == 0 || field->place >= end); /* The members stand in the order of the rows, each once. */
        end = (size_t)field->place + 1;
        if (field->tag == NO_TAG) continue;
        assert_true(field->tag < 64 && (tags & 1ull << field->tag) == 0);
        tags |= 1ull << field->tag;
    }
}

static void rows_are_well_formed(void **state)
{
    (void)state;
    check_schema(&request_header_schema, 0);
    check_schema(&response_header_schema, 0);
    for (size_t i = 0; i < api_row_count; i++) {
        check_schema(api_rows[i].ask, 0);
        check_schema(api_rows[i].answer, 0);
    }
}

static void apis_ascend_and_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_row_count; i++) {
        assert_true(i == 0 || api_rows[i - 1].key < api_rows[i].key);
        assert_ptr_equal(api_find(api_rows[i].key), &api_rows[i]);
        assert_true(api_rows[i].since <= api_rows[i].until);
    }
    assert_null(api_find(-1));
    assert_null(api_find(4));
    assert_null(api_find(INT16_MAX));
}

static void headers_follow_the_flexible_versions_but_for_api_versions(void **state)
{
    (void)state;
    const struct api_row *fetch = api_find(API_FETCH);
    const struct api_row *versions = api_find(API_API_VERSIONS);

    assert_int_equal(api_ask_header(fetch, 11), 1);
    assert_int_equal(api_ask_header(fetch, 12), 2);
    assert_int_equal(api_answer_header(fetch, 11), 0);
    assert_int_equal(api_answer_header(fetch, 12), 1);
    assert_int_equal(api_ask_header(versions, 4), 2);
    assert_int_equal(api_answer_header(versions, 4), 0);
}

/* ---- the golden messages ----------------------------------------------------------------------------------------- */

struct subject {
    const struct schema *schema;
    const struct api_row *row; /* NULL: a header */
    bool flexible;
};

static bool name_is(const char *name, const char *api, const char *way)
{
    size_t size = strlen(api);
    return strncmp(name, api, size) == 0 && strcmp(name + size, way) == 0;
}

static struct subject subject_of(const struct golden *golden)
{
    if (strcmp(golden->name, "RequestHeader") == 0) {
        return (struct subject){ &request_header_schema, NULL, golden->version >= 2 };
    }
    if (strcmp(golden->name, "ResponseHeader") == 0) {
        return (struct subject){ &response_header_schema, NULL, golden->version >= 1 };
    }
    for (size_t i = 0; i < api_row_count; i++) {
        bool flexible = api_flexible(&api_rows[i], golden->version);
        if (name_is(golden->name, api_rows[i].name, "Request"))
            return (struct subject){ api_rows[i].ask, &api_rows[i], flexible };
        if (name_is(golden->name, api_rows[i].name, "Response")) {
            return (struct subject){ api_rows[i].answer, &api_rows[i], flexible };
        }
    }
    fail_msg("%s: no such schema here", golden->name);
    return (struct subject){ 0 };
}

static void check_golden(const struct golden *golden, struct subject subject, struct arena *arena)
{
    static struct golden_text text;
    const uint8_t *at = golden->bytes, *limit = golden->bytes + golden->size;
    void *message = arena_take(arena, subject.schema->size);

    enum status status = message_read(subject.schema, golden->version, subject.flexible, &at, limit, message, arena);
    if (status != STATUS_OK || at != limit) {
        fail_msg("%s %d: %s, %td bytes left: %s", golden->name, golden->version, status_text(status), limit - at,
                 golden->expect);
    }
    text.size = 0;
    golden_say_struct(&text, subject.schema, message);
    if (strcmp(text.data, golden->expect) != 0) {
        fail_msg("%s %d\n  expected %s\n  read     %s", golden->name, golden->version, golden->expect, text.data);
    }

    size_t size = message_size(subject.schema, golden->version, subject.flexible, message);
    uint8_t *again = arena_take(arena, size + 1);
    struct writer writer = { .start = again, .at = again, .limit = again + size };

    assert_int_equal(size, golden->size);
    message_write(subject.schema, golden->version, subject.flexible, message, &writer);
    assert_false(writer.overrun);
    assert_ptr_equal(writer.at, writer.limit);
    assert_memory_equal(again, golden->bytes, size);
}

/* Every cut of a message is refused, and none is read past its end. */
static void check_cuts(const struct golden *golden, struct subject subject, struct arena *arena)
{
    void *message = arena_take(arena, subject.schema->size);

    for (size_t size = 0; size < golden->size; size++) {
        uint8_t *cut = malloc(size > 0 ? size : 1); /* of its own, so that the sanitizer sees a step too far */
        memcpy(cut, golden->bytes, size);
        const uint8_t *at = cut;
        enum status status =
            message_read(subject.schema, golden->version, subject.flexible, &at, cut + size, message, arena);
        free(cut);
        assert_int_not_equal(status, STATUS_OK);
    }
}

static void golden_messages_are_read_and_written_again(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct golden golden;
    size_t count = 0;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 24);
    golden_open(&golden, __FILE__, "golden.tsv");
    while (golden_next(&golden)) {
        struct subject subject = subject_of(&golden);
        check_golden(&golden, subject, &arena);
        check_cuts(&golden, subject, &arena);
        arena_reset(&arena);
        count++;
    }
    golden_close(&golden);
    heap_end(&heap);
    assert_true(count > 800);
}

static void every_served_version_has_golden_messages(void **state)
{
    (void)state;
    bool *seen = calloc(api_row_count * 2 * 32, 1);
    struct golden golden;

    golden_open(&golden, __FILE__, "golden.tsv");
    while (golden_next(&golden)) {
        struct subject subject = subject_of(&golden);
        if (subject.row == NULL) continue;
        size_t place = (size_t)(subject.row - api_rows) * 2 + (subject.schema == subject.row->answer);
        seen[place * 32 + (size_t)golden.version] = true;
    }
    golden_close(&golden);
    for (size_t place = 0; place < api_row_count * 2; place++) {
        const struct api_row *row = &api_rows[place / 2];
        for (int16_t version = row->since; version <= row->until; version++) {
            if (!seen[place * 32 + (size_t)version]) fail_msg("%s %d: no golden message", row->name, version);
        }
    }
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_well_formed),
        cmocka_unit_test(apis_ascend_and_are_found),
        cmocka_unit_test(headers_follow_the_flexible_versions_but_for_api_versions),
        cmocka_unit_test(golden_messages_are_read_and_written_again),
        cmocka_unit_test(every_served_version_has_golden_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
