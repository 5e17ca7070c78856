/* net/messages/describe_client_quotas.c   DescribeClientQuotas as rows: one per field, in wire order. */
#include "messages/describe_client_quotas.h"

#include "base/check.h"

/* clang-format off */
static const struct field component_fields[] = {
    /*                                      member      since  until   null   tag     fallback */
    FIELD(describe_client_quotas_component, type,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_client_quotas_component, match_type, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_client_quotas_component, match,      0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema component_schema = SCHEMA(describe_client_quotas_component, component_fields);

static const struct field describe_client_quotas_ask_fields[] = {
    /*                                member      since  until   null   tag     fallback, items */
    ARRAY(describe_client_quotas_ask, components, 0,     LATEST, NEVER, NO_TAG, &component_schema),
    FIELD(describe_client_quotas_ask, strict,     0,     LATEST, NEVER, NO_TAG, false),
};
const struct schema describe_client_quotas_ask_schema =
    SCHEMA(describe_client_quotas_ask, describe_client_quotas_ask_fields);

static const struct field entity_fields[] = {
    /*                                   member  since  until   null   tag     fallback */
    FIELD(describe_client_quotas_entity, type,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_client_quotas_entity, name,   0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema entity_schema = SCHEMA(describe_client_quotas_entity, entity_fields);

static const struct field value_fields[] = {
    /*                                  member  since  until   null   tag     fallback */
    FIELD(describe_client_quotas_value, key,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_client_quotas_value, value,  0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema value_schema = SCHEMA(describe_client_quotas_value, value_fields);

static const struct field entry_fields[] = {
    /*                                  member  since  until   null   tag     items */
    ARRAY(describe_client_quotas_entry, entity, 0,     LATEST, NEVER, NO_TAG, &entity_schema),
    ARRAY(describe_client_quotas_entry, values, 0,     LATEST, NEVER, NO_TAG, &value_schema),
};
static const struct schema entry_schema = SCHEMA(describe_client_quotas_entry, entry_fields);

static const struct field describe_client_quotas_answer_fields[] = {
    /*                                   member            since  until   null   tag     fallback, items */
    FIELD(describe_client_quotas_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_client_quotas_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_client_quotas_answer, error_message,    0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(describe_client_quotas_answer, entries,          0,     LATEST, 0,     NO_TAG, &entry_schema),
};
const struct schema describe_client_quotas_answer_schema =
    SCHEMA(describe_client_quotas_answer, describe_client_quotas_answer_fields);
/* clang-format on */
