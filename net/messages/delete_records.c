/* net/messages/delete_records.c   DeleteRecords as rows: one per field, in wire order. */
#include "messages/delete_records.h"

#include "base/check.h"

/* clang-format off */
static const struct field partition_ask_fields[] = {
    /*                                  member  since  until   null   tag     fallback */
    FIELD(delete_records_partition_ask, index,  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delete_records_partition_ask, offset, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema partition_ask_schema = SCHEMA(delete_records_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                              member      since  until   null   tag     fallback, items */
    FIELD(delete_records_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(delete_records_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(delete_records_topic_ask, topic_ask_fields);

static const struct field delete_records_ask_fields[] = {
    /*                        member      since  until   null   tag     fallback, items */
    ARRAY(delete_records_ask, topics,     0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    FIELD(delete_records_ask, timeout_ms, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema delete_records_ask_schema = SCHEMA(delete_records_ask, delete_records_ask_fields);

static const struct field partition_answer_fields[] = {
    /*                                     member         since  until   null   tag     fallback */
    FIELD(delete_records_partition_answer, index,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delete_records_partition_answer, low_watermark, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delete_records_partition_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema partition_answer_schema = SCHEMA(delete_records_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                                 member      since  until   null   tag     fallback, items */
    FIELD(delete_records_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(delete_records_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(delete_records_topic_answer, topic_answer_fields);

static const struct field delete_records_answer_fields[] = {
    /*                           member            since  until   null   tag     fallback, items */
    FIELD(delete_records_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(delete_records_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema delete_records_answer_schema = SCHEMA(delete_records_answer, delete_records_answer_fields);
/* clang-format on */
