/* tests/sim/story.h   What a seed tells: a story draws its configuration, plays it over a world, and checks. Each runs
 * in a process of its own (sim.c forks one per seed), so a broken invariant of the product ends one story and not the
 * run. */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "base/check.h"
#include "sim/world.h"

struct sim_story {
    const char *name;
    void (*play)(struct sim_world *world);
};

extern const struct sim_story sim_toy, sim_echo, sim_store, sim_node;

/* Ends this seed as failed: the reason, the seed and the last lines of the trace go to standard error. */
_Noreturn void sim_fail(struct sim_world *world, const char *format, ...) printf_like(2, 3);

#endif
