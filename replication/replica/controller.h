/* replication/replica/controller.h   Who decides about topics, configs and producer ids: one state machine on the
 * replication shard, whose only output are metadata records. Every call is one operation:
 *
 *     caller's shard --mail--> controller: decide against the image, write records --durable, committed-->
 *     apply on every shard (mail, answered by mail) --mail--> caller: call->done
 *
 * So when a call is done, every shard of this node knows the result. Calls are decided one after the other, in order of
 * arrival, against the image plus what was decided before them; they finish in the same order. */
#ifndef REPLICATION_REPLICA_CONTROLLER_H
#define REPLICATION_REPLICA_CONTROLLER_H

#include "base/arena.h"
#include "base/text.h"
#include "base/uuid.h"
#include "cluster/image.h"
#include "shard/mailbox.h"
#include "shard/shard.h"

enum controller_kind {
    CONTROLLER_CREATE_TOPICS,
    CONTROLLER_DELETE_TOPICS,
    CONTROLLER_CREATE_PARTITIONS,
    CONTROLLER_ALTER_CONFIGS,
    CONTROLLER_PRODUCER_IDS,    /* a block of 1000 for one shard */
    CONTROLLER_DESCRIBE_QUORUM, /* writes nothing */
    CONTROLLER_ALTER_ACCESS,    /* quotas and credentials of clients */
    CONTROLLER_UNREGISTER_BROKER,
};

struct access_change;
struct controller;
struct metadata_log;
struct quorum_view;

enum config_operation { CONFIG_SET, CONFIG_DELETE, CONFIG_APPEND, CONFIG_SUBTRACT }; /* KIP-339 */
enum { CONTROLLER_WHY_MAX = 400 }; /* bytes for the text that explains one answer; what is longer is cut */
struct config_change {
    struct text name, value; /* null value: back to the default */
    int8_t operation;        /* enum config_operation */
};

struct topic_create {
    struct text name;
    int32_t partition_count;    /* -1: num.partitions. Out: what it is */
    int16_t replication_factor; /* -1: default.replication.factor. Out: what it is */
    struct config_change *configs;
    uint32_t config_count;
    int32_t **assignments; /* by partition, when the client chose replicas; NULL else */
    uint32_t assignment_count;
    uint16_t *assignment_sizes;
    int32_t *assignment_indexes; /* the partition of each assignment; NULL: in order */
    /* out */
    enum status status;
    struct text why; /* in the call's arena, null when there is nothing to add */
    struct uuid id;
    char *room; /* for `why`: CONTROLLER_WHY_MAX of the call's arena. NULL, of any item: controller_begin takes it */
};

enum topic_delete_by { DELETE_BY_NOTHING, DELETE_BY_NAME, DELETE_BY_ID, DELETE_BY_BOTH };

struct topic_delete {
    struct text name; /* or null: by id. Out: also when it was deleted by id */
    struct uuid id;   /* Out: also when it was deleted by name */
    enum status status;
    struct text why;
    char *room;
    enum topic_delete_by by; /* the controller's own */
};

/* More partitions for a topic. */
struct topic_grow {
    struct text name;      /* once in a call */
    int32_t count;         /* of all partitions afterwards */
    bool by_hand;          /* the client chose replicas: */
    int32_t **assignments; /* of the new partitions, in order */
    uint32_t assignment_count;
    uint16_t *assignment_sizes;
    /* out */
    enum status status;
    struct text why;
    char *room;
};

/* The configs of one resource. */
struct config_alter {
    int8_t type; /* enum resource_type */
    struct text name;
    bool replace;                  /* what is not named goes back to its default */
    struct config_change *changes; /* each name once */
    uint32_t change_count;
    /* out */
    enum status status;
    struct text why;
    char *room;
};

struct controller_call {
    struct mail mail;
    struct shard *caller;
    enum controller_kind kind;
    bool validate_only;
    struct arena *arena; /* the caller's: room for texts is taken from it before the call leaves its shard */
    struct topic_create *creates;
    uint32_t create_count;
    struct topic_delete *deletes;
    uint32_t delete_count;
    struct topic_grow *grows;
    uint32_t grow_count;
    struct config_alter *alters;
    uint32_t alter_count;
    int64_t first_producer_id;  /* out: the block's first id */
    struct quorum_view *quorum; /* out, in the caller's memory */
    struct access_change *access;
    int32_t broker;                             /* to unregister */
    enum status status;                         /* of the call as a whole: OK, NOT_LEADER, STOPPING, OFFLINE ... */
    int64_t applied;                            /* metadata offset up to which every shard has applied */
    void (*done)(struct controller_call *call); /* on the caller's shard */
    struct list_node node;                      /* the controller's own */
};

void controller_begin(struct shard *from, struct controller_call *call);

/* Who this node is, for the records that it writes about itself. Lives as long as the controller. */
struct node_identity {
    int32_t id;
    struct uuid directory;
    struct text rack;                 /* or null */
    struct image_endpoint *listeners; /* as clients are told */
    uint32_t listener_count;
    struct image_endpoint controller; /* of the quorum */
};

/* On the starting thread. `log` is initialized and has its raft; the controller's image is its own. */
void controller_make(struct shard *shard, struct metadata_log *log, const struct node_identity *identity,
                     struct controller **made);
/* Empty at first: bootstrap_load fills it. */
struct image *controller_image(struct controller *controller);
/* On the replication shard. Leads the quorum, registers the node and takes its partitions: `active` runs when every
 * shard has applied that. `failed` runs when the metadata log can't go on: controller_status says why, and the node
 * must stop. */
void controller_start(struct controller *controller, struct ready *active, struct ready *failed);
enum status controller_status(const struct controller *controller);
/* A clean stop in Kafka's way: partitions lose their leader, the broker is fenced. `stopped` runs when that is applied,
 * or when it can't be. Calls get STATUS_STOPPING from now on. */
void controller_stop(struct controller *controller, struct ready *stopped);
/* The epoch of this node as a broker, for Kafka's clean-shutdown marker; -1 before it is registered. */
int64_t controller_broker_epoch(const struct controller *controller);
void controller_end(struct controller *controller);

#endif
