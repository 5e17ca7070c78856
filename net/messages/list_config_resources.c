/* net/messages/list_config_resources.c   ListConfigResources as rows: one per field, in wire order. */
#include "messages/list_config_resources.h"

#include "base/check.h"

/* clang-format off */
static const struct field list_config_resources_ask_fields[] = {
    /*                               member  since  until   null   tag     items */
    ARRAY(list_config_resources_ask, types,  1,     LATEST, NEVER, NO_TAG, &schema_i8),
};
const struct schema list_config_resources_ask_schema =
    SCHEMA(list_config_resources_ask, list_config_resources_ask_fields);

static const struct field resource_fields[] = {
    /*                                    member  since  until   null   tag     fallback */
    FIELD(list_config_resources_resource, name,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_config_resources_resource, type,   1,     LATEST, NEVER, NO_TAG, 16),
};
static const struct schema resource_schema = SCHEMA(list_config_resources_resource, resource_fields);

static const struct field list_config_resources_answer_fields[] = {
    /*                                  member            since  until   null   tag     fallback, items */
    FIELD(list_config_resources_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_config_resources_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_config_resources_answer, resources,        0,     LATEST, NEVER, NO_TAG, &resource_schema),
};
const struct schema list_config_resources_answer_schema =
    SCHEMA(list_config_resources_answer, list_config_resources_answer_fields);
/* clang-format on */
