/* net/messages/init_producer_id.c   InitProducerId as rows: one per field, in wire order. */
#include "messages/init_producer_id.h"

#include "base/check.h"

/* clang-format off */
static const struct field init_producer_id_ask_fields[] = {
    /*                          member                     since  until   null   tag     fallback */
    FIELD(init_producer_id_ask, transactional_id,          0,     LATEST, 0,     NO_TAG, 0),
    FIELD(init_producer_id_ask, transaction_timeout_ms,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(init_producer_id_ask, producer_id,               3,     LATEST, NEVER, NO_TAG, -1),
    FIELD(init_producer_id_ask, producer_epoch,            3,     LATEST, NEVER, NO_TAG, -1),
    FIELD(init_producer_id_ask, enable_two_phase_commit,   6,     LATEST, NEVER, NO_TAG, false),
    FIELD(init_producer_id_ask, keep_prepared_transaction, 6,     LATEST, NEVER, NO_TAG, false),
};
const struct schema init_producer_id_ask_schema = SCHEMA(init_producer_id_ask, init_producer_id_ask_fields);

static const struct field init_producer_id_answer_fields[] = {
    /*                             member                              since  until   null   tag     fallback */
    FIELD(init_producer_id_answer, throttle_time_ms,                   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(init_producer_id_answer, error,                              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(init_producer_id_answer, producer_id,                        0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(init_producer_id_answer, producer_epoch,                     0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(init_producer_id_answer, ongoing_transaction_producer_id,    6,     LATEST, NEVER, NO_TAG, -1),
    FIELD(init_producer_id_answer, ongoing_transaction_producer_epoch, 6,     LATEST, NEVER, NO_TAG, -1),
};
const struct schema init_producer_id_answer_schema = SCHEMA(init_producer_id_answer, init_producer_id_answer_fields);
/* clang-format on */
