/* tests/wire/golden_text.h   What a message says, as the golden files spell it: its members in the order of its schema,
 * so that a schema that reads a wrong member, or one too few, says another text. */
#ifndef TESTS_WIRE_GOLDEN_TEXT_H
#define TESTS_WIRE_GOLDEN_TEXT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

struct golden_text {
    char data[1 << 14];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static inline void golden_say(struct golden_text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text->size += (size_t)vsnprintf(text->data + text->size, sizeof(text->data) - text->size, format, arguments);
    va_end(arguments);
    if (text->size >= sizeof(text->data)) abort();
}

static inline void golden_say_bytes(struct golden_text *text, const uint8_t *data, size_t size, bool quoted)
{
    if (quoted) golden_say(text, data == NULL ? "null" : "x\"");
    for (size_t i = 0; data != NULL && i < size; i++) golden_say(text, "%02x", data[i]);
    if (quoted && data != NULL) golden_say(text, "\"");
}

static inline void golden_say_struct(struct golden_text *text, const struct schema *schema, const uint8_t *from);

static inline void golden_say_value(struct golden_text *text, enum field_type type, const struct schema *schema,
                                    const void *from)
{
    const struct text *string = from;
    const struct bytes *bytes = from;
    const struct records *records = from;

    switch (type) {
    case FIELD_BOOL: golden_say(text, *(const bool *)from ? "true" : "false"); break;
    case FIELD_I8: golden_say(text, "%d", *(const int8_t *)from); break;
    case FIELD_I16: golden_say(text, "%d", *(const int16_t *)from); break;
    case FIELD_U16: golden_say(text, "%u", *(const uint16_t *)from); break;
    case FIELD_I32: golden_say(text, "%" PRId32, *(const int32_t *)from); break;
    case FIELD_U32: golden_say(text, "%" PRIu32, *(const uint32_t *)from); break;
    case FIELD_I64: golden_say(text, "%" PRId64, *(const int64_t *)from); break;
    case FIELD_F64: golden_say(text, "%.17g", *(const double *)from); break;
    case FIELD_UUID: golden_say_bytes(text, ((const struct uuid *)from)->byte, 16, false); break;
    case FIELD_BYTES: golden_say_bytes(text, bytes->data, bytes->size, true); break;
    case FIELD_RECORDS:
        golden_say_bytes(text, records->data, records->size > 0 ? (size_t)records->size : 0, true);
        break;
    case FIELD_TEXT:
        if (string->data == NULL) golden_say(text, "null");
        if (string->data != NULL) golden_say(text, "\"%.*s\"", TEXT_ARGS(*string));
        break;
    case FIELD_STRUCT: golden_say_struct(text, schema, from); break;
    case FIELD_ARRAY: abort();
    }
}

static inline void golden_say_array(struct golden_text *text, const struct field *field, const struct array *array)
{
    if (array->count < 0) {
        golden_say(text, "null");
        return;
    }
    golden_say(text, "[");
    for (int32_t i = 0; i < array->count; i++) {
        const uint8_t *item = (const uint8_t *)array->items + (size_t)i * field->items->size;
        golden_say(text, i > 0 ? " " : "");
        golden_say_value(text, field->items->item, field->items, item);
    }
    golden_say(text, "]");
}

static inline void golden_say_struct(struct golden_text *text, const struct schema *schema, const uint8_t *from)
{
    if (from == NULL) abort();
    golden_say(text, "{");
    for (uint16_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        const void *place = from + field->place;

        golden_say(text, "%s", i > 0 ? " " : "");
        if (field->by_pointer) memcpy(&place, place, sizeof(place));
        if (place == NULL) {
            golden_say(text, "null");
        } else if (field->type == FIELD_ARRAY) {
            golden_say_array(text, field, place);
        } else {
            golden_say_value(text, (enum field_type)field->type, field->items, place);
        }
    }
    golden_say(text, "}");
}

#endif
