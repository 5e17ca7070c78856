/* net/messages/describe_partitions.c   DescribeTopicPartitions as rows: one per field, in wire order. */
#include "messages/describe_partitions.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                                   member  since  until   null   tag     fallback */
    FIELD(describe_partitions_topic_ask, name,   0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema topic_ask_schema = SCHEMA(describe_partitions_topic_ask, topic_ask_fields);

static const struct field cursor_fields[] = {
    /*                                member           since  until   null   tag     fallback */
    FIELD(describe_partitions_cursor, topic_name,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_partitions_cursor, partition_index, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema cursor_schema = SCHEMA(describe_partitions_cursor, cursor_fields);

static const struct field describe_partitions_ask_fields[] = {
    /*                               member                    since  until   null   tag     fallback, items */
    ARRAY(describe_partitions_ask,   topics,                   0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    FIELD(describe_partitions_ask,   response_partition_limit, 0,     LATEST, NEVER, NO_TAG, 2000),
    POINTER(describe_partitions_ask, cursor,                   0,     LATEST, 0,     NO_TAG, &cursor_schema),
};
const struct schema describe_partitions_ask_schema = SCHEMA(describe_partitions_ask, describe_partitions_ask_fields);

static const struct field partition_fields[] = {
    /*                                           member                    since  until   null   tag     items */
    FIELD(describe_partitions_partition,         error,                    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_partitions_partition,         index,                    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_partitions_partition,         leader_id,                0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_partitions_partition,         leader_epoch,             0,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(describe_partitions_partition,         replicas,                 0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(describe_partitions_partition,         isr,                      0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY_OR_NULL(describe_partitions_partition, eligible_leader_replicas, 0,     LATEST, 0,     NO_TAG, &schema_i32),
    ARRAY_OR_NULL(describe_partitions_partition, last_known_elr,           0,     LATEST, 0,     NO_TAG, &schema_i32),
    ARRAY(describe_partitions_partition,         offline_replicas,         0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema partition_schema = SCHEMA(describe_partitions_partition, partition_fields);

static const struct field topic_answer_fields[] = {
    /*                                      member                 since  until   null   tag     fallback, items */
    FIELD(describe_partitions_topic_answer, error,                 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_partitions_topic_answer, name,                  0,     LATEST, 0,     NO_TAG, 0),
    FIELD(describe_partitions_topic_answer, topic_id,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_partitions_topic_answer, is_internal,           0,     LATEST, NEVER, NO_TAG, false),
    ARRAY(describe_partitions_topic_answer, partitions,            0,     LATEST, NEVER, NO_TAG, &partition_schema),
    FIELD(describe_partitions_topic_answer, authorized_operations, 0,     LATEST, NEVER, NO_TAG, INT32_MIN),
};
static const struct schema topic_answer_schema = SCHEMA(describe_partitions_topic_answer, topic_answer_fields);

static const struct field describe_partitions_answer_fields[] = {
    /*                                  member            since  until   null   tag     fallback, items */
    FIELD(describe_partitions_answer,   throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_partitions_answer,   topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
    POINTER(describe_partitions_answer, next_cursor,      0,     LATEST, 0,     NO_TAG, &cursor_schema),
};
const struct schema describe_partitions_answer_schema =
    SCHEMA(describe_partitions_answer, describe_partitions_answer_fields);
/* clang-format on */
