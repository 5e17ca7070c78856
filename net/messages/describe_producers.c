/* net/messages/describe_producers.c   DescribeProducers as rows: one per field, in wire order. */
#include "messages/describe_producers.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                                  member      since  until   null   tag     fallback, items */
    FIELD(describe_producers_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_producers_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema topic_ask_schema = SCHEMA(describe_producers_topic_ask, topic_ask_fields);

static const struct field describe_producers_ask_fields[] = {
    /*                            member  since  until   null   tag     items */
    ARRAY(describe_producers_ask, topics, 0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
};
const struct schema describe_producers_ask_schema = SCHEMA(describe_producers_ask, describe_producers_ask_fields);

static const struct field producer_fields[] = {
    /*                                 member                            since  until   null   tag     fallback */
    FIELD(describe_producers_producer, producer_id,                      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_producers_producer, producer_epoch,                   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_producers_producer, last_sequence,                    0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(describe_producers_producer, last_timestamp_ms,                0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(describe_producers_producer, coordinator_epoch,                0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_producers_producer, current_transaction_start_offset, 0,     LATEST, NEVER, NO_TAG, -1),
};
static const struct schema producer_schema = SCHEMA(describe_producers_producer, producer_fields);

static const struct field partition_fields[] = {
    /*                                  member         since  until   null   tag     fallback, items */
    FIELD(describe_producers_partition, index,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_producers_partition, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_producers_partition, error_message, 0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
    ARRAY(describe_producers_partition, producers,     0,     LATEST, NEVER, NO_TAG, &producer_schema),
};
static const struct schema partition_schema = SCHEMA(describe_producers_partition, partition_fields);

static const struct field topic_answer_fields[] = {
    /*                                     member      since  until   null   tag     fallback, items */
    FIELD(describe_producers_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_producers_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_schema),
};
static const struct schema topic_answer_schema = SCHEMA(describe_producers_topic_answer, topic_answer_fields);

static const struct field describe_producers_answer_fields[] = {
    /*                               member            since  until   null   tag     fallback, items */
    FIELD(describe_producers_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_producers_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema describe_producers_answer_schema =
    SCHEMA(describe_producers_answer, describe_producers_answer_fields);
/* clang-format on */
