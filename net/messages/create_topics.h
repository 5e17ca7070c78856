/* net/messages/create_topics.h   CreateTopics, key 19, versions 2-7, flexible from 5. KIP-4, KIP-464 (defaults by -1,
 * 4), KIP-525 (the answer tells the configs, 5), KIP-599 (throttling, 6), KIP-516 (topic ids, 7). */
#ifndef NET_MESSAGES_CREATE_TOPICS_H
#define NET_MESSAGES_CREATE_TOPICS_H

#include "base/codec.h"

struct create_topics_assignment {
    int32_t index;
    ARRAY_OF(int32_t) broker_ids;
};

struct create_topics_config_ask {
    struct text name;
    struct text value;
};

struct create_topics_topic_ask {
    struct text name;
    int32_t partition_count;    /* -1: the default, or the assignments say it */
    int16_t replication_factor; /* -1: the default, or the assignments say it */
    ARRAY_OF(struct create_topics_assignment) assignments;
    ARRAY_OF(struct create_topics_config_ask) configs;
};

struct create_topics_ask {
    ARRAY_OF(struct create_topics_topic_ask) topics;
    int32_t timeout_ms;
    bool validate_only; /* check and answer, but create nothing */
};

struct create_topics_config_answer {
    struct text name;
    struct text value;
    bool read_only;
    int8_t source; /* enum of DescribeConfigs */
    bool is_sensitive;
};

struct create_topics_topic_answer {
    struct text name;
    struct uuid topic_id;
    int16_t error;
    struct text error_message;
    int16_t config_error; /* why configs is null: TOPIC_AUTHORIZATION_FAILED */
    int32_t partition_count;
    int16_t replication_factor;
    ARRAY_OF(struct create_topics_config_answer) configs;
};

struct create_topics_answer {
    int32_t throttle_time_ms;
    ARRAY_OF(struct create_topics_topic_answer) topics;
};

extern const struct schema create_topics_ask_schema, create_topics_answer_schema;

#endif
