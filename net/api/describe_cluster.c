/* net/api/describe_cluster.c   DescribeCluster: the nodes, as seen from this listener. KIP-700, KIP-919, KIP-1073. */
#include "messages/describe_cluster.h"
#include "api/endpoint.h"
#include "api/error.h"

enum { ENDPOINTS_BROKERS = 1, ENDPOINTS_CONTROLLERS = 2 };

static bool brokers_fill(struct request *request, const struct describe_cluster_ask *ask,
                         struct describe_cluster_answer *answer)
{
    uint32_t count = 0;
    struct endpoint *endpoints = endpoints_of(request, ask->include_fenced_brokers, &count);
    if (!endpoints) return false;

    answer->brokers.items = arena_take(&request->arena, count * sizeof(*answer->brokers.items));
    if (!answer->brokers.items) return false;
    for (uint32_t i = 0; i < count; i++) {
        answer->brokers.items[answer->brokers.count++] =
            (struct describe_cluster_broker){ .broker_id = endpoints[i].node_id,
                                              .host = endpoints[i].host,
                                              .port = endpoints[i].port,
                                              .rack = endpoints[i].rack,
                                              .is_fenced = endpoints[i].fenced };
    }
    return true;
}

static void endpoint_refuse(struct request *request, int8_t type, struct describe_cluster_answer *answer)
{
    bool controllers = type == ENDPOINTS_CONTROLLERS;

    answer->error = error_tell(request, controllers ? ERROR_MISMATCHED_ENDPOINT_TYPE : ERROR_UNSUPPORTED_ENDPOINT_TYPE);
    answer->error_message =
        controllers ? TEXT("The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type "
                           "CONTROLLER")
                    : text_format(&request->arena, "Unsupported endpoint type %d", type);
    request_answer(request, answer, NULL, 0, NULL);
}

void describe_cluster_begin(struct request *request)
{
    const struct describe_cluster_ask *ask = request->ask;
    const struct apis *apis = apis_of(request);
    struct describe_cluster_answer answer;

    message_clear(request->api->answer, &answer);
    answer.endpoint_type = ENDPOINTS_BROKERS;
    if (request->version >= 1 && ask->endpoint_type != ENDPOINTS_BROKERS) {
        endpoint_refuse(request, ask->endpoint_type, &answer);
        return;
    }
    answer.cluster_id = apis->settings.cluster_id;
    answer.controller_id = apis->settings.node_id;
    if (ask->include_cluster_authorized_operations) answer.cluster_authorized_operations = OPERATIONS_CLUSTER;
    if (brokers_fill(request, ask, &answer)) {
        request_answer(request, &answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
