/* replication/cluster/image_write.h   An image as records again, one after the other, in the order in which Kafka's
 * snapshots have them (KIP-630): features (metadata.version first), brokers, controllers, each topic with its
 * partitions, configs, quotas, producer ids, access rules, credentials, delegation tokens. Whoever applies them to an
 * empty image has an equal one; the quorum and the place in the log are the snapshot's to say.
 *
 *     struct image_walk walk;
 *     image_walk_begin(&walk, image);
 *     while (image_walk_next(&walk, &record, &arena)) ...
 *
 * The image must stay as it is between begin and the end, and be in no open transaction: see image_settled. */
#ifndef REPLICATION_CLUSTER_IMAGE_WRITE_H
#define REPLICATION_CLUSTER_IMAGE_WRITE_H

#include "cluster/control.h"
#include "cluster/image.h"
#include "cluster/record.h"

struct arena;

enum image_walk_stage {
    WALK_METADATA_VERSION,
    WALK_FEATURES,
    WALK_BROKERS,
    WALK_CONTROLLERS,
    WALK_TOPICS,
    WALK_TOPIC_CONFIGS,
    WALK_CONFIGS,
    WALK_QUOTAS,
    WALK_PRODUCER_IDS,
    WALK_RULES,
    WALK_CREDENTIALS,
    WALK_TOKENS,
    WALK_END,
};

struct image_walk {
    const struct image *image;
    enum image_walk_stage stage;
    struct list_node *node; /* the next broker, controller or topic */
    const void *item;       /* the resource or quota whose values are being told */
    uint32_t cursor;        /* the next of what is counted */
    int32_t index;          /* the next partition, config or value; -1: the topic itself */
};

void image_walk_begin(struct image_walk *walk, const struct image *image);
/* False at the end. The record points into the image and the arena, which must have room for what a node says of
 * itself: some kilobytes. */
must_check bool image_walk_next(struct image_walk *walk, struct any_record *record, struct arena *arena);
/* No transaction is open, so that the image says everything that the log said up to its offset. */
bool image_settled(const struct image *image);

/* Raft's records in the head of a snapshot: the header alone, or in a dynamic quorum also kraft.version and voters.
 * Returns how many; what they point at is the image's and the arena's. */
enum { IMAGE_HEAD_MAX = 3 };
uint32_t image_head(const struct image *image, int64_t last_timestamp_ms, struct any_control controls[IMAGE_HEAD_MAX],
                    struct arena *arena);

#endif
