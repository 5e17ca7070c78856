/* replication/cluster/image.h   The cluster as the metadata log tells it: state = image_apply(state, record), nothing
 * else. Pure: memory from the heap that is passed in, iteration in a fixed order, so equal histories give equal images
 * (image_hash). Records are Kafka's (record.h); unknown types or versions stop the apply. */
#ifndef REPLICATION_CLUSTER_IMAGE_H
#define REPLICATION_CLUSTER_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/status.h"
#include "base/text.h"
#include "base/uuid.h"
#include "cluster/image_nodes.h"

struct any_control;
struct any_record;

/* Who has to do with a partition, in the order in which the lists stand behind each other. */
enum image_list {
    IMAGE_REPLICAS,
    IMAGE_ISR,
    IMAGE_REMOVING,
    IMAGE_ADDING,
    IMAGE_ELIGIBLE,   /* may lead without loss, although not in sync (KIP-966) */
    IMAGE_LAST_KNOWN, /* of those, when there were some last */
    IMAGE_LISTS,
};

struct image_partition {
    int32_t leader, leader_epoch, partition_epoch;
    uint16_t shard;        /* of this node: placement, not metadata */
    int8_t recovery_state; /* 1: elected uncleanly, its log is being repaired */
    union {
        uint16_t counts[IMAGE_LISTS];
        struct {
            uint16_t replica_count, isr_count;
        };
    };
    int32_t *replicas; /* the ids of all lists, then the replicas' directories; one piece, shared when all partitions
                        * of a topic agree. NULL: its record has not come yet (a snapshot tells them in any order) */
};

/* What has configs; the numbers are Kafka's. */
enum resource_type {
    RESOURCE_TOPIC = 2,
    RESOURCE_BROKER = 4, /* by id; the empty name is all brokers */
    RESOURCE_LOGGER = 8,
    RESOURCE_METRICS = 16, /* subscriptions of client metrics */
    RESOURCE_GROUP = 32,
};

struct image_config {
    struct text name, value;
};

struct image_topic {
    struct uuid id;
    struct text name;
    bool internal;
    int32_t partition_count;
    struct image_partition *partitions;
    struct image_config *configs; /* overrides, by name */
    uint32_t config_count;
    const void *settings;  /* the floor above: what the configs mean */
    struct list_node node; /* by name, in image->topics */
};

struct image {
    struct heap *heap;
    int64_t offset;     /* next metadata offset to apply */
    int32_t epoch;      /* of the last applied batch */
    struct list topics; /* by name */
    struct map by_name, by_id;
    struct list brokers, controllers; /* by id */
    int32_t controller;               /* active controller's node id, -1 */
    uint32_t topic_count, partition_count;
    /* Called before a record takes effect (not while it waits for the end of its transaction); NULL: nobody watches. */
    void (*changing)(struct image *image, const struct any_record *record);
    void *work; /* image.c's own: configs of brokers, features, producer ids, open transaction */
};

/* shard_count: of data shards. */
void image_init(struct image *image, struct heap *heap, uint32_t shard_count);
void image_end(struct image *image);
/* Records between Begin and EndTransaction become visible at the end, all at once. STATUS_UNSUPPORTED: a type that is
 * not known; STATUS_DAMAGED: a record that contradicts the image. */
must_check enum status image_apply(struct image *image, const struct any_record *record);
/* A batch is done: the next metadata offset, and the epoch of its leader. */
void image_advance(struct image *image, int64_t offset, int32_t epoch);
/* Raft's own records: what they say of the quorum. Who else hears of an election tells it by image_lead. */
void image_hear(struct image *image, const struct any_control *control);
/* Raft says who leads the metadata log; -1: nobody. */
void image_lead(struct image *image, int32_t controller);

struct image_topic *image_topic_by_name(const struct image *image, struct text name);
struct image_topic *image_topic_by_id(const struct image *image, struct uuid id);
/* The first whose name is not below this one; NULL: none. The others stand behind it in image->topics. */
struct image_topic *image_topic_from(const struct image *image, struct text name);
/* The ids of one of a partition's lists, counts[list] of them; the directory of each replica. */
const int32_t *image_partition_list(const struct image_partition *partition, enum image_list list);
const struct uuid *image_partition_directories(const struct image_partition *partition);
int16_t image_feature(const struct image *image, struct text name); /* finalized level; 0 when none */
int64_t image_next_producer_id(const struct image *image);
/* Overrides of a broker ({4, id}) or, with broker -1, of all brokers ({4, ""}): the value, or null. */
struct text image_broker_config(const struct image *image, int32_t broker, struct text name);
/* All that is set of a resource that is no topic, by name; NULL: nothing. */
const struct image_config *image_configs(const struct image *image, int8_t type, struct text name, uint32_t *count);
/* The value of one of them, which are sorted; null: it is not set. */
struct text image_config_find(const struct image_config *configs, uint32_t count, struct text name);
/* Resources, which are no topics, that have something set: begin with *cursor 0; false at the end. */
bool image_next_resource(const struct image *image, uint32_t *cursor, int8_t *type, struct text *name);
/* The cursor behind this one, for who walks in portions; 0: it has nothing set any more. */
uint32_t image_resources_behind(const struct image *image, int8_t type, struct text name);
/* An override of a topic: the value, or null. */
struct text image_topic_config(const struct image_topic *topic, struct text name);
/* Kafka's own topics, which clients are told of as internal. */
bool image_internal(struct text topic);
/* Finalized features, one after the other: begin with *cursor 0; false at the end. */
bool image_next_feature(const struct image *image, uint32_t *cursor, struct text *name, int16_t *level);
/* The same number for equal images, in every build. */
uint64_t image_hash(const struct image *image);

#endif
