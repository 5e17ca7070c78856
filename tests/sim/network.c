/* tests/sim/network.c   Pieces on their way. One event per direction: it brings the next piece, and sets itself anew
 * while bytes are on their way, so nothing inside a connection is ever reordered. A link ends when both owners have let
 * go. */
#include "sim/network.h"

#include <string.h>

static void end_arrive(struct sim_event *event);
static void end_expect(struct sim_end *end);
static void link_offer(struct sim_event *event);
static void link_end(struct sim_link *link);
static void end_init(struct sim_end *end, struct sim_link *link, struct sim_end *peer);

struct sim_opening {
    struct sim_event event;
    struct sim_link *link;
    uint32_t machine;
    uint16_t port;
};

void sim_network_init(struct sim_network *network, struct sim_world *world)
{
    *network = (struct sim_network){ .world = world, .delay_ns = 50000, .window = 1 << 18, .split = 100 };
    uint64_t seed = prng_u64(&world->prng);
    prng_seed(&network->prng, seed);
    prng_seed(&network->notices, ~seed);
    list_init(&network->links);
    list_init(&network->listeners);
}

void sim_network_end(struct sim_network *network)
{
    list_each(&network->links, node) link_end(container_of(node, struct sim_link, node));
}

struct sim_end *sim_connect(struct sim_network *network, uint32_t machine, uint16_t port,
                            void (*wake)(struct sim_end *end), void *owner)
{
    struct sim_world *world = network->world;
    struct sim_link *link = heap_take(&world->heap, sizeof *link);
    struct sim_opening *opening = heap_take(&world->heap, sizeof *opening);

    link->network = network;
    link->number = ++world->births;
    list_node_init(&link->node);
    list_append(&network->links, &link->node);
    end_init(&link->ends[0], link, &link->ends[1]);
    end_init(&link->ends[1], link, &link->ends[0]);
    link->ends[0].wake = wake;
    link->ends[0].owner = owner;
    link->ends[1].closed = true; /* until somebody accepts it */
    link->ends[1].port = port;

    *opening = (struct sim_opening){ .link = link, .machine = machine, .port = port };
    sim_event_init(&opening->event, link_offer);
    sim_event_set(world, &opening->event, world->now_ns + sim_tail(&network->prng, network->delay_ns));
    return &link->ends[0];
}

/* For `size` bytes more. It has room for two windows, so that what waits is seldom moved to its front. */
static void inbox_room(struct sim_end *end, uint32_t size)
{
    struct sim_network *network = end->link->network;
    uint32_t needed = end->total + size;

    if (end->gone + needed <= end->room) return;
    if (end->gone > 0) memmove(end->inbox, end->inbox + end->gone, end->total);
    end->gone = 0;
    if (needed <= end->room / 2) return;
    end->room = min_of(max_of(needed, 1024u) * 2, network->window * 2);
    end->inbox = heap_resize(&network->world->heap, end->inbox, end->room);
}

size_t sim_end_send(struct sim_end *end, const void *data, size_t size)
{
    struct sim_end *peer = end->peer;
    uint32_t window = end->link->network->window;

    if (end->reset || size == 0) return 0;
    invariant(!peer->finishing && !end->closed);
    size = min_of(size, window - peer->total);
    inbox_room(peer, (uint32_t)size);
    memcpy(peer->inbox + peer->gone + peer->total, data, size);
    peer->total += (uint32_t)size;
    end_expect(peer);
    return size;
}

size_t sim_end_take(struct sim_end *end, void *data, size_t size)
{
    size = min_of(size, end->arrived);
    if (size == 0) return 0;
    memcpy(data, end->inbox + end->gone, size);
    end->arrived -= (uint32_t)size;
    end->total -= (uint32_t)size;
    end->gone = end->total ? end->gone + (uint32_t)size : 0;
    if (end->peer->wake && !end->peer->closed && !end->link->half_open) end->peer->wake(end->peer);
    return size;
}

