/* engine/base/settings.c   From a list of properties to values: first every row's winner is found, then the list is
 * walked once in the order in which people wrote it, and each complaint is put into the report at its own line. */
#include "base/settings.h"

#include <string.h>

#include "base/arena.h"

enum { NEAR = 3 /* fewer slips than this is a slip of the finger */ };

/* Most rows differ in the first letters: without a call for each. */
static bool named(const struct setting *row, struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (row->name[i] != name.data[i] || name.data[i] == '\0') return false;
    }
    return row->name[name.size] == '\0';
}

static const struct setting *row_named(const struct setting_table *table, struct text name)
{
    for (uint32_t i = 0; i < table->row_count; i++) {
        if (named(&table->rows[i], name)) return &table->rows[i];
    }
    return NULL;
}

const struct setting *setting_find(const struct setting_table *table, struct text name)
{
    const struct setting *row = row_named(table, name);
    if (!row || row->type != SETTING_ALIAS) return row;

    row = row_named(table, text_of(row->fallback));
    invariant(row && row->type != SETTING_ALIAS);
    return row;
}

const struct setting *setting_nearest(const struct setting_table *table, struct text name)
{
    const struct setting *nearest = NULL;
    unsigned limit = NEAR;

    for (uint32_t i = 0; i < table->row_count && limit > 0; i++) {
        unsigned distance = text_distance(text_of(table->rows[i].name), name, limit);
        if (distance < limit) {
            nearest = &table->rows[i];
            limit = distance;
        }
    }
    return nearest;
}

/* One '*' in the pattern stands for anything. */
static bool pattern_matches(struct text pattern, struct text name)
{
    struct text tail = pattern;
    struct text head = text_cut(&tail, '*');
    if (!tail.data) return text_equal(pattern, name);
    return name.size >= head.size + tail.size && text_starts(name, head) && text_ends(name, tail);
}

static bool any_matches(const char *const *patterns, uint32_t count, struct text name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (pattern_matches(text_of(patterns[i]), name)) return true;
    }
    return false;
}

static enum status report_add(struct setting_report *report, struct arena *arena, bool error,
                              const struct property *property, struct text message)
{
    if (!message.data) return STATUS_NO_MEMORY;
    if (report->count == report->room) {
        uint32_t room = max_of(2 * report->room, 16u);
        struct setting_report_line *lines = arena_take(arena, room * sizeof(*lines));
        if (!lines) return STATUS_NO_MEMORY;
        if (report->count > 0) memcpy(lines, report->lines, report->count * sizeof(*lines));
        report->lines = lines;
        report->room = room;
    }
    report->lines[report->count++] = (struct setting_report_line){ error, property->source, property->line, message };
    report->error_count += error;
    return STATUS_OK;
}

/* Null for what a text or list can be without; zero for a number without a default. */
static enum status row_clear(const struct setting *row, void *values, struct arena *arena)
{
    void *place = (char *)values + row->place;
    struct text why = TEXT_NULL;

    if (row->type == SETTING_ALIAS) return STATUS_OK;
    if (row->fallback) {
        enum status status = setting_parse(row, text_of(row->fallback), values, arena, &why);
        invariant(status != STATUS_INVALID); /* a default keeps its own rules */
        return status;
    }
    switch ((enum setting_type)row->type) {
    case SETTING_BOOL: *(bool *)place = false; break;
    case SETTING_SHORT: *(int16_t *)place = 0; break;
    case SETTING_INT: *(int32_t *)place = 0; break;
    case SETTING_LONG: *(int64_t *)place = 0; break;
    case SETTING_DOUBLE: *(double *)place = 0; break;
    case SETTING_LIST: *(struct text_list *)place = (struct text_list){ NULL, -1 }; break;
    case SETTING_ENUM: *(uint8_t *)place = 0; break;
    default: *(struct text *)place = TEXT_NULL;
    }
    return STATUS_OK;
}

enum status settings_clear(const struct setting_table *table, void *values, struct arena *arena)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < table->row_count && status == STATUS_OK; i++) {
        status = row_clear(&table->rows[i], values, arena);
    }
    return status;
}

static enum status apply_unknown(const struct setting_table *table, const struct property *property,
                                 struct setting_report *report, struct arena *arena)
{
    struct text name = property->name, message;

    if (any_matches(table->open, table->open_count, name)) return STATUS_OK;
    if (any_matches(table->ignored, table->ignored_count, name)) {
        message = text_format(arena, "%.*s has no effect here, ignored", TEXT_ARGS(name));
        return report_add(report, arena, false, property, message);
    }

    const struct setting *nearest = setting_nearest(table, name);
    if (!nearest) {
        message = text_format(arena, "%.*s is not known, ignored", TEXT_ARGS(name));
        return report_add(report, arena, false, property, message);
    }
    /* An image or an orchestrator sets variables that nobody wrote by hand. */
    bool error = property->origin != PROPERTY_ENVIRONMENT;
    message = text_format(arena, "%.*s is not known, did you mean %s?", TEXT_ARGS(name), nearest->name);
    return report_add(report, arena, error, property, message);
}

static enum status apply_known(const struct setting *row, const struct property *property, void *values,
                               struct setting_report *report, struct arena *arena)
{
    struct text why = TEXT_NULL;
    enum status status = setting_parse(row, property->value, values, arena, &why);

    if (status == STATUS_INVALID) return report_add(report, arena, true, property, why);
    if (status != STATUS_OK) return status;
    if (!(row->scope & SETTING_UNUSED)) return STATUS_OK;
    return report_add(report, arena, false, property, text_format(arena, "%s has no effect here", row->name));
}

enum status settings_apply(const struct setting_table *table, const struct property_list *list, void *values,
                           const struct property **origins, struct setting_report *report, struct arena *arena)
{
    enum status status = settings_clear(table, values, arena);
    if (status != STATUS_OK) return status;

    *report = (struct setting_report){ 0 };
    if (!origins) origins = arena_take(arena, table->row_count * sizeof(struct property *));
    if (!origins) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < table->row_count; i++) origins[i] = NULL;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct setting *row = setting_find(table, list->items[i].name);
        if (!row) continue;
        const struct property **origin = &origins[row - table->rows];
        if (!*origin || list->items[i].origin >= (*origin)->origin) *origin = &list->items[i];
    }

    for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++) {
        const struct property *property = &list->items[i];
        const struct setting *row = setting_find(table, property->name);
        if (!row) {
            status = apply_unknown(table, property, report, arena);
        } else if (origins[row - table->rows] == property) {
            status = apply_known(row, property, values, report, arena);
        }
    }
    if (status != STATUS_OK) return status;
    return report->error_count > 0 ? STATUS_INVALID : STATUS_OK;
}
