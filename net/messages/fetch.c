/* net/messages/fetch.c   Fetch as rows: one per field, in wire order. */
#include "messages/fetch.h"

#include "base/check.h"

/* clang-format off */
static const struct field replica_state_fields[] = {
    /*                         member         since  until   null   tag     fallback */
    FIELD(fetch_replica_state, replica_id,    15,    LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_replica_state, replica_epoch, 15,    LATEST, NEVER, NO_TAG, -1),
};
static const struct schema replica_state_schema = SCHEMA(fetch_replica_state, replica_state_fields);

static const struct field partition_ask_fields[] = {
    /*                         member                since  until   null   tag     fallback */
    FIELD(fetch_partition_ask, index,                0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_partition_ask, current_leader_epoch, 9,     LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_partition_ask, fetch_offset,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_partition_ask, last_fetched_epoch,   12,    LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_partition_ask, log_start_offset,     5,     LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_partition_ask, max_bytes,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_partition_ask, replica_directory_id, 17,    LATEST, NEVER, 0,      0),
    FIELD(fetch_partition_ask, high_watermark,       18,    LATEST, NEVER, 1,      INT64_MAX),
};
static const struct schema partition_ask_schema = SCHEMA(fetch_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                     member      since  until   null   tag     fallback, items */
    FIELD(fetch_topic_ask, name,       0,     12,     NEVER, NO_TAG, 0),
    FIELD(fetch_topic_ask, topic_id,   13,    LATEST, NEVER, NO_TAG, 0),
    ARRAY(fetch_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(fetch_topic_ask, topic_ask_fields);

static const struct field forgotten_topic_fields[] = {
    /*                           member      since  until   null   tag     fallback, items */
    FIELD(fetch_forgotten_topic, name,       7,     12,     NEVER, NO_TAG, 0),
    FIELD(fetch_forgotten_topic, topic_id,   13,    LATEST, NEVER, NO_TAG, 0),
    ARRAY(fetch_forgotten_topic, partitions, 7,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema forgotten_topic_schema = SCHEMA(fetch_forgotten_topic, forgotten_topic_fields);

static const struct field fetch_ask_fields[] = {
    /*                 member            since  until   null   tag     fallback, items */
    FIELD(fetch_ask,   cluster_id,       12,    LATEST, 12,    0,      FALLBACK_NULL),
    FIELD(fetch_ask,   replica_id,       0,     14,     NEVER, NO_TAG, -1),
    POINTER(fetch_ask, replica_state,    15,    LATEST, NEVER, 1,      &replica_state_schema),
    FIELD(fetch_ask,   max_wait_ms,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_ask,   min_bytes,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_ask,   max_bytes,        3,     LATEST, NEVER, NO_TAG, INT32_MAX),
    FIELD(fetch_ask,   isolation_level,  4,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_ask,   session_id,       7,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_ask,   session_epoch,    7,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(fetch_ask,   topics,           0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    ARRAY(fetch_ask,   forgotten_topics, 7,     LATEST, NEVER, NO_TAG, &forgotten_topic_schema),
    FIELD(fetch_ask,   rack_id,          11,    LATEST, NEVER, NO_TAG, 0),
};
const struct schema fetch_ask_schema = SCHEMA(fetch_ask, fetch_ask_fields);

static const struct field diverging_epoch_fields[] = {
    /*                           member      since  until   null   tag     fallback */
    FIELD(fetch_diverging_epoch, epoch,      12,    LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_diverging_epoch, end_offset, 12,    LATEST, NEVER, NO_TAG, -1),
};
static const struct schema diverging_epoch_schema = SCHEMA(fetch_diverging_epoch, diverging_epoch_fields);

static const struct field snapshot_id_fields[] = {
    /*                       member      since  until   null   tag     fallback */
    FIELD(fetch_snapshot_id, end_offset, 0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_snapshot_id, epoch,      0,     LATEST, NEVER, NO_TAG, -1),
};
static const struct schema snapshot_id_schema = SCHEMA(fetch_snapshot_id, snapshot_id_fields);

static const struct field aborted_transaction_fields[] = {
    /*                               member        since  until   null   tag     fallback */
    FIELD(fetch_aborted_transaction, producer_id,  4,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_aborted_transaction, first_offset, 4,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema aborted_transaction_schema = SCHEMA(fetch_aborted_transaction, aborted_transaction_fields);

static const struct field partition_answer_fields[] = {
    /*                              member                  since  until   null   tag     fallback, items */
    FIELD(fetch_partition_answer,   index,                  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_partition_answer,   error,                  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_partition_answer,   high_watermark,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_partition_answer,   last_stable_offset,     4,     LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_partition_answer,   log_start_offset,       5,     LATEST, NEVER, NO_TAG, -1),
    POINTER(fetch_partition_answer, diverging_epoch,        12,    LATEST, NEVER, 0,      &diverging_epoch_schema),
    POINTER(fetch_partition_answer, current_leader,         12,    LATEST, NEVER, 1,      &current_leader_schema),
    POINTER(fetch_partition_answer, snapshot_id,            12,    LATEST, NEVER, 2,      &snapshot_id_schema),
    ARRAY(fetch_partition_answer,   aborted_transactions,   4,     LATEST, 4,     NO_TAG, &aborted_transaction_schema),
    FIELD(fetch_partition_answer,   preferred_read_replica, 11,    LATEST, NEVER, NO_TAG, -1),
    FIELD(fetch_partition_answer,   records,                0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
};
static const struct schema partition_answer_schema = SCHEMA(fetch_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                        member      since  until   null   tag     fallback, items */
    FIELD(fetch_topic_answer, name,       0,     12,     NEVER, NO_TAG, 0),
    FIELD(fetch_topic_answer, topic_id,   13,    LATEST, NEVER, NO_TAG, 0),
    ARRAY(fetch_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(fetch_topic_answer, topic_answer_fields);

static const struct field fetch_answer_fields[] = {
    /*                  member            since  until   null   tag     fallback, items */
    FIELD(fetch_answer, throttle_time_ms, 1,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_answer, error,            7,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fetch_answer, session_id,       7,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(fetch_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
    ARRAY(fetch_answer, node_endpoints,   16,    LATEST, NEVER, 0,      &node_endpoint_schema),
};
const struct schema fetch_answer_schema = SCHEMA(fetch_answer, fetch_answer_fields);
/* clang-format on */
