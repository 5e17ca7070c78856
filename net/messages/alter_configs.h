/* net/messages/alter_configs.h   AlterConfigs, key 33, versions 0-2, flexible from 2: replaces all settings of a
 * resource. KIP-133; KIP-339 made it old. */
#ifndef NET_MESSAGES_ALTER_CONFIGS_H
#define NET_MESSAGES_ALTER_CONFIGS_H

#include "base/codec.h"

struct alter_configs_config {
    struct text name;
    struct text value;
};

struct alter_configs_resource_ask {
    int8_t type; /* 2 topic, 4 broker, 8 broker logger */
    struct text name;
    ARRAY_OF(struct alter_configs_config) configs; /* all of them: what is not named goes back to its default */
};

struct alter_configs_ask {
    ARRAY_OF(struct alter_configs_resource_ask) resources;
    bool validate_only;
};

struct alter_configs_resource_answer {
    int16_t error;
    struct text error_message;
    int8_t type;
    struct text name;
};

struct alter_configs_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_configs_resource_answer) resources;
};

extern const struct schema alter_configs_ask_schema, alter_configs_answer_schema;

#endif
