/* net/messages/create_partitions.h   CreatePartitions, key 37, versions 0-3, flexible from 2: more partitions for a
 * topic. KIP-195, KIP-599 (throttling, 3). */
#ifndef NET_MESSAGES_CREATE_PARTITIONS_H
#define NET_MESSAGES_CREATE_PARTITIONS_H

#include "base/codec.h"

struct create_partitions_assignment {
    ARRAY_OF(int32_t) broker_ids;
};

struct create_partitions_topic_ask {
    struct text name;
    int32_t count; /* of all partitions afterwards */
    ARRAY_OF(struct create_partitions_assignment)
    assignments; /* null: the controller places them; one per new partition */
};

struct create_partitions_ask {
    ARRAY_OF(struct create_partitions_topic_ask) topics;
    int32_t timeout_ms;
    bool validate_only; /* check and answer, but change nothing */
};

struct create_partitions_topic_answer {
    struct text name;
    int16_t error;
    struct text error_message;
};

struct create_partitions_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct create_partitions_topic_answer) topics;
};

extern const struct schema create_partitions_ask_schema, create_partitions_answer_schema;

#endif
