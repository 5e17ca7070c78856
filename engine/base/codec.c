/* engine/base/codec.c   What a row says without a wire: the fallback of every type, and whether a member still has it.
 * How each type stands on the wire (read by codec_read.c, written by codec_write.c):
 *
 *     type       plain version                 flexible version (KIP-482)            null
 *     numbers    1, 2, 4 or 8 bytes            the same                              -
 *     uuid       16 bytes                      the same                              -
 *     text       i16 size, bytes               varint size + 1, bytes                -1, or varint 0
 *     bytes      i32 size, bytes               varint size + 1, bytes                -1, or varint 0
 *     records    i32 size, bytes               varint size + 1, bytes                -1, or varint 0
 *     array      i32 count, items              varint count + 1, items               -1, or varint 0
 *     struct     its fields                    its fields, tags                      i8 in front: -1 null, 1 present
 *
 *     tags       (none)                        varint count, then for each, by rising tag: varint tag, varint size,
 * value */
#include "base/codec.h"

#include <string.h>

#include "base/check.h"
#include "base/codec_row.h"

const struct schema schema_i8 = { "i8", NULL, 0, sizeof(int8_t), FIELD_I8 };
const struct schema schema_i16 = { "i16", NULL, 0, sizeof(int16_t), FIELD_I16 };
const struct schema schema_i32 = { "i32", NULL, 0, sizeof(int32_t), FIELD_I32 };
const struct schema schema_i64 = { "i64", NULL, 0, sizeof(int64_t), FIELD_I64 };
const struct schema schema_text = { "text", NULL, 0, sizeof(struct text), FIELD_TEXT };
const struct schema schema_bytes = { "bytes", NULL, 0, sizeof(struct bytes), FIELD_BYTES };
const struct schema schema_uuid = { "uuid", NULL, 0, sizeof(struct uuid), FIELD_UUID };

typedef ARRAY_OF(char) array_of_char;
_Static_assert(sizeof(array_of_char) == sizeof(struct array), "ARRAY_OF and struct array have one layout");
_Static_assert(offsetof(array_of_char, count) == offsetof(struct array, count),
               "ARRAY_OF and struct array have one layout");

/* clang-format off */
void field_clear(const struct field *field, void *place)
{
    bool null = field->fallback == FALLBACK_NULL;

    switch ((enum field_type)field->type) {
    case FIELD_BOOL: *(bool *)place = field->fallback != 0; break;
    case FIELD_I8: *(int8_t *)place = (int8_t)field->fallback; break;
    case FIELD_I16: *(int16_t *)place = (int16_t)field->fallback; break;
    case FIELD_U16: *(uint16_t *)place = (uint16_t)field->fallback; break;
    case FIELD_I32: *(int32_t *)place = (int32_t)field->fallback; break;
    case FIELD_U32: *(uint32_t *)place = (uint32_t)field->fallback; break;
    case FIELD_I64: *(int64_t *)place = field->fallback; break;
    case FIELD_F64: *(double *)place = (double)field->fallback; break;
    case FIELD_UUID: *(struct uuid *)place = UUID_NONE; break;
    case FIELD_TEXT: *(struct text *)place = null ? TEXT_NULL : TEXT(""); break;
    case FIELD_BYTES: *(struct bytes *)place = null ? BYTES_NULL : (struct bytes){ (const uint8_t *)"", 0 }; break;
    case FIELD_RECORDS: *(struct records *)place = (struct records){ .size = null ? -1 : 0 }; break;
    case FIELD_ARRAY: array_set(place, NULL, null ? -1 : 0); break;
    case FIELD_STRUCT:
        if (field->by_pointer) {
            memset(place, 0, sizeof(void *));
        } else {
            message_clear(field->items, place);
        }
        break;
    }
}

/* clang-format on */

void message_clear(const struct schema *schema, void *into)
{
    invariant(schema->item == FIELD_STRUCT);
    for (unsigned i = 0; i < schema->field_count; i++) {
        field_clear(&schema->fields[i], (char *)into + schema->fields[i].place);
    }
}

int16_t message_version(const struct schema *schema, const void *from)
{
    int16_t version = 0;

    invariant(schema->item == FIELD_STRUCT);
    for (unsigned i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->since <= version) continue;
        if (!field_at_fallback(field, (const char *)from + field->place)) version = field->since;
    }
    return version;
}

static bool message_at_fallback(const struct schema *schema, const char *from)
{
    for (unsigned i = 0; i < schema->field_count; i++) {
        if (!field_at_fallback(&schema->fields[i], from + schema->fields[i].place)) return false;
    }
    return true;
}

/* Empty or null, as the fallback says. Where null has no form on the wire, it counts as empty. */
static bool span_at_fallback(const struct field *field, bool null, size_t size)
{
    if (field->fallback == FALLBACK_NULL) return null;
    return size == 0 && !(null && field->null_from != NEVER);
}

/* clang-format off */
bool field_at_fallback(const struct field *field, const void *place)
{
    switch ((enum field_type)field->type) {
    case FIELD_BOOL: return *(const bool *)place == (field->fallback != 0);
    case FIELD_I8: return *(const int8_t *)place == field->fallback;
    case FIELD_I16: return *(const int16_t *)place == field->fallback;
    case FIELD_U16: return *(const uint16_t *)place == field->fallback;
    case FIELD_I32: return *(const int32_t *)place == field->fallback;
    case FIELD_U32: return *(const uint32_t *)place == field->fallback;
    case FIELD_I64: return *(const int64_t *)place == field->fallback;
    case FIELD_F64: return *(const double *)place == (double)field->fallback;
    case FIELD_UUID: return uuid_none(*(const struct uuid *)place);
    case FIELD_TEXT: {
        const struct text *text = place;
        return span_at_fallback(field, !text->data, text->size);
    }
    case FIELD_BYTES: {
        const struct bytes *bytes = place;
        return span_at_fallback(field, !bytes->data, bytes->size);
    }
    case FIELD_RECORDS: {
        const struct records *records = place;
        return span_at_fallback(field, records->size<0, records->size> 0 ? (size_t)records->size : 0);
    }
    case FIELD_ARRAY: {
        struct array array = array_get(place);
        return span_at_fallback(field, array.count<0, array.count> 0 ? (size_t)array.count : 0);
    }
    case FIELD_STRUCT: return field->by_pointer ? !pointer_get(place) : message_at_fallback(field->items, place);
    }
    return false;
}
/* clang-format on */
