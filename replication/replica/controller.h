/* replication/replica/controller.h   Who decides about topics, configs and producer ids: one state machine on the replication shard,
 * whose only output are metadata records. Every call is one operation:
 *
 *     caller's shard --mail--> controller: decide against the image, write records --durable, committed-->
 *     apply on every shard (mail, answered by mail) --mail--> caller: call->done
 *
 * So when a call is done, every shard of this node knows the result. Calls are decided one after the other, in order of arrival, against
 * the image plus what was decided before them; they finish in the same order. */
#ifndef REPLICATION_REPLICA_CONTROLLER_H
#define REPLICATION_REPLICA_CONTROLLER_H

#include "base/arena.h"
#include "base/text.h"
#include "base/uuid.h"
#include "shard/mailbox.h"
#include "shard/shard.h"

enum controller_kind {
    CONTROLLER_CREATE_TOPICS,
    CONTROLLER_DELETE_TOPICS,
    CONTROLLER_ALTER_CONFIGS,
    CONTROLLER_PRODUCER_IDS, /* a block of 1000 for one shard */
};

struct config_change {
    struct text name, value; /* null value: back to the default */
    int8_t operation;        /* KIP-339: 0 set, 1 delete, 2 append, 3 subtract */
};

struct topic_create {
    struct text name;
    int32_t partition_count;    /* -1: num.partitions */
    int16_t replication_factor; /* -1: default.replication.factor */
    struct config_change *configs;
    uint32_t config_count;
    int32_t **assignments; /* by partition, when the client chose replicas; NULL else */
    uint32_t assignment_count;
    uint16_t *assignment_sizes;
    /* out */
    enum status status;
    struct text why; /* in the call's arena, null when there is nothing to add */
    struct uuid id;
};

struct topic_delete {
    struct text name; /* or null: by id */
    struct uuid id;
    enum status status;
    struct text why;
};

struct controller_call {
    struct mail mail;
    struct shard *caller;
    enum controller_kind kind;
    bool validate_only;
    struct arena *arena; /* the caller's; lent to the controller while the call is under way */
    struct topic_create *creates;
    uint32_t create_count;
    struct topic_delete *deletes;
    uint32_t delete_count;
    int64_t first_producer_id;                  /* out: the block's first id */
    enum status status;                         /* of the call as a whole: OK, NOT_LEADER, STOPPING, OFFLINE ... */
    int64_t applied;                            /* metadata offset up to which every shard has applied */
    void (*done)(struct controller_call *call); /* on the caller's shard */
};

void controller_begin(struct shard *from, struct controller_call *call);

#endif
