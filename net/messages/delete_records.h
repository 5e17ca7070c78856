/* net/messages/delete_records.h   DeleteRecords, key 21, versions 0-2, flexible from 2: moves the start of partitions
 * forward. KIP-107. */
#ifndef NET_MESSAGES_DELETE_RECORDS_H
#define NET_MESSAGES_DELETE_RECORDS_H

#include "base/codec.h"

struct delete_records_partition_ask {
    int32_t index;
    int64_t offset; /* the new start of the log; -1: the high watermark */
};

struct delete_records_topic_ask {
    struct text name;
    ARRAY_OF(struct delete_records_partition_ask) partitions;
};

struct delete_records_ask {
    ARRAY_OF(struct delete_records_topic_ask) topics;
    int32_t timeout_ms;
};

struct delete_records_partition_answer {
    int32_t index;
    int64_t low_watermark; /* the start of the log now; -1 with any error */
    int16_t error;
};

struct delete_records_topic_answer {
    struct text name;
    ARRAY_OF(struct delete_records_partition_answer) partitions;
};

struct delete_records_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct delete_records_topic_answer) topics;
};

extern const struct schema delete_records_ask_schema, delete_records_answer_schema;

#endif
