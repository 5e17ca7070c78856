/* net/messages/describe_quorum.c   DescribeQuorum as rows: one per field, in wire order. */
#include "messages/describe_quorum.h"

#include "base/check.h"

/* clang-format off */
static const struct field partition_ask_fields[] = {
    /*                                   member  since  until   null   tag     fallback */
    FIELD(describe_quorum_partition_ask, index,  0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema partition_ask_schema = SCHEMA(describe_quorum_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                               member      since  until   null   tag     fallback, items */
    FIELD(describe_quorum_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_quorum_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(describe_quorum_topic_ask, topic_ask_fields);

static const struct field describe_quorum_ask_fields[] = {
    /*                         member  since  until   null   tag     items */
    ARRAY(describe_quorum_ask, topics, 0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
};
const struct schema describe_quorum_ask_schema = SCHEMA(describe_quorum_ask, describe_quorum_ask_fields);

static const struct field replica_fields[] = {
    /*                             member                       since  until   null   tag     fallback */
    FIELD(describe_quorum_replica, replica_id,                  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_replica, replica_directory_id,        2,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_replica, log_end_offset,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_replica, last_fetch_timestamp_ms,     1,     LATEST, NEVER, NO_TAG, -1),
    FIELD(describe_quorum_replica, last_caught_up_timestamp_ms, 1,     LATEST, NEVER, NO_TAG, -1),
};
static const struct schema replica_schema = SCHEMA(describe_quorum_replica, replica_fields);

static const struct field partition_answer_fields[] = {
    /*                                      member          since  until   null   tag     fallback, items */
    FIELD(describe_quorum_partition_answer, index,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_partition_answer, error,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_partition_answer, error_message,  2,     LATEST, 2,     NO_TAG, 0),
    FIELD(describe_quorum_partition_answer, leader_id,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_partition_answer, leader_epoch,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_partition_answer, high_watermark, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_quorum_partition_answer, current_voters, 0,     LATEST, NEVER, NO_TAG, &replica_schema),
    ARRAY(describe_quorum_partition_answer, observers,      0,     LATEST, NEVER, NO_TAG, &replica_schema),
};
static const struct schema partition_answer_schema = SCHEMA(describe_quorum_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                                  member      since  until   null   tag     fallback, items */
    FIELD(describe_quorum_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_quorum_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(describe_quorum_topic_answer, topic_answer_fields);

static const struct field listener_fields[] = {
    /*                              member  since  until   null   tag     fallback */
    FIELD(describe_quorum_listener, name,   2,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_listener, host,   2,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_listener, port,   2,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema listener_schema = SCHEMA(describe_quorum_listener, listener_fields);

static const struct field node_fields[] = {
    /*                          member     since  until   null   tag     fallback, items */
    FIELD(describe_quorum_node, node_id,   2,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_quorum_node, listeners, 2,     LATEST, NEVER, NO_TAG, &listener_schema),
};
static const struct schema node_schema = SCHEMA(describe_quorum_node, node_fields);

static const struct field describe_quorum_answer_fields[] = {
    /*                            member         since  until   null   tag     fallback, items */
    FIELD(describe_quorum_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_quorum_answer, error_message, 2,     LATEST, 2,     NO_TAG, 0),
    ARRAY(describe_quorum_answer, topics,        0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
    ARRAY(describe_quorum_answer, nodes,         2,     LATEST, NEVER, NO_TAG, &node_schema),
};
const struct schema describe_quorum_answer_schema = SCHEMA(describe_quorum_answer, describe_quorum_answer_fields);
/* clang-format on */
