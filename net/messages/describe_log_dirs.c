/* net/messages/describe_log_dirs.c   DescribeLogDirs as rows: one per field, in wire order. */
#include "messages/describe_log_dirs.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                                 member      since  until   null   tag     fallback, items */
    FIELD(describe_log_dirs_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_log_dirs_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema topic_ask_schema = SCHEMA(describe_log_dirs_topic_ask, topic_ask_fields);

static const struct field describe_log_dirs_ask_fields[] = {
    /*                           member  since  until   null   tag     items */
    ARRAY(describe_log_dirs_ask, topics, 0,     LATEST, 0,     NO_TAG, &topic_ask_schema),
};
const struct schema describe_log_dirs_ask_schema = SCHEMA(describe_log_dirs_ask, describe_log_dirs_ask_fields);

static const struct field partition_fields[] = {
    /*                                 member          since  until   null   tag     fallback */
    FIELD(describe_log_dirs_partition, index,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_log_dirs_partition, partition_size, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_log_dirs_partition, offset_lag,     0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_log_dirs_partition, is_future_key,  0,     LATEST, NEVER, NO_TAG, false),
};
static const struct schema partition_schema = SCHEMA(describe_log_dirs_partition, partition_fields);

static const struct field topic_answer_fields[] = {
    /*                                    member      since  until   null   tag     fallback, items */
    FIELD(describe_log_dirs_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_log_dirs_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_schema),
};
static const struct schema topic_answer_schema = SCHEMA(describe_log_dirs_topic_answer, topic_answer_fields);

static const struct field result_fields[] = {
    /*                              member        since  until   null   tag     fallback, items */
    FIELD(describe_log_dirs_result, error,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_log_dirs_result, log_dir,      0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_log_dirs_result, topics,       0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
    FIELD(describe_log_dirs_result, total_bytes,  4,     LATEST, NEVER, NO_TAG, -1),
    FIELD(describe_log_dirs_result, usable_bytes, 4,     LATEST, NEVER, NO_TAG, -1),
    FIELD(describe_log_dirs_result, is_cordoned,  5,     LATEST, NEVER, NO_TAG, false),
};
static const struct schema result_schema = SCHEMA(describe_log_dirs_result, result_fields);

static const struct field describe_log_dirs_answer_fields[] = {
    /*                              member            since  until   null   tag     fallback, items */
    FIELD(describe_log_dirs_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_log_dirs_answer, error,            3,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(describe_log_dirs_answer, results,          0,     LATEST, NEVER, NO_TAG, &result_schema),
};
const struct schema describe_log_dirs_answer_schema = SCHEMA(describe_log_dirs_answer, describe_log_dirs_answer_fields);
/* clang-format on */
