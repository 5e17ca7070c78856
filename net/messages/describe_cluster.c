/* net/messages/describe_cluster.c   DescribeCluster as rows: one per field, in wire order. */
#include "messages/describe_cluster.h"

#include "base/check.h"

/* clang-format off */
static const struct field describe_cluster_ask_fields[] = {
    /*                          member                                 since  until   null   tag     fallback */
    FIELD(describe_cluster_ask, include_cluster_authorized_operations, 0,     LATEST, NEVER, NO_TAG, false),
    FIELD(describe_cluster_ask, endpoint_type,                         1,     LATEST, NEVER, NO_TAG, 1),
    FIELD(describe_cluster_ask, include_fenced_brokers,                2,     LATEST, NEVER, NO_TAG, false),
};
const struct schema describe_cluster_ask_schema = SCHEMA(describe_cluster_ask, describe_cluster_ask_fields);

static const struct field broker_fields[] = {
    /*                             member     since  until   null   tag     fallback */
    FIELD(describe_cluster_broker, broker_id, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_cluster_broker, host,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_cluster_broker, port,      0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_cluster_broker, rack,      0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
    FIELD(describe_cluster_broker, is_fenced, 2,     LATEST, NEVER, NO_TAG, false),
};
static const struct schema broker_schema = SCHEMA(describe_cluster_broker, broker_fields);

static const struct field describe_cluster_answer_fields[] = {
    /*                             member                         since  until   null   tag     fallback, items */
    FIELD(describe_cluster_answer, throttle_time_ms,              0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_cluster_answer, error,                         0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_cluster_answer, error_message,                 0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
    FIELD(describe_cluster_answer, endpoint_type,                 1,     LATEST, NEVER, NO_TAG, 1),
    FIELD(describe_cluster_answer, cluster_id,                    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(describe_cluster_answer, controller_id,                 0,     LATEST, NEVER, NO_TAG, -1),
    ARRAY(describe_cluster_answer, brokers,                       0,     LATEST, NEVER, NO_TAG, &broker_schema),
    FIELD(describe_cluster_answer, cluster_authorized_operations, 0,     LATEST, NEVER, NO_TAG, INT32_MIN),
};
const struct schema describe_cluster_answer_schema = SCHEMA(describe_cluster_answer, describe_cluster_answer_fields);
/* clang-format on */
