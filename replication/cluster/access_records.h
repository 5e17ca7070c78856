/* replication/cluster/access_records.h   Records about clients: credentials, tokens, access rules and quotas.
 * KIP-900, KIP-801, KIP-546. Enumerated numbers are those of the requests that make them. */
#ifndef REPLICATION_CLUSTER_ACCESS_RECORDS_H
#define REPLICATION_CLUSTER_ACCESS_RECORDS_H

#include "base/codec.h"

struct user_scram_credential_record {
    struct text name;
    int8_t mechanism; /* 1 SCRAM-SHA-256, 2 SCRAM-SHA-512 */
    struct bytes salt;
    struct bytes stored_key;
    struct bytes server_key;
    int32_t iterations;
};

struct remove_user_scram_credential_record {
    struct text name;
    int8_t mechanism;
};

struct delegation_token_record {
    struct text owner;
    struct text requester;
    ARRAY_OF(struct text) renewers;
    int64_t issue_timestamp_ms;
    int64_t max_timestamp_ms;
    int64_t expiration_timestamp_ms;
    struct text token_id;
};

struct remove_delegation_token_record {
    struct text token_id;
};

struct access_control_entry_record {
    struct uuid id;
    int8_t resource_type;
    struct text resource_name;
    int8_t pattern_type; /* 3 literal, 4 prefixed */
    struct text principal;
    struct text host;
    int8_t operation;
    int8_t permission_type; /* 2 deny, 3 allow */
};

struct remove_access_control_entry_record {
    struct uuid id;
};

struct client_quota_entity {
    struct text entity_type;
    struct text entity_name; /* null: the default */
};

struct client_quota_record {
    ARRAY_OF(struct client_quota_entity) entity;
    struct text key;
    double value;
    bool remove; /* the quota is taken away; value says nothing */
};

extern const struct schema user_scram_credential_record_schema;
extern const struct schema remove_user_scram_credential_record_schema;
extern const struct schema delegation_token_record_schema;
extern const struct schema remove_delegation_token_record_schema;
extern const struct schema access_control_entry_record_schema;
extern const struct schema remove_access_control_entry_record_schema;
extern const struct schema client_quota_record_schema;

#endif
