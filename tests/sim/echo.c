/* tests/sim/echo.c   Proves the simulated sockets: a server on one shard sends back what it receives, through every
 * kind of receive there is; clients send random bytes in random pieces, stall, and close. Each byte must come back in
 * order, or the connection must end; after the last client nothing may be left over.
 *
 *     client --5000 bytes in pieces--> IO_MANY, or one by one, or receive_exact --> io_send --> client compares */
#include <string.h>

#include "shard/shard.h"
#include "sim/machine.h"
#include "sim/story.h"

enum { CLIENTS = 20, BYTES_MAX = 60000, HELD_MAX = 65536, HELD_ENOUGH = 16384, EXACT = 64 };

struct echo_client {
    struct echo *echo;
    struct sim_end *end;
    struct sim_event event;
    uint64_t seed;
    uint32_t sent, returned, size;
    bool over;
};

struct echo_server {
    struct list_node node;
    struct echo *echo;
    int socket;
    struct completion receive, send, close;
    uint8_t held[HELD_MAX], exact[EXACT];
    uint32_t held_size, going;
    struct iovec part;
    bool ending;
    uint64_t way; /* 0: IO_MANY, 1: one by one, 2: exact */
};

struct echo {
    struct sim_world *world;
    struct sim_network network;
    struct sim_machine machine;
    struct shard shard, *shards[1];
    struct completion accept;
    struct list servers;
    struct echo_client clients[CLIENTS];
    uint32_t live;
};

static void server_receive(struct echo_server *server);
static void server_go(struct echo_server *server);

static void server_closed(struct completion *completion)
{
    struct echo_server *server = container_of(completion, struct echo_server, close);

    list_remove(&server->node);
    heap_give(&server->echo->shard.heap, server);
}

static void server_end(struct echo_server *server)
{
    struct io *io = server->echo->shard.io;

    server->ending = true;
    if (server->receive.submitted) io_cancel(io, &server->receive);
    if (server->send.submitted) io_cancel(io, &server->send);
    if (server->receive.submitted || server->send.submitted || server->close.submitted) return;
    server->close.resume = server_closed;
    io_close(io, &server->close, server->socket);
}

static void server_sent(struct completion *completion)
{
    struct echo_server *server = container_of(completion, struct echo_server, send);

    if (completion->status != STATUS_OK || server->ending) {
        server_end(server);
        return;
    }
    server->held_size -= server->going;
    memmove(server->held, server->held + server->going, server->held_size);
    server->going = 0;
    server_go(server);
}

static void server_go(struct echo_server *server)
{
    if (server->ending) return;
    if (server->held_size && !server->send.submitted) {
        server->going = server->held_size;
        server->part = (struct iovec){ server->held, server->going };
        server->send.resume = server_sent;
        io_send(server->echo->shard.io, &server->send, server->socket, &server->part, 1, 0);
    }
    bool room = server->held_size <= HELD_ENOUGH;
    if (!room && server->receive.submitted && server->way == 0) io_cancel(server->echo->shard.io, &server->receive);
    if (room && !server->receive.submitted) server_receive(server);
}

static void server_received(struct completion *completion)
{
    struct echo_server *server = container_of(completion, struct echo_server, receive);
    struct io *io = server->echo->shard.io;

    if (completion->status == STATUS_OK) {
        bool exact = server->way == 2;
        size_t size = exact ? EXACT : (size_t)completion->result;
        invariant(size > 0 && server->held_size + size <= HELD_MAX);
        memcpy(server->held + server->held_size, exact ? server->exact : completion->buffer, size);
        server->held_size += (uint32_t)size;
        if (!exact) io_buffer_give(io, completion->buffer_index);
    } else if (completion->status != STATUS_BUSY && completion->status != STATUS_CANCELLED) {
        server_end(server);
        return;
    }
    if (server->ending)
        server_end(server);
    else
        server_go(server);
}

static void server_receive(struct echo_server *server)
{
    struct io *io = server->echo->shard.io;

    server->receive.resume = server_received;
    if (server->way == 2)
        io_receive_exact(io, &server->receive, server->socket, server->exact, EXACT);
    else
        io_receive(io, &server->receive, server->socket, server->way == 0 ? IO_MANY : 0);
}

static void server_accepted(struct completion *completion)
{
    struct echo *echo = container_of(completion, struct echo, accept);
    struct echo_server *server = heap_take(&echo->shard.heap, sizeof *server);

    invariant(completion->status == STATUS_OK && completion->more);
    server->echo = echo;
    server->socket = (int)completion->result;
    server->way = prng_below(&echo->shard.prng, 3);
    list_node_init(&server->node);
    list_append(&echo->servers, &server->node);
    server_receive(server);
}

