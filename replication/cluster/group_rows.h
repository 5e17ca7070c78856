/* replication/cluster/group_rows.h   The configs of groups and of subscriptions to client metrics: tables like those of
 * brokers and topics (configs.h). */
#ifndef REPLICATION_CLUSTER_GROUP_ROWS_H
#define REPLICATION_CLUSTER_GROUP_ROWS_H

#include "cluster/configs.h"

/* Nobody reads these yet; a value is kept as its text. */
struct resource_values {
    bool truth;
    int32_t whole;
    struct text text;
    struct text_list list;
};

#endif
