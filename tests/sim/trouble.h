/* tests/sim/trouble.h   What happens to a node from outside while it runs: its wall clock jumps, others fill its disk
 * and clear it again, bits of its files flip at rest. */
#ifndef SIM_TROUBLE_H
#define SIM_TROUBLE_H

#include "sim/site.h"

struct trouble {
    struct site *site;
    bool clock, full; /* drawn once: these seeds have them */
    int64_t span_ns;  /* so often */
    int64_t wall_ms;  /* the clock of a world without jumps */
    uint64_t blocks_max;
    struct sim_event jump, fill;
};

void trouble_init(struct trouble *trouble, struct site *site, int64_t span_ns);
/* From a start on, and until its stop: then the disk has room again. */
void trouble_begin(struct trouble *trouble);
void trouble_end(struct trouble *trouble);
/* Flips one bit in a segment or an index of a node that was stopped cleanly. False: none has any bytes. */
bool trouble_flip(struct trouble *trouble);

#endif
