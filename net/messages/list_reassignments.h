/* net/messages/list_reassignments.h   ListPartitionReassignments, key 46, version 0, flexible: what is being moved.
 * KIP-455. */
#ifndef NET_MESSAGES_LIST_REASSIGNMENTS_H
#define NET_MESSAGES_LIST_REASSIGNMENTS_H

#include "base/codec.h"

struct list_reassignments_topic_ask {
    struct text name;
    ARRAY_OF(int32_t) partitions;
};

struct list_reassignments_ask {
    int32_t timeout_ms;
    ARRAY_OF(struct list_reassignments_topic_ask) topics; /* null: all */
};

struct list_reassignments_partition {
    int32_t index;
    ARRAY_OF(int32_t) replicas;
    ARRAY_OF(int32_t) adding_replicas;
    ARRAY_OF(int32_t) removing_replicas;
};

struct list_reassignments_topic_answer {
    struct text name;
    ARRAY_OF(struct list_reassignments_partition) partitions;
};

struct list_reassignments_answer {
    int32_t throttle_time_ms;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct list_reassignments_topic_answer) topics;
};

extern const struct schema list_reassignments_ask_schema, list_reassignments_answer_schema;

#endif
