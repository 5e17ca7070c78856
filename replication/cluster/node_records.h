/* replication/cluster/node_records.h   Records about the nodes: brokers register and leave, are fenced and unfenced;
 * controllers register. KIP-500, KIP-631, KIP-858 (log directories), KIP-919 (controllers), KIP-1066 (cordoned log
 * directories). */
#ifndef REPLICATION_CLUSTER_NODE_RECORDS_H
#define REPLICATION_CLUSTER_NODE_RECORDS_H

#include "base/codec.h"

struct record_endpoint {
    struct text name; /* of the listener */
    struct text host;
    uint16_t port;
    int16_t security_protocol; /* 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL */
};

struct record_feature {
    struct text name;
    int16_t min_supported_version;
    int16_t max_supported_version;
};

struct register_broker_record {
    int32_t broker_id;
    bool migrating_zk_broker;   /* always false since Kafka 4 */
    struct uuid incarnation_id; /* drawn at each start of the broker */
    int64_t broker_epoch;       /* the offset of this record */
    ARRAY_OF(struct record_endpoint) endpoints;
    ARRAY_OF(struct record_feature) features;
    struct text rack;
    bool fenced;
    bool in_controlled_shutdown;
    ARRAY_OF(struct uuid) log_dirs;          /* ids of its log directories */
    ARRAY_OF(struct uuid) cordoned_log_dirs; /* that take no new replicas; null: unknown */
};

struct unregister_broker_record {
    int32_t broker_id;
    int64_t broker_epoch;
};

/* Kafka 3.0 and older; later a broker_change_record says it. */
struct fence_broker_record {
    int32_t broker_id;
    int64_t broker_epoch;
};

/* As fence_broker_record. */
struct unfence_broker_record {
    int32_t broker_id;
    int64_t broker_epoch;
};

/* BrokerRegistrationChange. */
struct broker_change_record {
    int32_t broker_id;
    int64_t broker_epoch;
    int8_t fenced;                           /* 1 fence, -1 unfence, 0 as it is */
    int8_t in_controlled_shutdown;           /* 1 it stops, 0 as it is */
    ARRAY_OF(struct uuid) log_dirs;          /* empty: as they are */
    ARRAY_OF(struct uuid) cordoned_log_dirs; /* null: as they are */
};

struct register_controller_record {
    int32_t controller_id;
    struct uuid incarnation_id;
    bool zk_migration_ready; /* always false since Kafka 4 */
    ARRAY_OF(struct record_endpoint) endpoints;
    ARRAY_OF(struct record_feature) features;
};

extern const struct schema register_broker_record_schema;
extern const struct schema unregister_broker_record_schema;
extern const struct schema fence_broker_record_schema;
extern const struct schema unfence_broker_record_schema;
extern const struct schema broker_change_record_schema;
extern const struct schema register_controller_record_schema;

#endif
