/* engine/base/codec_write.c   One walk serves message_size and message_write, so the two can't disagree. */
#include <string.h>

#include "base/check.h"
#include "base/codec.h"
#include "base/codec_portion.h"
#include "base/codec_row.h"

/* Counts, and puts what it counts when there is a writer. */
struct walk {
    struct writer *writer; /* NULL: only count */
    size_t size;           /* put into the buffer */
    size_t gap_size;       /* left out of it */
    int16_t version;
    bool flexible;
};

/* A place for `size` bytes, or NULL when they are only counted or don't fit. */
static uint8_t *walk_take(struct walk *walk, size_t size)
{
    struct writer *writer = walk->writer;

    walk->size += size;
    if (!writer || writer->overrun) return NULL;
    if ((size_t)(writer->limit - writer->at) < size) {
        writer->overrun = true;
        return NULL;
    }
    uint8_t *at = writer->at;
    writer->at += size;
    return at;
}

static void put_i8(struct walk *walk, int8_t n)
{
    uint8_t *at = walk_take(walk, 1);
    if (at) *at = (uint8_t)n;
}

static void put_varint(struct walk *walk, uint32_t n)
{
    uint8_t *at = walk_take(walk, varint_size_u32(n));
    if (at) (void)varint_write_u32(at, n);
}

static void put_length(struct walk *walk, bool narrow, int64_t length)
{
    invariant(length <= (narrow ? TEXT_SIZE_MAX : BYTES_SIZE_MAX));
    if (walk->flexible) {
        put_varint(walk, (uint32_t)(length + 1));
        return;
    }
    uint8_t *at = walk_take(walk, narrow ? 2 : 4);
    if (!at) return;
    if (narrow) {
        store_i16(at, (int16_t)length);
    } else {
        store_i32(at, (int32_t)length);
    }
}

/* Null where null has no form is written as empty: a zeroed struct is a message. */
static void put_span(struct walk *walk, bool narrow, bool null_allowed, const void *data, size_t size)
{
    if (!data && null_allowed) {
        put_length(walk, narrow, -1);
        return;
    }
    invariant(data || size == 0);
    put_length(walk, narrow, (int64_t)size);
    uint8_t *at = walk_take(walk, size);
    if (at && size > 0) memcpy(at, data, size);
}

static void put_gap(struct walk *walk, const struct records *records)
{
    struct writer *writer = walk->writer;

    walk->gap_size += (size_t)records->size;
    if (!writer || writer->overrun) return;
    if (!writer->gaps || writer->gap_count == writer->gap_max) {
        writer->overrun = true;
        return;
    }
    writer->gaps[writer->gap_count++] =
        (struct gap){ (uint32_t)(writer->at - writer->start), records->size, records->source };
}

static void put_records(struct walk *walk, bool null_allowed, const struct records *records)
{
    if (records->size <= 0 || records->data) {
        const void *data = records->size < 0 ? NULL : records->data ? records->data : (const void *)"";
        put_span(walk, false, null_allowed, data, records->size < 0 ? 0 : (size_t)records->size);
        return;
    }
    put_length(walk, false, records->size);
    put_gap(walk, records);
}

/* clang-format off */
static void put_fixed(struct walk *walk, enum field_type type, const void *place)
{
    uint8_t *at = walk_take(walk, fixed_size(type));
    if (!at) return;

    switch (type) {
    case FIELD_BOOL: *at = *(const bool *)place ? 1 : 0; break;
    case FIELD_I8: *at = *(const uint8_t *)place; break;
    case FIELD_I16:
    case FIELD_U16: store_u16(at, *(const uint16_t *)place); break;
    case FIELD_I32:
    case FIELD_U32: store_u32(at, *(const uint32_t *)place); break;
    case FIELD_I64: store_i64(at, *(const int64_t *)place); break;
    case FIELD_F64: {
        uint64_t bits;
        memcpy(&bits, place, sizeof(bits));
        store_u64(at, bits);
        break;
    }
    case FIELD_UUID: memcpy(at, place, sizeof(struct uuid)); break;
    default: invariant(fixed_size(type) > 0);
    }
}
/* clang-format on */

static void put_sized(struct walk *walk, enum field_type type, bool null_allowed, const void *place)
{
    if (type == FIELD_TEXT) {
        const struct text *text = place;
        put_span(walk, true, null_allowed, text->data, text->size);
    } else if (type == FIELD_BYTES) {
        const struct bytes *bytes = place;
        put_span(walk, false, null_allowed, bytes->data, bytes->size);
    } else {
        put_records(walk, null_allowed, place);
    }
}

static void put_struct(struct walk *walk, const struct schema *schema, const char *from);

static void put_array(struct walk *walk, const struct field *field, const void *place)
{
    const struct schema *schema = field->items;
    struct array array = array_get(place);

    invariant(field->item_size == schema->size);
    invariant(array.count <= 0 || array.items);
    if (array.count < 0 && may_be_null(field, walk->version)) {
        put_length(walk, false, -1);
        return;
    }
    put_length(walk, false, max_of(array.count, 0));

    const char *item = array.items;
    for (int32_t i = 0; i < array.count; i++, item += schema->size) {
        if (schema->item == FIELD_STRUCT) {
            put_struct(walk, schema, item);
        } else if (fixed_size(schema->item) > 0) {
            put_fixed(walk, schema->item, item);
        } else {
            put_sized(walk, schema->item, false, item);
        }
    }
}

