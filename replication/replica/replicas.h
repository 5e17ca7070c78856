/* replication/replica/replicas.h   What one shard knows of the cluster: its own copy of the metadata image, kept up by
 * committed metadata batches that arrive by mail, and the partitions that live here. Every shard applies the same records
 * in the same order, so the table partition -> shard is the same everywhere (placement.c). */
#ifndef REPLICATION_REPLICA_REPLICAS_H
#define REPLICATION_REPLICA_REPLICAS_H

#include "cluster/image.h"
#include "replica/partition.h"

struct controller;
struct store;

struct replicas {
    struct shard *shard;
    struct store *store;
    struct image image;              /* as of metadata offset image.offset; changes only between steps */
    struct watermark applied;        /* metadata offsets applied here: wait for a topic that was just created */
    struct controller *controller;   /* on the replication shard; NULL elsewhere */
    uint32_t controller_shard;       /* where it lives */
    void *work;                      /* replicas.c's own: partitions by {topic id, index} */
};

/* The partition, when it lives on this shard; else NULL. */
struct partition *replicas_find(const struct replicas *replicas, struct uuid topic, int32_t index);

#endif
