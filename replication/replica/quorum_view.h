/* replication/replica/quorum_view.h   The quorum of the metadata log as its leader sees it: what DescribeQuorum tells
 * (KIP-595, KIP-836). An operation of the controller, because only the replication shard knows raft. */
#ifndef REPLICATION_REPLICA_QUORUM_VIEW_H
#define REPLICATION_REPLICA_QUORUM_VIEW_H

#include "cluster/image.h"
#include "raft/quorum.h"

struct controller;
struct controller_call;

struct quorum_view {
    int32_t leader, epoch;
    int64_t committed;                        /* the high watermark */
    struct quorum_member members[QUORUM_MAX]; /* voters; `end` of each, -1: unknown */
    uint32_t count;
    const struct image_endpoint *controller; /* of the leader; lives as long as the node */
};

/* For controller.c: fills call->quorum. */
void quorum_look(const struct controller *controller, struct controller_call *call);

#endif
