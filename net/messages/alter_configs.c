/* net/messages/alter_configs.c   AlterConfigs as rows: one per field, in wire order. */
#include "messages/alter_configs.h"

#include "base/check.h"

/* clang-format off */
static const struct field config_fields[] = {
    /*                          member  since  until   null   tag     fallback */
    FIELD(alter_configs_config, name,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_configs_config, value,  0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema config_schema = SCHEMA(alter_configs_config, config_fields);

static const struct field resource_ask_fields[] = {
    /*                                member   since  until   null   tag     fallback, items */
    FIELD(alter_configs_resource_ask, type,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_configs_resource_ask, name,    0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_configs_resource_ask, configs, 0,     LATEST, NEVER, NO_TAG, &config_schema),
};
static const struct schema resource_ask_schema = SCHEMA(alter_configs_resource_ask, resource_ask_fields);

static const struct field alter_configs_ask_fields[] = {
    /*                       member         since  until   null   tag     fallback, items */
    ARRAY(alter_configs_ask, resources,     0,     LATEST, NEVER, NO_TAG, &resource_ask_schema),
    FIELD(alter_configs_ask, validate_only, 0,     LATEST, NEVER, NO_TAG, false),
};
const struct schema alter_configs_ask_schema = SCHEMA(alter_configs_ask, alter_configs_ask_fields);

static const struct field resource_answer_fields[] = {
    /*                                   member         since  until   null   tag     fallback */
    FIELD(alter_configs_resource_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_configs_resource_answer, error_message, 0,     LATEST, 0,     NO_TAG, 0),
    FIELD(alter_configs_resource_answer, type,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_configs_resource_answer, name,          0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema resource_answer_schema = SCHEMA(alter_configs_resource_answer, resource_answer_fields);

static const struct field alter_configs_answer_fields[] = {
    /*                          member            since  until   null   tag     fallback, items */
    FIELD(alter_configs_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_configs_answer, resources,        0,     LATEST, NEVER, NO_TAG, &resource_answer_schema),
};
const struct schema alter_configs_answer_schema = SCHEMA(alter_configs_answer, alter_configs_answer_fields);
/* clang-format on */
