/* net/messages/list_offsets.c   ListOffsets as rows: one per field, in wire order. */
#include "messages/list_offsets.h"

#include "base/check.h"

/* clang-format off */
static const struct field partition_ask_fields[] = {
    /*                                member                since  until   null   tag     fallback */
    FIELD(list_offsets_partition_ask, index,                0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_offsets_partition_ask, current_leader_epoch, 4,     LATEST, NEVER, NO_TAG, -1),
    FIELD(list_offsets_partition_ask, timestamp_ms,         0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema partition_ask_schema = SCHEMA(list_offsets_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                            member      since  until   null   tag     fallback, items */
    FIELD(list_offsets_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_offsets_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(list_offsets_topic_ask, topic_ask_fields);

static const struct field list_offsets_ask_fields[] = {
    /*                      member           since  until   null   tag     fallback, items */
    FIELD(list_offsets_ask, replica_id,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_offsets_ask, isolation_level, 2,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_offsets_ask, topics,          0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    FIELD(list_offsets_ask, timeout_ms,      10,    LATEST, NEVER, NO_TAG, 0),
};
const struct schema list_offsets_ask_schema = SCHEMA(list_offsets_ask, list_offsets_ask_fields);

static const struct field partition_answer_fields[] = {
    /*                                   member        since  until   null   tag     fallback */
    FIELD(list_offsets_partition_answer, index,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_offsets_partition_answer, error,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(list_offsets_partition_answer, timestamp_ms, 1,     LATEST, NEVER, NO_TAG, -1),
    FIELD(list_offsets_partition_answer, offset,       1,     LATEST, NEVER, NO_TAG, -1),
    FIELD(list_offsets_partition_answer, leader_epoch, 4,     LATEST, NEVER, NO_TAG, -1),
};
static const struct schema partition_answer_schema = SCHEMA(list_offsets_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                               member      since  until   null   tag     fallback, items */
    FIELD(list_offsets_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_offsets_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(list_offsets_topic_answer, topic_answer_fields);

static const struct field list_offsets_answer_fields[] = {
    /*                         member            since  until   null   tag     fallback, items */
    FIELD(list_offsets_answer, throttle_time_ms, 2,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(list_offsets_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema list_offsets_answer_schema = SCHEMA(list_offsets_answer, list_offsets_answer_fields);
/* clang-format on */
