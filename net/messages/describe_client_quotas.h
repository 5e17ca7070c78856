/* net/messages/describe_client_quotas.h   DescribeClientQuotas, key 48, versions 0-1, flexible from 1: limits of
 * users, client ids and addresses. KIP-546. */
#ifndef NET_MESSAGES_DESCRIBE_CLIENT_QUOTAS_H
#define NET_MESSAGES_DESCRIBE_CLIENT_QUOTAS_H

#include "base/codec.h"

struct describe_client_quotas_component {
    struct text type;
    int8_t match_type; /* 0 this name, 1 the default, 2 any */
    struct text match; /* null unless a name is matched */
};

struct describe_client_quotas_ask {
    ARRAY_OF(struct describe_client_quotas_component) components;
    bool strict; /* entities with other components do not match */
};

struct describe_client_quotas_entity {
    struct text type;
    struct text name; /* null: the default */
};

struct describe_client_quotas_value {
    struct text key;
    double value;
};

struct describe_client_quotas_entry {
    ARRAY_OF(struct describe_client_quotas_entity) entity;
    ARRAY_OF(struct describe_client_quotas_value) values;
};

struct describe_client_quotas_answer {
    int32_t throttle_time_ms;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct describe_client_quotas_entry) entries;
};

extern const struct schema describe_client_quotas_ask_schema, describe_client_quotas_answer_schema;

#endif
