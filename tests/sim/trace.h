/* tests/sim/trace.h   What happened, as numbers: every event of a story is folded into one 64-bit hash, and the last
 * ones are kept to be printed when something breaks. Nothing is formatted until then, so a trace costs nanoseconds. Two
 * builds of one commit that run one seed must end with the same hash; so nothing that differs between builds
 * (addresses, sizes of structs, uninitialised bytes) may ever be traced. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SIM_TRACE_LINES = 2000, SIM_TRACE_TEXT = 72 };

struct sim_trace_line {
    int64_t now_ns;
    const char *what; /* a printf format for up to four uint64_t (%lu, %lx) */
    uint64_t number[4];
    char text[SIM_TRACE_TEXT]; /* a name, or empty */
};

struct sim_trace {
    uint64_t hash;
    uint64_t count;
    FILE *live; /* every line at once, when set */
    struct sim_trace_line lines[SIM_TRACE_LINES];
};

void sim_trace_init(struct sim_trace *trace, uint64_t seed);
void sim_trace_add(struct sim_trace *trace, int64_t now_ns, const char *text, const char *what, uint64_t a, uint64_t b,
                   uint64_t c, uint64_t d);
/* The last lines that are left, oldest first. */
void sim_trace_print(const struct sim_trace *trace, FILE *to, uint64_t line_max);

#endif
