/* net/api/hint.h   With an error that says "not here" an answer names who leads instead, and where that node listens:
 * the client goes there without asking for metadata first. KIP-951: Produce from version 10, Fetch from 16. */
#ifndef NET_API_HINT_H
#define NET_API_HINT_H

#include "api/endpoint.h"
#include "messages/leader.h"

/* Of one answer. Zeroed but for the request; what is told lies in the request's arena. */
struct leader_hints {
    struct request *request;
    struct endpoint *endpoints; /* of the nodes that are alive; looked up for the first hint */
    uint32_t endpoint_count;
    struct node_endpoint *nodes; /* of the leaders that were named, once each */
    int32_t node_count;
};

/* Who leads the partition as far as this shard knows; -1 and epoch -1: the partition is gone. NULL without memory: the
 * client goes without. */
struct current_leader *hint_leader(struct leader_hints *hints, struct uuid topic, int32_t index);

#endif
