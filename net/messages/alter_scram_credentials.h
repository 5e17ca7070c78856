/* net/messages/alter_scram_credentials.h   AlterUserScramCredentials, key 51, version 0, flexible: sets and
 * deletes credentials; the password comes salted and iterated. KIP-554. */
#ifndef NET_MESSAGES_ALTER_SCRAM_CREDENTIALS_H
#define NET_MESSAGES_ALTER_SCRAM_CREDENTIALS_H

#include "base/codec.h"

struct alter_scram_credentials_deletion {
    struct text name;
    int8_t mechanism; /* 1 SCRAM-SHA-256, 2 SCRAM-SHA-512 */
};

struct alter_scram_credentials_upsertion {
    struct text name;
    int8_t mechanism; /* 1 SCRAM-SHA-256, 2 SCRAM-SHA-512 */
    int32_t iterations;
    struct bytes salt;
    struct bytes salted_password;
};

struct alter_scram_credentials_ask {
    ARRAY_OF(struct alter_scram_credentials_deletion) deletions;
    ARRAY_OF(struct alter_scram_credentials_upsertion) upsertions;
};

struct alter_scram_credentials_result {
    struct text user;
    int16_t error;
    struct text error_message;
};

struct alter_scram_credentials_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_scram_credentials_result) results;
};

extern const struct schema alter_scram_credentials_ask_schema, alter_scram_credentials_answer_schema;

#endif
