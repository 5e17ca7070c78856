/* replication/cluster/placement.c   Round robin in order of creation: the partitions of one topic, which tend to be
 * equally busy, are spread over all shards. A partition that is deleted leaves a hole that nobody fills; over many
 * topics the counts stay near each other. */
#include "cluster/placement.h"

#include "base/check.h"

void placement_init(struct placement *placement, uint32_t shard_count)
{
    invariant(shard_count > 0 && shard_count <= UINT16_MAX);
    *placement = (struct placement){ .shard_count = shard_count };
}

uint16_t placement_take(struct placement *placement)
{
    uint32_t shard = placement->next;
    invariant(shard < placement->shard_count);

    placement->next = shard + 1 == placement->shard_count ? 0 : shard + 1;
    return (uint16_t)shard;
}
