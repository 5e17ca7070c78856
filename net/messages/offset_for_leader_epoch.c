/* net/messages/offset_for_leader_epoch.c   OffsetForLeaderEpoch as rows: one per field, in wire order. */
#include "messages/offset_for_leader_epoch.h"

#include "base/check.h"

/* clang-format off */
static const struct field partition_ask_fields[] = {
    /*                                           member                since  until   null   tag     fallback */
    FIELD(offset_for_leader_epoch_partition_ask, index,                0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(offset_for_leader_epoch_partition_ask, current_leader_epoch, 2,     LATEST, NEVER, NO_TAG, -1),
    FIELD(offset_for_leader_epoch_partition_ask, leader_epoch,         0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema partition_ask_schema = SCHEMA(offset_for_leader_epoch_partition_ask, partition_ask_fields);

static const struct field topic_ask_fields[] = {
    /*                                       member      since  until   null   tag     fallback, items */
    FIELD(offset_for_leader_epoch_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(offset_for_leader_epoch_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_ask_schema),
};
static const struct schema topic_ask_schema = SCHEMA(offset_for_leader_epoch_topic_ask, topic_ask_fields);

static const struct field offset_for_leader_epoch_ask_fields[] = {
    /*                                 member      since  until   null   tag     fallback, items */
    FIELD(offset_for_leader_epoch_ask, replica_id, 3,     LATEST, NEVER, NO_TAG, -2),
    ARRAY(offset_for_leader_epoch_ask, topics,     0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
};
const struct schema offset_for_leader_epoch_ask_schema =
    SCHEMA(offset_for_leader_epoch_ask, offset_for_leader_epoch_ask_fields);

static const struct field partition_answer_fields[] = {
    /*                                              member        since  until   null   tag     fallback */
    FIELD(offset_for_leader_epoch_partition_answer, error,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(offset_for_leader_epoch_partition_answer, index,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(offset_for_leader_epoch_partition_answer, leader_epoch, 1,     LATEST, NEVER, NO_TAG, -1),
    FIELD(offset_for_leader_epoch_partition_answer, end_offset,   0,     LATEST, NEVER, NO_TAG, -1),
};
static const struct schema partition_answer_schema =
    SCHEMA(offset_for_leader_epoch_partition_answer, partition_answer_fields);

static const struct field topic_answer_fields[] = {
    /*                                          member      since  until   null   tag     fallback, items */
    FIELD(offset_for_leader_epoch_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(offset_for_leader_epoch_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_answer_schema),
};
static const struct schema topic_answer_schema = SCHEMA(offset_for_leader_epoch_topic_answer, topic_answer_fields);

static const struct field offset_for_leader_epoch_answer_fields[] = {
    /*                                    member            since  until   null   tag     fallback, items */
    FIELD(offset_for_leader_epoch_answer, throttle_time_ms, 2,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(offset_for_leader_epoch_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema offset_for_leader_epoch_answer_schema =
    SCHEMA(offset_for_leader_epoch_answer, offset_for_leader_epoch_answer_fields);
/* clang-format on */
