/* tests/sim/canary.c   The product asks canary() at each place where a bug is planted; one process tests one bug, so
 * its number is the one thing in tests/sim that is no argument. */
#include "sim/canary.h"

#include <string.h>

#include "base/canary.h"

#ifdef SLUICE_CANARY

#define CANARY_TEXT(name, text) [name] = text,
static const char *const names[CANARY_COUNT] = { CANARY_ROWS(CANARY_TEXT) };
#undef CANARY_TEXT

static int awake = -1;

bool canary(enum canary which)
{
    return (int)which == awake;
}

bool sim_canary_choose(const char *name)
{
    for (int i = 0; i < CANARY_COUNT; i++)
        if (!strcmp(names[i], name)) awake = i;
    return awake >= 0;
}

#else

bool sim_canary_choose(const char *name)
{
    (void)name;
    return false;
}

#endif
