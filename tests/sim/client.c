/* tests/sim/client.c   Frames: int32 size, request header, message; answers the same with the response header. Answers
 * must come in the order of the requests (the protocol's promise); one that does not, or does not decode, fails the
 * seed. */
#include "sim/client.h"

#include <stdlib.h>
#include <string.h>

#include "messages/header.h"
#include "sim/story.h"

static void request_add(struct client *client, const struct api_row *api, int16_t version, int32_t correlation,
                        void (*answered)(struct client_request *request, const void *answer), void *context);
static void client_wake(struct sim_end *end);
static void client_push(struct client *client);
static void push_deadline(struct client *client, bool progress);
static void client_eat(struct client *client);
static void client_deadline(struct sim_event *event);
static void client_stalled(struct sim_event *event);
static void answer_read(struct client *client, const uint8_t *at, const uint8_t *limit);

void client_init(struct client *client, struct sim_world *world, struct sim_network *network, uint32_t machine,
                 uint16_t port)
{
    *client = (struct client){
        .world = world, .network = network, .machine = machine, .port = port, .timeout_ns = 30000000000
    };
    list_init(&client->in_flight);
    sim_event_init(&client->deadline, client_deadline);
    sim_event_init(&client->stalled, client_stalled);
}

void client_end(struct client *client)
{
    client_lose(client);
    heap_give(&client->world->heap, client->out);
    heap_give(&client->world->heap, client->in);
    client->out = client->in = NULL;
    client->out_room = client->in_room = 0;
}

static void room_make(struct heap *heap, uint8_t **buffer, size_t *room, size_t size)
{
    if (size <= *room) return;
    *room = max_of(size, *room * 2);
    *buffer = heap_resize(heap, *buffer, *room);
}

bool client_ask(struct client *client, int16_t key, int16_t version, const void *ask, bool silent,
                void (*answered)(struct client_request *request, const void *answer), void *context)
{
    const struct api_row *api = api_find(key);
    struct heap *heap = &client->world->heap;

    if (client->broken || client->in_flight_count >= CLIENT_IN_FLIGHT_MAX || client->out_size > CLIENT_FRAME_MAX)
        return false;
    if (!client->end) client->end = sim_connect(client->network, client->machine, client->port, client_wake, client);

    struct request_header header = { key, version, client->next_correlation++, TEXT("sim") };
    int16_t header_version = api_ask_header(api, version);
    bool flexible = api_flexible(api, version);
    size_t size = message_size(&request_header_schema, header_version, header_version >= 2, &header) +
                  message_size(api->ask, version, flexible, ask);
    room_make(heap, &client->out, &client->out_room, client->out_size + size + 4);
    uint8_t *frame = client->out + client->out_size;
    struct writer writer = { .start = frame + 4, .at = frame + 4, .limit = frame + 4 + size };
    store_i32(frame, (int32_t)size);
    message_write(&request_header_schema, header_version, header_version >= 2, &header, &writer);
    message_write(api->ask, version, flexible, ask, &writer);
    invariant(!writer.overrun && writer.at == writer.limit);
    client->out_size += size + 4;

    sim_told(client->world, api->name, "ask: port %lu correlation %lu version %lu size %lu", client->port,
             (uint64_t)header.correlation_id, (uint64_t)version, size);
    if (!silent) request_add(client, api, version, header.correlation_id, answered, context);
    client_push(client);
    return true;
}

static void request_add(struct client *client, const struct api_row *api, int16_t version, int32_t correlation,
                        void (*answered)(struct client_request *request, const void *answer), void *context)
{
    struct client_request *request = heap_take(&client->world->heap, sizeof *request);

    *request = (struct client_request){ .client = client,
                                        .api = api,
                                        .version = version,
                                        .correlation = correlation,
                                        .sent_ns = client->world->now_ns,
                                        .answered = answered,
                                        .context = context };
    list_node_init(&request->node);
    list_append(&client->in_flight, &request->node);
    client->in_flight_count++;
    if (!sim_event_waiting(&client->deadline)) {
        sim_event_set(client->world, &client->deadline, client->world->now_ns + client->timeout_ns);
    }
}

void client_lose(struct client *client)
{
    struct list lost;

    if (client->end) sim_end_close(client->end, true);
    client->end = NULL;
    client->lives++;
    client->out_size = client->in_size = 0;
    client->in_flight_count = 0;
    sim_event_clear(client->world, &client->deadline);
    sim_event_clear(client->world, &client->stalled);
    list_init(&lost);
    list_join(&lost, &client->in_flight);
    client->broken = true;
    for (struct list_node *node; (node = list_take_first(&lost));) {
        struct client_request *request = container_of(node, struct client_request, node);
        client->lost_count++;
        request->answered(request, NULL);
        heap_give(&client->world->heap, request);
    }
    client->broken = false;
}

