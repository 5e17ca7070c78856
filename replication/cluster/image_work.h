/* replication/cluster/image_work.h   What the image knows beside topics and brokers, and what its sources share.
 * Private to image*.c. */
#ifndef REPLICATION_CLUSTER_IMAGE_WORK_H
#define REPLICATION_CLUSTER_IMAGE_WORK_H

#include "base/arena.h"
#include "cluster/image.h"
#include "cluster/placement.h"
#include "cluster/record.h"

/* What has configs and is not a topic. The name of "all of this type" is empty. It is there while one is set. */
struct image_resource {
    int8_t type;
    struct text name;
    struct image_config *configs;
    uint32_t config_count;
};

struct image_feature {
    struct text name;
    int16_t level;
};

/* A record of the open transaction, in the arena. */
struct image_pending {
    struct any_record record;
    struct image_pending *next;
};

/* A topic as image_topics.c keeps it. */
struct image_topic_piece {
    struct image_topic topic;
    uint32_t partition_room;
    size_t shared_size;
    int32_t *shared; /* the lists that its partitions agree on; NULL before the first */
};

/* Of clients, each in a fixed order (image_access.c). */
struct image_access {
    struct image_quota **quotas;
    struct image_credential **credentials;
    uint32_t quota_count, credential_count;
};

struct image_work {
    struct placement placement;
    struct image_topic **sorted; /* by name: finds the place in image->topics */
    uint32_t sorted_room;
    struct map resources;           /* struct image_resource, in the order of their first config */
    struct image_feature *features; /* by name; those with a level */
    uint32_t feature_count;
    int64_t next_producer_id;
    struct image_access access;
    struct map rules,
        tokens; /* struct image_rule by id, struct image_token by token id; in the order in which they came */
    int16_t kraft_version;
    struct image_voter *voters;
    uint32_t voter_count;
    bool in_transaction;
    struct arena transaction;
    struct image_pending *first, *last;
};

static inline struct image_work *image_work(const struct image *image)
{
    return image->work;
}

/* A copy of both in one piece; name.data is what to give back. */
struct image_config image_config_make(struct heap *heap, struct text name, struct text value);
struct text image_text_copy(struct heap *heap, struct text text);
/* Sets, or removes when the value is null; `configs` stays sorted. */
void image_config_set(struct heap *heap, struct image_config **configs, uint32_t *count, struct text name,
                      struct text value);
void image_configs_end(struct heap *heap, struct image_config *configs, uint32_t count);

/* image_topics.c */
enum status image_add_topic(struct image *image, const struct topic_record *record);
enum status image_remove_topic(struct image *image, const struct remove_topic_record *record);
enum status image_add_partition(struct image *image, const struct partition_record *record);
enum status image_change_partition(struct image *image, const struct partition_change_record *record);
enum status image_clear_eligible(struct image *image, const struct clear_elr_record *record);
void image_topics_end(struct image *image);

/* image_brokers.c */
enum status image_add_broker(struct image *image, const struct register_broker_record *record);
enum status image_remove_broker(struct image *image, const struct unregister_broker_record *record);
enum status image_change_broker(struct image *image, const struct broker_change_record *record);
enum status image_add_controller(struct image *image, const struct register_controller_record *record);
void image_nodes_end(struct image *image);

/* image_access.c */
enum status image_set_quota(struct image *image, const struct client_quota_record *record);
enum status image_set_credential(struct image *image, const struct user_scram_credential_record *record);
enum status image_remove_credential(struct image *image, const struct remove_user_scram_credential_record *record);
uint64_t image_access_hash(uint64_t hash, const struct image_access *access);
void image_access_end(struct heap *heap, struct image_access *access);

/* image_grants.c */
void image_grants_init(struct image *image);
enum status image_add_rule(struct image *image, const struct access_control_entry_record *record);
enum status image_remove_rule(struct image *image, const struct remove_access_control_entry_record *record);
enum status image_set_token(struct image *image, const struct delegation_token_record *record);
enum status image_remove_token(struct image *image, const struct remove_delegation_token_record *record);
uint64_t image_grants_hash(uint64_t hash, const struct image *image);
void image_grants_end(struct image *image);

#endif
