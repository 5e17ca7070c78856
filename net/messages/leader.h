/* net/messages/leader.h   Who leads instead: with it a client that asked the wrong broker finds the right one without
 * another Metadata request. Produce (from version 10), Fetch (12 and 16) and their share twins carry both. KIP-951. */
#ifndef NET_MESSAGES_LEADER_H
#define NET_MESSAGES_LEADER_H

#include "base/codec.h"

struct current_leader {
    int32_t leader_id;
    int32_t leader_epoch;
};

struct node_endpoint {
    int32_t node_id;
    struct text host;
    int32_t port;
    struct text rack;
};

extern const struct schema current_leader_schema, node_endpoint_schema;

#endif
