/* net/messages/describe_producers.h   DescribeProducers, key 61, version 0, flexible: what a partition knows of its
 * idempotent producers. KIP-664. */
#ifndef NET_MESSAGES_DESCRIBE_PRODUCERS_H
#define NET_MESSAGES_DESCRIBE_PRODUCERS_H

#include "base/codec.h"

struct describe_producers_topic_ask {
    struct text name;
    ARRAY_OF(int32_t) partitions;
};

struct describe_producers_ask {
    ARRAY_OF(struct describe_producers_topic_ask) topics;
};

struct describe_producers_producer {
    int64_t producer_id;
    int32_t producer_epoch; /* 32 bits here, 16 everywhere else */
    int32_t last_sequence;
    int64_t last_timestamp_ms;
    int32_t coordinator_epoch;
    int64_t current_transaction_start_offset; /* -1: no transaction is open */
};

struct describe_producers_partition {
    int32_t index;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct describe_producers_producer) producers;
};

struct describe_producers_topic_answer {
    struct text name;
    ARRAY_OF(struct describe_producers_partition) partitions;
};

struct describe_producers_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_producers_topic_answer) topics;
};

extern const struct schema describe_producers_ask_schema, describe_producers_answer_schema;

#endif
