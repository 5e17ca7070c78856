/* engine/base/codec_read.c   Reading believes nothing: before an array is taken from the arena, its count is held
 * against the bytes that are left and the smallest size its items can have. So a frame can't make us take more than a
 * fixed multiple of its own size.
 *
 * What lies in each other is a stack of levels in struct message_reading, so that reading stops and goes on between any
 * two steps; it is as deep as the tables, not as deep as the frame says. A level is a run of items: an array's, or the
 * one struct of a field. One step takes one struct up to its next array or struct, or one tag, or a few plain items:
 *
 *     struct item:   fields ... array --push--> its items --pop--> ... fields, then tags ... --> the next item
 *
 * A step costs nothing that counts beside what it reads, so there is one reader: message_read takes all steps at once.
 */
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/codec_portion.h"
#include "base/codec_row.h"

enum { PLAIN_ITEMS_PER_STEP = 16 };

static size_t bytes_left(const struct message_reading *reader)
{
    return (size_t)(reader->limit - reader->at);
}

static enum status read_varint(struct message_reading *reader, uint32_t *n)
{
    size_t used = varint_read_u32(reader->at, reader->limit, n);
    if (used == 0) return bytes_left(reader) < 5 ? STATUS_TRUNCATED : STATUS_MALFORMED;
    reader->at += used;
    return STATUS_OK;
}

/* A size or a count, -1 for null; `narrow` when a plain version keeps it in 16 bits. */
static enum status read_length(struct message_reading *reader, bool narrow, bool null_allowed, int64_t *length)
{
    if (reader->flexible) {
        uint32_t n = 0;
        enum status status = read_varint(reader, &n);
        if (status != STATUS_OK) return status;
        *length = (int64_t)n - 1;
    } else {
        size_t size = narrow ? 2 : 4;
        if (bytes_left(reader) < size) return STATUS_TRUNCATED;
        *length = narrow ? load_i16(reader->at) : load_i32(reader->at);
        reader->at += size;
    }
    if (*length < 0 && (*length != -1 || !null_allowed)) return STATUS_MALFORMED;
    return STATUS_OK;
}

/* A sized run of bytes; `data` NULL is null. Empty ones point at their place, so that they are not null. */
static enum status read_span(struct message_reading *reader, enum field_type type, bool null_allowed,
                             struct bytes *span)
{
    int64_t length = 0;
    enum status status = read_length(reader, type == FIELD_TEXT, null_allowed, &length);
    if (status != STATUS_OK) return status;

    *span = BYTES_NULL;
    if (length < 0) return STATUS_OK;
    if ((uint64_t)length > bytes_left(reader)) return STATUS_MALFORMED;
    if (length > (type == FIELD_TEXT ? TEXT_SIZE_MAX : BYTES_SIZE_MAX)) return STATUS_MALFORMED;

    *span = (struct bytes){ reader->at, (size_t)length };
    reader->at += length;
    return STATUS_OK;
}

/* clang-format off */
static void load_fixed(enum field_type type, const uint8_t *at, void *place)
{
    switch (type) {
    case FIELD_BOOL: *(bool *)place = *at != 0; break;
    case FIELD_I8: *(int8_t *)place = (int8_t)*at; break;
    case FIELD_I16:
    case FIELD_U16: *(uint16_t *)place = load_u16(at); break;
    case FIELD_I32:
    case FIELD_U32: *(uint32_t *)place = load_u32(at); break;
    case FIELD_I64: *(int64_t *)place = load_i64(at); break;
    case FIELD_F64: {
        uint64_t bits = load_u64(at);
        memcpy(place, &bits, sizeof(bits));
        break;
    }
    case FIELD_UUID: memcpy(place, at, sizeof(struct uuid)); break;
    default: invariant(fixed_size(type) > 0);
    }
}
/* clang-format on */

static enum status read_fixed(struct message_reading *reader, enum field_type type, void *place)
{
    size_t size = fixed_size(type);
    if (bytes_left(reader) < size) return STATUS_TRUNCATED;
    load_fixed(type, reader->at, place);
    reader->at += size;
    return STATUS_OK;
}

static enum status read_sized(struct message_reading *reader, enum field_type type, bool null_allowed, void *place)
{
    struct bytes span;
    enum status status = read_span(reader, type, null_allowed, &span);
    if (status != STATUS_OK) return status;

    if (type == FIELD_TEXT) {
        *(struct text *)place = (struct text){ (const char *)span.data, span.size };
    } else if (type == FIELD_BYTES) {
        *(struct bytes *)place = span;
    } else {
        *(struct records *)place = (struct records){ span.data, span.data ? (int32_t)span.size : -1, NULL };
    }
    return STATUS_OK;
}

/* The least number of bytes that one item takes on the wire. */
static size_t smallest_size(const struct schema *schema, int16_t version, bool flexible);

