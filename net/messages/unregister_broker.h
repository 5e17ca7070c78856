/* net/messages/unregister_broker.h   UnregisterBroker, key 64, version 0, flexible: forgets a broker that is gone.
 * KIP-500. */
#ifndef NET_MESSAGES_UNREGISTER_BROKER_H
#define NET_MESSAGES_UNREGISTER_BROKER_H

#include "base/codec.h"

struct unregister_broker_ask {
    int32_t broker_id;
};

struct unregister_broker_answer {
    int32_t throttle_time_ms;
    int16_t error;
    struct text error_message;
};

extern const struct schema unregister_broker_ask_schema, unregister_broker_answer_schema;

#endif
