/* net/messages/list_offsets.h   ListOffsets, key 2, versions 1-11, flexible from 6: the offset at a time, or at one
 * of the ends. KIP-79, KIP-98 (isolation, 2), KIP-320 (epochs, 4), KIP-734 (maximum timestamp, 7), KIP-405 (earliest
 * local, 8), KIP-1005 (last tiered, 9), KIP-1075 (timeout, 10), KIP-1023 (earliest not yet uploaded, 11). */
#ifndef NET_MESSAGES_LIST_OFFSETS_H
#define NET_MESSAGES_LIST_OFFSETS_H

#include "base/codec.h"

struct list_offsets_partition_ask {
    int32_t index;
    int32_t current_leader_epoch;
    int64_t timestamp_ms; /* or one of enum list_offsets_special */
};

struct list_offsets_topic_ask {
    struct text name;
    ARRAY_OF(struct list_offsets_partition_ask) partitions;
};

struct list_offsets_ask {
    int32_t replica_id;     /* -1: a consumer; -2: a tool, which may ask any replica */
    int8_t isolation_level; /* 1: latest means the last stable offset */
    ARRAY_OF(struct list_offsets_topic_ask) topics;
    int32_t timeout_ms; /* for lookups in tiered storage */
};

struct list_offsets_partition_answer {
    int32_t index;
    int16_t error;
    int64_t timestamp_ms; /* of the record found, else -1 */
    int64_t offset;       /* of the first record at or after the timestamp, -1 if there is none */
    int32_t leader_epoch;
};

struct list_offsets_topic_answer {
    struct text name;
    ARRAY_OF(struct list_offsets_partition_answer) partitions;
};

struct list_offsets_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct list_offsets_topic_answer) topics;
};

extern const struct schema list_offsets_ask_schema, list_offsets_answer_schema;

/* What a negative timestamp asks for; the version from which it may be asked. */
enum list_offsets_special {
    LIST_OFFSETS_LATEST = -1,
    LIST_OFFSETS_EARLIEST = -2,
    LIST_OFFSETS_MAX_TIMESTAMP = -3,           /* 7 */
    LIST_OFFSETS_EARLIEST_LOCAL = -4,          /* 8: without tiered storage the earliest */
    LIST_OFFSETS_LATEST_TIERED = -5,           /* 9: without tiered storage none, -1 */
    LIST_OFFSETS_EARLIEST_PENDING_UPLOAD = -6, /* 11: without tiered storage none, -1 */
};

#endif
