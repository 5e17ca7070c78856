/* net/messages/delete_topics.c   DeleteTopics as rows: one per field, in wire order. */
#include "messages/delete_topics.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                             member    since  until   null   tag     fallback */
    FIELD(delete_topics_topic_ask, name,     6,     LATEST, 6,     NO_TAG, FALLBACK_NULL),
    FIELD(delete_topics_topic_ask, topic_id, 6,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema topic_ask_schema = SCHEMA(delete_topics_topic_ask, topic_ask_fields);

static const struct field delete_topics_ask_fields[] = {
    /*                       member       since  until   null   tag     fallback, items */
    ARRAY(delete_topics_ask, topics,      6,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
    ARRAY(delete_topics_ask, topic_names, 0,     5,      NEVER, NO_TAG, &schema_text),
    FIELD(delete_topics_ask, timeout_ms,  0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema delete_topics_ask_schema = SCHEMA(delete_topics_ask, delete_topics_ask_fields);

static const struct field topic_answer_fields[] = {
    /*                                member         since  until   null   tag     fallback */
    FIELD(delete_topics_topic_answer, name,          0,     LATEST, 6,     NO_TAG, 0),
    FIELD(delete_topics_topic_answer, topic_id,      6,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delete_topics_topic_answer, error,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(delete_topics_topic_answer, error_message, 5,     LATEST, 5,     NO_TAG, FALLBACK_NULL),
};
static const struct schema topic_answer_schema = SCHEMA(delete_topics_topic_answer, topic_answer_fields);

static const struct field delete_topics_answer_fields[] = {
    /*                          member            since  until   null   tag     fallback, items */
    FIELD(delete_topics_answer, throttle_time_ms, 1,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(delete_topics_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema delete_topics_answer_schema = SCHEMA(delete_topics_answer, delete_topics_answer_fields);
/* clang-format on */
