/* net/messages/api_versions.h   ApiVersions, key 18, versions 0-4, flexible from 3: what is served here, and which
 * features are on. Its answer always has response header 0, so that a client that speaks a version unknown here can
 * read the refusal, which has the shape of version 0. KIP-35, KIP-511 (client software, 3), KIP-584 (features, 3). */
#ifndef NET_MESSAGES_API_VERSIONS_H
#define NET_MESSAGES_API_VERSIONS_H

#include "base/codec.h"

struct api_versions_ask {
    struct text client_software_name; /* letters and digits joined by . or - */
    struct text client_software_version;
};

struct api_versions_api {
    int16_t api_key;
    int16_t min_version;
    int16_t max_version;
};

struct api_versions_supported_feature {
    struct text name;
    int16_t min_version; /* version 3 leaves out every feature whose minimum is 0 */
    int16_t max_version;
};

struct api_versions_finalized_feature {
    struct text name;
    int16_t max_version_level; /* a feature at level 0 is not listed */
    int16_t min_version_level;
};

struct api_versions_answer {
    int16_t error;
    ARRAY_OF(struct api_versions_api) api_keys;
    int32_t throttle_time_ms;
    ARRAY_OF(struct api_versions_supported_feature) supported_features;
    int64_t finalized_features_epoch; /* -1: unknown */
    ARRAY_OF(struct api_versions_finalized_feature) finalized_features;
    bool zk_migration_ready; /* always false since Kafka 4 */
};

extern const struct schema api_versions_ask_schema, api_versions_answer_schema;

#endif
