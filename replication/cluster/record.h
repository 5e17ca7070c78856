/* replication/cluster/record.h   The records of the metadata log, read and written. The value of such a record is
 *
 *     varint frame version (1)   varint type   varint version   body: a flexible message
 *
 * and its key is null. What the bodies hold stands in *_records.h; here is the table of types and a struct that can
 * hold any of them. Control records, which belong to Raft and not to the cluster, have no frame: control.h. */
#ifndef REPLICATION_CLUSTER_RECORD_H
#define REPLICATION_CLUSTER_RECORD_H

#include "base/codec.h"
#include "cluster/access_records.h"
#include "cluster/cluster_records.h"
#include "cluster/node_records.h"
#include "cluster/topic_records.h"

/* Kafka's numbers. */
enum record_type {
    RECORD_REGISTER_BROKER = 0,
    RECORD_UNREGISTER_BROKER = 1,
    RECORD_TOPIC = 2,
    RECORD_PARTITION = 3,
    RECORD_CONFIG = 4,
    RECORD_PARTITION_CHANGE = 5,
    RECORD_FENCE_BROKER = 7,
    RECORD_UNFENCE_BROKER = 8,
    RECORD_REMOVE_TOPIC = 9,
    RECORD_DELEGATION_TOKEN = 10,
    RECORD_USER_SCRAM_CREDENTIAL = 11,
    RECORD_FEATURE_LEVEL = 12,
    RECORD_CLIENT_QUOTA = 14,
    RECORD_PRODUCER_IDS = 15,
    RECORD_BROKER_CHANGE = 17,
    RECORD_ACCESS_CONTROL_ENTRY = 18,
    RECORD_REMOVE_ACCESS_CONTROL_ENTRY = 19,
    RECORD_NO_OP = 20,
    RECORD_ZK_MIGRATION_STATE = 21,
    RECORD_REMOVE_USER_SCRAM_CREDENTIAL = 22,
    RECORD_BEGIN_TRANSACTION = 23,
    RECORD_END_TRANSACTION = 24,
    RECORD_ABORT_TRANSACTION = 25,
    RECORD_REMOVE_DELEGATION_TOKEN = 26,
    RECORD_REGISTER_CONTROLLER = 27,
    RECORD_CLEAR_ELR = 28,
};

/* Texts, bytes and lists of a record that was read point into its bytes and the arena. */
struct any_record {
    enum record_type type;
    int16_t version; /* in which it was read; writing chooses its own */
    union {
        struct register_broker_record register_broker;
        struct unregister_broker_record unregister_broker;
        struct topic_record topic;
        struct partition_record partition;
        struct config_record config;
        struct partition_change_record partition_change;
        struct fence_broker_record fence_broker;
        struct unfence_broker_record unfence_broker;
        struct remove_topic_record remove_topic;
        struct delegation_token_record delegation_token;
        struct user_scram_credential_record user_scram_credential;
        struct feature_level_record feature_level;
        struct client_quota_record client_quota;
        struct producer_ids_record producer_ids;
        struct broker_change_record broker_change;
        struct access_control_entry_record access_control_entry;
        struct remove_access_control_entry_record remove_access_control_entry;
        struct no_op_record no_op;
        struct zk_migration_state_record zk_migration_state;
        struct remove_user_scram_credential_record remove_user_scram_credential;
        struct begin_transaction_record begin_transaction;
        struct end_transaction_record end_transaction;
        struct abort_transaction_record abort_transaction;
        struct remove_delegation_token_record remove_delegation_token;
        struct register_controller_record register_controller;
        struct clear_elr_record clear_elr;
    };
};

struct record_row {
    const char *name; /* Kafka's, without "Record" */
    const struct schema *schema;
    enum record_type type;
    int16_t version_min; /* never written below: what Kafka 4.3.1 writes at metadata.version 30 */
    int16_t version_max;
};

extern const struct record_row record_rows[];
extern const size_t record_row_count;

/* NULL: an unknown type. */
const struct record_row *record_row_find(int64_t type);

/* STATUS_UNSUPPORTED: a frame version, type or version that is not known: whoever goes on without it has a wrong image.
 * STATUS_TRUNCATED, STATUS_MALFORMED (bytes left over, too), STATUS_NO_MEMORY. */
must_check enum status record_read(struct bytes value, struct any_record *any, struct arena *arena);

/* Makes `any` a record of this type with every field at its fallback. */
void record_clear(struct any_record *any, enum record_type type);

/* The version in which it is written: the lowest that can carry the fields that are set, but not below the row's
 * version_min. */
int16_t record_version(const struct any_record *any);
/* Bytes of the value: frame and body. */
size_t record_size(const struct any_record *any);
void record_write(const struct any_record *any, struct writer *writer);

#endif
