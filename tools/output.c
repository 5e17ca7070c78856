/* tools/output.c   Tables, JSON, last words. */
#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "command.h"

enum { ARENA_MAX = 1 << 30, CELL_MAX = 4096 };

/* ---- tables ---- */

void table_begin(struct table *table, const char *const *headings, uint32_t count)
{
    invariant(count > 0 && count <= TABLE_COLUMNS_MAX);
    *table = (struct table){ .column_count = count };
    heap_init(&table->heap);
    arena_init(&table->arena, &table->heap, NULL, 0, ARENA_MAX);
    for (uint32_t i = 0; i < count; i++) table->headings[i] = headings[i];
}

void table_text(struct table *table, struct text text)
{
    if (table->cell_count == table->cell_room) {
        table->cell_room = table->cell_room ? 2 * table->cell_room : 256;
        table->cells = heap_resize(&table->heap, table->cells, table->cell_room * sizeof(*table->cells));
    }
    struct text kept = text.data ? text_copy(&table->arena, text) : TEXT("-");
    table->cells[table->cell_count++] = kept.data ? kept : TEXT("?");
}

void table_cell(struct table *table, const char *format, ...)
{
    char cell[CELL_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(cell, sizeof(cell), format, arguments);
    va_end(arguments);
    table_text(table, text_of(cell));
}

/* Columns on a terminal, near enough: bytes that continue a character take no room. */
static size_t text_width(struct text text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.size; i++) width += ((uint8_t)text.data[i] & 0xc0) != 0x80;
    return width;
}

static void row_print(const struct table *table, const struct text *cells, const size_t *widths, FILE *out)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        bool right = table->headings[i][0] == '>', last = i + 1 == table->column_count;
        int gap = (int)(widths[i] - text_width(cells[i]));
        if (right) fprintf(out, "%*s", gap, "");
        fwrite(cells[i].data, 1, cells[i].size, out);
        if (!right && !last) fprintf(out, "%*s", gap, "");
        if (!last) fputs("  ", out);
    }
    fputc('\n', out);
}

void table_end(struct table *table, FILE *out)
{
    struct text headings[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];
    uint32_t columns = table->column_count;

    invariant(table->cell_count % columns == 0);
    for (uint32_t i = 0; i < columns; i++) {
        headings[i] = text_of(table->headings[i] + (table->headings[i][0] == '>'));
        widths[i] = text_width(headings[i]);
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        widths[i % columns] = max_of(widths[i % columns], text_width(table->cells[i]));
    }
    row_print(table, headings, widths, out);
    for (size_t i = 0; i < table->cell_count; i += columns) row_print(table, table->cells + i, widths, out);
    heap_end(&table->heap);
}

/* ---- JSON ---- */

/* The size of the UTF-8 character at `at`, 0 when it is none. */
static size_t character_size(const uint8_t *at, size_t left)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

    if (at[0] >= 0x80 && at[0] < 0xc2) return 0;
    if (size == 0 || size > left) return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (size == 3 && at[0] == 0xe0 && at[1] < 0xa0) return 0;
    if (size == 3 && at[0] == 0xed && at[1] >= 0xa0) return 0; /* half of a surrogate pair */
    if (size == 4 && ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))) return 0;
    return size;
}

static void string_print(FILE *out, struct text text)
{
    const uint8_t *data = (const uint8_t *)text.data;

    fputc('"', out);
    for (size_t i = 0; i < text.size;) {
        size_t size = character_size(data + i, text.size - i);
        if (size == 0) {
            fputs("\xef\xbf\xbd", out);
            size = 1;
        } else if (size > 1) {
            fwrite(data + i, 1, size, out);
        } else if (data[i] == '"' || data[i] == '\\') {
            fprintf(out, "\\%c", data[i]);
        } else if (data[i] == '\n') {
            fputs("\\n", out);
        } else if (data[i] == '\t') {
            fputs("\\t", out);
        } else if (data[i] < 0x20 || data[i] == 0x7f) {
            fprintf(out, "\\u%04x", data[i]);
        } else {
            fputc(data[i], out);
        }
        i += size;
    }
    fputc('"', out);
}

static void member(struct json *json, const char *name)
{
    if (json->filled[json->depth]) fputc(',', json->out);
    json->filled[json->depth] = true;
    if (!name) return;
    string_print(json->out, text_of(name));
    fputc(':', json->out);
}

void json_open(struct json *json, const char *name, char bracket)
{
    member(json, name);
    fputc(bracket, json->out);
    invariant(json->depth + 1 < JSON_DEPTH_MAX);
    json->filled[++json->depth] = false;
}

void json_close(struct json *json, char bracket)
{
    invariant(json->depth > 0);
    json->depth--;
    fputc(bracket, json->out);
}

void json_text(struct json *json, const char *name, struct text text)
{
    member(json, name);
    if (text.data) {
        string_print(json->out, text);
    } else {
        fputs("null", json->out);
    }
}

void json_word(struct json *json, const char *name, const char *word)
{
    json_text(json, name, text_of(word));
}

void json_number(struct json *json, const char *name, int64_t number)
{
    member(json, name);
    fprintf(json->out, "%lld", (long long)number);
}

void json_real(struct json *json, const char *name, double number)
{
    member(json, name);
    if (isfinite(number)) {
        fprintf(json->out, "%.6g", number);
    } else {
        fputs("null", json->out); /* infinity or NaN, which JSON has no word for */
    }
}

void json_bool(struct json *json, const char *name, bool truth)
{
    member(json, name);
    fputs(truth ? "true" : "false", json->out);
}

void json_line(struct json *json)
{
    invariant(json->depth == 0);
    json->filled[0] = false;
    fputc('\n', json->out);
}

/* ---- last words ---- */

int output_broken(const char *called)
{
    if (errno != EPIPE) complain(called, "standard output can't be written: %s", strerror(errno));
    clearerr(stdout);
    return EXIT_FAILED;
}

int output_end(const char *called, int code)
{
    if (ferror(stdout) || fflush(stdout) != 0) return output_broken(called);
    return code;
}

void complain(const char *called, const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fprintf(stderr, "%s: ", called);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
