/* net/node/listeners.c   `listeners` says where to listen, `advertised.listeners` what clients are told, and
 * `listener.security.protocol.map` what is spoken there: NAME://host:port, NAME:PROTOCOL. What listens for a controller
 * is registered, not opened: nobody talks to the controller of a single node. */
#include "cluster/configs.h"
#include "node/address.h"
#include "node/node_work.h"

enum { CONTROLLER_PORT = 9093, PROTOCOL_PLAINTEXT = 0 };

struct place {
    struct text name, host;
    uint16_t port;
};

static bool is_controller(const struct broker_values *values, struct text name)
{
    for (int32_t i = 0; i < values->controller_listeners.count; i++) {
        if (text_equal(values->controller_listeners.items[i], name)) return true;
    }
    return false;
}

static enum status advertise(const struct broker_values *values, struct face_listener *listener, struct arena *arena,
                             const char **why)
{
    for (int32_t i = 0; i < values->advertised_listeners.count; i++) {
        struct place place;
        if (!address_listener(values->advertised_listeners.items[i], &place.name, &place.host, &place.port)) {
            *why = text_format(arena, "advertised.listeners: '%.*s' is not NAME://host:port",
                               TEXT_ARGS(values->advertised_listeners.items[i]))
                       .data;
            return STATUS_INVALID;
        }
        if (!text_equal(place.name, listener->name)) continue;
        listener->advertised_host = place.host;
        listener->advertised_port = place.port;
    }
    return STATUS_OK;
}

static enum status listener_read(struct node *node, struct text text, const char **why)
{
    struct node_work *work = node_work(node);
    const struct broker_values *values = &work->settings->values;
    struct place place;

    if (!address_listener(text, &place.name, &place.host, &place.port)) {
        *why = text_format(&work->arena, "listeners: '%.*s' is not NAME://host:port", TEXT_ARGS(text)).data;
        return STATUS_INVALID;
    }
    if (is_controller(values, place.name)) {
        struct text host = place.host.size > 0 ? place.host : TEXT("localhost");
        work->identity.controller = (struct image_endpoint){ place.name, host, place.port, PROTOCOL_PLAINTEXT };
        return STATUS_OK;
    }
    struct text protocol = address_protocol(values->protocol_map, place.name);
    if (!text_equal(protocol, TEXT("PLAINTEXT"))) {
        *why = text_format(&work->arena, "listener %.*s: %.*s is not supported yet, only PLAINTEXT",
                           TEXT_ARGS(place.name), TEXT_ARGS(protocol))
                   .data;
        return STATUS_UNSUPPORTED;
    }

    struct face_listener *listener = &work->listeners[work->listener_count];
    *listener = (struct face_listener){ .name = place.name, .advertised_host = TEXT(""), .callers = API_CLIENTS };
    if (!address_resolve(place.host, place.port, &listener->address, &work->arena)) {
        *why = text_format(&work->arena, "listeners: the host of '%.*s' is not known", TEXT_ARGS(text)).data;
        return STATUS_INVALID;
    }
    struct node_platform *platform = node->platform;
    if (platform->port_taken && place.port != 0 && platform->port_taken(platform, &listener->address)) {
        *why =
            text_format(&work->arena, "listeners: %.*s: %s", TEXT_ARGS(text), status_text(STATUS_ADDRESS_IN_USE)).data;
        return STATUS_ADDRESS_IN_USE;
    }
    work->ports[work->listener_count] = place.port;
    enum status status = advertise(values, listener, &work->arena, why);
    if (status != STATUS_OK) return status;

    bool wildcard =
        place.host.size == 0 || text_equal(place.host, TEXT("0.0.0.0")) || text_equal(place.host, TEXT("::"));
    struct image_endpoint *registered = &work->identity.listeners[work->listener_count];
    registered->listener = place.name;
    registered->host = listener->advertised_host.size > 0 ? listener->advertised_host
                       : wildcard                         ? TEXT("localhost")
                                                          : place.host;
    registered->protocol = PROTOCOL_PLAINTEXT;
    work->listener_count++;
    return STATUS_OK;
}

enum status listeners_read(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);
    const struct text_list *list = &work->settings->values.listeners;
    size_t count = (size_t)max_of(list->count, 0);

    work->listeners = heap_take(&node->heap, (count + 1) * sizeof(*work->listeners));
    work->ports = heap_take(&node->heap, (count + 1) * sizeof(*work->ports));
    work->identity.listeners = heap_take(&node->heap, (count + 1) * sizeof(*work->identity.listeners));
    work->identity.controller = (struct image_endpoint){ TEXT("CONTROLLER"), TEXT("localhost"), CONTROLLER_PORT, 0 };
    for (size_t i = 0; i < count; i++) {
        enum status status = listener_read(node, list->items[i], why);
        if (status != STATUS_OK) return status;
    }
    work->identity.listener_count = work->listener_count;
    if (work->listener_count > 0) return STATUS_OK;
    *why = "listeners names nothing that clients can reach";
    return STATUS_INVALID;
}

enum status listeners_bind(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);

    for (uint32_t i = 0; i < work->listener_count; i++) {
        for (uint32_t shard = 0; shard + 1 < node->shard_count; shard++) {
            enum status status = face_listen(node->shards[shard]->face, i, &work->ports[i]);
            if (status == STATUS_OK) continue;
            *why = text_format(&work->arena, "listener %.*s can't have port %u: %s", TEXT_ARGS(work->listeners[i].name),
                               work->ports[i], status_text(status))
                       .data;
            return status;
        }
        uint16_t told = work->listeners[i].advertised_port;
        work->identity.listeners[i].port = told ? told : work->ports[i];
    }
    return STATUS_OK;
}
