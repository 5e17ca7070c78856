/* net/messages/api_versions.c   ApiVersions as rows: one per field, in wire order. */
#include "messages/api_versions.h"

#include "base/check.h"

/* clang-format off */
static const struct field api_versions_ask_fields[] = {
    /*                      member                   since  until   null   tag     fallback */
    FIELD(api_versions_ask, client_software_name,    3,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_ask, client_software_version, 3,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema api_versions_ask_schema = SCHEMA(api_versions_ask, api_versions_ask_fields);

static const struct field api_fields[] = {
    /*                      member       since  until   null   tag     fallback */
    FIELD(api_versions_api, api_key,     0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_api, min_version, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_api, max_version, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema api_schema = SCHEMA(api_versions_api, api_fields);

static const struct field supported_feature_fields[] = {
    /*                                    member       since  until   null   tag     fallback */
    FIELD(api_versions_supported_feature, name,        3,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_supported_feature, min_version, 3,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_supported_feature, max_version, 3,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema supported_feature_schema = SCHEMA(api_versions_supported_feature, supported_feature_fields);

static const struct field finalized_feature_fields[] = {
    /*                                    member             since  until   null   tag     fallback */
    FIELD(api_versions_finalized_feature, name,              3,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_finalized_feature, max_version_level, 3,     LATEST, NEVER, NO_TAG, 0),
    FIELD(api_versions_finalized_feature, min_version_level, 3,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema finalized_feature_schema = SCHEMA(api_versions_finalized_feature, finalized_feature_fields);

static const struct field api_versions_answer_fields[] = {
    /*                         member                    since  until   null   tag     fallback, items */
    FIELD(api_versions_answer, error,                    0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(api_versions_answer, api_keys,                 0,     LATEST, NEVER, NO_TAG, &api_schema),
    FIELD(api_versions_answer, throttle_time_ms,         1,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(api_versions_answer, supported_features,       3,     LATEST, NEVER, 0,      &supported_feature_schema),
    FIELD(api_versions_answer, finalized_features_epoch, 3,     LATEST, NEVER, 1,      -1),
    ARRAY(api_versions_answer, finalized_features,       3,     LATEST, NEVER, 2,      &finalized_feature_schema),
    FIELD(api_versions_answer, zk_migration_ready,       3,     LATEST, NEVER, 3,      false),
};
const struct schema api_versions_answer_schema = SCHEMA(api_versions_answer, api_versions_answer_fields);
/* clang-format on */
