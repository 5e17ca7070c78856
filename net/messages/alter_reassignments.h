/* net/messages/alter_reassignments.h   AlterPartitionReassignments, key 45, versions 0-1, flexible: moves partitions
 * to other brokers. KIP-455, KIP-860 (1). */
#ifndef NET_MESSAGES_ALTER_REASSIGNMENTS_H
#define NET_MESSAGES_ALTER_REASSIGNMENTS_H

#include "base/codec.h"

struct alter_reassignments_partition_ask {
    int32_t index;
    ARRAY_OF(int32_t) replicas; /* null: stop the one under way */
};

struct alter_reassignments_topic_ask {
    struct text name;
    ARRAY_OF(struct alter_reassignments_partition_ask) partitions;
};

struct alter_reassignments_ask {
    int32_t timeout_ms;
    bool allow_factor_change; /* of the number of replicas */
    ARRAY_OF(struct alter_reassignments_topic_ask) topics;
};

struct alter_reassignments_partition_answer {
    int32_t index;
    int16_t error;
    struct text error_message;
};

struct alter_reassignments_topic_answer {
    struct text name;
    ARRAY_OF(struct alter_reassignments_partition_answer) partitions;
};

struct alter_reassignments_answer {
    int32_t throttle_time_ms;
    bool allow_factor_change;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct alter_reassignments_topic_answer) topics;
};

extern const struct schema alter_reassignments_ask_schema, alter_reassignments_answer_schema;

#endif
