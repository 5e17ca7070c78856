/* net/messages/describe_quorum.h   DescribeQuorum, key 55, versions 0-2, flexible: voters and observers of the
 * metadata log. KIP-595, KIP-836 (timestamps, 1), KIP-853 (directories and nodes, 2). */
#ifndef NET_MESSAGES_DESCRIBE_QUORUM_H
#define NET_MESSAGES_DESCRIBE_QUORUM_H

#include "base/codec.h"

struct describe_quorum_partition_ask {
    int32_t index;
};

struct describe_quorum_topic_ask {
    struct text name;
    ARRAY_OF(struct describe_quorum_partition_ask) partitions;
};

struct describe_quorum_ask {
    ARRAY_OF(struct describe_quorum_topic_ask) topics;
};

struct describe_quorum_replica {
    int32_t replica_id;
    struct uuid replica_directory_id;
    int64_t log_end_offset;
    int64_t last_fetch_timestamp_ms;     /* -1: unknown */
    int64_t last_caught_up_timestamp_ms; /* -1: unknown */
};

struct describe_quorum_partition_answer {
    int32_t index;
    int16_t error;
    struct text error_message;
    int32_t leader_id;
    int32_t leader_epoch;
    int64_t high_watermark;
    ARRAY_OF(struct describe_quorum_replica) current_voters;
    ARRAY_OF(struct describe_quorum_replica) observers;
};

struct describe_quorum_topic_answer {
    struct text name;
    ARRAY_OF(struct describe_quorum_partition_answer) partitions;
};

struct describe_quorum_listener {
    struct text name;
    struct text host;
    uint16_t port;
};

struct describe_quorum_node {
    int32_t node_id;
    ARRAY_OF(struct describe_quorum_listener) listeners;
};

struct describe_quorum_answer {
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct describe_quorum_topic_answer) topics;
    ARRAY_OF(struct describe_quorum_node) nodes;
};

extern const struct schema describe_quorum_ask_schema, describe_quorum_answer_schema;

#endif
