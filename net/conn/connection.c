/* net/conn/connection.c   The life of a connection but for its bytes. Nothing is freed while the kernel or a request
 * refers to it: close -> join -> free. A connection is freed only at the end of a resume or of a run of the ready
 * list, never inside a call of somebody who may still hold it. */
#include "conn/connection.h"

#include <string.h>

#include "base/heap.h"
#include "conn/frame.h"
#include "conn/reply.h"
#include "conn/slot.h"
#include "shard/probe.h"

static void timer_fire(struct timer *timer);
static void flush_run(struct ready *ready);
static void wake_run(struct ready *ready);

/* ---- beginning ---- */

/* A socket that we took from the kernel only to close it. */
struct refused {
    struct completion close;
    struct face *face;
};

static void refused_closed(struct completion *io)
{
    struct refused *refused = container_of(io, struct refused, close);
    heap_give(&refused->face->shard->heap, refused);
}

static enum conn_refusal connection_refuse(struct face *face, int socket, enum conn_refusal why)
{
    struct refused *refused = heap_take(&face->shard->heap, sizeof(*refused));

    refused->face = face;
    refused->close.resume = refused_closed;
    io_close(face->shard->io, &refused->close, socket);
    return why;
}

uint32_t connection_room(const struct face *face)
{
    struct admission *admission = face->settings.admission;
    uint32_t taken = atomic_load_explicit(&admission->connections, memory_order_relaxed);
    uint32_t node = taken < admission->connections_max ? admission->connections_max - taken : 0;
    return min_of(node, face->connection_pool.slot_count - face->connection_pool.count);
}

/* An end of the socket as an IPv6 address, mapped when it is of the fourth version; zeros when it is gone. */
static struct in6_addr end_read(const struct connection *connection, bool peer, uint16_t *port)
{
    struct sockaddr_storage address = { 0 };
    struct in6_addr end = { 0 };

    if (io_name(connection->face->shard->io, connection->socket, peer, &address) != STATUS_OK) return end;
    if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
        *port = ntohs(six->sin6_port);
        return six->sin6_addr;
    }
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
    end.s6_addr[10] = end.s6_addr[11] = 0xff;
    memcpy(&end.s6_addr[12], &four->sin_addr, 4);
    *port = ntohs(four->sin_port);
    return end;
}

/* To ourselves everything goes by loopback, also when the client used another address of this machine. */
static bool peer_here(const struct connection *connection)
{
    const struct in6_addr *peer = &connection->peer;
    if (IN6_IS_ADDR_LOOPBACK(peer) || (IN6_IS_ADDR_V4MAPPED(peer) && peer->s6_addr[12] == 127)) return true;

    uint16_t port;
    struct in6_addr ours = end_read(connection, false, &port);
    return IN6_ARE_ADDR_EQUAL(peer, &ours);
}

static bool sends_copy(const struct connection *connection)
{
    enum face_zero_copy zero_copy = connection->face->settings.zero_copy;
    if (zero_copy == ZERO_COPY_AUTO) return peer_here(connection);
    return zero_copy == ZERO_COPY_NEVER;
}

static void connection_init(struct connection *connection, struct listener *listener, int socket)
{
    struct face *face = listener->face;

    *connection = (struct connection){
        .face = face,
        .listener = listener,
        .transform = &transform_identity,
        .active_ns = shard_now_ns(face->shard),
        .frame_deadline_ns = INT64_MAX,
        .send_deadline_ns = INT64_MAX,
        .socket = socket,
        .stage = CONNECTION_OPEN,
        .end = END_COUNT,
    };
    list_node_init(&connection->node);
    list_node_init(&connection->wait);
    list_init(&connection->slots);
    timer_init(&connection->timer, timer_fire);
    ready_init(&connection->flush, flush_run);
    ready_init(&connection->wake, wake_run);
    list_init(&connection->windows);
    connection->receive.resume = frame_resume;
}

enum conn_refusal connection_open(struct listener *listener, int socket)
{
    static const enum conn_refusal refusals[] = {
        [REFUSED_NODE_FULL] = REFUSAL_NODE_FULL, [REFUSED_ADDRESS_FULL] = REFUSAL_ADDRESS_FULL
    };
    struct face *face = listener->face;
    struct connection *connection = face->stage == FACE_OPEN ? pool_take(&face->connection_pool) : NULL;

    if (!connection) return connection_refuse(face, socket, REFUSAL_SHARD_FULL);
    connection_init(connection, listener, socket);
    connection->peer = end_read(connection, true, &connection->peer_port);
    connection->copies = sends_copy(connection);

    enum admission_answer answer =
        admission_enter(face->settings.admission, &connection->peer, &connection->admission_cell);
    if (answer != ADMITTED) {
        pool_give(&face->connection_pool, connection);
        return connection_refuse(face, socket, refusals[answer]);
    }

    list_append(&face->connections, &connection->node);
    connection->traffic.opened_ns = shard_now_ns(face->shard);
    PROBE3(connection__open, face->shard->index, connection, connection->peer_port);
    face_count(face, CONN_METRIC_ACCEPTED, 1);
    face_count(face, CONN_METRIC_OPEN, 1);
    connection_watch(connection);
    frame_begin(connection);
    return REFUSAL_COUNT;
}

/* ---- deadlines ---- */

