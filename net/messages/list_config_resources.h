/* net/messages/list_config_resources.h   ListConfigResources, key 74, versions 0-1, flexible: what has settings.
 * KIP-714 (version 0 lists client metrics only), KIP-1142 (1). */
#ifndef NET_MESSAGES_LIST_CONFIG_RESOURCES_H
#define NET_MESSAGES_LIST_CONFIG_RESOURCES_H

#include "base/codec.h"

struct list_config_resources_ask {
    ARRAY_OF(int8_t) types; /* empty: all; in version 0 always client metrics */
};

struct list_config_resources_resource {
    struct text name;
    int8_t type; /* 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group */
};

struct list_config_resources_answer {
    int32_t throttle_time_ms;
    int16_t error;
    ARRAY_OF(struct list_config_resources_resource) resources;
};

extern const struct schema list_config_resources_ask_schema, list_config_resources_answer_schema;

#endif
