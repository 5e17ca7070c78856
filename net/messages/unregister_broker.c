/* net/messages/unregister_broker.c   UnregisterBroker as rows: one per field, in wire order. */
#include "messages/unregister_broker.h"

#include "base/check.h"

/* clang-format off */
static const struct field unregister_broker_ask_fields[] = {
    /*                           member     since  until   null   tag     fallback */
    FIELD(unregister_broker_ask, broker_id, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema unregister_broker_ask_schema = SCHEMA(unregister_broker_ask, unregister_broker_ask_fields);

static const struct field unregister_broker_answer_fields[] = {
    /*                              member            since  until   null   tag     fallback */
    FIELD(unregister_broker_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(unregister_broker_answer, error,            0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(unregister_broker_answer, error_message,    0,     LATEST, 0,     NO_TAG, 0),
};
const struct schema unregister_broker_answer_schema = SCHEMA(unregister_broker_answer, unregister_broker_answer_fields);
/* clang-format on */
