/* net/messages/produce.c   Produce as rows: one per field, in wire order. */
#include "messages/produce.h"

#include "base/check.h"

/* clang-format off */
static const struct field partition_ask_fields[] = {
    /*                           member   since  until   null   tag     fallback */
    FIELD(produce_partition_ask, index,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(produce_partition_ask, records, 0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
};
static const struct schema partition_ask_schema = SCHEMA(produce_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                       member      since  until   null   tag     fallback, items */
    FIELD(produce_topic_ask, name,       0,     12,     NEVER, NO_TAG, 0),
    FIELD(produce_topic_ask, topic_id,   13,    LATEST, NEVER, NO_TAG, 0),
    ARRAY(produce_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(produce_topic_ask, topic_ask_fields);

static const struct field produce_ask_fields[] = {
    /*                 member            since  until   null   tag     fallback, items */
    FIELD(produce_ask, transactional_id, 3,     LATEST, 3,     NO_TAG, FALLBACK_NULL),
    FIELD(produce_ask, acks,             0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(produce_ask, timeout_ms,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(produce_ask, topics,           0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
};
const struct schema produce_ask_schema = SCHEMA(produce_ask, produce_ask_fields);

static const struct field record_error_fields[] = {
    /*                          member       since  until   null   tag     fallback */
    FIELD(produce_record_error, batch_index, 8,     LATEST, NEVER, NO_TAG, 0),
    FIELD(produce_record_error, message,     8,     LATEST, 8,     NO_TAG, FALLBACK_NULL),
};
static const struct schema record_error_schema = SCHEMA(produce_record_error, record_error_fields);

static const struct field partition_answer_fields[] = {
    /*                                member              since  until   null   tag     fallback, items */
    FIELD(produce_partition_answer,   index,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(produce_partition_answer,   error,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(produce_partition_answer,   base_offset,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(produce_partition_answer,   log_append_time_ms, 2,     LATEST, NEVER, NO_TAG, -1),
    FIELD(produce_partition_answer,   log_start_offset,   5,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(produce_partition_answer,   record_errors,      8,     LATEST, NEVER, NO_TAG, &record_error_schema),
    FIELD(produce_partition_answer,   error_message,      8,     LATEST, 8,     NO_TAG, FALLBACK_NULL),
    POINTER(produce_partition_answer, current_leader,     10,    LATEST, NEVER, 0,      &current_leader_schema),
};
static const struct schema partition_answer_schema = SCHEMA(produce_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                          member      since  until   null   tag     fallback, items */
    FIELD(produce_topic_answer, name,       0,     12,     NEVER, NO_TAG, 0),
    FIELD(produce_topic_answer, topic_id,   13,    LATEST, NEVER, NO_TAG, 0),
    ARRAY(produce_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(produce_topic_answer, topic_answer_fields);

static const struct field produce_answer_fields[] = {
    /*                    member            since  until   null   tag     fallback, items */
    ARRAY(produce_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
    FIELD(produce_answer, throttle_time_ms, 1,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(produce_answer, node_endpoints,   10,    LATEST, NEVER, 0,      &node_endpoint_schema),
};
const struct schema produce_answer_schema = SCHEMA(produce_answer, produce_answer_fields);
/* clang-format on */
