/* net/messages/create_partitions.c   CreatePartitions as rows: one per field, in wire order. */
#include "messages/create_partitions.h"

#include "base/check.h"

/* clang-format off */
static const struct field assignment_fields[] = {
    /*                                  member      since  until   null   tag     items */
    ARRAY(create_partitions_assignment, broker_ids, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema assignment_schema = SCHEMA(create_partitions_assignment, assignment_fields);

static const struct field topic_ask_fields[] = {
    /*                                 member       since  until   null   tag     fallback, items */
    FIELD(create_partitions_topic_ask, name,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_partitions_topic_ask, count,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(create_partitions_topic_ask, assignments, 0,     LATEST, 0,     NO_TAG, &assignment_schema),
};
static const struct schema topic_ask_schema = SCHEMA(create_partitions_topic_ask, topic_ask_fields);

static const struct field create_partitions_ask_fields[] = {
    /*                           member         since  until   null   tag     fallback, items */
    ARRAY(create_partitions_ask, topics,        0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    FIELD(create_partitions_ask, timeout_ms,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_partitions_ask, validate_only, 0,     LATEST, NEVER, NO_TAG, false),
};
const struct schema create_partitions_ask_schema = SCHEMA(create_partitions_ask, create_partitions_ask_fields);

static const struct field topic_answer_fields[] = {
    /*                                    member         since  until   null   tag     fallback */
    FIELD(create_partitions_topic_answer, name,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_partitions_topic_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_partitions_topic_answer, error_message, 0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
};
static const struct schema topic_answer_schema = SCHEMA(create_partitions_topic_answer, topic_answer_fields);

static const struct field create_partitions_answer_fields[] = {
    /*                              member            since  until   null   tag     fallback, items */
    FIELD(create_partitions_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(create_partitions_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema create_partitions_answer_schema = SCHEMA(create_partitions_answer, create_partitions_answer_fields);
/* clang-format on */
