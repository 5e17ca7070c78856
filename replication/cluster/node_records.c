/* replication/cluster/node_records.c   One row per field, in wire order. */
#include "cluster/node_records.h"

#include "base/check.h"

/* clang-format off */
static const struct field endpoint_fields[] = {
    /*                     member             since  until   null   tag     fallback */
    FIELD(record_endpoint, name,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(record_endpoint, host,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(record_endpoint, port,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(record_endpoint, security_protocol, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema endpoint_schema = SCHEMA(record_endpoint, endpoint_fields);

static const struct field feature_fields[] = {
    /*                    member                 since  until   null   tag     fallback */
    FIELD(record_feature, name,                  0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(record_feature, min_supported_version, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(record_feature, max_supported_version, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema feature_schema = SCHEMA(record_feature, feature_fields);

static const struct field register_broker_record_fields[] = {
    /*                                    member                  since  until   null   tag     fallback, items */
    FIELD(register_broker_record,         broker_id,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(register_broker_record,         migrating_zk_broker,    2,     LATEST, NEVER, NO_TAG, false),
    FIELD(register_broker_record,         incarnation_id,         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(register_broker_record,         broker_epoch,           0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(register_broker_record,         endpoints,              0,     LATEST, NEVER, NO_TAG, &endpoint_schema),
    ARRAY(register_broker_record,         features,               0,     LATEST, NEVER, NO_TAG, &feature_schema),
    FIELD(register_broker_record,         rack,                   0,     LATEST, 0,     NO_TAG, 0),
    FIELD(register_broker_record,         fenced,                 0,     LATEST, NEVER, NO_TAG, true),
    FIELD(register_broker_record,         in_controlled_shutdown, 1,     LATEST, NEVER, NO_TAG, false),
    ARRAY(register_broker_record,         log_dirs,               3,     LATEST, NEVER, 0,      &schema_uuid),
    ARRAY_OR_NULL(register_broker_record, cordoned_log_dirs,      4,     LATEST, 4,     1,      &schema_uuid),
};
const struct schema register_broker_record_schema = SCHEMA(register_broker_record, register_broker_record_fields);

static const struct field unregister_broker_record_fields[] = {
    /*                              member        since  until   null   tag     fallback */
    FIELD(unregister_broker_record, broker_id,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(unregister_broker_record, broker_epoch, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema unregister_broker_record_schema = SCHEMA(unregister_broker_record, unregister_broker_record_fields);

static const struct field fence_broker_record_fields[] = {
    /*                         member        since  until   null   tag     fallback */
    FIELD(fence_broker_record, broker_id,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(fence_broker_record, broker_epoch, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema fence_broker_record_schema = SCHEMA(fence_broker_record, fence_broker_record_fields);

static const struct field unfence_broker_record_fields[] = {
    /*                           member        since  until   null   tag     fallback */
    FIELD(unfence_broker_record, broker_id,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(unfence_broker_record, broker_epoch, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema unfence_broker_record_schema = SCHEMA(unfence_broker_record, unfence_broker_record_fields);

static const struct field broker_change_record_fields[] = {
    /*                                  member                  since  until   null   tag     fallback, items */
    FIELD(broker_change_record,         broker_id,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(broker_change_record,         broker_epoch,           0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(broker_change_record,         fenced,                 0,     LATEST, NEVER, 0,      0),
    FIELD(broker_change_record,         in_controlled_shutdown, 1,     LATEST, NEVER, 1,      0),
    ARRAY(broker_change_record,         log_dirs,               2,     LATEST, NEVER, 2,      &schema_uuid),
    ARRAY_OR_NULL(broker_change_record, cordoned_log_dirs,      3,     LATEST, 3,     3,      &schema_uuid),
};
const struct schema broker_change_record_schema = SCHEMA(broker_change_record, broker_change_record_fields);

static const struct field register_controller_record_fields[] = {
    /*                                member              since  until   null   tag     fallback, items */
    FIELD(register_controller_record, controller_id,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(register_controller_record, incarnation_id,     0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(register_controller_record, zk_migration_ready, 0,     LATEST, NEVER, NO_TAG, false),
    ARRAY(register_controller_record, endpoints,          0,     LATEST, NEVER, NO_TAG, &endpoint_schema),
    ARRAY(register_controller_record, features,           0,     LATEST, NEVER, NO_TAG, &feature_schema),
};
const struct schema register_controller_record_schema =
    SCHEMA(register_controller_record, register_controller_record_fields);
/* clang-format on */
