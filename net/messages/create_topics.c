/* net/messages/create_topics.c   CreateTopics as rows: one per field, in wire order. */
#include "messages/create_topics.h"

#include "base/check.h"

/* clang-format off */
static const struct field assignment_fields[] = {
    /*                              member      since  until   null   tag     fallback, items */
    FIELD(create_topics_assignment, index,      0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(create_topics_assignment, broker_ids, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema assignment_schema = SCHEMA(create_topics_assignment, assignment_fields);

static const struct field config_ask_fields[] = {
    /*                              member  since  until   null   tag     fallback */
    FIELD(create_topics_config_ask, name,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_config_ask, value,  0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema config_ask_schema = SCHEMA(create_topics_config_ask, config_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                             member              since  until   null   tag     fallback, items */
    FIELD(create_topics_topic_ask, name,               0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_topic_ask, partition_count,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_topic_ask, replication_factor, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(create_topics_topic_ask, assignments,        0,     LATEST, NEVER, NO_TAG, &assignment_schema),
    ARRAY(create_topics_topic_ask, configs,            0,     LATEST, NEVER, NO_TAG, &config_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(create_topics_topic_ask, topic_ask_fields);

static const struct field create_topics_ask_fields[] = {
    /*                       member         since  until   null   tag     fallback, items */
    ARRAY(create_topics_ask, topics,        0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    FIELD(create_topics_ask, timeout_ms,    0,     LATEST, NEVER, NO_TAG, 60000),
    FIELD(create_topics_ask, validate_only, 1,     LATEST, NEVER, NO_TAG, false),
};
const struct schema create_topics_ask_schema = SCHEMA(create_topics_ask, create_topics_ask_fields);

static const struct field config_answer_fields[] = {
    /*                                 member        since  until   null   tag     fallback */
    FIELD(create_topics_config_answer, name,         5,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_config_answer, value,        5,     LATEST, 5,     NO_TAG, 0),
    FIELD(create_topics_config_answer, read_only,    5,     LATEST, NEVER, NO_TAG, false),
    FIELD(create_topics_config_answer, source,       5,     LATEST, NEVER, NO_TAG, -1),
    FIELD(create_topics_config_answer, is_sensitive, 5,     LATEST, NEVER, NO_TAG, false),
};
static const struct schema config_answer_schema = SCHEMA(create_topics_config_answer, config_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                                member              since  until   null   tag     fallback, items */
    FIELD(create_topics_topic_answer, name,               0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_topic_answer, topic_id,           7,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_topic_answer, error,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(create_topics_topic_answer, error_message,      1,     LATEST, 0,     NO_TAG, 0),
    FIELD(create_topics_topic_answer, config_error,       5,     LATEST, NEVER, 0,      0),
    FIELD(create_topics_topic_answer, partition_count,    5,     LATEST, NEVER, NO_TAG, -1),
    FIELD(create_topics_topic_answer, replication_factor, 5,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(create_topics_topic_answer, configs,            5,     LATEST, 5,     NO_TAG, &config_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(create_topics_topic_answer, topic_answer_fields);

static const struct field create_topics_answer_fields[] = {
    /*                          member            since  until   null   tag     fallback, items */
    FIELD(create_topics_answer, throttle_time_ms, 2,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(create_topics_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema create_topics_answer_schema = SCHEMA(create_topics_answer, create_topics_answer_fields);
/* clang-format on */
