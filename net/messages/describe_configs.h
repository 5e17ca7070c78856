/* net/messages/describe_configs.h   DescribeConfigs, key 32, versions 1-4, flexible from 4: settings of topics and
 * brokers, and where each value comes from. KIP-133, KIP-226 (sources and synonyms, 1), KIP-569 (types and
 * documentation, 3). */
#ifndef NET_MESSAGES_DESCRIBE_CONFIGS_H
#define NET_MESSAGES_DESCRIBE_CONFIGS_H

#include "base/codec.h"

struct describe_configs_resource_ask {
    int8_t type; /* 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group */
    struct text name;
    ARRAY_OF(struct text) keys; /* null: all */
};

struct describe_configs_ask {
    ARRAY_OF(struct describe_configs_resource_ask) resources;
    bool include_synonyms;
    bool include_documentation;
};

struct describe_configs_synonym {
    struct text name;
    struct text value;
    int8_t source;
};

struct describe_configs_config {
    struct text name;
    struct text value; /* null when sensitive */
    bool read_only;
    int8_t source; /* enum config_source */
    bool is_sensitive;
    ARRAY_OF(struct describe_configs_synonym) synonyms;
    int8_t config_type; /* 1 boolean 2 string 3 int 4 short 5 long 6 double 7 list 8 class 9 password */
    struct text documentation;
};

struct describe_configs_resource_answer {
    int16_t error;
    struct text error_message;
    int8_t type; /* 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group */
    struct text name;
    ARRAY_OF(struct describe_configs_config) configs;
};

struct describe_configs_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_configs_resource_answer) resources;
};

extern const struct schema describe_configs_ask_schema, describe_configs_answer_schema;

enum config_source {
    CONFIG_SOURCE_UNKNOWN = 0,
    CONFIG_SOURCE_TOPIC = 1,
    CONFIG_SOURCE_DYNAMIC_BROKER = 2,
    CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER = 3,
    CONFIG_SOURCE_STATIC_BROKER = 4,
    CONFIG_SOURCE_DEFAULT = 5,
    CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER = 6,
    CONFIG_SOURCE_CLIENT_METRICS = 7,
    CONFIG_SOURCE_GROUP = 8,
};

#endif