static uint8_t byte_at(const struct echo_client *client, uint32_t place)
{
    return (uint8_t)((client->seed + place) * 0x9e3779b97f4a7c15u >> 56);
}

static void client_end(struct echo_client *client)
{
    if (client->over) return;
    client->over = true;
    client->echo->live--;
    sim_event_clear(client->echo->world, &client->event);
    sim_end_close(client->end, false);
}

static void client_wake(struct sim_end *end)
{
    struct echo_client *client = end->owner;
    uint8_t bytes[3000];
    size_t size;

    while ((size = sim_end_take(end, bytes, sizeof bytes))) {
        for (size_t i = 0; i < size; i++) {
            if (bytes[i] == byte_at(client, client->returned++)) continue;
            sim_fail(client->echo->world, "byte %u of client %lu came back wrong", client->returned - 1, client->seed);
        }
    }
    if (sim_end_done(end) || client->returned == client->size) client_end(client);
}

static void client_send(struct sim_event *event)
{
    struct echo_client *client = container_of(event, struct echo_client, event);
    struct prng *prng = &client->echo->world->prng;
    uint8_t bytes[2000];
    uint32_t size = (uint32_t)sim_between(prng, 1, sizeof bytes);

    size = min_of(size, client->size - client->sent);
    if (client->end->link->half_open && sim_chance(prng, 1, 4)) {
        client_end(client);
        return;
    }
    for (uint32_t i = 0; i < size; i++) bytes[i] = byte_at(client, client->sent + i);
    client->sent += (uint32_t)sim_end_send(client->end, bytes, size);
    /* Also when all is sent: somebody has to notice a wire that is cut. */
    uint64_t gap_ns = client->sent < client->size ? 500000 : 50000000;
    sim_event_set(client->echo->world, event, client->echo->world->now_ns + (int64_t)prng_below(prng, gap_ns));
}

static void clients_begin(struct echo *echo, uint16_t port)
{
    for (uint64_t i = 0; i < CLIENTS; i++) {
        struct echo_client *client = &echo->clients[i];
        client->echo = echo;
        client->seed = i;
        client->size = (uint32_t)sim_between(&echo->world->prng, 1, BYTES_MAX) / EXACT * EXACT + EXACT;
        client->end = sim_connect(&echo->network, 0, port, client_wake, client);
        sim_event_init(&client->event, client_send);
        sim_event_set(echo->world, &client->event, (int64_t)prng_below(&echo->world->prng, 1000000));
        echo->live++;
    }
}

static void echo_play(struct sim_world *world)
{
    struct echo *echo = heap_take(&world->heap, sizeof *echo);
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct sockaddr_storage any = { 0 };
    int listener;

    echo->world = world;
    list_init(&echo->servers);
    sim_network_init(&echo->network, world);
    echo->network.window = (uint32_t)sim_between(&world->prng, 1000, 20000);
    echo->network.split = (uint32_t)sim_between(&world->prng, 0, 900);
    echo->network.reset_ppm = sim_chance(&world->prng, 1, 2) ? 1000 : 0;
    echo->network.half_open_ppm = sim_chance(&world->prng, 1, 2) ? 1000 : 0;
    sim_machine_init(&echo->machine, world, &echo->network, 0, 1 << 16);
    struct sim_io *ring = sim_io_make(&echo->machine, (uint32_t)sim_between(&world->prng, 64, 4096), 4);
    echo->shards[0] = &echo->shard;
    shard_init(&echo->shard, 0, 1, echo->shards, &ring->io, NULL, NULL, world->seed);
    memcpy(&any, &address, sizeof address);
    invariant(io_listen(&ring->io, &any, 100, &listener) == STATUS_OK);
    echo->accept.resume = server_accepted;
    io_accept(&ring->io, &echo->accept, listener, IO_MANY);
    sim_io_run(ring, sim_shard_step, &echo->shard);
    clients_begin(echo, 40000);

    while (echo->live)
        if (!sim_world_step(world, 60000000000)) sim_fail(world, "%u clients wait for ever", echo->live);
    list_each(&echo->servers, node)
    {
        struct echo_server *server = container_of(node, struct echo_server, node);
        if (!server->ending) server_end(server); /* Its connection may be half open. */
    }
    sim_io_wake(ring, world->now_ns);
    while (sim_world_step(world, world->now_ns + 1000000000)) continue;
    if (!list_empty(&echo->servers)) sim_fail(world, "a connection is left over");
    if (ring->buffers_free != ring->buffer_count) sim_fail(world, "a buffer is left over");
    sim_machine_stop(&echo->machine, SIM_STOP_CLEAN);
    heap_end(&echo->shard.heap);
    if (!list_empty(&echo->network.links)) sim_fail(world, "a link is left over");
    sim_network_end(&echo->network);
}

const struct sim_story sim_echo = { "echo", echo_play };
