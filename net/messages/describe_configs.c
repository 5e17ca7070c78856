/* net/messages/describe_configs.c   DescribeConfigs as rows: one per field, in wire order. */
#include "messages/describe_configs.h"

#include "base/check.h"

/* clang-format off */
static const struct field resource_ask_fields[] = {
    /*                                   member  since  until   null   tag     fallback, items */
    FIELD(describe_configs_resource_ask, type,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_configs_resource_ask, name,   0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_configs_resource_ask, keys,   0,     LATEST, 0,     NO_TAG, &schema_text),
};
static const struct schema resource_ask_schema = SCHEMA(describe_configs_resource_ask, resource_ask_fields);

static const struct field describe_configs_ask_fields[] = {
    /*                          member                 since  until   null   tag     fallback, items */
    ARRAY(describe_configs_ask, resources,             0,     LATEST, NEVER, NO_TAG, &resource_ask_schema),
    FIELD(describe_configs_ask, include_synonyms,      1,     LATEST, NEVER, NO_TAG, false),
    FIELD(describe_configs_ask, include_documentation, 3,     LATEST, NEVER, NO_TAG, false),
};
const struct schema describe_configs_ask_schema = SCHEMA(describe_configs_ask, describe_configs_ask_fields);

static const struct field synonym_fields[] = {
    /*                              member  since  until   null   tag     fallback */
    FIELD(describe_configs_synonym, name,   1,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_configs_synonym, value,  1,     LATEST, 0,     NO_TAG, 0),
    FIELD(describe_configs_synonym, source, 1,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema synonym_schema = SCHEMA(describe_configs_synonym, synonym_fields);

static const struct field config_fields[] = {
    /*                             member         since  until   null   tag     fallback, items */
    FIELD(describe_configs_config, name,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_configs_config, value,         0,     LATEST, 0,     NO_TAG, 0),
    FIELD(describe_configs_config, read_only,     0,     LATEST, NEVER, NO_TAG, false),
    FIELD(describe_configs_config, source,        1,     LATEST, NEVER, NO_TAG, -1),
    FIELD(describe_configs_config, is_sensitive,  0,     LATEST, NEVER, NO_TAG, false),
    ARRAY(describe_configs_config, synonyms,      1,     LATEST, NEVER, NO_TAG, &synonym_schema),
    FIELD(describe_configs_config, config_type,   3,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_configs_config, documentation, 3,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema config_schema = SCHEMA(describe_configs_config, config_fields);

static const struct field resource_answer_fields[] = {
    /*                                      member         since  until   null   tag     fallback, items */
    FIELD(describe_configs_resource_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_configs_resource_answer, error_message, 0,     LATEST, 0,     NO_TAG, 0),
    FIELD(describe_configs_resource_answer, type,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_configs_resource_answer, name,          0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_configs_resource_answer, configs,       0,     LATEST, NEVER, NO_TAG, &config_schema),
};
static const struct schema resource_answer_schema = SCHEMA(describe_configs_resource_answer, resource_answer_fields);

static const struct field describe_configs_answer_fields[] = {
    /*                             member            since  until   null   tag     fallback, items */
    FIELD(describe_configs_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_configs_answer, resources,        0,     LATEST, NEVER, NO_TAG, &resource_answer_schema),
};
const struct schema describe_configs_answer_schema = SCHEMA(describe_configs_answer, describe_configs_answer_fields);
/* clang-format on */
