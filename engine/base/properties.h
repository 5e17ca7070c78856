/* engine/base/properties.h   Java's .properties files, the environment of Kafka's container image and overrides of the
 * command line, all as one list of {name, value, where from}. Nothing is judged here; see settings.h.
 *
 *     # comment          ! comment
 *     name=value         name: value        name value        name
 *     long=first, \      a backslash at the end of the line joins the next, without its leading blanks
 *          second
 *     odd\ name=\u00e9   backslash escapes: t n r f, \uXXXX (surrogate pairs too), any other character is itself */
#ifndef ENGINE_BASE_PROPERTIES_H
#define ENGINE_BASE_PROPERTIES_H

#include <stdint.h>

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"

struct arena;

/* By rising rank: the later beats the earlier. */
enum property_origin { PROPERTY_FILE, PROPERTY_ENVIRONMENT, PROPERTY_OVERRIDE };

struct property {
    struct text name, value;
    struct text source; /* the file's name, the variable's name, "--override" */
    int32_t line;       /* in the file, from 1; else 0 */
    enum property_origin origin;
};

/* In the order in which they were read. Names may stand there more than once. */
struct property_list {
    struct property *items;
    uint32_t count, room;
    struct arena *arena;
};

void properties_init(struct property_list *list, struct arena *arena);
/* All of a file's content; UTF-8 passes through, as do bytes that are none. STATUS_NO_MEMORY; STATUS_INVALID for a
 * malformed \uXXXX, whose line is then in `*bad_line`. */
must_check enum status properties_read(struct property_list *list, struct text content, struct text source,
                                       int32_t *bad_line);
/* Variables as Kafka's image maps them: KAFKA_ and the name in capitals with '.' as _, '_' as __ and '-' as ___.
 * `environment` is NULL-terminated NAME=value; variables without the prefix are not ours. */
must_check enum status properties_read_environment(struct property_list *list, const char *const *environment);
/* One "name=value" of the command line. STATUS_INVALID without '='. */
must_check enum status properties_override(struct property_list *list, struct text assignment);

/* The value that wins for a name; NULL when there is none. */
const struct property *properties_find(const struct property_list *list, struct text name);

#endif
