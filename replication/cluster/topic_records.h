/* replication/cluster/topic_records.h   Records about topics: their names and ids, who holds and leads their
 * partitions, and settings (also those of brokers, which share the record). KIP-631, KIP-858 (directories), KIP-966
 * (eligible leader replicas). */
#ifndef REPLICATION_CLUSTER_TOPIC_RECORDS_H
#define REPLICATION_CLUSTER_TOPIC_RECORDS_H

#include "base/codec.h"

struct topic_record {
    struct text name;
    struct uuid topic_id;
};

struct remove_topic_record {
    struct uuid topic_id;
};

struct partition_record {
    int32_t index;
    struct uuid topic_id;
    ARRAY_OF(int32_t) replicas;
    ARRAY_OF(int32_t) isr; /* in-sync replicas */
    ARRAY_OF(int32_t) removing_replicas;
    ARRAY_OF(int32_t) adding_replicas;
    int32_t leader;               /* -1: none */
    int8_t leader_recovery_state; /* 1: elected uncleanly, its log is being repaired */
    int32_t leader_epoch;
    int32_t partition_epoch;
    ARRAY_OF(struct uuid) directories;          /* one per replica, in their order; see uuid.h for the reserved ones */
    ARRAY_OF(int32_t) eligible_leader_replicas; /* KIP-966; null: none */
    ARRAY_OF(int32_t) last_known_elr;           /* KIP-966; null: none */
};

/* Only what changes; the partition epoch grows by one with each. */
struct partition_change_record {
    int32_t index;
    struct uuid topic_id;
    ARRAY_OF(int32_t) isr; /* null: as it is, as with the lists below */
    int32_t leader;        /* -1: none; -2: as it is */
    ARRAY_OF(int32_t) replicas;
    ARRAY_OF(int32_t) removing_replicas;
    ARRAY_OF(int32_t) adding_replicas;
    int8_t leader_recovery_state; /* -1: as it is */
    ARRAY_OF(struct uuid) directories;
    ARRAY_OF(int32_t) eligible_leader_replicas; /* null: as they are; empty: none */
    ARRAY_OF(int32_t) last_known_elr;
};

struct clear_elr_record {
    struct text name; /* of the topic; empty: all topics */
};

struct config_record {
    int8_t resource_type;      /* 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group */
    struct text resource_name; /* of a broker its id; empty: all brokers */
    struct text name;
    struct text value; /* null: back to the default */
};

extern const struct schema topic_record_schema;
extern const struct schema remove_topic_record_schema;
extern const struct schema partition_record_schema;
extern const struct schema partition_change_record_schema;
extern const struct schema clear_elr_record_schema;
extern const struct schema config_record_schema;

#endif
