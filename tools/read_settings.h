/* tools/read_settings.h   From a properties file, the environment and the command line to the settings of a node, with every
 * complaint at once. */
#ifndef TOOLS_READ_SETTINGS_H
#define TOOLS_READ_SETTINGS_H

#include <stdio.h>

#include "base/arena.h"
#include "cluster/configs.h"

struct settings_source {
    const char *file;             /* server.properties, or NULL */
    const char *const *overrides; /* NAME=VALUE each */
    uint32_t override_count;
    const char *built_in; /* properties that stand in for a file, or NULL */
};

/* Complaints and notices go to `out`, a line each: "FILE:LINE: error: ...". STATUS_INVALID when one was an error. Everything lives
 * in the arena. */
must_check enum status read_settings(const struct settings_source *source, struct arena *arena, FILE *out,
                                     struct settings *settings);

#endif
