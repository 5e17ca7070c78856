/* tests/unit/net/messages/laws_test.c   Laws that every table of fields keeps, in every version: a program per message
 * would say the same 31 times. What each message is on the wire is said by golden.tsv (apis_test.c); this is about what
 * no golden message shows: empty ones, nulls where they may and may not be, tags that nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../one_arena.h"
#include "base/check.h"
#include "base/codec.h"
#include "messages/apis.h"

/* ---- every message, every version ---- */

static void all_messages_keep(void (*law)(const struct schema *schema, int16_t version, bool flexible))
{
    for (size_t i = 0; i < api_row_count; i++) {
        const struct api_row *row = &api_rows[i];
        for (int16_t version = row->since; version <= row->until; version++) {
            law(row->ask, version, api_flexible(row, version));
            law(row->answer, version, api_flexible(row, version));
            arena_reset(&arena);
        }
    }
}

static struct bytes written(const struct schema *schema, int16_t version, bool flexible, const void *message)
{
    size_t size = message_size(schema, version, flexible, message);
    uint8_t *memory = arena_take(&arena, size + 1);
    struct writer writer = { .start = memory, .at = memory, .limit = memory + size };

    message_write(schema, version, flexible, message, &writer);
    assert_false(writer.overrun);
    assert_ptr_equal(writer.at, writer.limit);
    return (struct bytes){ memory, size };
}

/* Fallbacks go on the wire, or are left out, and are read again. */
static void cleared_arrives(const struct schema *schema, int16_t version, bool flexible)
{
    void *message = arena_take(&arena, schema->size), *again = arena_take(&arena, schema->size);

    message_clear(schema, message);
    struct bytes wire = written(schema, version, flexible, message);
    const uint8_t *at = wire.data;
    memset(again, 0xee, schema->size); /* What was there before is of no account. */
    assert_int_equal(message_read(schema, version, flexible, &at, wire.data + wire.size, again, &arena), STATUS_OK);
    assert_ptr_equal(at, wire.data + wire.size);
    struct bytes second = written(schema, version, flexible, again);
    assert_int_equal(second.size, wire.size);
    assert_memory_equal(second.data, wire.data, wire.size);
}

static void a_cleared_message_arrives_as_itself(void **state)
{
    (void)state;
    all_messages_keep(cleared_arrives);
}

/* ---- nulls ---- */

static bool sized(const struct field *field)
{
    return field->type == FIELD_TEXT || field->type == FIELD_BYTES || field->type == FIELD_RECORDS ||
           field->type == FIELD_ARRAY;
}

static bool is_null(const struct field *field, const void *member)
{
    switch (field->type) {
    case FIELD_TEXT: return ((const struct text *)member)->data == NULL;
    case FIELD_BYTES: return ((const struct bytes *)member)->data == NULL;
    case FIELD_RECORDS: return ((const struct records *)member)->size == -1;
    default: return ((const struct array *)member)->count == -1;
    }
}

/* The field alone, as a message, with a null on the wire. */
static void null_is_met(const struct schema *schema, const struct field *field, int16_t version, bool flexible)
{
    const struct schema alone = { schema->name, field, 1, schema->size, FIELD_STRUCT };
    static const uint8_t compact[] = { 0, 0 }, ones[] = { 255, 255, 255, 255, 0 };
    bool short_length = field->type == FIELD_TEXT;
    const uint8_t *at = flexible && !field->plain ? compact : short_length ? ones + 2 : ones;
    const uint8_t *limit = flexible && !field->plain ? compact + 2 : ones + (flexible ? 5 : 4);
    bool may = field->null_from != NEVER && version >= field->null_from;
    uint8_t *message = arena_take(&arena, schema->size);

    enum status status = message_read(&alone, version, flexible, &at, limit, message, &arena);
    if ((status == STATUS_OK) != may) fail_msg("%s.%s %d: %s", schema->name, field->name, version, status_text(status));
    if (!may) return;
    if (!is_null(field, message + field->place)) fail_msg("%s.%s %d: not null", schema->name, field->name, version);
    assert_ptr_equal(at, limit);
    struct bytes again = written(&alone, version, flexible, message);
    assert_int_equal(again.size, flexible && !field->plain ? 2 : (short_length ? 2 : 4) + flexible);
}

static void nulls_are_met(const struct schema *schema, int16_t version, bool flexible)
{
    for (uint16_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (version < field->since || version > field->until) continue;
        if (sized(field) && field->tag == NO_TAG) null_is_met(schema, field, version, flexible);
        bool deeper = field->type == FIELD_ARRAY || field->type == FIELD_STRUCT;
        if (deeper && field->items->item == FIELD_STRUCT) nulls_are_met(field->items, version, flexible);
    }
}

static void null_is_read_where_it_may_be_and_nowhere_else(void **state)
{
    (void)state;
    all_messages_keep(nulls_are_met);
}

/* ---- tags that nobody knows (KIP-482: skipped, so that a newer client may send them) ---- */

static enum status read_with(const struct schema *schema, int16_t version, struct bytes wire, const uint8_t *tags,
                             size_t tags_size, void *message)
{
    /* A cleared message ends with its own count of tags, which is 0. */
    uint8_t *longer = arena_take(&arena, wire.size - 1 + tags_size);
    const uint8_t *at = longer;

    assert_int_equal(wire.data[wire.size - 1], 0);
    memcpy(longer, wire.data, wire.size - 1);
    memcpy(longer + wire.size - 1, tags, tags_size);
    enum status status = message_read(schema, version, true, &at, longer + wire.size - 1 + tags_size, message, &arena);
    if (status == STATUS_OK) assert_ptr_equal(at, longer + wire.size - 1 + tags_size);
    return status;
}

static void tags_are_skipped(const struct schema *schema, int16_t version, bool flexible)
{
    static const uint8_t two[] = { 2, 100, 3, 'a', 'b', 'c', 101, 0 }, order[] = { 2, 101, 0, 100, 0 },
                         twice[] = { 2, 100, 0, 100, 0 }, cut[] = { 1, 100, 9, 'a' }, missing[] = { 3, 100, 0 },
                         endless[] = { 1, 100, 255, 255, 255, 255, 255, 255 };
    const struct {
        const uint8_t *tags;
        size_t size;
    } wrong[] = { { order, sizeof(order) },
                  { twice, sizeof(twice) },
                  { cut, sizeof(cut) },
                  { missing, sizeof(missing) },
                  { endless, sizeof(endless) } };
    void *message = arena_take(&arena, schema->size);
    if (!flexible) return;

    message_clear(schema, message);
    struct bytes wire = written(schema, version, true, message);
    assert_int_equal(read_with(schema, version, wire, two, sizeof(two), message), STATUS_OK);
    struct bytes again = written(schema, version, true, message);
    assert_int_equal(again.size, wire.size);
    assert_memory_equal(again.data, wire.data, wire.size);
    for (size_t i = 0; i < array_count(wrong); i++) {
        enum status status = read_with(schema, version, wire, wrong[i].tags, wrong[i].size, message);
        if (status == STATUS_OK) fail_msg("%s %d: wrong tags %zu are taken", schema->name, version, i);
    }
}

static void unknown_tags_are_skipped_and_broken_ones_refused(void **state)
{
    (void)state;
    all_messages_keep(tags_are_skipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cleared_message_arrives_as_itself),
        cmocka_unit_test(null_is_read_where_it_may_be_and_nowhere_else),
        cmocka_unit_test(unknown_tags_are_skipped_and_broken_ones_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
