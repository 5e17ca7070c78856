/* net/messages/describe_log_dirs.h   DescribeLogDirs, key 35, versions 1-5, flexible from 2: log directories, and the
 * size of what they hold. KIP-113, KIP-827 (volume sizes, 4), KIP-1066 (cordoned, 5). */
#ifndef NET_MESSAGES_DESCRIBE_LOG_DIRS_H
#define NET_MESSAGES_DESCRIBE_LOG_DIRS_H

#include "base/codec.h"

struct describe_log_dirs_topic_ask {
    struct text name;
    ARRAY_OF(int32_t) partitions;
};

struct describe_log_dirs_ask {
    ARRAY_OF(struct describe_log_dirs_topic_ask) topics; /* null: all */
};

struct describe_log_dirs_partition {
    int32_t index;
    int64_t partition_size;
    int64_t offset_lag; /* of a future replica: how far it is behind the current one */
    bool is_future_key; /* being copied here to replace the current one */
};

struct describe_log_dirs_topic_answer {
    struct text name;
    ARRAY_OF(struct describe_log_dirs_partition) partitions;
};

struct describe_log_dirs_result {
    int16_t error;
    struct text log_dir;
    ARRAY_OF(struct describe_log_dirs_topic_answer) topics;
    int64_t total_bytes;  /* of the volume; -1: unknown */
    int64_t usable_bytes; /* of the volume; -1: unknown */
    bool is_cordoned;
};

struct describe_log_dirs_answer {
    int32_t throttle_time_ms;
    int16_t error;
    ARRAY_OF(struct describe_log_dirs_result) results;
};

extern const struct schema describe_log_dirs_ask_schema, describe_log_dirs_answer_schema;

#endif
