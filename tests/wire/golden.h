/* tests/wire/golden.h   Reads the golden messages and holds a schema against them: what the message says, and that
 * writing it again gives the same bytes. make_golden.py says what stands in a line. */
#ifndef TESTS_WIRE_GOLDEN_H
#define TESTS_WIRE_GOLDEN_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

struct golden {
    char *file, *at;     /* the whole file, cut into lines as it is read */
    char *name, *expect; /* of the current line */
    int16_t version;
    uint8_t *bytes;
    size_t size;
};

/* What a message says, as text. */
struct golden_text {
    char data[1 << 14];
    size_t size;
};

static inline void golden_open(struct golden *golden, const char *test, const char *name)
{
    /* The tests stand in tests/unit/FLOOR/ROOM, the messages in tests/wire. */
    char path[4096];
    int size = (int)(strstr(test, "/unit/") - test);
    snprintf(path, sizeof(path), "%.*s/wire/%s", size, test, name);

    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    *golden = (struct golden){ .file = malloc(bytes + 1), .bytes = malloc(bytes) };
    if (!golden->file || !golden->bytes || fread(golden->file, 1, bytes, file) != bytes) abort();
    golden->file[bytes] = '\0';
    golden->at = golden->file;
    fclose(file);
}

static inline void golden_close(struct golden *golden)
{
    free(golden->file);
    free(golden->bytes);
}

static inline uint8_t golden_digit(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Hex to bytes; `into` has room. */
static inline size_t golden_hex(const char *hex, uint8_t *into)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        into[i] = (uint8_t)(golden_digit(hex[2 * i]) << 4 | golden_digit(hex[2 * i + 1]));
    }
    return size;
}

/* The next line, false at the end. */
static inline bool golden_next(struct golden *golden)
{
    if (*golden->at == '\0') return false;

    golden->name = strsep(&golden->at, "\t");
    golden->version = (int16_t)strtol(strsep(&golden->at, "\t"), NULL, 10);
    const char *hex = strsep(&golden->at, "\t");
    golden->expect = strsep(&golden->at, "\n");
    golden->size = golden_hex(hex, golden->bytes);
    return true;
}

/* The next line of a file of keys ("-" is null) and values in hex. */
static inline bool golden_next_pair(struct golden *golden, struct bytes *key, struct bytes *value)
{
    if (*golden->at == '\0') return false;

    const char *hex = strsep(&golden->at, "\t");
    bool null = strcmp(hex, "-") == 0;
    size_t key_size = null ? 0 : golden_hex(hex, golden->bytes);
    size_t value_size = golden_hex(strsep(&golden->at, "\n"), golden->bytes + key_size);

    *key = (struct bytes){ null ? NULL : golden->bytes, key_size };
    *value = (struct bytes){ golden->bytes + key_size, value_size };
    return true;
}

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
