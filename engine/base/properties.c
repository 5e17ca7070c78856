/* engine/base/properties.c   A file is read in three steps: natural lines are joined to a logical one (comments and
 * blank lines fall away), the logical line is cut into name and value at the first bare separator, and both are freed
 * of their escapes in place, which only makes them shorter. The rules are those of java.util.Properties. */
#include "base/properties.h"

#include <string.h>

#include "base/arena.h"

void properties_init(struct property_list *list, struct arena *arena)
{
    *list = (struct property_list){ .arena = arena };
}

static enum status list_add(struct property_list *list, struct property property)
{
    if (list->count == list->room) {
        uint32_t room = max_of(2 * list->room, 32u);
        struct property *items = arena_take(list->arena, room * sizeof(*items));
        if (!items) return STATUS_NO_MEMORY;
        if (list->count > 0) memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = property;
    return STATUS_OK;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static struct text skip_blanks(struct text text)
{
    while (text.size > 0 && blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}

/* Cuts one natural line off: \n, \r and \r\n end it. */
static struct text natural_line(struct text *content)
{
    struct text line = *content;
    size_t size = 0;
    while (size < content->size && content->data[size] != '\n' && content->data[size] != '\r') size++;

    line.size = size;
    if (size < content->size) {
        size += content->data[size] == '\r' && size + 1 < content->size && content->data[size + 1] == '\n' ? 2 : 1;
    }
    content->data += size;
    content->size -= size;
    return line;
}

/* An odd number of backslashes at the end. */
static bool continues(struct text line)
{
    size_t count = 0;
    while (count < line.size && line.data[line.size - 1 - count] == '\\') count++;
    return count % 2 == 1;
}

/* Joins a line with those that it asks for, into `joined`, which has room for all that is left. */
static struct text logical_line(struct text line, struct text *content, int32_t *line_number, char *joined)
{
    size_t size = 0;

    for (;;) {
        bool more = continues(line);
        size_t part = line.size - (more ? 1 : 0);
        memcpy(joined + size, line.data, part);
        size += part;
        if (!more || content->size == 0) return (struct text){ joined, size };

        line = skip_blanks(natural_line(content));
        ++*line_number;
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* XXXX behind \u; -1 when it is malformed. */
static int32_t unit_at(const char *at, const char *limit)
{
    int32_t unit = 0;

    if (limit - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int value = hex_value(at[i]);
        if (value < 0) return -1;
        unit = unit << 4 | value;
    }
    return unit;
}

static size_t put_utf8(char *to, uint32_t point)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, point >>= 6) to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)((uint32_t)(0xf00 >> size & 0xff) | point);
    return size;
}

/* One or two \uXXXX to UTF-8: six bytes become at most three, twelve at most four. Half of a pair becomes U+FFFD. */
static bool unescape_unicode(const char **from, const char *limit, char **to)
{
    int32_t unit = unit_at(*from, limit);
    if (unit < 0) return false;
    *from += 4;

    uint32_t point = (uint32_t)unit;
    if (unit >= 0xd800 && unit < 0xdc00 && limit - *from >= 6 && (*from)[0] == '\\' && (*from)[1] == 'u') {
        int32_t low = unit_at(*from + 2, limit);
        if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            *from += 6;
        }
    }
    if (point >= 0xd800 && point < 0xe000) point = 0xfffd;
    *to += put_utf8(*to, point);
    return true;
}

/* In place. False for a malformed \uXXXX. */
static bool unescape(char *start, size_t *size)
{
    const char *from = start, *limit = start + *size;
    char *to = start;

    while (from < limit) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        if (++from == limit) break;
        char c = *from++;
        switch (c) {
        case 'u':
            if (!unescape_unicode(&from, limit, &to)) return false;
            break;
        case 't': *to++ = '\t'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 'f': *to++ = '\f'; break;
        default: *to++ = c;
        }
    }
    *size = (size_t)(to - start);
    return true;
}

