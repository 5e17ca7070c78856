/* net/messages/offset_for_leader_epoch.h   OffsetForLeaderEpoch, key 23, versions 2-4, flexible from 4: where an
 * epoch ends, so that a reader finds where its history and the log diverge. KIP-101, KIP-279, KIP-320. */
#ifndef NET_MESSAGES_OFFSET_FOR_LEADER_EPOCH_H
#define NET_MESSAGES_OFFSET_FOR_LEADER_EPOCH_H

#include "base/codec.h"

struct offset_for_leader_epoch_partition_ask {
    int32_t index;
    int32_t current_leader_epoch;
    int32_t leader_epoch;
};

struct offset_for_leader_epoch_topic_ask {
    struct text name;
    ARRAY_OF(struct offset_for_leader_epoch_partition_ask) partitions;
};

struct offset_for_leader_epoch_ask {
    int32_t replica_id; /* -1: a consumer; -2: a tool */
    ARRAY_OF(struct offset_for_leader_epoch_topic_ask) topics;
};

struct offset_for_leader_epoch_partition_answer {
    int16_t error;
    int32_t index;
    int32_t leader_epoch; /* the largest one that is not above the one asked for; -1: none */
    int64_t end_offset;   /* of that epoch; -1: none */
};

struct offset_for_leader_epoch_topic_answer {
    struct text name;
    ARRAY_OF(struct offset_for_leader_epoch_partition_answer) partitions;
};

struct offset_for_leader_epoch_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct offset_for_leader_epoch_topic_answer) topics;
};

extern const struct schema offset_for_leader_epoch_ask_schema, offset_for_leader_epoch_answer_schema;

#endif
