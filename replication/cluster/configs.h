/* replication/cluster/configs.h   What can be set: the settings of a broker and the configs of a topic, one row each,
 * with Kafka's names, types, defaults and bounds, and from where a topic's value comes when the topic says nothing:
 *
 *     the topic's override -> this broker's dynamic value -> that of all brokers -> the properties file -> default
 *
 * each under the broker's name for it (retention.ms: log.retention.ms, then log.retention.minutes,
 * log.retention.hours). */
#ifndef REPLICATION_CLUSTER_CONFIGS_H
#define REPLICATION_CLUSTER_CONFIGS_H

#include "base/settings.h"
#include "cluster/image.h"

/* What a node is started with. Defaults of topics are not here: they are read through topic_values_of. */
struct broker_values {
    struct text_list advertised_listeners;
    bool auto_create_topics;
    struct text rack;
    int64_t connection_idle_ms;
    struct text_list controller_listeners;
    struct text_list quorum_servers;
    struct text_list quorum_voters;
    int32_t replication_factor;
    bool delete_topics;
    int32_t fetch_size_max;
    struct text inter_broker_listener;
    struct text protocol_map;
    struct text_list listeners;
    struct text_list log_dir;
    struct text_list log_dirs;
    int64_t retention_check_ms;
    int32_t connection_rate_max;
    int32_t connections_max;
    int32_t connections_per_ip_max;
    struct text connections_per_ip_overrides;
    int32_t fetch_sessions_max;
    int32_t describe_partitions_max;
    int32_t batch_size_max;
    int32_t metadata_segment_bytes, metadata_segment_bytes_internal;
    int64_t metadata_segment_ms;
    int64_t metadata_snapshot_bytes, metadata_snapshot_interval_ms;
    int64_t metadata_retention_bytes, metadata_retention_ms;
    int32_t node_id;
    int32_t num_partitions;
    struct text_list roles;
    int32_t producer_expiration_ms;
    int32_t listen_backlog;
    int32_t request_size_max;
    int32_t shards;
    int64_t memory;
    uint8_t durability;
    struct text http_listen;
    int64_t slow_request_ms;
    uint8_t send_zero_copy;
    int32_t poll_us;
    int32_t nap_us;
    int64_t wal_size;
    int64_t wal_file_size;
    int64_t disk_reserve;
    int32_t partitions;
    struct text cluster_id;

    struct {
        bool truth;
        int16_t small;
        int32_t whole;
        int64_t large;
        double real;
        struct text text;
        struct text_list list;
    } unread; /* of rows that no code reads */
};

enum { DURABILITY_DURABLE, DURABILITY_RELAXED };

struct topic_values {
    struct text_list cleanup_policy;
    int32_t compression_gzip_level;
    int32_t compression_lz4_level;
    struct text compression_type;
    int32_t compression_zstd_level;
    int64_t delete_retention_ms;
    int64_t file_delete_delay_ms;
    int64_t flush_messages;
    int64_t flush_ms;
    struct text_list follower_replication_throttled_replicas;
    int32_t index_interval_bytes;
    int32_t internal_segment_bytes; /* where it is set, segment_bytes is the same */
    struct text_list leader_replication_throttled_replicas;
    int64_t local_retention_bytes;
    int64_t local_retention_ms;
    int64_t max_compaction_lag_ms;
    int32_t max_message_bytes;
    int64_t message_timestamp_after_max_ms;
    int64_t message_timestamp_before_max_ms;
    struct text message_timestamp_type;
    double min_cleanable_dirty_ratio;
    int64_t min_compaction_lag_ms;
    int32_t min_insync_replicas;
    bool preallocate;
    bool remote_log_copy_disable;
    bool remote_log_delete_on_disable;
    bool remote_storage_enable;
    int64_t retention_bytes;
    int64_t retention_ms;
    int32_t segment_bytes;
    int32_t segment_index_bytes;
    int64_t segment_jitter_ms;
    int64_t segment_ms;
    bool unclean_leader_election_enable;
};

extern const struct setting_table broker_table, topic_table, group_table, metrics_table;

/* The settings of a node: its values, and for each row of broker_table who set it (NULL: the default). */
struct settings {
    struct broker_values values;
    const struct property **origins;
};

/* Where values are looked up, and whose they are. */
struct config_place {
    const struct settings *settings;
    const struct image *image;
    int32_t node;
    const struct image_topic *topic; /* NULL: of this broker, or */
    const struct topic_values
        *common; /* what a topic without configs has, for who asks of many; NULL: found each time */
    int8_t type; /* RESOURCE_GROUP, RESOURCE_METRICS: of what is called so; 0 else */
    struct text name;
};

/* STATUS_INVALID: `*why` in Kafka's words (unknown name, a value outside its bounds); STATUS_NO_MEMORY. */
must_check enum status topic_config_check(struct text name, struct text value, struct arena *arena, struct text *why);
/* The broker's own settings as they are now: what it was started with, and over it what was set since. Texts lie in the
 * arena. STATUS_NO_MEMORY. */
must_check enum status broker_values_of(const struct config_place *place, struct broker_values *values,
                                        struct arena *arena);
/* All values of a topic. An override that our rows refuse (a newer Kafka's) counts as absent. STATUS_NO_MEMORY. */
must_check enum status topic_values_of(const struct config_place *place, struct topic_values *values,
                                       struct arena *arena);

#endif
