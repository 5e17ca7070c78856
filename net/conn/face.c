/* net/conn/face.c   One shard's net floor from its making to its end. */
#include "conn/face.h"

#include <arpa/inet.h>

#include "base/heap.h"
#include "conn/connection.h"
#include "conn/fetch_session.h"
#include "conn/frame.h"
#include "conn/reply.h"
#include "conn/slot.h"

enum { PATIENCE_MS = 5000 };

static void patience_fire(struct timer *timer);

enum status face_make(struct shard *shard, const struct face_settings *settings, struct face **made)
{
    struct heap *heap = &shard->heap;
    struct face *face = heap_take(heap, sizeof(*face));
    size_t pool_size = pool_memory_size(sizeof(struct connection), settings->connections_max);

    *face = (struct face){ .shard = shard, .settings = *settings, .stage = FACE_OPEN };
    list_init(&face->connections);
    list_init(&face->crowded);
    list_init(&face->slots_free);
    list_init(&face->windows_free);
    timer_init(&face->patience, patience_fire);
    pool_init(&face->connection_pool, heap_take(heap, pool_size), sizeof(struct connection), settings->connections_max);
    face->listeners = heap_take(heap, settings->listener_count * sizeof(*face->listeners));
    for (uint32_t i = 0; i < settings->listener_count; i++) {
        listener_init(&face->listeners[i], face, &settings->listeners[i]);
    }
    if (!face->settings.metrics) {
        face->settings.metrics = heap_take(heap, sizeof(*face->settings.metrics));
        metrics_init(face->settings.metrics, conn_metric_rows, CONN_METRIC_COUNT, heap);
    }
    metric_cells_init(&face->cells, face->settings.metrics, heap);
    face->sessions = fetch_sessions_make(face, settings->fetch_session_max);
    shard->face = face;
    *made = face;
    return STATUS_OK;
}

enum status face_listen(struct face *face, uint32_t index, uint16_t *port)
{
    invariant(index < face->settings.listener_count);
    return listener_bind(&face->listeners[index], port);
}

void face_begin(struct face *face)
{
    for (uint32_t i = 0; i < face->settings.listener_count; i++) listener_begin(&face->listeners[i]);
}

static void patience_fire(struct timer *timer)
{
    struct face *face = container_of(timer, struct face, patience);

    list_each(&face->connections, node)
    {
        connection_close(container_of(node, struct connection, node), END_STOPPING);
    }
}

void face_close(struct face *face, struct ready *closed)
{
    struct shard *shard = face->shard;
    invariant(face->stage == FACE_OPEN);

    face->stage = FACE_CLOSING;
    face->closed = closed;
    for (uint32_t i = 0; i < face->settings.listener_count; i++) listener_close(&face->listeners[i]);
    list_each(&face->connections, node)
    {
        connection_drain(container_of(node, struct connection, node), END_STOPPING);
    }
    timer_set(&shard->timers, &face->patience, shard_now_ns(shard) + (int64_t)PATIENCE_MS * 1000000);
    face_settle(face);
}

void face_settle(struct face *face)
{
    if (face->stage != FACE_CLOSING || !list_empty(&face->connections)) return;
    for (uint32_t i = 0; i < face->settings.listener_count; i++) {
        if (face->listeners[i].stage != LISTENER_CLOSED) return;
    }
    timer_clear(&face->shard->timers, &face->patience);
    face->stage = FACE_CLOSED;
    shard_ready(face->shard, face->closed);
}

void face_end(struct face *face)
{
    struct heap *heap = &face->shard->heap;
    invariant(list_empty(&face->connections) && face->slot_count == 0 && face->held == 0);

    for (struct list_node *node; (node = list_take_first(&face->slots_free));) {
        heap_give(heap, container_of(node, struct slot, node));
    }
    reply_end(face);
    fetch_sessions_end(face->sessions);
    face->shard->face = NULL;
    heap_give(heap, face->connection_pool.items);
    heap_give(heap, face->listeners);
    heap_give(heap, face);
}

void face_count(struct face *face, enum conn_metric metric, int64_t n)
{
    metric_add(&face->cells, metric, 0, n);
}

void face_complain(struct face *face, const struct connection *connection, const char *what, const char *why)
{
    char peer[INET6_ADDRSTRLEN] = "?";

    if (!face->settings.trace) return;
    if (connection) (void)inet_ntop(AF_INET6, &connection->peer, peer, sizeof(peer));
    trace_limited(face->settings.trace, &face->complaint_limit, shard_wall_ms(face->shard), TRACE_WARN, "net",
                  connection ? "%s: %s (client %s:%u)" : "%s: %s", what, why, peer,
                  connection ? connection->peer_port : 0U);
}
