/* net/messages/alter_client_quotas.h   AlterClientQuotas, key 49, versions 0-1, flexible from 1: sets and removes
 * limits. KIP-546. */
#ifndef NET_MESSAGES_ALTER_CLIENT_QUOTAS_H
#define NET_MESSAGES_ALTER_CLIENT_QUOTAS_H

#include "base/codec.h"

struct alter_client_quotas_entity_ask {
    struct text type;
    struct text name; /* null: the default */
};

struct alter_client_quotas_operation {
    struct text key;
    double value;
    bool remove;
};

struct alter_client_quotas_entry_ask {
    ARRAY_OF(struct alter_client_quotas_entity_ask) entity;
    ARRAY_OF(struct alter_client_quotas_operation) operations;
};

struct alter_client_quotas_ask {
    ARRAY_OF(struct alter_client_quotas_entry_ask) entries;
    bool validate_only;
};

struct alter_client_quotas_entity_answer {
    struct text type;
    struct text name; /* null: the default */
};

struct alter_client_quotas_entry_answer {
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct alter_client_quotas_entity_answer) entity;
};

struct alter_client_quotas_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_client_quotas_entry_answer) entries;
};

extern const struct schema alter_client_quotas_ask_schema, alter_client_quotas_answer_schema;

#endif
