/* tests/sim/lent.h   What a zero-copy send has lent to the simulated kernel: the memory of its parts, from the send
 * until the notice that the kernel has let go of it, which comes late and in any order, and never while the wire is
 * cut. Whoever changes or frees that memory before is found out. */
#ifndef SIM_LENT_H
#define SIM_LENT_H

#include "sim/machine.h"

struct sim_lent {
    struct sim_socket *socket;
    uint32_t sum; /* of all bytes */
    uint32_t count;
    struct iovec parts[];
};

/* A send begins: lends its memory if it asks for zero copy and has a large part. */
void sim_lent_begin(struct sim_operation *operation, struct sim_socket *socket);
/* The socket has taken all of it: true when something was lent; the operation then ends with the notice. */
bool sim_lent_taken(struct sim_operation *operation);
/* The operation ends, or was cancelled: what it lent must be as it was. */
void sim_lent_end(struct sim_operation *operation);

#endif
