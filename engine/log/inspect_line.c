/* engine/log/inspect_line.c   Fields are separated by one blank, or by a comma; nothing is buffered. */
#include "log/inspect_line.h"

#include <inttypes.h>

#include "base/sink.h"

static void name_print(struct inspect_line *line, const char *name, const char *suffix)
{
    bool json = line->inspect->json;

    if (line->count > 0) sink_put(line->inspect->out, json ? TEXT(",") : TEXT(" "));
    sink_format(line->inspect->out, json ? "\"%s%s\":" : "%s%s: ", name, suffix);
    line->count++;
}

struct inspect_line line_begin(struct inspect *inspect, const char *type, const char *mark)
{
    struct inspect_line line = { .inspect = inspect };

    sink_format(inspect->out, "%s", inspect->json ? "{" : mark);
    if (inspect->json) line_word(&line, "type", type);
    return line;
}

void line_number(struct inspect_line *line, const char *name, int64_t n)
{
    name_print(line, name, "");
    sink_format(line->inspect->out, "%" PRId64, n);
}

void line_truth(struct inspect_line *line, const char *name, bool is)
{
    name_print(line, name, "");
    sink_put(line->inspect->out, is ? TEXT("true") : TEXT("false"));
}

void line_optional(struct inspect_line *line, const char *name, bool there, int64_t n)
{
    bool json = line->inspect->json;

    name_print(line, name, "");
    if (!there) {
        sink_put(line->inspect->out, json ? TEXT("null") : TEXT("OptionalLong.empty"));
    } else {
        sink_format(line->inspect->out, json ? "%" PRId64 : "OptionalLong[%" PRId64 "]", n);
    }
}

/* The size of the UTF-8 character at `at`; 0 when it is none. Overlong forms and surrogates are let through: whoever
 * reads them knows what to do with them better than a tool that hides them. */
static size_t utf8_size(struct bytes bytes, size_t at)
{
    uint8_t first = bytes.data[at];
    size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

    if (size == 0 || size > bytes.size - at) return 0;
    for (size_t i = 1; i < size; i++) {
        if ((bytes.data[at + i] & 0xc0) != 0x80) return 0;
    }
    return size;
}

static bool is_utf8(struct bytes bytes)
{
    for (size_t at = 0; at < bytes.size;) {
        size_t size = utf8_size(bytes, at);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

static void string_print(struct sink *out, struct bytes bytes)
{
    size_t from = 0;

    sink_put(out, TEXT("\""));
    for (size_t at = 0; at < bytes.size; at++) {
        uint8_t c = bytes.data[at];
        if (c >= ' ' && c != '"' && c != '\\') continue;
        sink_put(out, (struct text){ (const char *)bytes.data + from, at - from });
        sink_format(out, c < ' ' ? "\\u%04x" : "\\%c", c);
        from = at + 1;
    }
    sink_put(out, (struct text){ (const char *)bytes.data + from, bytes.size - from });
    sink_put(out, TEXT("\""));
}

static void hex_print(struct sink *out, struct bytes bytes)
{
    sink_put(out, TEXT("\""));
    for (size_t at = 0; at < bytes.size; at++) sink_format(out, "%02x", bytes.data[at]);
    sink_put(out, TEXT("\""));
}

void line_bytes(struct inspect_line *line, const char *name, struct bytes bytes)
{
    struct sink *out = line->inspect->out;

    if (!bytes.data) return;
    if (!line->inspect->json) {
        name_print(line, name, "");
        sink_put(out, (struct text){ (const char *)bytes.data, bytes.size });
    } else if (is_utf8(bytes)) {
        name_print(line, name, "");
        string_print(out, bytes);
    } else {
        name_print(line, name, "Hex");
        hex_print(out, bytes);
    }
}

void line_word(struct inspect_line *line, const char *name, const char *word)
{
    struct text text = text_of(word);
    line_bytes(line, name, (struct bytes){ (const uint8_t *)text.data, text.size });
}

void line_keys(struct inspect_line *line, const char *name, struct bytes headers)
{
    const uint8_t *at = headers.data, *limit = headers.data + headers.size;
    struct sink *out = line->inspect->out;
    int32_t count = 0, size = 0;

    name_print(line, name, "");
    sink_put(out, TEXT("["));
    at += varint_read_i32(at, limit, &count);
    for (int32_t i = 0; i < count; i++) {
        at += varint_read_i32(at, limit, &size);
        struct bytes key = { at, (size_t)size };
        if (i > 0) sink_put(out, TEXT(","));
        if (!line->inspect->json) {
            sink_put(out, (struct text){ (const char *)key.data, key.size });
        } else if (is_utf8(key)) {
            string_print(out, key);
        } else {
            hex_print(out, key);
        }
        at += key.size;
        at += varint_read_i32(at, limit, &size);
        at += max_of(size, 0);
    }
    sink_put(out, TEXT("]"));
}

void line_end(struct inspect_line *line)
{
    sink_put(line->inspect->out, line->inspect->json ? TEXT("}\n") : TEXT("\n"));
}
