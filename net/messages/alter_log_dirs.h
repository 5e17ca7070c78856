/* net/messages/alter_log_dirs.h   AlterReplicaLogDirs, key 34, versions 1-2, flexible from 2: which log directory of a
 * node is to hold which replicas. KIP-113. */
#ifndef NET_MESSAGES_ALTER_LOG_DIRS_H
#define NET_MESSAGES_ALTER_LOG_DIRS_H

#include "base/codec.h"

struct alter_log_dirs_topic_ask {
    struct text name;
    ARRAY_OF(int32_t) partitions;
};

struct alter_log_dirs_directory {
    struct text path; /* absolute, as DescribeLogDirs shows it */
    ARRAY_OF(struct alter_log_dirs_topic_ask) topics;
};

struct alter_log_dirs_ask {
    ARRAY_OF(struct alter_log_dirs_directory) directories;
};

struct alter_log_dirs_partition {
    int32_t index;
    int16_t error;
};

struct alter_log_dirs_topic_answer {
    struct text name;
    ARRAY_OF(struct alter_log_dirs_partition) partitions;
};

struct alter_log_dirs_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_log_dirs_topic_answer) topics;
};

extern const struct schema alter_log_dirs_ask_schema, alter_log_dirs_answer_schema;

#endif
