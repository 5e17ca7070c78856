/* net/messages/incremental_alter_configs.h   IncrementalAlterConfigs, key 44, versions 0-1, flexible from 1: changes
 * single settings. KIP-339. */
#ifndef NET_MESSAGES_INCREMENTAL_ALTER_CONFIGS_H
#define NET_MESSAGES_INCREMENTAL_ALTER_CONFIGS_H

#include "base/codec.h"

struct incremental_alter_configs_config {
    struct text name;
    int8_t operation; /* 0 set, 1 delete, 2 append, 3 subtract */
    struct text value;
};

struct incremental_alter_configs_resource_ask {
    int8_t type; /* 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group */
    struct text name;
    ARRAY_OF(struct incremental_alter_configs_config) configs;
};

struct incremental_alter_configs_ask {
    ARRAY_OF(struct incremental_alter_configs_resource_ask) resources;
    bool validate_only;
};

struct incremental_alter_configs_resource_answer {
    int16_t error;
    struct text error_message;
    int8_t type;
    struct text name;
};

struct incremental_alter_configs_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct incremental_alter_configs_resource_answer) resources;
};

extern const struct schema incremental_alter_configs_ask_schema, incremental_alter_configs_answer_schema;

#endif
