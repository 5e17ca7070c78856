/* tests/sim/crowd.h   Many who read what is old, from a node with little memory: more than its read cache holds at a
 * time, so that fetches wait for room in it. No fetch may wait beyond its own limit for that. One of the people of
 * demand.h; in some of the seeds only, drawn aside, so that the rest of a story is what it was. */
#ifndef SIM_CROWD_H
#define SIM_CROWD_H

#include "sim/demand.h"

enum { CROWD_READERS = 24 };

struct crowd_reader {
    struct crowd *crowd;
    struct client client;
    struct sim_event event;
    struct demand_topic *topic;
    int64_t positions[DEMAND_PARTITIONS];
    int64_t asked_ns, max_wait_ms;
    uint64_t stalls; /* of its client, when it asked */
    bool asking;
};

struct crowd {
    struct demand *demand;
    struct prng prng;
    bool here; /* else there is none in this seed */
    struct crowd_reader readers[CROWD_READERS];
    int64_t longest_ns; /* beyond what was asked for */
    uint64_t answer_count, byte_count;
};

void crowd_init(struct crowd *crowd, struct demand *demand, struct sim_network *network, uint16_t port);
void crowd_end(struct crowd *crowd);
bool crowd_at_rest(const struct crowd *crowd);

#endif
