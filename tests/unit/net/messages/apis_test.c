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
#include "base/codec_portion.h"
#include "base/heap.h"
#include "messages/header.h"

/* ---- the rows ---------------------------------------------------------------------------------------------------- */

static void check_schema(const struct schema *schema, int depth);

/* clang-format off */
static size_t member_size(const struct field *field)
{
    static const size_t sizes[] = {
        [FIELD_BOOL] = 1, [FIELD_I8] = 1, [FIELD_I16] = 2, [FIELD_U16] = 2, [FIELD_I32] = 4, [FIELD_U32] = 4,
        [FIELD_I64] = 8, [FIELD_F64] = 8, [FIELD_UUID] = sizeof(struct uuid), [FIELD_TEXT] = sizeof(struct text),
        [FIELD_BYTES] = sizeof(struct bytes), [FIELD_RECORDS] = sizeof(struct records),
        [FIELD_ARRAY] = sizeof(struct array),
    };
    if (field->type != FIELD_STRUCT) return sizes[field->type];
    return field->by_pointer ? sizeof(void *) : field->items->size;
}
/* clang-format on */

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
        /* The members stand in the order of the rows, each once, and there are no others: a reader sets them all. */
        if (field->place < end || field->place - end >= 8) fail_msg("%s.%s: its place", schema->name, field->name);
        end = (size_t)field->place + member_size(field);
        if (field->tag == NO_TAG) continue;
        assert_true(field->tag < 64 && (tags & 1ull << field->tag) == 0);
        tags |= 1ull << field->tag;
    }
    assert_true(end <= schema->size && schema->size - end < 8);
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

/* ---- in portions ---- */

/* What became of a frame. */
struct outcome {
    enum status status;
    size_t read, taken, size;
    uint8_t *again;
};

static void outcome_note(struct outcome *outcome, const struct golden *golden, struct subject subject,
                         const void *message, struct arena *arena)
{
    outcome->taken = arena->size;
    if (outcome->status != STATUS_OK) return;
    outcome->size = message_size(subject.schema, golden->version, subject.flexible, message);
    outcome->again = arena_take(arena, outcome->size + 1);
    struct writer writer = { .start = outcome->again, .at = outcome->again, .limit = outcome->again + outcome->size };
    message_write(subject.schema, golden->version, subject.flexible, message, &writer);
}

/* At once, and with a pause wherever there may be one: both come to the same end. */
static void check_portions(const struct golden *golden, struct subject subject, struct bytes frame, struct heap *heap)
{
    struct arena arena, other;
    struct outcome whole = { 0 }, portions = { 0 };
    struct message_reading reading;
    const uint8_t *at = frame.data;

    arena_init(&arena, heap, NULL, 0, 2000); /* so that some find no memory */
    arena_init(&other, heap, NULL, 0, 2000);
    void *message = heap_take(heap, subject.schema->size), *second = heap_take(heap, subject.schema->size);
    memset(second, 0xee, subject.schema->size);
    whole.status =
        message_read(subject.schema, golden->version, subject.flexible, &at, frame.data + frame.size, message, &arena);
    whole.read = (size_t)(at - frame.data);
    message_reading_begin(&reading, subject.schema, golden->version, subject.flexible, frame, second, &other);
    do {
        portions.status = message_reading_go(&reading, 1);
    } while (portions.status == STATUS_OK && message_reading_more(&reading));
    portions.read = portions.status == STATUS_OK ? (size_t)(reading.at - frame.data) : 0;

    arena.size_max = other.size_max = 1 << 24;
    outcome_note(&whole, golden, subject, message, &arena);
    outcome_note(&portions, golden, subject, second, &other);
    if (whole.status != portions.status || whole.read != portions.read || whole.taken != portions.taken ||
        whole.size != portions.size || (whole.size > 0 && memcmp(whole.again, portions.again, whole.size) != 0)) {
        fail_msg("%s %d: %s at once, %s in portions", golden->name, golden->version, status_text(whole.status),
                 status_text(portions.status));
    }
    heap_give(heap, message);
    heap_give(heap, second);
    arena_reset(&arena);
    arena_reset(&other);
}

/* Whole ones, cut ones, and with each byte changed in two ways. */
static void in_portions_a_message_is_the_same(void **state)
{
    (void)state;
    struct heap heap;
    struct golden golden;

    heap_init(&heap);
    golden_open(&golden, __FILE__, "golden.tsv");
    while (golden_next(&golden)) {
        struct subject subject = subject_of(&golden);
        for (size_t i = 0; i < golden.size; i++) {
            uint8_t byte = golden.bytes[i];
            check_portions(&golden, subject, (struct bytes){ golden.bytes, i }, &heap);
            golden.bytes[i] = (uint8_t)(byte + 1);
            check_portions(&golden, subject, (struct bytes){ golden.bytes, golden.size }, &heap);
            golden.bytes[i] = (uint8_t)(byte ^ (uint8_t)(i * 37 + 128));
            check_portions(&golden, subject, (struct bytes){ golden.bytes, golden.size }, &heap);
            golden.bytes[i] = byte;
        }
        check_portions(&golden, subject, (struct bytes){ golden.bytes, golden.size }, &heap);
    }
    golden_close(&golden);
    heap_end(&heap);
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
        cmocka_unit_test(in_portions_a_message_is_the_same),
        cmocka_unit_test(every_served_version_has_golden_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
