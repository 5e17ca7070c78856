/* tools/check_settings.h   What is wrong with settings whose values are right one by one. */
#ifndef TOOLS_CHECK_SETTINGS_H
#define TOOLS_CHECK_SETTINGS_H

#include <stdio.h>

#include "base/arena.h"
#include "cluster/configs.h"

/* Prints a line for each fault, with the place where the setting was made. Returns how many. */
uint32_t check_settings(const struct settings *settings, struct arena *arena, FILE *out);

#endif
