/* net/messages/describe_cluster.h   DescribeCluster, key 60, versions 0-2, flexible from 0: the nodes. KIP-700,
 * KIP-919 (endpoint type, 1), KIP-1073 (fenced brokers, 2). */
#ifndef NET_MESSAGES_DESCRIBE_CLUSTER_H
#define NET_MESSAGES_DESCRIBE_CLUSTER_H

#include "base/codec.h"

struct describe_cluster_ask {
    bool include_cluster_authorized_operations;
    int8_t endpoint_type; /* 1 brokers, 2 controllers */
    bool include_fenced_brokers;
};

struct describe_cluster_broker {
    int32_t broker_id;
    struct text host;
    int32_t port;
    struct text rack;
    bool is_fenced;
};

struct describe_cluster_answer {
    int32_t throttle_time_ms;
    int16_t error;
    struct text error_message;
    int8_t endpoint_type; /* 1 brokers, 2 controllers */
    struct text cluster_id;
    int32_t controller_id;
    ARRAY_OF(struct describe_cluster_broker) brokers;
    int32_t cluster_authorized_operations; /* a bit per operation; INT32_MIN when not asked */
};

extern const struct schema describe_cluster_ask_schema, describe_cluster_answer_schema;

#endif
