/* replication/replica/replicas.h   What one shard knows of the cluster: its own copy of the metadata image, kept up by
 * committed metadata batches that arrive by mail, and the partitions that live here. Every shard applies the same
 * records in the same order, so the table partition -> shard is the same everywhere (placement.c).
 *
 * Start, on the starting thread: replicas_make -> metadata_apply on its image -> replicas_open. Then replicas_begin for
 * each batch. */
#ifndef REPLICATION_REPLICA_REPLICAS_H
#define REPLICATION_REPLICA_REPLICAS_H

#include "cluster/configs.h"
#include "cluster/image.h"
#include "replica/partition.h"

struct controller;
struct log_found;
struct store;

struct replicas {
    struct shard *shard;
    struct store *store;
    struct image image;              /* as of metadata offset image.offset; changes only between steps */
    struct watermark applied;        /* metadata offsets applied here: wait for a topic that was just created */
    struct controller *controller;   /* on the replication shard; NULL elsewhere */
    uint32_t controller_shard;       /* where it lives */
    const struct settings *settings; /* of the node: what configs fall back to */
    int32_t node;
    /* The floor above: the broker's own settings are these from now on; NULL: nobody watches. */
    void (*configured)(struct replicas *replicas, const struct broker_values *values);
    void *watcher; /* its own */
    void *work;    /* replicas.c's own: partitions by {topic id, index} */
};

/* The partition, when it lives on this shard; else NULL. */
struct partition *replicas_find(const struct replicas *replicas, struct uuid topic, int32_t index);

/* Where the values of a topic's configs are looked up (cluster/configs.h); topic NULL: the broker's. */
struct config_place replicas_configs(const struct replicas *replicas, const struct image_topic *topic);

/* Acts by the broker's own settings as they are now, and tells `configured`. By itself whenever they change. */
void replicas_configure(struct replicas *replicas);

must_check enum status replicas_make(struct shard *shard, struct store *store, const struct settings *settings,
                                     int32_t node, struct replicas **made);
/* Opens the logs of the partitions that the image places here. `find` looks up what recovery found of a log; NULL when
 * that is nothing. `why`, in the arena, when it fails. */
must_check enum status replicas_open(struct replicas *replicas,
                                     const struct log_found *(*find)(void *context, struct log_key key), void *context,
                                     struct arena *arena, const char **why);

/* Committed batches, stamped: the image has them when those before are done, the partitions when `done` runs, which may
 * be at once. A node can't go on with a wrong image: anything but STATUS_OK is its end. */
struct replicas_batch {
    struct bytes batches;
    void (*done)(struct replicas_batch *batch);
    enum status status;
    /* its own */
    struct replicas *replicas;
    struct list_node node;
};
void replicas_begin(struct replicas *replicas, struct replicas_batch *batch);
/* The same at once, however much it is: where nobody waits for the shard. */
must_check enum status replicas_apply(struct replicas *replicas, struct bytes batches);
/* The shard has stopped; the store may still be there. */
void replicas_end(struct replicas *replicas);

#endif
