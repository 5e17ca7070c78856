/* net/messages/alter_scram_credentials.c   AlterUserScramCredentials as rows: one per field, in wire order. */
#include "messages/alter_scram_credentials.h"

#include "base/check.h"

/* clang-format off */
static const struct field deletion_fields[] = {
    /*                                           member     since  until   null   tag     fallback */
    FIELD(alter_scram_credentials_deletion, name,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_deletion, mechanism, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema deletion_schema = SCHEMA(alter_scram_credentials_deletion, deletion_fields);

static const struct field upsertion_fields[] = {
    /*                                            member           since  until   null   tag     fallback */
    FIELD(alter_scram_credentials_upsertion, name,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_upsertion, mechanism,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_upsertion, iterations,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_upsertion, salt,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_upsertion, salted_password, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema upsertion_schema = SCHEMA(alter_scram_credentials_upsertion, upsertion_fields);

static const struct field alter_scram_credentials_ask_fields[] = {
    /*                                      member      since  until   null   tag     items */
    ARRAY(alter_scram_credentials_ask, deletions,  0,     LATEST, NEVER, NO_TAG, &deletion_schema),
    ARRAY(alter_scram_credentials_ask, upsertions, 0,     LATEST, NEVER, NO_TAG, &upsertion_schema),
};
const struct schema alter_scram_credentials_ask_schema =
    SCHEMA(alter_scram_credentials_ask, alter_scram_credentials_ask_fields);

static const struct field result_fields[] = {
    /*                                         member         since  until   null   tag     fallback */
    FIELD(alter_scram_credentials_result, user,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_result, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_scram_credentials_result, error_message, 0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema result_schema = SCHEMA(alter_scram_credentials_result, result_fields);

static const struct field alter_scram_credentials_answer_fields[] = {
    /*                                         member            since  until   null   tag     fallback, items */
    FIELD(alter_scram_credentials_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_scram_credentials_answer, results,          0,     LATEST, NEVER, NO_TAG, &result_schema),
};
const struct schema alter_scram_credentials_answer_schema =
    SCHEMA(alter_scram_credentials_answer, alter_scram_credentials_answer_fields);
/* clang-format on */
