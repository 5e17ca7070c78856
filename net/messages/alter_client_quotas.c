/* net/messages/alter_client_quotas.c   AlterClientQuotas as rows: one per field, in wire order. */
#include "messages/alter_client_quotas.h"

#include "base/check.h"

/* clang-format off */
static const struct field entity_ask_fields[] = {
    /*                                    member  since  until   null   tag     fallback */
    FIELD(alter_client_quotas_entity_ask, type,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_client_quotas_entity_ask, name,   0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema entity_ask_schema = SCHEMA(alter_client_quotas_entity_ask, entity_ask_fields);

static const struct field operation_fields[] = {
    /*                                   member  since  until   null   tag     fallback */
    FIELD(alter_client_quotas_operation, key,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_client_quotas_operation, value,  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_client_quotas_operation, remove, 0,     LATEST, NEVER, NO_TAG, false),
};
static const struct schema operation_schema = SCHEMA(alter_client_quotas_operation, operation_fields);

static const struct field entry_ask_fields[] = {
    /*                                   member      since  until   null   tag     items */
    ARRAY(alter_client_quotas_entry_ask, entity,     0,     LATEST, NEVER, NO_TAG, &entity_ask_schema),
    ARRAY(alter_client_quotas_entry_ask, operations, 0,     LATEST, NEVER, NO_TAG, &operation_schema),
};
static const struct schema entry_ask_schema = SCHEMA(alter_client_quotas_entry_ask, entry_ask_fields);

static const struct field alter_client_quotas_ask_fields[] = {
    /*                             member         since  until   null   tag     fallback, items */
    ARRAY(alter_client_quotas_ask, entries,       0,     LATEST, NEVER, NO_TAG, &entry_ask_schema),
    FIELD(alter_client_quotas_ask, validate_only, 0,     LATEST, NEVER, NO_TAG, false),
};
const struct schema alter_client_quotas_ask_schema = SCHEMA(alter_client_quotas_ask, alter_client_quotas_ask_fields);

static const struct field entity_answer_fields[] = {
    /*                                       member  since  until   null   tag     fallback */
    FIELD(alter_client_quotas_entity_answer, type,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_client_quotas_entity_answer, name,   0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema entity_answer_schema = SCHEMA(alter_client_quotas_entity_answer, entity_answer_fields);

static const struct field entry_answer_fields[] = {
    /*                                      member         since  until   null   tag     fallback, items */
    FIELD(alter_client_quotas_entry_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_client_quotas_entry_answer, error_message, 0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(alter_client_quotas_entry_answer, entity,        0,     LATEST, NEVER, NO_TAG, &entity_answer_schema),
};
static const struct schema entry_answer_schema = SCHEMA(alter_client_quotas_entry_answer, entry_answer_fields);

static const struct field alter_client_quotas_answer_fields[] = {
    /*                                member            since  until   null   tag     fallback, items */
    FIELD(alter_client_quotas_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_client_quotas_answer, entries,          0,     LATEST, NEVER, NO_TAG, &entry_answer_schema),
};
const struct schema alter_client_quotas_answer_schema =
    SCHEMA(alter_client_quotas_answer, alter_client_quotas_answer_fields);
/* clang-format on */
