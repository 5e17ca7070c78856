/* net/messages/update_features.c   UpdateFeatures as rows: one per field, in wire order. */
#include "messages/update_features.h"

#include "base/check.h"

/* clang-format off */
static const struct field feature_ask_fields[] = {
    /*                                 member             since  until   null   tag     fallback */
    FIELD(update_features_feature_ask, name,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(update_features_feature_ask, max_version_level, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(update_features_feature_ask, allow_downgrade,   0,     0,      NEVER, NO_TAG, false),
    FIELD(update_features_feature_ask, upgrade_type,      1,     LATEST, NEVER, NO_TAG, 1),
};
static const struct schema feature_ask_schema = SCHEMA(update_features_feature_ask, feature_ask_fields);

static const struct field update_features_ask_fields[] = {
    /*                         member         since  until   null   tag     fallback, items */
    FIELD(update_features_ask, timeout_ms,    0,     LATEST, NEVER, NO_TAG, 60000),
    ARRAY(update_features_ask, features,      0,     LATEST, NEVER, NO_TAG, &feature_ask_schema),
    FIELD(update_features_ask, validate_only, 1,     LATEST, NEVER, NO_TAG, false),
};
const struct schema update_features_ask_schema = SCHEMA(update_features_ask, update_features_ask_fields);

static const struct field feature_answer_fields[] = {
    /*                                    member         since  until   null   tag     fallback */
    FIELD(update_features_feature_answer, name,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(update_features_feature_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(update_features_feature_answer, error_message, 0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema feature_answer_schema = SCHEMA(update_features_feature_answer, feature_answer_fields);

static const struct field update_features_answer_fields[] = {
    /*                            member            since  until   null   tag     fallback, items */
    FIELD(update_features_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(update_features_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(update_features_answer, error_message,    0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(update_features_answer, features,         0,     1,      NEVER, NO_TAG, &feature_answer_schema),
};
const struct schema update_features_answer_schema = SCHEMA(update_features_answer, update_features_answer_fields);
/* clang-format on */
