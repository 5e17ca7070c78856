/* client/client.c   Whom to ask, and asking again.
 *
 *     CLIENT_ANY         whoever is connected, else the bootstrap servers in turn
 *     CLIENT_CONTROLLER  the broker that Metadata names for admin requests
 *     a number           that broker, at the address that it advertises; while it can't be reached, Metadata is asked
 *                        again before each try
 *
 * Tries go on, 50 ms to 1 s apart, until the client's timeout is over; the last failure is what people are told. Only
 * who has never met a broker of the cluster is told at once: most likely the address is wrong. */
#include "client/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/codes.h"

enum { PORT_DEFAULT = 9092, PAUSE_FIRST_MS = 50, PAUSE_MOST_MS = 1000, ARENA_MAX = 64 << 20 };

void client_explain(struct client *client, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(client->why, sizeof(client->why), format, arguments);
    va_end(arguments);
}

/* ---- the bootstrap servers ---- */

static bool add_server(struct client *client, struct text server)
{
    char host[PEER_HOST_MAX];
    int64_t port = PORT_DEFAULT;
    struct text name = server;
    const char *colon = memrchr(server.data, ':', server.size);
    bool bracketed = server.size > 0 && server.data[0] == '[';
    const char *bracket = bracketed ? memchr(server.data, ']', server.size) : NULL;

    if (bracketed && !bracket) return false;
    /* More than one colon and no brackets: an IPv6 address alone. */
    if (colon && !bracketed && memchr(server.data, ':', (size_t)(colon - server.data))) colon = NULL;
    if (colon && colon > bracket) {
        struct text digits = { colon + 1, (size_t)(server.data + server.size - colon - 1) };
        if (!text_to_i64(digits, &port) || port < 1 || port > UINT16_MAX) return false;
        name.size = (size_t)(colon - server.data);
    }
    if (bracketed) {
        if (bracket + 1 != name.data + name.size) return false;
        name = (struct text){ name.data + 1, name.size - 2 };
    }
    if (name.size == 0 || name.size >= sizeof(host) || client->peer_count == CLIENT_PEERS_MAX / 2) return false;

    snprintf(host, sizeof(host), "%.*s", TEXT_ARGS(name));
    struct peer *peer = heap_take(&client->heap, sizeof(*peer));
    peer_init(peer, &client->heap, client->client_id, -1, host, (uint16_t)port);
    client->peers[client->peer_count++] = peer;
    return true;
}

enum status client_open(struct client *client, const char *servers, const char *client_id, int64_t timeout_ms)
{
    struct text rest = text_of(servers);

    *client = (struct client){ .client_id = client_id, .timeout_ms = timeout_ms, .controller = -1 };
    heap_init(&client->heap);
    while (rest.data) {
        struct text server = text_trim(text_cut(&rest, ','));
        if (server.size == 0 && (rest.data || client->peer_count > 0)) continue; /* "a:1,," as Kafka's tools take it */
        if (!add_server(client, server)) {
            client_explain(client, "'%.*s' is no HOST:PORT", TEXT_ARGS(server));
            return STATUS_INVALID;
        }
    }
    client->bootstrap_count = client->peer_count;
    return STATUS_OK;
}

void client_close(struct client *client)
{
    for (uint32_t i = 0; i < client->peer_count; i++) peer_end(client->peers[i]);
    heap_end(&client->heap);
}

/* ---- finding somebody to ask ---- */

static void pause_ms(int64_t ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    (void)nanosleep(&pause, NULL);
}

void client_pause(void)
{
    pause_ms((int64_t)2 * PAUSE_FIRST_MS);
}

static struct peer *peer_by_node(struct client *client, int32_t node)
{
    for (uint32_t i = client->bootstrap_count; i < client->peer_count; i++) {
        if (client->peers[i]->node == node) return client->peers[i];
    }
    return NULL;
}

/* A broker moved: its old connection is of no use. */
static void learn_broker(struct client *client, const struct metadata_broker *broker)
{
    char host[PEER_HOST_MAX];
    struct peer *peer = peer_by_node(client, broker->node_id);

    snprintf(host, sizeof(host), "%.*s", TEXT_ARGS(broker->host));
    if (peer && peer->port == broker->port && strcmp(peer->host, host) == 0) return;
    if (peer) {
        peer_end(peer);
    } else {
        if (client->peer_count == CLIENT_PEERS_MAX) return;
        peer = heap_take(&client->heap, sizeof(*peer));
        client->peers[client->peer_count++] = peer;
    }
    peer_init(peer, &client->heap, client->client_id, broker->node_id, host, (uint16_t)broker->port);
}

static struct peer *any_peer(struct client *client, int64_t deadline_ms)
{
    for (uint32_t i = 0; i < client->peer_count; i++) {
        if (client->peers[i]->socket >= 0) return client->peers[i];
    }
    for (uint32_t i = 0; i < client->peer_count; i++) {
        struct peer *peer = client->peers[i];
        int64_t fair_ms = clock_ms() + max_of(client->timeout_ms / (int64_t)client->peer_count, 1000);
        if (peer_connect(peer, min_of(fair_ms, deadline_ms)) == STATUS_OK) {
            client->met = true;
            return peer;
        }
        client_explain(client, "%s", peer->why);
    }
    return NULL;
}

