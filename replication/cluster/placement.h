/* replication/cluster/placement.h   Which shard of this node holds a partition. Not metadata: every node places its
 * own. A table, not a formula, so that a partition can move; new partitions are dealt out in the order of their
 * creation. All shards apply the same records in the same order, so all of them have the same table without asking
 * each other. The metadata topic is not in it: it lives on the replication shard. */
#ifndef REPLICATION_CLUSTER_PLACEMENT_H
#define REPLICATION_CLUSTER_PLACEMENT_H

#include <stdint.h>

struct placement {
    uint32_t shard_count; /* data shards: 0 .. shard_count - 1 */
    uint32_t next;        /* the shard of the next new partition */
};

/* shard_count is 1 or more and fits into 16 bits. */
void placement_init(struct placement *placement, uint32_t shard_count);
/* The shard for a partition that is made now. */
uint16_t placement_take(struct placement *placement);

#endif
