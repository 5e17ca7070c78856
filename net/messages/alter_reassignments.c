/* net/messages/alter_reassignments.c   AlterPartitionReassignments as rows: one per field, in wire order. */
#include "messages/alter_reassignments.h"

#include "base/check.h"

/* clang-format off */
static const struct field partition_ask_fields[] = {
    /*                                               member    since  until   null   tag     fallback, items */
    FIELD(alter_reassignments_partition_ask,         index,    0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY_OR_NULL(alter_reassignments_partition_ask, replicas, 0,     LATEST, 0,     NO_TAG, &schema_i32),
};
static const struct schema partition_ask_schema = SCHEMA(alter_reassignments_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                                   member      since  until   null   tag     fallback, items */
    FIELD(alter_reassignments_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_reassignments_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(alter_reassignments_topic_ask, topic_ask_fields);

static const struct field alter_reassignments_ask_fields[] = {
    /*                             member               since  until   null   tag     fallback, items */
    FIELD(alter_reassignments_ask, timeout_ms,          0,     LATEST, NEVER, NO_TAG, 60000),
    FIELD(alter_reassignments_ask, allow_factor_change, 1,     LATEST, NEVER, NO_TAG, true),
    ARRAY(alter_reassignments_ask, topics,              0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
};
const struct schema alter_reassignments_ask_schema = SCHEMA(alter_reassignments_ask, alter_reassignments_ask_fields);

static const struct field partition_answer_fields[] = {
    /*                                          member         since  until   null   tag     fallback */
    FIELD(alter_reassignments_partition_answer, index,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_reassignments_partition_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_reassignments_partition_answer, error_message, 0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema partition_answer_schema =
    SCHEMA(alter_reassignments_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                                      member      since  until   null   tag     fallback, items */
    FIELD(alter_reassignments_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_reassignments_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(alter_reassignments_topic_answer, topic_answer_fields);

static const struct field alter_reassignments_answer_fields[] = {
    /*                                member               since  until   null   tag     fallback, items */
    FIELD(alter_reassignments_answer, throttle_time_ms,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_reassignments_answer, allow_factor_change, 1,     LATEST, NEVER, NO_TAG, true),
    FIELD(alter_reassignments_answer, error,               0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_reassignments_answer, error_message,       0,     LATEST, 0,     NO_TAG, 0),
    ARRAY(alter_reassignments_answer, topics,              0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema alter_reassignments_answer_schema =
    SCHEMA(alter_reassignments_answer, alter_reassignments_answer_fields);
/* clang-format on */