void sim_end_close(struct sim_end *end, bool hard)
{
    struct sim_link *link = end->link;

    invariant(!end->closed);
    end->closed = true;
    end->wake = NULL;
    if (end->peer->closed) {
        if (link->offered) link_end(link);
        return;
    }
    if (hard || end->arrived || end->reset) {
        sim_link_reset(link);
    } else {
        end->peer->finishing = true;
        end_expect(end->peer);
    }
}

void sim_link_reset(struct sim_link *link)
{
    for (int i = 0; i < 2; i++) {
        struct sim_end *end = &link->ends[i];
        if (end->reset) continue;
        end->reset = true;
        end->arrived = end->total = 0;
        sim_event_set(link->network->world, &end->arrival, link->network->world->now_ns + end->delay_ns / 2);
    }
}

/* Bytes, the end of the stream or a reset has come to this end. */
static void end_arrive(struct sim_event *event)
{
    struct sim_end *end = container_of(event, struct sim_end, arrival);
    struct sim_network *network = end->link->network;

    if (end->link->half_open) return;
    if (!end->reset && end->total > end->arrived) {
        uint32_t size = end->total - end->arrived;
        if (size > 1 && sim_chance(&network->prng, network->split, 1000)) {
            sim_fault(network->world, SIM_SPLIT);
            size = 1 + (uint32_t)prng_below(&network->prng, size - 1);
        }
        end->arrived += size;
        sim_told(network->world, NULL, "arrive: link %lu end %lu size %lu", end->link->number,
                 (uint64_t)(end - end->link->ends), size, 0);
        if (sim_chance(&network->prng, network->reset_ppm, 1000000)) {
            sim_fault(network->world, SIM_RESET);
            sim_link_reset(end->link);
        } else if (sim_chance(&network->prng, network->half_open_ppm, 1000000)) {
            sim_fault(network->world, SIM_HALF_OPEN);
            end->link->half_open = true;
        }
    } else if (!end->reset && end->finishing) {
        end->finished = true;
    }
    end_expect(end);
    if (end->wake && !end->closed) end->wake(end);
}

static void end_expect(struct sim_end *end)
{
    struct sim_network *network = end->link->network;

    if (sim_event_waiting(&end->arrival) || end->reset || end->link->half_open) return;
    if (end->total == end->arrived && (!end->finishing || end->finished)) return;
    sim_event_set(network->world, &end->arrival, network->world->now_ns + sim_tail(&network->prng, end->delay_ns));
}

static void link_offer(struct sim_event *event)
{
    struct sim_opening *opening = container_of(event, struct sim_opening, event);
    struct sim_link *link = opening->link;
    struct sim_network *network = link->network;
    struct sim_listener *chosen = NULL;
    uint32_t count = 0;

    list_each(&network->listeners, node)
    {
        struct sim_listener *listener = container_of(node, struct sim_listener, node);
        if (listener->machine != opening->machine || listener->port != opening->port) continue;
        if (prng_below(&network->prng, ++count) == 0) chosen = listener;
    }
    heap_give(&network->world->heap, opening);
    link->offered = true;
    if (link->ends[0].closed) {
        link_end(link);
    } else if (!chosen) {
        sim_link_reset(link);
    } else {
        link->ends[1].closed = false;
        chosen->offer(chosen, &link->ends[1]);
    }
}

static void link_end(struct sim_link *link)
{
    struct sim_world *world = link->network->world;

    for (int i = 0; i < 2; i++) {
        sim_event_clear(world, &link->ends[i].arrival);
        heap_give(&world->heap, link->ends[i].inbox);
    }
    list_remove(&link->node);
    heap_give(&world->heap, link);
}

static void end_init(struct sim_end *end, struct sim_link *link, struct sim_end *peer)
{
    struct sim_network *network = link->network;

    end->link = link;
    end->peer = peer;
    end->delay_ns = (int64_t)sim_between(&network->prng, 1000, (uint64_t)network->delay_ns * 2);
    sim_event_init(&end->arrival, end_arrive);
}
