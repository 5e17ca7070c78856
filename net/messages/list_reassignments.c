/* net/messages/list_reassignments.c   ListPartitionReassignments as rows: one per field, in wire order. */
#include "messages/list_reassignments.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                                  member      since  until   null   tag     fallback, items */
    FIELD(list_reassignments_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_reassignments_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema topic_ask_schema = SCHEMA(list_reassignments_topic_ask, topic_ask_fields);

static const struct field list_reassignments_ask_fields[] = {
    /*                                    member      since  until   null   tag     fallback, items */
    FIELD(list_reassignments_ask,         timeout_ms, 0,     LATEST, NEVER, NO_TAG, 60000),
    ARRAY_OR_NULL(list_reassignments_ask, topics,     0,     LATEST, 0,     NO_TAG, &topic_ask_schema),
};
const struct schema list_reassignments_ask_schema = SCHEMA(list_reassignments_ask, list_reassignments_ask_fields);

static const struct field partition_fields[] = {
    /*                                  member             since  until   null   tag     fallback, items */
    FIELD(list_reassignments_partition, index,             0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_reassignments_partition, replicas,          0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(list_reassignments_partition, adding_replicas,   0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(list_reassignments_partition, removing_replicas, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema partition_schema = SCHEMA(list_reassignments_partition, partition_fields);

static const struct field topic_answer_fields[] = {
    /*                                     member      since  until   null   tag     fallback, items */
    FIELD(list_reassignments_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_reassignments_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_schema),
};
static const struct schema topic_answer_schema = SCHEMA(list_reassignments_topic_answer, topic_answer_fields);

static const struct field list_reassignments_answer_fields[] = {
    /*                               member            since  until   null   tag     fallback, items */
    FIELD(list_reassignments_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_reassignments_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_reassignments_answer, error_message,    0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(list_reassignments_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema list_reassignments_answer_schema =
    SCHEMA(list_reassignments_answer, list_reassignments_answer_fields);
/* clang-format on */