static struct peer *numbered_peer(struct client *client, int32_t node, int64_t deadline_ms)
{
    struct peer *peer = peer_by_node(client, node);

    if (!peer) {
        client_explain(client, "there is no broker %d", node);
        return NULL;
    }
    if (peer_connect(peer, deadline_ms) == STATUS_OK) return peer;
    client_explain(client, "broker %d says that it is at %s:%u (its advertised.listeners), but %s", node, peer->host,
                   peer->port, peer->why);
    return NULL;
}

struct peer *client_peer(struct client *client, int32_t node, int64_t deadline_ms)
{
    if (node == CLIENT_CONTROLLER) node = client->controller; /* -1 is CLIENT_ANY */
    return node == CLIENT_ANY ? any_peer(client, deadline_ms) : numbered_peer(client, node, deadline_ms);
}

/* ---- asking ---- */

enum outcome { OUTCOME_DONE, OUTCOME_AGAIN, OUTCOME_FAILED };

static enum outcome exchange(struct client *client, struct client_call *call, struct peer *peer, enum status *status)
{
    int64_t deadline_ms = clock_ms() + client->timeout_ms + call->wait_ms;

    call->version = peer_version(peer, call->key, call->version_max);
    call->answered_by = peer->node;
    if (call->version < 0) {
        client_explain(client, "%s:%u does not serve %s", peer->host, peer->port, api_find(call->key)->name);
        *status = STATUS_UNSUPPORTED;
        return OUTCOME_FAILED;
    }
    *status = peer_send(peer, call->key, call->version, call->ask, deadline_ms);
    if (*status == STATUS_OK && call->answer) {
        *status = peer_receive(peer, call->key, call->version, call->answer, call->arena, deadline_ms);
    } else if (*status == STATUS_OK) {
        peer_unanswered(peer);
    }
    if (*status == STATUS_OK) return OUTCOME_DONE;

    client_explain(client, "%s%s", peer->why,
                   call->repeatable ? "" : "; whether it did what it was asked is not known");
    return call->repeatable && *status == STATUS_CLOSED ? OUTCOME_AGAIN : OUTCOME_FAILED;
}

static enum status learn_brokers(struct client *client)
{
    struct metadata_answer answer = { 0 };
    struct arena arena;

    if (client->knows_brokers) return STATUS_OK;
    arena_init(&arena, &client->heap, NULL, 0, ARENA_MAX);
    enum status status = client_metadata(client, NULL, 0, false, &answer, &arena);
    arena_reset(&arena);
    return status;
}

enum status client_ask(struct client *client, struct client_call *call)
{
    int64_t deadline_ms = clock_ms() + client->timeout_ms, pause = PAUSE_FIRST_MS;
    enum status status;

    for (;;) {
        status = call->node == CLIENT_ANY ? STATUS_OK : learn_brokers(client);
        if (status != STATUS_OK) return status;
        struct peer *peer = client_peer(client, call->node, deadline_ms);
        enum outcome outcome = OUTCOME_AGAIN;
        status = STATUS_CLOSED;
        if (peer) outcome = exchange(client, call, peer, &status);
        if (!peer && call->node != CLIENT_ANY) client->knows_brokers = false; /* It may be new, or have moved. */
        if (outcome == OUTCOME_DONE) return STATUS_OK;
        if (outcome == OUTCOME_FAILED || !client->met || clock_ms() + pause >= deadline_ms) return status;
        pause_ms(pause);
        pause = min_of(pause * 2, PAUSE_MOST_MS);
    }
}

enum status client_metadata(struct client *client, const struct text *names, int32_t count, bool create,
                            struct metadata_answer *answer, struct arena *arena)
{
    struct metadata_ask ask = { .topics.count = count, .allow_auto_topic_creation = create };
    struct client_call call = {
        .node = CLIENT_ANY,
        .key = API_METADATA,
        .version_max = LATEST,
        .repeatable = true,
        .ask = &ask,
        .answer = answer,
        .arena = arena,
    };

    if (count > 0) {
        ask.topics.items = arena_take(arena, (size_t)count * sizeof(*ask.topics.items));
        if (!ask.topics.items) return STATUS_NO_MEMORY;
        for (int32_t i = 0; i < count; i++) ask.topics.items[i].name = names[i];
    }
    enum status status = client_ask(client, &call);
    if (status != STATUS_OK) return status;

    for (int32_t i = 0; i < answer->brokers.count; i++) learn_broker(client, &answer->brokers.items[i]);
    client->controller = peer_by_node(client, answer->controller_id) ? answer->controller_id : -1;
    client->knows_brokers = true;
    return STATUS_OK;
}
