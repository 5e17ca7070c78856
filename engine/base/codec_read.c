/* engine/base/codec_read.c   Reading believes nothing: before an array is taken from the arena, its count is held
 * against the bytes that are left and the smallest size its items can have. So a frame can't make us take more than a
 * fixed multiple of its own size, and recursion is as deep as the tables, not as deep as the frame says. */
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/codec_row.h"

struct reader {
    const uint8_t *at, *limit;
    struct arena *arena;
    int16_t version;
    bool flexible;
};

static size_t bytes_left(const struct reader *reader)
{
    return (size_t)(reader->limit - reader->at);
}

static enum status read_varint(struct reader *reader, uint32_t *n)
{
    size_t used = varint_read_u32(reader->at, reader->limit, n);
    if (used == 0) return bytes_left(reader) < 5 ? STATUS_TRUNCATED : STATUS_MALFORMED;
    reader->at += used;
    return STATUS_OK;
}

/* A size or a count, -1 for null; `narrow` when a plain version keeps it in 16 bits. */
static enum status read_length(struct reader *reader, bool narrow, bool null_allowed, int64_t *length)
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
static enum status read_span(struct reader *reader, enum field_type type, bool null_allowed, struct bytes *span)
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

static enum status read_fixed(struct reader *reader, enum field_type type, void *place)
{
    size_t size = fixed_size(type);
    if (bytes_left(reader) < size) return STATUS_TRUNCATED;
    load_fixed(type, reader->at, place);
    reader->at += size;
    return STATUS_OK;
}

static enum status read_sized(struct reader *reader, enum field_type type, bool null_allowed, void *place)
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

static enum status read_struct(struct reader *reader, const struct schema *schema, void *into);

static enum status read_items(struct reader *reader, const struct schema *schema, char *items, size_t count)
{
    enum status status = STATUS_OK;

    if (schema->item != FIELD_STRUCT && fixed_size(schema->item) > 0) {
        size_t size = fixed_size(schema->item);
        invariant(count <= bytes_left(reader) / size);
        for (size_t i = 0; i < count; i++) load_fixed(schema->item, reader->at + i * size, items + i * schema->size);
        reader->at += count * size;
        return STATUS_OK;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++, items += schema->size) {
        status = schema->item == FIELD_STRUCT ? read_struct(reader, schema, items)
                                              : read_sized(reader, schema->item, false, items);
    }
    return status;
}

static enum status read_array(struct reader *reader, const struct field *field, void *place)
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
    char *items = arena_take(reader->arena, (size_t)count * schema->size);
    if (!items) return STATUS_NO_MEMORY;
    array_set(place, items, (int32_t)count);
    return read_items(reader, schema, items, (size_t)count);
}

static enum status read_struct_field(struct reader *reader, const struct field *field, void *place)
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
        return present ? read_struct(reader, field->items, place) : STATUS_MALFORMED;
    }

    void *into = NULL;
    if (present) {
        invariant(field->item_size == field->items->size);
        into = arena_take(reader->arena, field->items->size);
        if (!into) return STATUS_NO_MEMORY;
    }
    memcpy(place, &into, sizeof(into));
    return present ? read_struct(reader, field->items, into) : STATUS_OK;
}

/* A plain row keeps its int16 length where everything around it is compact. */
static enum status read_sized_field(struct reader *reader, const struct field *field, void *place)
{
    bool flexible = reader->flexible;

    if (field->plain) reader->flexible = false;
    enum status status = read_sized(reader, field->type, may_be_null(field, reader->version), place);
    reader->flexible = flexible;
    return status;
}

static enum status read_field(struct reader *reader, const struct field *field, void *place)
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

static enum status read_tag(struct reader *reader, const struct schema *schema, int64_t *last_tag, void *into)
{
    uint32_t tag = 0, size = 0;
    enum status status = read_varint(reader, &tag);
    if (status != STATUS_OK) return status;
    if (tag <= *last_tag) return STATUS_MALFORMED;
    *last_tag = tag;

    status = read_varint(reader, &size);
    if (status != STATUS_OK) return status;
    if (size > bytes_left(reader)) return STATUS_MALFORMED;

    struct reader value = *reader;
    value.limit = value.at + size;
    reader->at += size;
    const struct field *field = field_of_tag(schema, reader->version, tag);
    if (!field) return STATUS_OK;

    status = read_field(&value, field, (char *)into + field->place);
    if (status == STATUS_TRUNCATED) return STATUS_MALFORMED; /* the value does not fit its own size */
    if (status != STATUS_OK) return status;
    return value.at == value.limit ? STATUS_OK : STATUS_MALFORMED;
}

static enum status read_tags(struct reader *reader, const struct schema *schema, void *into)
{
    uint32_t count = 0;
    int64_t last_tag = -1;
    enum status status = read_varint(reader, &count);

    /* Each tag takes bytes, so a lying count ends at the end of the frame. */
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) status = read_tag(reader, schema, &last_tag, into);
    return status;
}

static enum status read_struct(struct reader *reader, const struct schema *schema, void *into)
{
    for (unsigned i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        char *place = (char *)into + field->place;

        if (field->tag != NO_TAG || !has_version(field, reader->version)) {
            field_clear(field, place);
            continue;
        }
        enum status status = read_field(reader, field, place);
        if (status != STATUS_OK) return status;
    }
    return reader->flexible ? read_tags(reader, schema, into) : STATUS_OK;
}

enum status message_read(const struct schema *schema, int16_t version, bool flexible, const uint8_t **at,
                         const uint8_t *limit, void *into, struct arena *arena)
{
    struct reader reader = { .at = *at, .limit = limit, .arena = arena, .version = version, .flexible = flexible };

    invariant(schema->item == FIELD_STRUCT);
    invariant(reader.at <= limit);
    enum status status = read_struct(&reader, schema, into);
    invariant(reader.at <= limit);
    if (status == STATUS_OK) *at = reader.at;
    return status;
}
