/* net/messages/update_features.h   UpdateFeatures, key 57, versions 0-2, flexible: finalizes feature levels. KIP-584,
 * KIP-778 (upgrade type and validation, 1), KIP-1022 (one error for all, 2). */
#ifndef NET_MESSAGES_UPDATE_FEATURES_H
#define NET_MESSAGES_UPDATE_FEATURES_H

#include "base/codec.h"

struct update_features_feature_ask {
    struct text name;
    int16_t max_version_level; /* 0: take it away */
    bool allow_downgrade;      /* version 0 only */
    int8_t upgrade_type;       /* 1 upgrade, 2 safe downgrade, 3 unsafe downgrade */
};

struct update_features_ask {
    int32_t timeout_ms;
    ARRAY_OF(struct update_features_feature_ask) features;
    bool validate_only;
};

struct update_features_feature_answer {
    struct text name;
    int16_t error;
    struct text error_message;
};

struct update_features_answer {
    int32_t throttle_time_ms;
    int16_t error;
    struct text error_message;
    ARRAY_OF(struct update_features_feature_answer) features;
};

extern const struct schema update_features_ask_schema, update_features_answer_schema;

#endif
