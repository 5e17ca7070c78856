/* tests/sim/canary.h   Which planted bug (engine/base/canary.h) is awake in this run: none, or the one named on the
 * command line. */
#ifndef SIM_CANARY_H
#define SIM_CANARY_H

#include <stdbool.h>

/* False when no bug has this name, or when this build has none planted. */
bool sim_canary_choose(const char *name);

#endif
