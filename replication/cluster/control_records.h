/* replication/cluster/control_records.h   Records of the Raft log itself, in control batches of __cluster_metadata
 * and its snapshots. Their key says the type, their first field the version of their layout. KIP-595, KIP-630
 * (snapshots), KIP-853 (voters). */
#ifndef REPLICATION_CLUSTER_CONTROL_RECORDS_H
#define REPLICATION_CLUSTER_CONTROL_RECORDS_H

#include "base/codec.h"

struct leader_change_voter {
    int32_t voter_id;
    struct uuid directory_id;
};

struct leader_change_record {
    int16_t version; /* 0: voters without directory ids */
    int32_t leader_id;
    ARRAY_OF(struct leader_change_voter) voters;
    ARRAY_OF(struct leader_change_voter) granting_voters;
};

struct snapshot_header_record {
    int16_t version;
    int64_t last_contained_log_timestamp_ms;
};

struct snapshot_footer_record {
    int16_t version;
};

struct kraft_version_record {
    int16_t version;
    int16_t kraft_version;
};

struct voter_record_endpoint {
    struct text name; /* of the listener */
    struct text host;
    uint16_t port;
};

struct voter_record_versions {
    int16_t min_supported_version;
    int16_t max_supported_version;
};

struct voter_record {
    int32_t voter_id;
    struct uuid directory_id;
    ARRAY_OF(struct voter_record_endpoint) endpoints;
    struct voter_record_versions kraft_versions;
};

struct voters_record {
    int16_t version; /* always 0 */
    ARRAY_OF(struct voter_record) voters;
};

extern const struct schema leader_change_record_schema;
extern const struct schema snapshot_header_record_schema;
extern const struct schema snapshot_footer_record_schema;
extern const struct schema kraft_version_record_schema;
extern const struct schema voters_record_schema;

#endif
