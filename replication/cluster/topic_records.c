/* replication/cluster/topic_records.c   One row per field, in wire order. */
#include "cluster/topic_records.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_record_fields[] = {
    /*                  member    since  until   null   tag     fallback */
    FIELD(topic_record, name,     0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(topic_record, topic_id, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema topic_record_schema = SCHEMA(topic_record, topic_record_fields);

static const struct field remove_topic_record_fields[] = {
    /*                         member    since  until   null   tag     fallback */
    FIELD(remove_topic_record, topic_id, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema remove_topic_record_schema = SCHEMA(remove_topic_record, remove_topic_record_fields);

static const struct field partition_record_fields[] = {
    /*                              member                    since  until   null   tag     fallback, items */
    FIELD(partition_record,         index,                    0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(partition_record,         topic_id,                 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(partition_record,         replicas,                 0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(partition_record,         isr,                      0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(partition_record,         removing_replicas,        0,     LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(partition_record,         adding_replicas,          0,     LATEST, NEVER, NO_TAG, &schema_i32),
    FIELD(partition_record,         leader,                   0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(partition_record,         leader_recovery_state,    0,     LATEST, NEVER, 0,      0),
    FIELD(partition_record,         leader_epoch,             0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(partition_record,         partition_epoch,          0,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(partition_record,         directories,              1,     LATEST, NEVER, NO_TAG, &schema_uuid),
    ARRAY_OR_NULL(partition_record, eligible_leader_replicas, 2,     LATEST, 2,     1,      &schema_i32),
    ARRAY_OR_NULL(partition_record, last_known_elr,           2,     LATEST, 2,     2,      &schema_i32),
};
const struct schema partition_record_schema = SCHEMA(partition_record, partition_record_fields);

static const struct field partition_change_record_fields[] = {
    /*                                     member                    since  until   null   tag     fallback, items */
    FIELD(partition_change_record,         index,                    0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(partition_change_record,         topic_id,                 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY_OR_NULL(partition_change_record, isr,                      0,     LATEST, 0,     0,      &schema_i32),
    FIELD(partition_change_record,         leader,                   0,     LATEST, NEVER, 1,      -2),
    ARRAY_OR_NULL(partition_change_record, replicas,                 0,     LATEST, 0,     2,      &schema_i32),
    ARRAY_OR_NULL(partition_change_record, removing_replicas,        0,     LATEST, 0,     3,      &schema_i32),
    ARRAY_OR_NULL(partition_change_record, adding_replicas,          0,     LATEST, 0,     4,      &schema_i32),
    FIELD(partition_change_record,         leader_recovery_state,    0,     LATEST, NEVER, 5,      -1),
    ARRAY_OR_NULL(partition_change_record, directories,              1,     LATEST, 1,     8,      &schema_uuid),
    ARRAY_OR_NULL(partition_change_record, eligible_leader_replicas, 2,     LATEST, 2,     6,      &schema_i32),
    ARRAY_OR_NULL(partition_change_record, last_known_elr,           2,     LATEST, 2,     7,      &schema_i32),
};
const struct schema partition_change_record_schema = SCHEMA(partition_change_record, partition_change_record_fields);

static const struct field clear_elr_record_fields[] = {
    /*                      member  since  until   null   tag     fallback */
    FIELD(clear_elr_record, name,   0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema clear_elr_record_schema = SCHEMA(clear_elr_record, clear_elr_record_fields);

static const struct field config_record_fields[] = {
    /*                   member         since  until   null   tag     fallback */
    FIELD(config_record, resource_type, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(config_record, resource_name, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(config_record, name,          0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(config_record, value,         0,     LATEST, 0,     NO_TAG, 0),
};
const struct schema config_record_schema = SCHEMA(config_record, config_record_fields);
/* clang-format on */
