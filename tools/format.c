/* tools/format.c   One pass over the format per record. */
#include "format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pack_spec.h"

static const char tokens[] = "sSRkKThtpo%";

/* ---- escapes ---- */

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The byte behind a backslash at text[*at], which moves behind it. */
static char escape_read(const char *text, size_t size, size_t *at)
{
    char c = text[(*at)++];

    if (c == 'n') return '\n';
    if (c == 'r') return '\r';
    if (c == 't') return '\t';
    if (c == 'x' && *at < size && hex_value(text[*at]) >= 0) {
        int value = 0;
        for (int i = 0; i < 2 && *at < size && hex_value(text[*at]) >= 0; i++)
            value = value * 16 + hex_value(text[(*at)++]);
        return (char)value;
    }
    if (is_octal(c)) {
        int value = c - '0';
        for (int i = 0; i < 2 && *at < size && is_octal(text[*at]); i++) value = value * 8 + text[(*at)++] - '0';
        return (char)value;
    }
    return c;
}

size_t format_unescape(char *text, size_t size)
{
    size_t to = 0;

    for (size_t at = 0; at < size;) {
        char c = text[at++];
        if (c == '\\' && at < size) c = escape_read(text, size, &at);
        text[to++] = c;
    }
    return to;
}

bool format_read(struct format *format, const char *text, const char *null, char why[64])
{
    size_t size = strlen(text);

    format->null = null;
    if (size >= sizeof(format->text)) {
        snprintf(why, 64, "it is longer than %d bytes", FORMAT_SIZE_MAX - 1);
        return false;
    }
    memcpy(format->text, text, size + 1);
    format->size = format_unescape(format->text, size);
    for (size_t i = 0; i < format->size; i++) {
        if (format->text[i] != '%') continue;
        if (++i < format->size && memchr(tokens, format->text[i], sizeof(tokens) - 1)) continue;
        snprintf(why, 64, "there is no '%%%.*s'", i < format->size, &format->text[min_of(i, format->size - 1)]);
        return false;
    }
    return true;
}

/* ---- headers ---- */

struct header_walk header_walk_begin(const struct record *record)
{
    struct header_walk walk = { record->headers.data, record->headers.data + record->headers.size, 0 };

    walk.at += varint_read_i32(walk.at, walk.limit, &walk.left);
    return walk;
}

static struct bytes bytes_next(struct header_walk *walk)
{
    int32_t size = -1;

    walk->at += varint_read_i32(walk->at, walk->limit, &size);
    if (size < 0) return BYTES_NULL;
    invariant(size <= walk->limit - walk->at); /* They were walked before they came here. */
    struct bytes bytes = { walk->at, (size_t)size };
    walk->at += size;
    return bytes;
}

bool header_walk_next(struct header_walk *walk, struct bytes *name, struct bytes *value)
{
    if (walk->left <= 0) return false;
    walk->left--;
    *name = bytes_next(walk);
    *value = bytes_next(walk);
    return true;
}

/* ---- printing ---- */

static void print_bytes(struct bytes bytes, const char *null, FILE *out)
{
    if (bytes.data) {
        fwrite(bytes.data, 1, bytes.size, out);
    } else {
        fputs(null, out);
    }
}

static bool print_packed(struct bytes bytes, const char *spec, const char *null, FILE *out)
{
    if (spec && bytes.data) return pack_spec_print(spec, bytes, out);
    print_bytes(bytes, null, out);
    return true;
}

static void print_length(struct bytes bytes, FILE *out)
{
    fprintf(out, "%lld", bytes.data ? (long long)bytes.size : -1LL);
}

static void print_headers(const struct record *record, const char *null, FILE *out)
{
    struct header_walk walk = header_walk_begin(record);
    struct bytes name, value;

    for (bool first = true; header_walk_next(&walk, &name, &value); first = false) {
        if (!first) fputc(',', out);
        print_bytes(name, "", out);
        fputc('=', out);
        print_bytes(value, *null ? null : "NULL", out);
    }
}

static bool print_token(char token, const struct format *format, const struct consumer_record *one, FILE *out)
{
    const struct record *record = &one->record;
    uint8_t size[4];

    switch (token) {
    case 's': return print_packed(record->value, format->value_spec, format->null, out);
    case 'S': print_length(record->value, out); break;
    case 'R':
        store_i32(size, record->value.data ? (int32_t)record->value.size : -1);
        fwrite(size, 1, sizeof(size), out);
        break;
    case 'k': return print_packed(record->key, format->key_spec, format->null, out);
    case 'K': print_length(record->key, out); break;
    case 'T': fprintf(out, "%" PRId64, record->timestamp_ms); break;
    case 'h': print_headers(record, format->null, out); break;
    case 't': fwrite(one->partition->topic.data, 1, one->partition->topic.size, out); break;
    case 'p': fprintf(out, "%" PRId32, one->partition->index); break;
    case 'o': fprintf(out, "%" PRId64, record->offset); break;
    default: fputc(token, out); break;
    }
    return true;
}

bool format_print(const struct format *format, const struct consumer_record *one, FILE *out)
{
    for (size_t i = 0; i < format->size;) {
        const char *percent = memchr(format->text + i, '%', format->size - i);
        size_t plain = percent ? (size_t)(percent - format->text) - i : format->size - i;
        if (plain > 0) fwrite(format->text + i, 1, plain, out);
        i += plain;
        if (!percent) return true;
        if (!print_token(format->text[i + 1], format, one, out)) return false;
        i += 2;
    }
    return true;
}
