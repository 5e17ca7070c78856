/* tests/sim/follow.h   A consumer with a fetch session over all partitions of the topics that last, one of the people
 * of demand.h. */
#ifndef SIM_FOLLOW_H
#define SIM_FOLLOW_H

#include "sim/client.h"

struct demand;
struct demand_topic;

enum { FOLLOWER_PARTS = 6 };

struct follower_part {
    struct demand_topic *topic; /* NULL: nothing is followed here yet */
    int32_t index;
    int64_t position; /* -1: to be found */
    int64_t told;     /* the last high watermark; -1: none */
    bool named;       /* in the session */
    bool moved;       /* its position, since it was named last */
    bool asked, seen; /* in the present round */
};

/* CATCHING_UP: everything is at rest, the session is read to its end. CONFIRMING: once more without it. */
enum follower_stage { FOLLOWER_LIVE, FOLLOWER_CATCHING_UP, FOLLOWER_CONFIRMING, FOLLOWER_DONE };

struct follower {
    struct demand *demand;
    struct client client;
    struct sim_event event;
    enum follower_stage stage;
    struct follower_part parts[FOLLOWER_PARTS];
    int32_t session; /* 0: none */
    int32_t epoch;   /* of the next request */
    int16_t version;
    bool asking;
};

void follower_init(struct follower *follower, struct demand *demand, struct sim_network *network, uint16_t port);
void follower_end(struct follower *follower);
/* Everything is at rest: the session is read to its end and held against a fetch without one. */
void follower_check_begin(struct follower *follower);
bool follower_check_done(const struct follower *follower);

#endif