static size_t smallest_field_size(enum field_type type, bool null_allowed, const struct schema *items, int16_t version,
                                  bool flexible)
{
    switch (type) {
    case FIELD_TEXT: return flexible ? 1 : 2;
    case FIELD_BYTES:
    case FIELD_RECORDS:
    case FIELD_ARRAY: return flexible ? 1 : 4;
    case FIELD_STRUCT: return null_allowed ? 1 : smallest_size(items, version, flexible);
    default: return fixed_size(type);
    }
}

static size_t smallest_size(const struct schema *schema, int16_t version, bool flexible)
{
    if (schema->item != FIELD_STRUCT) return smallest_field_size(schema->item, false, NULL, version, flexible);

    size_t size = flexible ? 1 : 0;
    for (unsigned i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->tag != NO_TAG || !has_version(field, version)) continue;
        size += smallest_field_size(field->type, may_be_null(field, version), field->items, version, flexible);
    }
    return size;
}

/* ---- levels ---- */

static void level_push(struct message_reading *reader, const struct schema *schema, void *items, int32_t count)
{
    invariant(reader->depth < MESSAGE_LEVEL_MAX);
    struct message_level *level = &reader->levels[reader->depth++];

    level->schema = schema;
    level->item = items;
    level->items_left = count;
    level->field = 0;
    level->in_tags = false;
    level->outer_limit = NULL;
}

static void level_pass_item(struct message_reading *reader, struct message_level *level)
{
    level->field = 0;
    level->in_tags = false;
    level->item += level->schema->size;
    if (--level->items_left == 0) reader->depth--;
}

static enum status read_array(struct message_reading *reader, const struct field *field, void *place)
{
    const struct schema *schema = field->items;
    invariant(field->item_size == schema->size);

    int64_t count = 0;
    enum status status = read_length(reader, false, may_be_null(field, reader->version), &count);
    if (status != STATUS_OK) return status;
    if (count <= 0) {
        array_set(place, NULL, (int32_t)count);
        return STATUS_OK;
    }

    size_t smallest = smallest_size(schema, reader->version, reader->flexible);
    if (smallest == 0) smallest = 1;
    if ((uint64_t)count > bytes_left(reader) / smallest || count > INT32_MAX) return STATUS_MALFORMED;
    void *items = arena_take_raw(reader->arena, (size_t)count * schema->size); /* Every member of each will be set. */
    if (!items) return STATUS_NO_MEMORY;
    array_set(place, items, (int32_t)count);
    level_push(reader, schema, items, (int32_t)count);
    return STATUS_OK;
}

static enum status read_struct_field(struct message_reading *reader, const struct field *field, void *place)
{
    bool present = true;

    if (may_be_null(field, reader->version)) {
        if (bytes_left(reader) < 1) return STATUS_TRUNCATED;
        int8_t mark = (int8_t)*reader->at++;
        if (mark != -1 && mark != 1) return STATUS_MALFORMED;
        present = mark == 1;
    }
    if (!field->by_pointer) {
        /* A struct without a pointer has no way to say null. */
        if (!present) return STATUS_MALFORMED;
        level_push(reader, field->items, place, 1);
        return STATUS_OK;
    }

    void *into = NULL;
    if (present) {
        invariant(field->item_size == field->items->size);
        into = arena_take(reader->arena, field->items->size);
        if (!into) return STATUS_NO_MEMORY;
    }
    memcpy(place, &into, sizeof(into));
    if (present) level_push(reader, field->items, into, 1);
    return STATUS_OK;
}

/* A plain row keeps its int16 length where everything around it is compact. */
static enum status read_sized_field(struct message_reading *reader, const struct field *field, void *place)
{
    bool flexible = reader->flexible;

    if (field->plain) reader->flexible = false;
    enum status status = read_sized(reader, field->type, may_be_null(field, reader->version), place);
    reader->flexible = flexible;
    return status;
}

/* Arrays and structs only begin here: a level more is to be read then. */
static enum status read_field(struct message_reading *reader, const struct field *field, void *place)
{
    switch ((enum field_type)field->type) {
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_RECORDS: return read_sized_field(reader, field, place);
    case FIELD_ARRAY: return read_array(reader, field, place);
    case FIELD_STRUCT: return read_struct_field(reader, field, place);
    default: return read_fixed(reader, field->type, place);
    }
}

/* The row of a tag in this version; NULL when we don't know it. */
static const struct field *field_of_tag(const struct schema *schema, int16_t version, uint32_t tag)
{
    for (unsigned i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->tag != NO_TAG && (uint32_t)field->tag == tag && has_version(field, version)) return field;
    }
    return NULL;
}

/* ---- steps ---- */

static enum status tag_end(struct message_reading *reader, struct message_level *level)
{
    if (reader->at != reader->limit) return STATUS_MALFORMED;
    reader->limit = level->outer_limit;
    level->outer_limit = NULL;
    return STATUS_OK;
}

