/* tools/output.h   What client commands print: tables in columns for people, JSON for programs, and how they end. All
 * of it goes to standard output through stdio; whoever reads it may go away at any time. */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/heap.h"
#include "base/text.h"
#include "base/uuid.h"

/* Columns as wide as what is in them. A heading that begins with '>' is for numbers, which stand to the right. */
enum { TABLE_COLUMNS_MAX = 16 };
struct table {
    struct heap heap;
    struct arena arena;
    const char *headings[TABLE_COLUMNS_MAX];
    uint32_t column_count;
    struct text *cells;
    size_t cell_count, cell_room;
};

void table_begin(struct table *table, const char *const *headings, uint32_t count);
void table_text(struct table *table, struct text text); /* the next cell, row by row */
void table_cell(struct table *table, const char *format, ...) printf_like(2, 3);
void table_end(struct table *table, FILE *out);

/* JSON, written as it comes: commas are taken care of. Bytes that are no UTF-8 become U+FFFD. */
enum { JSON_DEPTH_MAX = 16 };
struct json {
    FILE *out;
    uint32_t depth;
    bool filled[JSON_DEPTH_MAX];
};

void json_open(struct json *json, const char *name, char bracket); /* name NULL: in a list, or the whole */
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *name, struct text text); /* null text: null */
void json_word(struct json *json, const char *name, const char *word);
void json_number(struct json *json, const char *name, int64_t number);
void json_real(struct json *json, const char *name, double number);
void json_bool(struct json *json, const char *name, bool truth);
void json_line(struct json *json); /* after the outermost bracket */

/* The last words of a command: standard output is flushed; EXIT_FAILED with a complaint when that can't be done, but
 * quietly when nobody reads any more. */
must_check int output_end(const char *called, int code);
/* Right after a write to standard output failed: the same complaint. */
int output_broken(const char *called);
/* A line of complaint. */
void complain(const char *called, const char *format, ...) printf_like(2, 3);

#endif
