/* replication/cluster/access_records.c   One row per field, in wire order. */
#include "cluster/access_records.h"

#include "base/check.h"

/* clang-format off */
static const struct field user_scram_credential_record_fields[] = {
    /*                                  member      since  until   null   tag     fallback */
    FIELD(user_scram_credential_record, name,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(user_scram_credential_record, mechanism,  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(user_scram_credential_record, salt,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(user_scram_credential_record, stored_key, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(user_scram_credential_record, server_key, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(user_scram_credential_record, iterations, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema user_scram_credential_record_schema =
    SCHEMA(user_scram_credential_record, user_scram_credential_record_fields);

static const struct field remove_user_scram_credential_record_fields[] = {
    /*                                         member     since  until   null   tag     fallback */
    FIELD(remove_user_scram_credential_record, name,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(remove_user_scram_credential_record, mechanism, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema remove_user_scram_credential_record_schema =
    SCHEMA(remove_user_scram_credential_record, remove_user_scram_credential_record_fields);

static const struct field delegation_token_record_fields[] = {
    /*                             member                   since  until   null   tag     fallback, items */
    FIELD(delegation_token_record, owner,                   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delegation_token_record, requester,               0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(delegation_token_record, renewers,                0,     LATEST, NEVER, NO_TAG, &schema_text),
    FIELD(delegation_token_record, issue_timestamp_ms,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delegation_token_record, max_timestamp_ms,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delegation_token_record, expiration_timestamp_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delegation_token_record, token_id,                0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema delegation_token_record_schema = SCHEMA(delegation_token_record, delegation_token_record_fields);

static const struct field remove_delegation_token_record_fields[] = {
    /*                                    member    since  until   null   tag     fallback */
    FIELD(remove_delegation_token_record, token_id, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema remove_delegation_token_record_schema =
    SCHEMA(remove_delegation_token_record, remove_delegation_token_record_fields);

static const struct field access_control_entry_record_fields[] = {
    /*                                 member           since  until   null   tag     fallback */
    FIELD(access_control_entry_record, id,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, resource_type,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, resource_name,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, pattern_type,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, principal,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, host,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, operation,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(access_control_entry_record, permission_type, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema access_control_entry_record_schema =
    SCHEMA(access_control_entry_record, access_control_entry_record_fields);

static const struct field remove_access_control_entry_record_fields[] = {
    /*                                        member  since  until   null   tag     fallback */
    FIELD(remove_access_control_entry_record, id,     0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema remove_access_control_entry_record_schema =
    SCHEMA(remove_access_control_entry_record, remove_access_control_entry_record_fields);

static const struct field client_quota_entity_fields[] = {
    /*                         member       since  until   null   tag     fallback */
    FIELD(client_quota_entity, entity_type, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(client_quota_entity, entity_name, 0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema client_quota_entity_schema = SCHEMA(client_quota_entity, client_quota_entity_fields);

static const struct field client_quota_record_fields[] = {
    /*                         member  since  until   null   tag     fallback, items */
    ARRAY(client_quota_record, entity, 0,     LATEST, NEVER, NO_TAG, &client_quota_entity_schema),
    FIELD(client_quota_record, key,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(client_quota_record, value,  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(client_quota_record, remove, 0,     LATEST, NEVER, NO_TAG, false),
};
const struct schema client_quota_record_schema = SCHEMA(client_quota_record, client_quota_record_fields);
/* clang-format on */
