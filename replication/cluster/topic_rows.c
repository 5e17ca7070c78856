/* replication/cluster/topic_rows.c   The configs of a topic, one row each: Kafka 4.3.1's names, types, defaults and
 * bounds; and the broker's settings that stand behind them. */
#include "cluster/topic_rows.h"

#include "cluster/configs.h"

#define TOPIC        SETTING_TOPIC
#define UNIQUE       SETTING_NO_DUPLICATES
#define OR_MINUS_ONE SETTING_OR_MINUS_ONE
#define LEAST        SETTING_LEAST
#define MOST         SETTING_MOST

#define ROW(member, name, type, fallback, least, most, choices, scope, doc) \
    SETTING(topic_values, member, name, SETTING_##type, fallback, least, most, choices, (scope), doc)

/* clang-format off */
static const struct setting rows[] = {
    ROW(cleanup_policy, "cleanup.policy", LIST, "delete", LEAST, MOST, "compact, delete", TOPIC | UNIQUE,
        "what happens to old segments: delete, compact, both"),
    ROW(compression_gzip_level, "compression.gzip.level", INT, "-1", 1, 9, NULL, TOPIC | OR_MINUS_ONE,
        "level of gzip, when the broker compresses"),
    ROW(compression_lz4_level, "compression.lz4.level", INT, "9", 1, 17, NULL, TOPIC,
        "level of lz4, when the broker compresses"),
    ROW(compression_type, "compression.type", STRING, "producer", LEAST, MOST,
        "uncompressed, zstd, lz4, snappy, gzip, producer", TOPIC,
        "how batches are compressed; producer: as they come"),
    ROW(compression_zstd_level, "compression.zstd.level", INT, "3", -131072, 22, NULL, TOPIC,
        "level of zstd, when the broker compresses"),
    ROW(delete_retention_ms, "delete.retention.ms", LONG, "86400000", 0, MOST, NULL, TOPIC,
        "how long the tombstones of a compacted topic are kept"),
    ROW(file_delete_delay_ms, "file.delete.delay.ms", LONG, "60000", 0, MOST, NULL, TOPIC,
        "how long removed segments stay on disk"),
    ROW(flush_messages, "flush.messages", LONG, "9223372036854775807", 1, MOST, NULL, TOPIC,
        "for Apache Kafka; here every acknowledged record is on the device"),
    ROW(flush_ms, "flush.ms", LONG, "9223372036854775807", 0, MOST, NULL, TOPIC,
        "for Apache Kafka; here every acknowledged record is on the device"),
    ROW(follower_replication_throttled_replicas, "follower.replication.throttled.replicas", LIST, "", LEAST,
        MOST, NULL, TOPIC,
        "replicas whose fetching is throttled"),
    ROW(index_interval_bytes, "index.interval.bytes", INT, "4096", 0, MOST, NULL, TOPIC,
        "bytes of records between two index entries"),
    ROW(leader_replication_throttled_replicas, "leader.replication.throttled.replicas", LIST, "", LEAST, MOST,
        NULL, TOPIC,
        "replicas whose serving is throttled"),
    ROW(local_retention_bytes, "local.retention.bytes", LONG, "-2", -2, MOST, NULL, TOPIC,
        "bytes kept on local disk when the rest is tiered; -2: as retention.bytes"),
    ROW(local_retention_ms, "local.retention.ms", LONG, "-2", -2, MOST, NULL, TOPIC,
        "time kept on local disk when the rest is tiered; -2: as retention.ms"),
    ROW(max_compaction_lag_ms, "max.compaction.lag.ms", LONG, "9223372036854775807", 1, MOST, NULL, TOPIC,
        "after how long a record must be compacted"),
    ROW(max_message_bytes, "max.message.bytes", INT, "1048588", 0, MOST, NULL, TOPIC,
        "the largest record batch, in bytes"),
    ROW(message_timestamp_after_max_ms, "message.timestamp.after.max.ms", LONG, "3600000", 0, MOST, NULL, TOPIC,
        "how far ahead a record may be stamped"),
    ROW(message_timestamp_before_max_ms, "message.timestamp.before.max.ms", LONG, "9223372036854775807", 0,
        MOST, NULL, TOPIC,
        "how old a record may be stamped"),
    ROW(message_timestamp_type, "message.timestamp.type", STRING, "CreateTime", LEAST, MOST,
        "CreateTime, LogAppendTime", TOPIC,
        "whose clock stamps records: CreateTime or LogAppendTime"),
    ROW(min_cleanable_dirty_ratio, "min.cleanable.dirty.ratio", DOUBLE, "0.5", 0, 1, NULL, TOPIC,
        "share of a log that must be dirty before it is compacted"),
    ROW(min_compaction_lag_ms, "min.compaction.lag.ms", LONG, "0", 0, MOST, NULL, TOPIC,
        "how long a record stays uncompacted at least"),
    ROW(min_insync_replicas, "min.insync.replicas", INT, "1", 1, MOST, NULL, TOPIC,
        "replicas that must have a record before acks=all is answered"),
    ROW(preallocate, "preallocate", BOOL, "false", LEAST, MOST, NULL, TOPIC,
        "for Apache Kafka; here space is always taken ahead of the writes"),
    ROW(remote_log_copy_disable, "remote.log.copy.disable", BOOL, "false", LEAST, MOST, NULL, TOPIC,
        "no more copies to tiered storage"),
    ROW(remote_log_delete_on_disable, "remote.log.delete.on.disable", BOOL, "false", LEAST, MOST, NULL, TOPIC,
        "tiered records go when tiering is switched off"),
    ROW(remote_storage_enable, "remote.storage.enable", BOOL, "false", LEAST, MOST, NULL, TOPIC,
        "tiered storage"),
    ROW(retention_bytes, "retention.bytes", LONG, "-1", LEAST, MOST, NULL, TOPIC,
        "what a partition may hold before old segments go; -1: no limit"),
    ROW(retention_ms, "retention.ms", LONG, "604800000", -1, MOST, NULL, TOPIC,
        "how long records are kept; -1: for ever"),
    ROW(segment_bytes, "segment.bytes", INT, "1073741824", 1048576, MOST, NULL, TOPIC,
        "the size at which a segment is rolled"),
    ROW(segment_index_bytes, "segment.index.bytes", INT, "10485760", 4, MOST, NULL, TOPIC,
        "the largest index of a segment"),
    ROW(segment_jitter_ms, "segment.jitter.ms", LONG, "0", 0, MOST, NULL, TOPIC,
        "up to how much earlier a segment is rolled, drawn for each"),
    ROW(segment_ms, "segment.ms", LONG, "604800000", 1, MOST, NULL, TOPIC,
        "after how long a segment is rolled"),
    ROW(unclean_leader_election_enable, "unclean.leader.election.enable", BOOL, "false", LEAST, MOST, NULL, TOPIC,
        "whether a replica that missed records may lead"),
};

const struct topic_synonym topic_synonyms[] = {
    { "cleanup.policy", "log.cleanup.policy", 1 },
    { "compression.gzip.level", "compression.gzip.level", 1 },
    { "compression.lz4.level", "compression.lz4.level", 1 },
    { "compression.type", "compression.type", 1 },
    { "compression.zstd.level", "compression.zstd.level", 1 },
    { "delete.retention.ms", "log.cleaner.delete.retention.ms", 1 },
    { "file.delete.delay.ms", "log.segment.delete.delay.ms", 1 },
    { "flush.messages", "log.flush.interval.messages", 1 },
    { "flush.ms", "log.flush.interval.ms", 1 },
    { "flush.ms", "log.flush.scheduler.interval.ms", 1 },
    { "index.interval.bytes", "log.index.interval.bytes", 1 },
    { "local.retention.bytes", "log.local.retention.bytes", 1 },
    { "local.retention.ms", "log.local.retention.ms", 1 },
    { "max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms", 1 },
    { "max.message.bytes", "message.max.bytes", 1 },
    { "message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms", 1 },
    { "message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms", 1 },
    { "message.timestamp.type", "log.message.timestamp.type", 1 },
    { "min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio", 1 },
    { "min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms", 1 },
    { "min.insync.replicas", "min.insync.replicas", 1 },
    { "preallocate", "log.preallocate", 1 },
    { "retention.bytes", "log.retention.bytes", 1 },
    { "retention.ms", "log.retention.ms", 1 },
    { "retention.ms", "log.retention.minutes", 60000 },
    { "retention.ms", "log.retention.hours", 3600000 },
    { "segment.bytes", "log.segment.bytes", 1 },
    { "segment.index.bytes", "log.index.size.max.bytes", 1 },
    { "segment.jitter.ms", "log.roll.jitter.ms", 1 },
    { "segment.jitter.ms", "log.roll.jitter.hours", 3600000 },
    { "segment.ms", "log.roll.ms", 1 },
    { "segment.ms", "log.roll.hours", 3600000 },
    { "unclean.leader.election.enable", "unclean.leader.election.enable", 1 },
};
/* clang-format on */
const uint32_t topic_synonym_count = array_count(topic_synonyms);

const struct setting_table topic_table = { .rows = rows, .row_count = array_count(rows) };