static int64_t idle_deadline(const struct connection *connection)
{
    int64_t idle_ms = connection->face->settings.idle_ms;
    if (idle_ms < 0 || connection->arriving || !list_empty(&connection->slots)) return INT64_MAX;
    return deadline_after(connection->active_ns, ns_of_ms(idle_ms));
}

void connection_watch(struct connection *connection)
{
    struct shard *shard = connection->face->shard;
    int64_t deadline = min_of(connection->frame_deadline_ns, connection->send_deadline_ns);
    deadline = min_of(deadline, idle_deadline(connection));

    if (deadline == INT64_MAX || connection->stage >= CONNECTION_JOINING) return;
    if (timer_pending(&connection->timer) && connection->timer.deadline_ns <= deadline) return;
    timer_set(&shard->timers, &connection->timer, deadline);
}

/* Deadlines move on without moving the timer; so it looks again when it fires. */
static void timer_fire(struct timer *timer)
{
    struct connection *connection = container_of(timer, struct connection, timer);
    int64_t now_ns = shard_now_ns(connection->face->shard);

    if (now_ns >= connection->send_deadline_ns) {
        connection_close(connection, END_SLOW_READER);
    } else if (now_ns >= connection->frame_deadline_ns) {
        connection_close(connection, END_SLOW_BODY);
    } else if (now_ns >= idle_deadline(connection)) {
        connection_close(connection, END_IDLE);
    } else {
        connection_watch(connection);
    }
}

/* ---- end ---- */

static void flush_run(struct ready *ready)
{
    reply_flush(container_of(ready, struct connection, flush));
}

static void wake_run(struct ready *ready)
{
    struct connection *connection = container_of(ready, struct connection, wake);

    frame_wake(connection);
    connection_settle(connection);
}

static void connection_ends(struct connection *connection, enum conn_end end)
{
    struct face *face = connection->face;

    if (connection->end != END_COUNT) return;
    connection->end = (uint8_t)end;
    metric_add(&face->cells, CONN_METRIC_CLOSED, end, 1);
    if (end == END_SLOW_BODY || end == END_SLOW_READER) face_complain(face, connection, "closed", conn_end_text(end));
}

static void connection_move(struct connection *connection, enum connection_stage stage)
{
    PROBE4(connection__stage, connection->face->shard->index, connection, connection->stage, stage);
    connection->stage = (uint8_t)stage;
}

static void receive_stop(struct connection *connection)
{
    list_remove(&connection->wait);
    list_remove(&connection->wake.node);
    if (!connection->receive.submitted || connection->cancelling) return;
    connection->cancelling = true;
    io_cancel(connection->face->shard->io, &connection->receive);
}

/* What waits for long shall finish soon: nobody may be there to hear it. */
static void requests_give_up(struct connection *connection)
{
    list_each(&connection->slots, node)
    {
        struct slot *slot = container_of(node, struct slot, node);
        if (slot->stage == SLOT_BEGUN && slot->request.give_up) slot->request.give_up(&slot->request);
    }
}

void connection_drain(struct connection *connection, enum conn_end end)
{
    if (connection->stage != CONNECTION_OPEN) return;
    connection_ends(connection, end);
    connection_move(connection, CONNECTION_DRAINING);
    connection->frame_deadline_ns = INT64_MAX;
    receive_stop(connection);
    requests_give_up(connection);
    shard_ready(connection->face->shard, &connection->flush);
}

void connection_close(struct connection *connection, enum conn_end end)
{
    struct shard *shard = connection->face->shard;

    if (connection->stage >= CONNECTION_JOINING) return;
    connection_ends(connection, end);
    connection_move(connection, CONNECTION_JOINING);
    timer_clear(&shard->timers, &connection->timer);
    receive_stop(connection);
    reply_stop(connection);
    requests_give_up(connection);
    shard_ready(shard, &connection->flush);
}

static void connection_shut(struct completion *io)
{
    struct connection *connection = container_of(io, struct connection, receive);

    invariant(connection->stage == CONNECTION_SHUTTING);
    connection->shut = true;
    connection_settle(connection);
}

static void connection_free(struct connection *connection)
{
    struct face *face = connection->face;
    invariant(list_empty(&connection->slots) && !connection->arriving);
    invariant(!connection->receive.submitted && list_empty(&connection->windows));

    list_remove(&connection->node);
    list_remove(&connection->flush.node);
    list_remove(&connection->wake.node);
    admission_leave(face->settings.admission, connection->admission_cell);
    face_count(face, CONN_METRIC_OPEN, -1);
    pool_give(&face->connection_pool, connection);
    for (uint32_t i = 0; i < face->settings.listener_count; i++) listener_resume(&face->listeners[i]);
    face_settle(face);
}

void connection_settle(struct connection *connection)
{
    bool quiet = list_empty(&connection->windows);

    if (connection->stage == CONNECTION_DRAINING && quiet && list_empty(&connection->slots)) {
        connection_close(connection, connection->end);
    }
    if (connection->stage == CONNECTION_JOINING && quiet && !connection->receive.submitted) {
        frame_abandon(connection);
        reply_abandon(connection);
        connection_move(connection, CONNECTION_SHUTTING);
        connection->receive.resume = connection_shut;
        io_close(connection->face->shard->io, &connection->receive, connection->socket);
    }
    if (connection->stage == CONNECTION_SHUTTING && connection->shut && list_empty(&connection->slots)) {
        connection_free(connection);
    }
}
