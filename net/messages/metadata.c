/* net/messages/metadata.c   Metadata as rows: one per field, in wire order. */
#include "messages/metadata.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                        member    since  until   null   tag     fallback */
    FIELD(metadata_topic_ask, topic_id, 10,    LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_topic_ask, name,     0,     LATEST, 10,    NO_TAG, 0),
};
static const struct schema topic_ask_schema = SCHEMA(metadata_topic_ask, topic_ask_fields);

static const struct field metadata_ask_fields[] = {
    /*                  member                                 since  until   null   tag     fallback, items */
    ARRAY(metadata_ask, topics,                                0,     LATEST, 1,     NO_TAG, &topic_ask_schema),
    FIELD(metadata_ask, allow_auto_topic_creation,             4,     LATEST, NEVER, NO_TAG, true),
    FIELD(metadata_ask, include_cluster_authorized_operations, 8,     10,     NEVER, NO_TAG, false),
    FIELD(metadata_ask, include_topic_authorized_operations,   8,     LATEST, NEVER, NO_TAG, false),
};
const struct schema metadata_ask_schema = SCHEMA(metadata_ask, metadata_ask_fields);

static const struct field broker_fields[] = {
    /*                     member   since  until   null   tag     fallback */
    FIELD(metadata_broker, node_id, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_broker, host,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_broker, port,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_broker, rack,    1,     LATEST, 1,     NO_TAG, FALLBACK_NULL),
};
static const struct schema broker_schema = SCHEMA(metadata_broker, broker_fields);

static const struct field partition_answer_fields[] = {
    /*                               member            since  until   null   tag     fallback, items */
    FIELD(metadata_partition_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_partition_answer, index,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_partition_answer, leader_id,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_partition_answer, leader_epoch,     7,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(metadata_partition_answer, replicas,         0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(metadata_partition_answer, isr,              0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(metadata_partition_answer, offline_replicas, 5,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema partition_answer_schema = SCHEMA(metadata_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                           member                 since  until   null   tag     fallback, items */
    FIELD(metadata_topic_answer, error,                 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_topic_answer, name,                  0,     LATEST, 12,    NO_TAG, 0),
    FIELD(metadata_topic_answer, topic_id,              10,    LATEST, NEVER, NO_TAG, 0),
    FIELD(metadata_topic_answer, is_internal,           1,     LATEST, NEVER, NO_TAG, false),
    ARRAY(metadata_topic_answer, partitions,            0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
    FIELD(metadata_topic_answer, authorized_operations, 8,     LATEST, NEVER, NO_TAG, INT32_MIN),
};
static const struct schema topic_answer_schema = SCHEMA(metadata_topic_answer, topic_answer_fields);

static const struct field metadata_answer_fields[] = {
    /*                     member                         since  until   null   tag     fallback, items */
    FIELD(metadata_answer, throttle_time_ms,              3,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(metadata_answer, brokers,                       0,     LATEST, NEVER, NO_TAG, &broker_schema),
    FIELD(metadata_answer, cluster_id,                    2,     LATEST, 2,     NO_TAG, FALLBACK_NULL),
    FIELD(metadata_answer, controller_id,                 1,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(metadata_answer, topics,                        0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
    FIELD(metadata_answer, cluster_authorized_operations, 8,     10,     NEVER, NO_TAG, INT32_MIN),
    FIELD(metadata_answer, error,                         13,    LATEST, NEVER, NO_TAG, 0),
};
const struct schema metadata_answer_schema = SCHEMA(metadata_answer, metadata_answer_fields);
/* clang-format on */
