/* replication/cluster/cluster_records.c   One row per field, in wire order. */
#include "cluster/cluster_records.h"

#include "base/check.h"

/* clang-format off */
static const struct field feature_level_record_fields[] = {
    /*                          member  since  until   null   tag     fallback */
    FIELD(feature_level_record, name,   0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(feature_level_record, level,  0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema feature_level_record_schema = SCHEMA(feature_level_record, feature_level_record_fields);

static const struct field producer_ids_record_fields[] = {
    /*                         member            since  until   null   tag     fallback */
    FIELD(producer_ids_record, broker_id,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(producer_ids_record, broker_epoch,     0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(producer_ids_record, next_producer_id, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema producer_ids_record_schema = SCHEMA(producer_ids_record, producer_ids_record_fields);

const struct schema no_op_record_schema = {
    "no_op_record", NULL, 0, sizeof(struct no_op_record), FIELD_STRUCT,
};

static const struct field begin_transaction_record_fields[] = {
    /*                              member  since  until   null   tag  fallback */
    FIELD(begin_transaction_record, name,   0,     LATEST, 0,     0,   FALLBACK_NULL),
};
const struct schema begin_transaction_record_schema = SCHEMA(begin_transaction_record, begin_transaction_record_fields);

const struct schema end_transaction_record_schema = {
    "end_transaction_record", NULL, 0, sizeof(struct end_transaction_record), FIELD_STRUCT,
};

static const struct field abort_transaction_record_fields[] = {
    /*                              member  since  until   null   tag  fallback */
    FIELD(abort_transaction_record, reason, 0,     LATEST, 0,     0,   FALLBACK_NULL),
};
const struct schema abort_transaction_record_schema = SCHEMA(abort_transaction_record, abort_transaction_record_fields);

static const struct field zk_migration_state_record_fields[] = {
    /*                               member  since  until   null   tag     fallback */
    FIELD(zk_migration_state_record, state,  0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema zk_migration_state_record_schema =
    SCHEMA(zk_migration_state_record, zk_migration_state_record_fields);
/* clang-format on */