/* A plain row keeps its int16 length where everything around it is compact. */
static void put_sized_field(struct walk *walk, const struct field *field, const void *place)
{
    bool flexible = walk->flexible;

    if (field->plain) walk->flexible = false;
    put_sized(walk, field->type, may_be_null(field, walk->version), place);
    walk->flexible = flexible;
}

static void put_field(struct walk *walk, const struct field *field, const void *place)
{
    bool null_allowed = may_be_null(field, walk->version);

    switch ((enum field_type)field->type) {
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_RECORDS: put_sized_field(walk, field, place); break;
    case FIELD_ARRAY: put_array(walk, field, place); break;
    case FIELD_STRUCT: {
        const void *from = field->by_pointer ? pointer_get(place) : place;
        invariant(from || null_allowed);
        if (null_allowed) put_i8(walk, from ? 1 : -1);
        if (from) put_struct(walk, field->items, from);
        break;
    }
    default: put_fixed(walk, field->type, place);
    }
}

/* The row with the smallest tag above `last_tag` that must be written; NULL when there is none. */
static const struct field *next_tag(const struct walk *walk, const struct schema *schema, const char *from,
                                    int last_tag)
{
    const struct field *next = NULL;

    for (unsigned i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->tag <= last_tag || !has_version(field, walk->version)) continue;
        if (next && next->tag < field->tag) continue;
        if (!field_at_fallback(field, from + field->place)) next = field;
    }
    return next;
}

static void put_tags(struct walk *walk, const struct schema *schema, const char *from)
{
    uint32_t count = 0;
    const struct field *field;

    for (int tag = NO_TAG; (field = next_tag(walk, schema, from, tag)); tag = field->tag) count++;
    put_varint(walk, count);
    for (int tag = NO_TAG; (field = next_tag(walk, schema, from, tag)); tag = field->tag) {
        struct walk value = { .version = walk->version, .flexible = walk->flexible };
        put_field(&value, field, from + field->place);

        put_varint(walk, (uint32_t)field->tag);
        put_varint(walk, (uint32_t)(value.size + value.gap_size));
        put_field(walk, field, from + field->place);
    }
}

static void put_struct(struct walk *walk, const struct schema *schema, const char *from)
{
    for (unsigned i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->tag == NO_TAG && has_version(field, walk->version)) put_field(walk, field, from + field->place);
    }
    if (walk->flexible) put_tags(walk, schema, from);
}

size_t message_size(const struct schema *schema, int16_t version, bool flexible, const void *from)
{
    struct walk walk = { .version = version, .flexible = flexible };

    invariant(schema->item == FIELD_STRUCT);
    put_struct(&walk, schema, from);
    return walk.size;
}

void message_write(const struct schema *schema, int16_t version, bool flexible, const void *from, struct writer *writer)
{
    struct walk walk = { .writer = writer, .version = version, .flexible = flexible };
    uint8_t *start = writer->at;

    invariant(schema->item == FIELD_STRUCT);
    put_struct(&walk, schema, from);
    invariant(writer->overrun || (size_t)(writer->at - start) == walk.size);
}

/* ---- in portions ---- */

/* One look at a message that is put in portions. */
struct look {
    struct walk walk;
    struct message_portions *portions;
    uint32_t items_left;
};

static bool struct_go(struct look *look, unsigned depth, const struct schema *schema, const char *from);

/* True: all its items are put. */
static bool array_go(struct look *look, unsigned depth, const struct field *field, const void *from)
{
    struct message_place *place = &look->portions->places[depth];
    struct array array = array_get(from);

    if (!place->begun) {
        bool null = array.count < 0 && may_be_null(field, look->walk.version);
        put_length(&look->walk, false, null ? -1 : max_of(array.count, 0));
        place->begun = true;
    }
    for (; place->item < array.count; place->item++) {
        const char *item = (const char *)array.items + (size_t)place->item * field->item_size;
        if (look->items_left == 0 || !struct_go(look, depth + 1, field->items, item)) return false;
        if (look->items_left > 0) look->items_left--;
    }
    return true;
}

static bool goes_in_portions(const struct field *field, unsigned depth)
{
    return field->type == FIELD_ARRAY && field->items->item == FIELD_STRUCT && depth + 1 < MESSAGE_DEPTH_MAX;
}

/* Goes on where the last look ended: true when the struct is through, and its place is free for the next. */
static bool struct_go(struct look *look, unsigned depth, const struct schema *schema, const char *from)
{
    struct message_place *place = &look->portions->places[depth];

    for (; place->field < schema->field_count; *place = (struct message_place){ .field = place->field + 1 }) {
        const struct field *field = &schema->fields[place->field];
        if (field->tag != NO_TAG || !has_version(field, look->walk.version)) continue;
        if (!goes_in_portions(field, depth)) {
            put_field(&look->walk, field, from + field->place);
        } else if (!array_go(look, depth, field, from + field->place)) {
            return false;
        }
    }
    if (look->walk.flexible) put_tags(&look->walk, schema, from);
    *place = (struct message_place){ 0 };
    return true;
}

void message_portions_begin(struct message_portions *portions, const struct schema *schema, int16_t version,
                            bool flexible, const void *from)
{
    invariant(schema->item == FIELD_STRUCT);
    *portions = (struct message_portions){ .schema = schema, .from = from, .version = version, .flexible = flexible };
}

bool message_portion(struct message_portions *portions, struct writer *writer, uint32_t item_max)
{
    struct look look = {
        .walk = { .writer = writer, .version = portions->version, .flexible = portions->flexible },
        .portions = portions,
        .items_left = item_max,
    };

    invariant(item_max > 0);
    bool through = struct_go(&look, 0, portions->schema, portions->from);
    portions->size += look.walk.size;
    return through;
}
