/* net/messages/describe_scram_credentials.c   DescribeUserScramCredentials as rows: one per field, in wire
 * order. */
#include "messages/describe_scram_credentials.h"

#include "base/check.h"

/* clang-format off */
static const struct field user_fields[] = {
    /*                                          member  since  until   null   tag     fallback */
    FIELD(describe_scram_credentials_user, name,   0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema user_schema = SCHEMA(describe_scram_credentials_user, user_fields);

static const struct field describe_scram_credentials_ask_fields[] = {
    /*                                         member  since  until   null   tag     items */
    ARRAY(describe_scram_credentials_ask, users,  0,     LATEST, 0,     NO_TAG, &user_schema),
};
const struct schema describe_scram_credentials_ask_schema =
    SCHEMA(describe_scram_credentials_ask, describe_scram_credentials_ask_fields);

static const struct field credential_fields[] = {
    /*                                                member      since  until   null   tag     fallback */
    FIELD(describe_scram_credentials_credential, mechanism,  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_scram_credentials_credential, iterations, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema credential_schema = SCHEMA(describe_scram_credentials_credential, credential_fields);

static const struct field result_fields[] = {
    /*                                            member         since  until   null   tag     fallback, items */
    FIELD(describe_scram_credentials_result, user,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_scram_credentials_result, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_scram_credentials_result, error_message, 0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(describe_scram_credentials_result, credentials,   0,     LATEST, NEVER, NO_TAG, &credential_schema),
};
static const struct schema result_schema = SCHEMA(describe_scram_credentials_result, result_fields);

static const struct field describe_scram_credentials_answer_fields[] = {
    /*                                            member            since  until   null   tag     fallback, items */
    FIELD(describe_scram_credentials_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_scram_credentials_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_scram_credentials_answer, error_message,    0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(describe_scram_credentials_answer, results,          0,     LATEST, NEVER, NO_TAG, &result_schema),
};
const struct schema describe_scram_credentials_answer_schema =
    SCHEMA(describe_scram_credentials_answer, describe_scram_credentials_answer_fields);
/* clang-format on */
