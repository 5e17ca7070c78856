/* tools/read_settings.h   From a properties file, the environment and the command line to the settings of a node, with
 * every complaint at once. */
#ifndef TOOLS_READ_SETTINGS_H
#define TOOLS_READ_SETTINGS_H

#include <stdio.h>

#include "base/arena.h"
#include "cluster/configs.h"

/* Named on the command line of every command that wants settings: [SERVER.PROPERTIES] [--override NAME=VALUE]... */
enum { OVERRIDES_MAX = 256 };

/* What stands in for a file where there is none. */
extern const char settings_built_in[];

struct settings_source {
    const char *command; /* for complaints about its arguments */
    const char *file;    /* NULL: none */
    const char *overrides[OVERRIDES_MAX];
    uint32_t override_count;
    const char *built_in; /* properties that stand in for a file, or NULL */
    bool no_environment;
};

/* Takes arguments[*at], and what belongs to it, and leaves *at at the last one taken. False: it was complained
 * about. */
must_check bool settings_argument(struct settings_source *source, int count, char **arguments, int *at);

/* Complaints and notices go to `out`, a line each: "FILE:LINE: error: ...". STATUS_INVALID when one was an error.
 * Everything lives in the arena. */
must_check enum status read_settings(const struct settings_source *source, struct arena *arena, FILE *out,
                                     struct settings *settings);

/* "FILE:LINE: error: MESSAGE"; origin NULL: nobody set it. */
void print_complaint(const struct property *origin, struct text message, FILE *out);

#endif
