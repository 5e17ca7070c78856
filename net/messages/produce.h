/* net/messages/produce.h   Produce, key 0, versions 3-13, flexible from 9: record batches to be appended. Versions
 * 0-2 are advertised, because old librdkafka compresses only when it sees them, but not served. KIP-98
 * (transactions), KIP-467 (record errors, 8), KIP-951 (current leader, 10), KIP-890 (12), KIP-516 (topic ids, 13).
 * With acks 0 there is no answer at all. */
#ifndef NET_MESSAGES_PRODUCE_H
#define NET_MESSAGES_PRODUCE_H

#include "base/codec.h"
#include "messages/leader.h"

struct produce_partition_ask {
    int32_t index;
    struct records records; /* one batch of magic 2 */
};

struct produce_topic_ask {
    struct text name; /* until version 12, then the id */
    struct uuid topic_id;
    ARRAY_OF(struct produce_partition_ask) partitions;
};

struct produce_ask {
    struct text transactional_id; /* null unless the batches are transactional */
    int16_t acks;       /* 0: no answer; 1: on the leader's device; -1: on the devices of all in-sync replicas */
    int32_t timeout_ms; /* how long acks -1 may wait for the replicas */
    ARRAY_OF(struct produce_topic_ask) topics;
};

struct produce_record_error {
    int32_t batch_index; /* of the record in its batch */
    struct text message;
};

struct produce_partition_answer {
    int32_t index;
    int16_t error;
    int64_t base_offset;        /* -1 with any error */
    int64_t log_append_time_ms; /* -1 unless the topic stamps LogAppendTime */
    int64_t log_start_offset;
    ARRAY_OF(struct produce_record_error) record_errors; /* the records for which the whole batch was refused */
    struct text error_message;
    struct current_leader *current_leader; /* with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH, else NULL */
};

struct produce_topic_answer {
    struct text name;
    struct uuid topic_id;
    ARRAY_OF(struct produce_partition_answer) partitions;
};

struct produce_answer {
    ARRAY_OF(struct produce_topic_answer) topics;
    int32_t throttle_time_ms;
    ARRAY_OF(struct node_endpoint) node_endpoints; /* of the current leaders named above */
};

extern const struct schema produce_ask_schema, produce_answer_schema;

#endif
