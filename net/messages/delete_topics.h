/* net/messages/delete_topics.h   DeleteTopics, key 20, versions 1-6, flexible from 4. KIP-4, KIP-599 (throttling and
 * messages, 5), KIP-516 (topic ids, 6). */
#ifndef NET_MESSAGES_DELETE_TOPICS_H
#define NET_MESSAGES_DELETE_TOPICS_H

#include "base/codec.h"

struct delete_topics_topic_ask {
    struct text name; /* null: by id */
    struct uuid topic_id;
};

struct delete_topics_ask {
    ARRAY_OF(struct delete_topics_topic_ask) topics; /* from version 6: by name or by id */
    ARRAY_OF(struct text) topic_names;               /* until version 5 */
    int32_t timeout_ms;
};

struct delete_topics_topic_answer {
    struct text name;
    struct uuid topic_id;
    int16_t error;
    struct text error_message;
};

struct delete_topics_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct delete_topics_topic_answer) topics;
};

extern const struct schema delete_topics_ask_schema, delete_topics_answer_schema;

#endif
