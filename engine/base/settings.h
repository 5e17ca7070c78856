/* engine/base/settings.h   Settings as rows: one row per name says type, default, bounds, scope and what it is for. The
 * file, the environment, the command line, DescribeConfigs and the manual come from the same row.
 *
 *     struct broker_values { int32_t num_partitions; struct text log_dir; };
 *     static const struct setting rows[] = {
 *         SETTING(broker_values, num_partitions, "num.partitions", SETTING_INT, "1", 1, SETTING_MOST, NULL,
 *                 SETTING_BROKER, "partitions of a topic that is made without a number"),
 *     };
 *     static const struct setting_table table = { rows, array_count(rows), ignored, array_count(ignored) };
 *
 * What was read is a list of properties (properties.h); settings_apply turns it into values and a report that holds
 * every complaint at once. Texts of the values point into the list's memory or the arena.
 *
 * An unknown name that is nearly a known one is an error, because it is a slip; another unknown name is noted and
 * otherwise ignored, because Kafka does so. */
#ifndef ENGINE_BASE_SETTINGS_H
#define ENGINE_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/properties.h"
#include "base/status.h"
#include "base/text.h"

struct arena;

/* clang-format off */
enum setting_type {
    SETTING_BOOL,     /* bool */
    SETTING_SHORT,    /* int16_t */
    SETTING_INT,      /* int32_t */
    SETTING_LONG,     /* int64_t */
    SETTING_DOUBLE,   /* double */
    SETTING_STRING,   /* struct text; with choices: one of them */
    SETTING_CLASS,    /* struct text: the name of a Java class */
    SETTING_PASSWORD, /* struct text, never printed */
    SETTING_LIST,     /* struct text_list; with choices: only of them */
    SETTING_ENUM,     /* uint8_t: the number of the choice */
    SETTING_ALIAS,    /* another name for the row that `fallback` names */
};

/* Where it may be set, and rules. SETTING_BROKER without a dynamic scope is read-only. */
enum setting_scope {
    SETTING_BROKER          = 1 << 0, SETTING_TOPIC         = 1 << 1,
    SETTING_DYNAMIC_BROKER  = 1 << 2, SETTING_DYNAMIC_CLUSTER = 1 << 3,
    SETTING_GROUP           = 1 << 4, SETTING_CLIENT_METRICS = 1 << 5,
    SETTING_NOT_EMPTY       = 1 << 8,  /* strings and lists */
    SETTING_NO_DUPLICATES   = 1 << 9,  /* lists */
    SETTING_ANY_CASE        = 1 << 10, /* choices are compared without case */
    SETTING_OR_MINUS_ONE    = 1 << 11, /* -1 is allowed below the least */
    SETTING_UNUSED          = 1 << 12, /* accepted and reported, has no effect here */
    SETTING_INTERNAL        = 1 << 13, /* not told of unless somebody set it */
};

struct setting {
    const char *name;
    uint16_t place;       /* in the values; unused by SETTING_ALIAS */
    uint8_t type;         /* enum setting_type */
    uint16_t scope;
    const char *fallback; /* the default as one would write it; NULL is null (texts) or, for numbers, 0 */
    double least, most;   /* numbers; SETTING_LEAST, SETTING_MOST: whatever the type holds */
    const char *choices;  /* "a, b, c"; NULL: anything */
    const char *doc;
};

struct text_list { const struct text *items; int32_t count; };

#define SETTING_LEAST (-__builtin_inf())
#define SETTING_MOST (__builtin_inf())

/* 1 when a member of this C type can hold this type of setting; the negative array size tells the compiler. */
#define SETTING_FITS(member, type)                                                                                     \
    _Generic((member), bool: (type) == SETTING_BOOL, int16_t: (type) == SETTING_SHORT, int32_t: (type) == SETTING_INT, \
             int64_t: (type) == SETTING_LONG, double: (type) == SETTING_DOUBLE,                                        \
             struct text: (type) >= SETTING_STRING && (type) <= SETTING_PASSWORD,                                      \
             struct text_list: (type) == SETTING_LIST, uint8_t: (type) == SETTING_ENUM)
#define SETTING(values, member, name, type, fallback, least, most, choices, scope, doc)                                \
    { name, offsetof(struct values, member) +                                                                          \
      0 * sizeof(char[SETTING_FITS(((struct values *)0)->member, type) ? 1 : -1]),                                     \
      type, scope, fallback, least, most, choices, doc }
#define SETTING_OTHER_NAME(name, of) { name, 0, SETTING_ALIAS, 0, of, 0, 0, NULL, NULL }
/* clang-format on */

struct setting_table {
    const struct setting *rows;
    uint32_t row_count;
    /* Names that mean something to the JVM only, and names read by others from the list; a '*' at the end (or inside)
     * stands for anything. The first are noted as ignored, the second are left alone. */
    const char *const *ignored;
    uint32_t ignored_count;
    const char *const *open;
    uint32_t open_count;
};

/* One complaint. `line` is 0 when it has none. */
struct setting_report_line {
    bool error; /* otherwise a notice */
    struct text source;
    int32_t line;
    struct text message;
};

struct setting_report {
    struct setting_report_line *lines;
    uint32_t count, room;
    uint32_t error_count;
};

/* The row with the name (or the one that an alias means); NULL when there is none. */
const struct setting *setting_find(const struct setting_table *table, struct text name);
/* The row whose name is nearest, for "did you mean"; NULL when none is near. */
const struct setting *setting_nearest(const struct setting_table *table, struct text name);

/* Sets one value from its text. STATUS_INVALID: `*why` says why, in Kafka's words; STATUS_NO_MEMORY. */
must_check enum status setting_parse(const struct setting *row, struct text text, void *values, struct arena *arena,
                                     struct text *why);
/* The value as one would write it; TEXT_NULL for null. Passwords too: hiding them is the caller's part. */
struct text setting_print(const struct setting *row, const void *values, struct arena *arena);

/* Every value becomes its default. */
must_check enum status settings_clear(const struct setting_table *table, void *values, struct arena *arena);
/* Defaults first, then the list: what came from an override beats the environment beats the file, later beats earlier.
 * `origins`, when not NULL, has one place per row: who set it, NULL for the default. STATUS_INVALID when the report has
 * an error; STATUS_NO_MEMORY. */
must_check enum status settings_apply(const struct setting_table *table, const struct property_list *list, void *values,
                                      const struct property **origins, struct setting_report *report,
                                      struct arena *arena);

#endif