/* Where the name ends: the first separator without a backslash in front. */
static size_t name_size(struct text line)
{
    size_t i = 0;
    while (i < line.size && !blank(line.data[i]) && line.data[i] != '=' && line.data[i] != ':') {
        i += line.data[i] == '\\' && i + 1 < line.size ? 2 : 1;
    }
    return i;
}

static bool property_split(char *start, struct text line, struct property *property)
{
    size_t size = name_size(line);
    struct text value = skip_blanks((struct text){ line.data + size, line.size - size });
    if (value.size > 0 && (value.data[0] == '=' || value.data[0] == ':')) {
        value = skip_blanks((struct text){ value.data + 1, value.size - 1 });
    }

    size_t value_size = value.size;
    char *value_start = start + (value.data - line.data);
    if (!unescape(start, &size) || !unescape(value_start, &value_size)) return false;
    property->name = (struct text){ start, size };
    property->value = (struct text){ value_start, value_size };
    return true;
}

enum status properties_read(struct property_list *list, struct text content, struct text source, int32_t *bad_line)
{
    if (text_starts(content, TEXT("\xef\xbb\xbf"))) content = (struct text){ content.data + 3, content.size - 3 };

    /* One piece for all logical lines: together they are not longer than the file. */
    char *joined = arena_take(list->arena, content.size + 1);
    source = text_copy(list->arena, source);
    if (!joined || !source.data) return STATUS_NO_MEMORY;

    for (int32_t line_number = 1; content.size > 0; line_number++) {
        struct text line = skip_blanks(natural_line(&content));
        if (line.size == 0 || line.data[0] == '#' || line.data[0] == '!') continue;

        struct property property = { .source = source, .line = line_number, .origin = PROPERTY_FILE };
        line = logical_line(line, &content, &line_number, joined);
        if (!property_split(joined, line, &property)) {
            *bad_line = property.line;
            return STATUS_INVALID;
        }
        enum status status = list_add(list, property);
        if (status != STATUS_OK) return status;
        joined += line.size;
    }
    return STATUS_OK;
}

/* NUM_PARTITIONS -> num.partitions; A__B -> a_b; A___B -> a-b. In place, never longer. */
static size_t environment_name(char *name, size_t size)
{
    size_t kept = 0;

    for (size_t i = 0; i < size; kept++) {
        size_t run = 0;
        while (run < 3 && i + run < size && name[i + run] == '_') run++;
        if (run > 0) {
            name[kept] = ".._-"[run];
            i += run;
        } else {
            char c = name[i++];
            name[kept] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
    }
    return kept;
}

enum status properties_read_environment(struct property_list *list, const char *const *environment)
{
    static const struct text prefix = { "KAFKA_", 6 };

    for (; *environment; environment++) {
        struct text value = text_of(*environment);
        struct text variable = text_cut(&value, '=');
        if (!value.data || !text_starts(variable, prefix) || variable.size == prefix.size) continue;

        char *name = arena_copy(list->arena, variable.data + prefix.size, variable.size - prefix.size);
        struct property property = { .origin = PROPERTY_ENVIRONMENT };
        property.source = text_copy(list->arena, variable);
        property.value = text_copy(list->arena, value);
        if (!name || !property.source.data || !property.value.data) return STATUS_NO_MEMORY;
        property.name = (struct text){ name, environment_name(name, variable.size - prefix.size) };

        enum status status = list_add(list, property);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

enum status properties_override(struct property_list *list, struct text assignment)
{
    struct property property = { .source = TEXT("--override"), .origin = PROPERTY_OVERRIDE };

    property.value = text_copy(list->arena, assignment);
    if (!property.value.data) return STATUS_NO_MEMORY;
    property.name = text_trim(text_cut(&property.value, '='));
    if (!property.value.data || property.name.size == 0) return STATUS_INVALID;
    return list_add(list, property);
}

const struct property *properties_find(const struct property_list *list, struct text name)
{
    const struct property *best = NULL;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct property *property = &list->items[i];
        if (text_equal(property->name, name) && (!best || property->origin >= best->origin)) best = property;
    }
    return best;
}
