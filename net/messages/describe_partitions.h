/* net/messages/describe_partitions.h   DescribeTopicPartitions, key 75, version 0, flexible: topics page by page,
 * with the replicas that may be elected. KIP-966. */
#ifndef NET_MESSAGES_DESCRIBE_PARTITIONS_H
#define NET_MESSAGES_DESCRIBE_PARTITIONS_H

#include "base/codec.h"

struct describe_partitions_topic_ask {
    struct text name;
};

struct describe_partitions_cursor {
    struct text topic_name;
    int32_t partition_index;
};

struct describe_partitions_ask {
    ARRAY_OF(struct describe_partitions_topic_ask) topics;
    int32_t response_partition_limit;
    struct describe_partitions_cursor *cursor; /* where to go on; NULL: from the start */
};

struct describe_partitions_partition {
    int16_t error;
    int32_t index;
    int32_t leader_id; /* -1: none now */
    int32_t leader_epoch;
    ARRAY_OF(int32_t) replicas;
    ARRAY_OF(int32_t) isr;
    ARRAY_OF(int32_t) eligible_leader_replicas;
    ARRAY_OF(int32_t) last_known_elr;
    ARRAY_OF(int32_t) offline_replicas;
};

struct describe_partitions_topic_answer {
    int16_t error;
    struct text name;
    struct uuid topic_id;
    bool is_internal;
    ARRAY_OF(struct describe_partitions_partition) partitions;
    int32_t authorized_operations; /* a bit per operation; INT32_MIN when not asked */
};

struct describe_partitions_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_partitions_topic_answer) topics;
    struct describe_partitions_cursor *next_cursor; /* NULL: that was all */
};

extern const struct schema describe_partitions_ask_schema, describe_partitions_answer_schema;

#endif
