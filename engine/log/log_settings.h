/* engine/log/log_settings.h   Which log it is, and what its topic's configs mean to it. */
#ifndef ENGINE_LOG_LOG_SETTINGS_H
#define ENGINE_LOG_LOG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/uuid.h"

struct log_key {
    struct uuid topic;
    int32_t partition;
};

/* What a topic's configs mean to its logs; one per topic and shard, shared by its logs; replaced as a whole when
 * changed. */
struct log_settings {
    int64_t segment_bytes; /* segment.bytes */
    int64_t segment_ms;    /* segment.ms */
    int64_t segment_jitter_ms;
    int64_t retention_ms;    /* -1: for ever */
    int64_t retention_bytes; /* -1: no limit */
    int64_t file_delete_delay_ms;
    int64_t timestamp_before_max_ms, timestamp_after_max_ms; /* message.timestamp.*.max.ms */
    int32_t index_interval_bytes;
    int32_t index_bytes_max;   /* segment.index.bytes; 0: no limit */
    int32_t message_bytes_max; /* max.message.bytes, of a whole batch */
    bool append_time;          /* message.timestamp.type = LogAppendTime */
    bool codec_set;            /* compression.type is not "producer": batches are stored in `codec` */
    uint8_t codec;             /* enum compression */
    int32_t codec_level;       /* compression.<codec>.level */
    bool delete_old, compact;  /* cleanup.policy */
};

#endif
