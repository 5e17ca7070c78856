/* net/messages/elect_leaders.c   ElectLeaders as rows: one per field, in wire order. */
#include "messages/elect_leaders.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                             member      since  until   null   tag     fallback, items */
    FIELD(elect_leaders_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(elect_leaders_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema topic_ask_schema = SCHEMA(elect_leaders_topic_ask, topic_ask_fields);

static const struct field elect_leaders_ask_fields[] = {
    /*                       member         since  until   null   tag     fallback, items */
    FIELD(elect_leaders_ask, election_type, 1,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(elect_leaders_ask, topics,        0,     LATEST, 0,     NO_TAG, &topic_ask_schema),
    FIELD(elect_leaders_ask, timeout_ms,    0,     LATEST, NEVER, NO_TAG, 60000),
};
const struct schema elect_leaders_ask_schema = SCHEMA(elect_leaders_ask, elect_leaders_ask_fields);

static const struct field partition_fields[] = {
    /*                             member         since  until   null   tag     fallback */
    FIELD(elect_leaders_partition, index,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(elect_leaders_partition, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(elect_leaders_partition, error_message, 0,     LATEST, 0,     NO_TAG, 0),
};
static const struct schema partition_schema = SCHEMA(elect_leaders_partition, partition_fields);

static const struct field topic_answer_fields[] = {
    /*                                member      since  until   null   tag     fallback, items */
    FIELD(elect_leaders_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(elect_leaders_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_schema),
};
static const struct schema topic_answer_schema = SCHEMA(elect_leaders_topic_answer, topic_answer_fields);

static const struct field elect_leaders_answer_fields[] = {
    /*                          member            since  until   null   tag     fallback, items */
    FIELD(elect_leaders_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(elect_leaders_answer, error,            1,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(elect_leaders_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema elect_leaders_answer_schema = SCHEMA(elect_leaders_answer, elect_leaders_answer_fields);
/* clang-format on */
