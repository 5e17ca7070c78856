/* tests/fuzz/engine/base/properties_fuzz.c   Any bytes as a properties file, applied to a table with every type of
 * setting. Reading ends in a status, complaints name their lines, and what was accepted keeps the bounds of its row. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    bool flag;
    int16_t narrow;
    int32_t number;
    int64_t wide;
    double ratio;
    struct text name;
    struct text_list list;
    uint8_t choice;
};

/* clang-format off */
static const struct setting rows[] = {
    SETTING(values, flag,   "f", SETTING_BOOL,   "true", 0,   0,            NULL,   SETTING_BROKER, ""),
    SETTING(values, narrow, "s", SETTING_SHORT,  "1",    -5,  5,            NULL,   SETTING_BROKER, ""),
    SETTING(values, number, "i", SETTING_INT,    "1",    0,   SETTING_MOST, NULL,   SETTING_BROKER, ""),
    SETTING(values, wide,   "l", SETTING_LONG,   "1",    -1,  SETTING_MOST, NULL,   SETTING_BROKER, ""),
    SETTING(values, ratio,  "d", SETTING_DOUBLE, "0.5",  0,   1,            NULL,   SETTING_BROKER, ""),
    SETTING(values, name,   "t", SETTING_STRING, NULL,   0,   0,            NULL,   SETTING_NOT_EMPTY, ""),
    SETTING(values, list,   "c", SETTING_LIST,   NULL,   0,   0,            "a, b", SETTING_NO_DUPLICATES, ""),
    SETTING(values, choice, "e", SETTING_ENUM,   "x",    0,   0,            "x, y", SETTING_ANY_CASE, ""),
};
/* clang-format on */

static void check_values(const struct values *values, struct arena *arena)
{
    invariant(values->narrow >= -5 && values->narrow <= 5);
    invariant(values->number >= 0);
    invariant(values->wide >= -1);
    invariant(values->ratio >= 0 && values->ratio <= 1);
    invariant(!values->name.data || values->name.size > 0);
    invariant(values->list.count <= 2);
    invariant(values->choice <= 1);
    for (size_t i = 0; i < array_count(rows); i++) (void)setting_print(&rows[i], values, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct setting_table table = { .rows = rows, .row_count = array_count(rows) };
    struct heap heap;
    struct arena arena;
    struct property_list list;
    int32_t bad_line = 0;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX / 2);
    properties_init(&list, &arena);
    struct text content = { arena_copy(&arena, data, size), size };
    enum status status = properties_read(&list, content, TEXT("file"), &bad_line);
    invariant(status == STATUS_OK || (status == STATUS_INVALID && bad_line > 0));

    struct values values;
    struct setting_report report;
    status = settings_apply(&table, &list, &values, NULL, &report, &arena);
    invariant((status == STATUS_OK) == (report.error_count == 0));
    for (uint32_t i = 0; i < report.count; i++) invariant(report.lines[i].line > 0);
    check_values(&values, &arena);
    heap_end(&heap);
    return 0;
}
