/* net/api/endpoint.c   Our own address comes from the listener, everybody else's from the metadata image. */
#include "api/endpoint.h"

#include <arpa/inet.h>

#include "conn/connection.h"

enum { ADDRESS_TEXT_SIZE = 64 };

/* The address by which the client reached us; addresses of the fourth version without their mapping. */
static void endpoint_reached(struct request *request, struct endpoint *own)
{
    struct sockaddr_storage address = { 0 };
    char *text = arena_take(&request->arena, ADDRESS_TEXT_SIZE);

    own->host = TEXT("localhost");
    own->port = request->connection->listener->port;
    if (!text || io_name(request->shard->io, request->connection->socket, false, &address) != STATUS_OK) return;

    const void *bytes = &((const struct sockaddr_in *)&address)->sin_addr;
    int family = AF_INET;
    if (address.ss_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)&address)->sin6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(six);
        family = mapped ? AF_INET : AF_INET6;
        bytes = mapped ? (const void *)&six->s6_addr[12] : (const void *)six;
    }
    if (inet_ntop(family, bytes, text, ADDRESS_TEXT_SIZE)) own->host = text_of(text);
}

static void endpoint_own(struct request *request, struct endpoint *own)
{
    const struct face_listener *listener = request->listener->settings;

    endpoint_reached(request, own);
    if (listener->advertised_host.size > 0) own->host = listener->advertised_host;
    if (listener->advertised_port != 0) own->port = listener->advertised_port;
}

static bool endpoint_find(const struct request *request, const struct image_broker *broker, struct endpoint *endpoint)
{
    for (uint32_t i = 0; i < broker->endpoint_count; i++) {
        if (!text_equal(broker->endpoints[i].listener, request->listener->settings->name)) continue;
        endpoint->host = broker->endpoints[i].host;
        endpoint->port = broker->endpoints[i].port;
        return true;
    }
    return false;
}

struct endpoint *endpoints_of(struct request *request, bool with_fenced, uint32_t *count)
{
    const struct apis *apis = apis_of(request);
    const struct image *image = &apis->replicas->image;
    uint32_t room = 1;

    *count = 0;
    list_each(&image->brokers, node) room++;
    struct endpoint *endpoints = arena_take(&request->arena, room * sizeof(*endpoints));
    if (!endpoints) return NULL;

    bool own_listed = false;
    list_each(&image->brokers, node)
    {
        const struct image_broker *broker = container_of(node, struct image_broker, node);
        struct endpoint endpoint = { .node_id = broker->id, .rack = broker->rack };
        bool own = broker->id == apis->settings.node_id;

        /* A node that answers is there, whatever the image says of it yet. */
        endpoint.fenced = broker->fenced && !own;
        if (endpoint.fenced && !with_fenced) continue;
        if (own) endpoint_own(request, &endpoint);
        if (!own && !endpoint_find(request, broker, &endpoint)) continue;
        own_listed |= own;
        endpoints[(*count)++] = endpoint;
    }
    if (!own_listed) {
        struct endpoint *own = &endpoints[(*count)++];
        own->node_id = apis->settings.node_id;
        endpoint_own(request, own);
    }
    return endpoints;
}

bool endpoints_hold(const struct endpoint *endpoints, uint32_t count, int32_t node_id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (endpoints[i].node_id == node_id) return true;
    }
    return false;
}
