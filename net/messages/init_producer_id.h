/* net/messages/init_producer_id.h   InitProducerId, key 22, versions 0-5 (6 exists but is not served by any release),
 * flexible from 2: an id under which a producer's records are stored once and in order. KIP-98, KIP-360 (raise the
 * epoch of a known id, 3), KIP-890 (5), KIP-939 (two-phase commit, 6). */
#ifndef NET_MESSAGES_INIT_PRODUCER_ID_H
#define NET_MESSAGES_INIT_PRODUCER_ID_H

#include "base/codec.h"

struct init_producer_id_ask {
    struct text transactional_id; /* null: only idempotent */
    int32_t transaction_timeout_ms;
    int64_t producer_id; /* -1, or the id whose epoch shall be raised (KIP-360) */
    int16_t producer_epoch;
    bool enable_two_phase_commit; /* version 6, which no release serves yet (KIP-939) */
    bool keep_prepared_transaction;
};

struct init_producer_id_answer {
    int32_t throttle_time_ms;
    int16_t error;
    int64_t producer_id;
    int16_t producer_epoch;
    int64_t ongoing_transaction_producer_id;
    int16_t ongoing_transaction_producer_epoch;
};

extern const struct schema init_producer_id_ask_schema, init_producer_id_answer_schema;

#endif
