/* net/api/endpoint.h   Where clients find the nodes, seen from the listener they came in by. A node whose
 * advertised.listeners is empty tells the address that the client reached: right behind port forwarding and in
 * containers, and never a name that only we can resolve. */
#ifndef NET_API_ENDPOINT_H
#define NET_API_ENDPOINT_H

#include "api/api.h"

struct endpoint {
    int32_t node_id;
    struct text host, rack;
    uint16_t port;
    bool fenced;
};

/* Every broker that listens there, by id; fenced ones only if asked for. Texts lie in the image, the settings or the
 * request's arena. NULL when there is no memory. */
struct endpoint *endpoints_of(struct request *request, bool with_fenced, uint32_t *count);

bool endpoints_hold(const struct endpoint *endpoints, uint32_t count, int32_t node_id);

/* Who may do what, as Kafka tells it without an authorizer: everything that can be done to a cluster or a topic. */
enum { OPERATIONS_CLUSTER = 0x1fa0, OPERATIONS_TOPIC = 0x0df8, OPERATIONS_NOT_ASKED = INT32_MIN };

#endif