static enum status tag_begin(struct message_reading *reader, struct message_level *level)
{
    uint32_t tag = 0, size = 0, depth = reader->depth;
    enum status status = read_varint(reader, &tag);
    if (status != STATUS_OK) return status;
    if (tag <= level->last_tag) return STATUS_MALFORMED;
    level->last_tag = tag;

    status = read_varint(reader, &size);
    if (status != STATUS_OK) return status;
    if (size > bytes_left(reader)) return STATUS_MALFORMED;
    level->tags_left--;
    const struct field *field = field_of_tag(level->schema, reader->version, tag);
    if (!field) {
        reader->at += size;
        return STATUS_OK;
    }

    level->outer_limit = reader->limit;
    reader->limit = reader->at + size;
    status = read_field(reader, field, level->item + field->place);
    if (status != STATUS_OK || reader->depth > depth) return status;
    return tag_end(reader, level);
}

/* Each tag takes bytes, so a lying count ends at the end of the frame. */
static enum status tags_step(struct message_reading *reader, struct message_level *level)
{
    if (level->outer_limit) return tag_end(reader, level);
    if (level->tags_left > 0) return tag_begin(reader, level);
    level_pass_item(reader, level);
    return STATUS_OK;
}

static enum status tags_begin(struct message_reading *reader, struct message_level *level)
{
    uint32_t count = 0;
    enum status status = read_varint(reader, &count);

    level->in_tags = count > 0;
    level->tags_left = count;
    level->last_tag = -1;
    if (status == STATUS_OK && count == 0) level_pass_item(reader, level);
    return status;
}

static enum status fields_step(struct message_reading *reader, struct message_level *level)
{
    const struct schema *schema = level->schema;
    uint32_t depth = reader->depth;

    for (uint16_t i = level->field; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        char *place = level->item + field->place;

        if (field->tag != NO_TAG || !has_version(field, reader->version)) {
            field_clear(field, place);
            continue;
        }
        enum status status = read_field(reader, field, place);
        if (status == STATUS_OK && (field->type < FIELD_ARRAY || reader->depth == depth)) continue;
        level->field = (uint16_t)(i + 1);
        return status;
    }
    if (reader->flexible) return tags_begin(reader, level);
    level_pass_item(reader, level);
    return STATUS_OK;
}

static enum status plain_step(struct message_reading *reader, struct message_level *level)
{
    const struct schema *schema = level->schema;
    int32_t count = min_of(level->items_left, (int32_t)PLAIN_ITEMS_PER_STEP);
    size_t size = fixed_size(schema->item);

    for (int32_t i = 0; i < count; i++) {
        enum status status = size > 0 ? read_fixed(reader, schema->item, level->item)
                                      : read_sized(reader, schema->item, false, level->item);
        if (status != STATUS_OK) return status;
        level_pass_item(reader, level);
    }
    return STATUS_OK;
}

/* The value of a tag that does not fit its own size is malformed, wherever in it that is seen. */
static enum status status_of_end(const struct message_reading *reader)
{
    for (uint32_t i = 0; i < reader->depth; i++) {
        if (reader->levels[i].outer_limit) return STATUS_MALFORMED;
    }
    return STATUS_TRUNCATED;
}

void message_reading_begin(struct message_reading *reading, const struct schema *schema, int16_t version, bool flexible,
                           struct bytes frame, void *into, struct arena *arena)
{
    invariant(schema->item == FIELD_STRUCT);
    reading->at = frame.data;
    reading->limit = frame.data + frame.size;
    reading->arena = arena;
    reading->version = version;
    reading->flexible = flexible;
    reading->depth = 0;
    level_push(reading, schema, into, 1);
}

enum status message_reading_go(struct message_reading *reading, uint32_t step_max)
{
    enum status status = STATUS_OK;

    invariant(step_max > 0);
    for (; step_max > 0 && status == STATUS_OK && reading->depth > 0; step_max--) {
        struct message_level *level = &reading->levels[reading->depth - 1];
        if (level->schema->item != FIELD_STRUCT) {
            status = plain_step(reading, level);
        } else {
            status = level->in_tags ? tags_step(reading, level) : fields_step(reading, level);
        }
    }
    invariant(reading->at <= reading->limit);
    return status == STATUS_TRUNCATED ? status_of_end(reading) : status;
}

enum status message_read(const struct schema *schema, int16_t version, bool flexible, const uint8_t **at,
                         const uint8_t *limit, void *into, struct arena *arena)
{
    struct message_reading reading;
    enum status status = STATUS_OK;

    invariant(*at <= limit);
    message_reading_begin(&reading, schema, version, flexible, (struct bytes){ *at, (size_t)(limit - *at) }, into,
                          arena);
    while (status == STATUS_OK && message_reading_more(&reading)) status = message_reading_go(&reading, UINT32_MAX);
    if (status == STATUS_OK) *at = reading.at;
    return status;
}
