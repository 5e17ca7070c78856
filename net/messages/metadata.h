/* net/messages/metadata.h   Metadata, key 3, versions 0-13, flexible from 9: brokers, topics and who leads their
 * partitions. KIP-4, KIP-112 (offline replicas, 5), KIP-320 (leader epoch, 7), KIP-430 (authorized operations, 8),
 * KIP-516 (topic ids, 10 and 12), KIP-1102 (rebootstrap, 13). Below version 4 unknown topics are created as if it had
 * been allowed. */
#ifndef NET_MESSAGES_METADATA_H
#define NET_MESSAGES_METADATA_H

#include "base/codec.h"

struct metadata_topic_ask {
    struct uuid topic_id;
    struct text name; /* null from version 10: asked by id */
};

struct metadata_ask {
    ARRAY_OF(struct metadata_topic_ask) topics; /* null: all topics (version 0: empty means all) */
    bool allow_auto_topic_creation;
    bool include_cluster_authorized_operations;
    bool include_topic_authorized_operations;
};

struct metadata_broker {
    int32_t node_id;
    struct text host;
    int32_t port;
    struct text rack;
};

struct metadata_partition_answer {
    int16_t error;
    int32_t index;
    int32_t leader_id; /* -1: none now */
    int32_t leader_epoch;
    ARRAY_OF(int32_t) replicas;
    ARRAY_OF(int32_t) isr;
    ARRAY_OF(int32_t) offline_replicas;
};

struct metadata_topic_answer {
    int16_t error;
    struct text name; /* null from version 12: an unknown id */
    struct uuid topic_id;
    bool is_internal;
    ARRAY_OF(struct metadata_partition_answer) partitions;
    int32_t authorized_operations; /* a bit per operation; INT32_MIN when not asked */
};

struct metadata_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct metadata_broker) brokers;
    struct text cluster_id;
    int32_t controller_id; /* the broker that takes admin requests */
    ARRAY_OF(struct metadata_topic_answer) topics;
    int32_t cluster_authorized_operations; /* a bit per operation; INT32_MIN when not asked */
    int16_t error;
};

extern const struct schema metadata_ask_schema, metadata_answer_schema;

#endif
