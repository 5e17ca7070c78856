/* replication/cluster/control_records.c   One row per field, in wire order. */
#include "cluster/control_records.h"

#include "base/check.h"

/* clang-format off */
static const struct field leader_change_voter_fields[] = {
    /*                         member        since  until   null   tag     fallback */
    FIELD(leader_change_voter, voter_id,     0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(leader_change_voter, directory_id, 1,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema leader_change_voter_schema = SCHEMA(leader_change_voter, leader_change_voter_fields);

static const struct field leader_change_record_fields[] = {
    /*                          member           since  until   null   tag     fallback, items */
    FIELD(leader_change_record, version,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(leader_change_record, leader_id,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(leader_change_record, voters,          0,     LATEST, NEVER, NO_TAG, &leader_change_voter_schema),
    ARRAY(leader_change_record, granting_voters, 0,     LATEST, NEVER, NO_TAG, &leader_change_voter_schema),
};
const struct schema leader_change_record_schema = SCHEMA(leader_change_record, leader_change_record_fields);

static const struct field snapshot_header_record_fields[] = {
    /*                            member                           since  until   null   tag     fallback */
    FIELD(snapshot_header_record, version,                         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(snapshot_header_record, last_contained_log_timestamp_ms, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema snapshot_header_record_schema = SCHEMA(snapshot_header_record, snapshot_header_record_fields);

static const struct field snapshot_footer_record_fields[] = {
    /*                            member   since  until   null   tag     fallback */
    FIELD(snapshot_footer_record, version, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema snapshot_footer_record_schema = SCHEMA(snapshot_footer_record, snapshot_footer_record_fields);

static const struct field kraft_version_record_fields[] = {
    /*                          member         since  until   null   tag     fallback */
    FIELD(kraft_version_record, version,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(kraft_version_record, kraft_version, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema kraft_version_record_schema = SCHEMA(kraft_version_record, kraft_version_record_fields);

static const struct field voter_record_endpoint_fields[] = {
    /*                           member  since  until   null   tag     fallback */
    FIELD(voter_record_endpoint, name,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(voter_record_endpoint, host,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(voter_record_endpoint, port,   0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema voter_record_endpoint_schema = SCHEMA(voter_record_endpoint, voter_record_endpoint_fields);

static const struct field voter_record_versions_fields[] = {
    /*                           member                 since  until   null   tag     fallback */
    FIELD(voter_record_versions, min_supported_version, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(voter_record_versions, max_supported_version, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema voter_record_versions_schema = SCHEMA(voter_record_versions, voter_record_versions_fields);

static const struct field voter_record_fields[] = {
    /*                   member          since  until   null   tag     fallback, items */
    FIELD(voter_record,  voter_id,       0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(voter_record,  directory_id,   0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(voter_record,  endpoints,      0,     LATEST, NEVER, NO_TAG, &voter_record_endpoint_schema),
    STRUCT(voter_record, kraft_versions, 0,     LATEST, NEVER, NO_TAG, &voter_record_versions_schema),
};
static const struct schema voter_record_schema = SCHEMA(voter_record, voter_record_fields);

static const struct field voters_record_fields[] = {
    /*                   member   since  until   null   tag     fallback, items */
    FIELD(voters_record, version, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(voters_record, voters,  0,     LATEST, NEVER, NO_TAG, &voter_record_schema),
};
const struct schema voters_record_schema = SCHEMA(voters_record, voters_record_fields);
/* clang-format on */
