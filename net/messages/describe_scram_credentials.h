/* net/messages/describe_scram_credentials.h   DescribeUserScramCredentials, key 50, version 0, flexible: which
 * users have credentials; never the credentials. KIP-554. */
#ifndef NET_MESSAGES_DESCRIBE_SCRAM_CREDENTIALS_H
#define NET_MESSAGES_DESCRIBE_SCRAM_CREDENTIALS_H

#include "base/codec.h"

struct describe_scram_credentials_user {
    struct text name;
};

struct describe_scram_credentials_ask {
    ARRAY_OF(struct describe_scram_credentials_user) users; /* null or empty: all */
};

struct describe_scram_credentials_credential {
    int8_t mechanism; /* 1 SCRAM-SHA-256, 2 SCRAM-SHA-512 */
    int32_t iterations;
};

struct describe_scram_credentials_result {
    struct text user;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct describe_scram_credentials_credential) credentials;
};

struct describe_scram_credentials_answer {
    int32_t throttle_time_ms;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct describe_scram_credentials_result) results;
};

extern const struct schema describe_scram_credentials_ask_schema, describe_scram_credentials_answer_schema;

#endif