static void request_done(struct client *client, struct client_request *request, const void *answer)
{
    list_remove(&request->node);
    client->in_flight_count--;
    client->answered_count++;
    struct client_request *oldest = NULL;
    if (!list_empty(&client->in_flight))
        oldest = container_of(list_first(&client->in_flight), struct client_request, node);
    if (oldest)
        sim_event_set(client->world, &client->deadline, oldest->sent_ns + client->timeout_ns);
    else
        push_deadline(client, false);
    request->answered(request, answer);
    heap_give(&client->world->heap, request);
}

/* Who asks for no answers learns only by what nobody takes off him that the wire is cut. */
static void push_deadline(struct client *client, bool progress)
{
    if (client->out_size == 0) {
        sim_event_clear(client->world, &client->deadline);
    } else if (progress || !sim_event_waiting(&client->deadline)) {
        sim_event_set(client->world, &client->deadline, client->world->now_ns + client->timeout_ns);
    }
}

static void client_push(struct client *client)
{
    size_t size = client->end ? sim_end_send(client->end, client->out, client->out_size) : 0;

    if (size > 0) {
        client->out_size -= size;
        memmove(client->out, client->out + size, client->out_size);
    }
    if (list_empty(&client->in_flight)) push_deadline(client, size > 0);
}

static void client_wake(struct sim_end *end)
{
    struct client *client = end->owner;

    if (sim_event_waiting(&client->stalled)) return;
    if (sim_chance(&client->network->prng, client->stall_ppm, 1000000)) {
        sim_fault(client->world, SIM_STALL);
        client->stall_count++;
        sim_event_set(client->world, &client->stalled,
                      client->world->now_ns + (int64_t)prng_below(&client->network->prng, 2000000000));
        return;
    }
    client_push(client);
    client_eat(client);
}

static void client_stalled(struct sim_event *event)
{
    struct client *client = container_of(event, struct client, stalled);

    if (client->end) client_eat(client);
    if (client->end) client_push(client);
}

/* Takes what has arrived and answers whole frames; the connection may be given up meanwhile. */
static void client_eat(struct client *client)
{
    uint64_t life = client->lives; /* A callback may give this connection up and begin another. */

    while (client->end && client->end->arrived) {
        room_make(&client->world->heap, &client->in, &client->in_room, client->in_size + client->end->arrived);
        client->in_size += sim_end_take(client->end, client->in + client->in_size, client->end->arrived);
        size_t at = 0;
        while (client->in_size - at >= 4) {
            size_t size = load_u32(client->in + at);
            if (size > CLIENT_FRAME_MAX) sim_fail(client->world, "an answer of %zu bytes", size);
            if (client->in_size - at < size + 4) break;
            answer_read(client, client->in + at + 4, client->in + at + 4 + size);
            if (client->lives != life) return;
            at += size + 4;
        }
        client->in_size -= at;
        memmove(client->in, client->in + at, client->in_size);
    }
    if (client->end && sim_end_done(client->end)) client_lose(client);
}

static void answer_read(struct client *client, const uint8_t *at, const uint8_t *limit)
{
    struct heap *heap = &client->world->heap;
    struct response_header header;
    struct arena arena;

    if (list_empty(&client->in_flight)) sim_fail(client->world, "an answer to nothing");
    struct client_request *request = container_of(list_first(&client->in_flight), struct client_request, node);
    int16_t header_version = api_answer_header(request->api, request->version);
    arena_init(&arena, heap, NULL, 0, 64 << 20);
    enum status status =
        message_read(&response_header_schema, header_version, header_version >= 1, &at, limit, &header, &arena);
    if (status != STATUS_OK || header.correlation_id != request->correlation) {
        sim_fail(client->world, "%s: an answer to %d, expected %d", request->api->name, header.correlation_id,
                 request->correlation);
    }
    void *answer = arena_take(&arena, request->api->answer->size);
    status = message_read(request->api->answer, request->version, api_flexible(request->api, request->version), &at,
                          limit, answer, &arena);
    if (status != STATUS_OK || at != limit) {
        sim_fail(client->world, "%s %d: the answer does not decode: %s", request->api->name, request->version,
                 status_text(status));
    }
    sim_told(client->world, request->api->name, "answer: port %lu correlation %lu", client->port,
             (uint64_t)request->correlation, 0, 0);
    request_done(client, request, answer);
    arena_reset(&arena);
}

/* The oldest request has waited too long (an answer may be late, never missing), or what is to be sent. */
static void client_deadline(struct sim_event *event)
{
    struct client *client = container_of(event, struct client, deadline);

    sim_told(client->world, NULL, "client: nothing came for %lu ns", (uint64_t)client->timeout_ns, 0, 0, 0);
    client_lose(client);
}
