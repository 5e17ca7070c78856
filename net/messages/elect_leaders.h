/* net/messages/elect_leaders.h   ElectLeaders, key 43, versions 0-2, flexible from 2: elects preferred leaders, or
 * unclean ones. KIP-183, KIP-460 (election type, 1). */
#ifndef NET_MESSAGES_ELECT_LEADERS_H
#define NET_MESSAGES_ELECT_LEADERS_H

#include "base/codec.h"

struct elect_leaders_topic_ask {
    struct text name;
    ARRAY_OF(int32_t) partitions;
};

struct elect_leaders_ask {
    int8_t election_type;                            /* 0 preferred, 1 unclean */
    ARRAY_OF(struct elect_leaders_topic_ask) topics; /* null: all */
    int32_t timeout_ms;
};

struct elect_leaders_partition {
    int32_t index;
    int16_t error;
    struct text error_message;
};

struct elect_leaders_topic_answer {
    struct text name;
    ARRAY_OF(struct elect_leaders_partition) partitions;
};

struct elect_leaders_answer {
    int32_t throttle_time_ms;
    int16_t error;
    ARRAY_OF(struct elect_leaders_topic_answer) topics;
};

extern const struct schema elect_leaders_ask_schema, elect_leaders_answer_schema;

#endif
