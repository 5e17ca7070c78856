/* replication/cluster/cluster_records.h   Records about the cluster as a whole: features, blocks of producer ids, and
 * the frame around records that count only together. KIP-584, KIP-730, KIP-868 (transactions: what stands between
 * Begin and End is applied at End, or forgotten at Abort). */
#ifndef REPLICATION_CLUSTER_CLUSTER_RECORDS_H
#define REPLICATION_CLUSTER_CLUSTER_RECORDS_H

#include "base/codec.h"

struct feature_level_record {
    struct text name;
    int16_t level; /* 0: not finalized */
};

struct producer_ids_record {
    int32_t broker_id; /* to which the block below next_producer_id went */
    int64_t broker_epoch;
    int64_t next_producer_id;
};

/* Moves the log, so that a controller sees whether it still leads. */
struct no_op_record {
    char none; /* C has no empty structs */
};

struct begin_transaction_record {
    struct text name; /* for people; may be null */
};

struct end_transaction_record {
    char none; /* C has no empty structs */
};

struct abort_transaction_record {
    struct text reason; /* for people; may be null */
};

struct zk_migration_state_record {
    int8_t state; /* 0 none; says nothing since Kafka 4 */
};

extern const struct schema feature_level_record_schema;
extern const struct schema producer_ids_record_schema;
extern const struct schema no_op_record_schema;
extern const struct schema begin_transaction_record_schema;
extern const struct schema end_transaction_record_schema;
extern const struct schema abort_transaction_record_schema;
extern const struct schema zk_migration_state_record_schema;

#endif
