/* net/conn/listener.c   Accepting is one operation that goes on (IO_MANY); a pause cancels it. */
#include "conn/listener.h"

#include "conn/connection.h"

enum { BACKLOG_LEAST = 1024, PAUSE_MS = 100, NS_PER_MS = 1000000 };

static void accept_resume(struct completion *io);
static void pause_fire(struct timer *timer);

void listener_init(struct listener *listener, struct face *face, const struct face_listener *settings)
{
    *listener = (struct listener){ .face = face, .settings = settings, .stage = LISTENER_CLOSED, .socket = -1 };
    timer_init(&listener->pause, pause_fire);
}

static uint16_t *address_port(struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6) return &((struct sockaddr_in6 *)address)->sin6_port;
    return &((struct sockaddr_in *)address)->sin_port;
}

enum status listener_bind(struct listener *listener, uint16_t *port)
{
    struct io *io = listener->face->shard->io;
    struct sockaddr_storage address = listener->settings->address;
    invariant(listener->stage == LISTENER_CLOSED);

    if (*address_port(&address) == 0) *address_port(&address) = htons(*port);
    int backlog = max_of(listener->face->settings.backlog, (int)BACKLOG_LEAST);
    enum status status = io_listen(io, &address, backlog, &listener->socket);
    if (status != STATUS_OK) return status;

    listener->stage = LISTENER_BOUND;
    status = io_name(io, listener->socket, false, &address);
    listener->port = *port = ntohs(*address_port(&address));
    return status;
}

static void listener_accept(struct listener *listener)
{
    listener->stage = LISTENER_ACCEPTING;
    if (listener->accept.submitted) return; /* Being cancelled; taken up when that has ended. */
    listener->accept.resume = accept_resume;
    io_accept(listener->face->shard->io, &listener->accept, listener->socket, IO_MANY);
}

void listener_begin(struct listener *listener)
{
    invariant(listener->stage == LISTENER_BOUND);
    listener_accept(listener);
}

static void listener_pause(struct listener *listener, int64_t pause_ms)
{
    struct shard *shard = listener->face->shard;

    if (listener->stage != LISTENER_ACCEPTING) return;
    listener->stage = LISTENER_PAUSED;
    if (listener->accept.submitted) io_cancel(shard->io, &listener->accept);
    timer_set(&shard->timers, &listener->pause, shard_now_ns(shard) + pause_ms * NS_PER_MS);
}

static void pause_fire(struct timer *timer)
{
    listener_resume(container_of(timer, struct listener, pause));
}

/* Whoever is not to be taken yet is not asked in: he would have to be closed. The pause goes on, and looks again: what
 * it waits for may be longer than when it began (others came before the accept had ended), or be on another shard. */
void listener_resume(struct listener *listener)
{
    struct shard *shard = listener->face->shard;
    if (listener->stage != LISTENER_PAUSED) return;

    int64_t now_ns = shard_now_ns(shard);
    int64_t until_ns = connection_room(listener->face) == 0 ? now_ns + (int64_t)PAUSE_MS * NS_PER_MS : now_ns;
    until_ns = max_of(until_ns, listener->paced_ns);
    if (until_ns > now_ns) {
        if (!timer_pending(&listener->pause)) timer_set(&shard->timers, &listener->pause, until_ns);
        return;
    }
    timer_clear(&shard->timers, &listener->pause);
    listener_accept(listener);
}

/* Who comes too fast waits, and all behind him. */
static void listener_pace(struct listener *listener)
{
    struct face *face = listener->face;
    int64_t wait_ns = admission_pace(face->settings.admission, shard_now_ns(face->shard));
    if (wait_ns == 0) return;

    listener->paced_ns = shard_now_ns(face->shard) + wait_ns;
    face_complain(face, NULL, "no connection is taken for a while", "max.connection.creation.rate");
    listener_pause(listener, (wait_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* Where there is no room for another one, no more are taken until somebody leaves, or a moment has passed. */
static void listener_take(struct listener *listener, int socket)
{
    struct face *face = listener->face;
    enum conn_refusal refusal = connection_open(listener, socket);

    if (refusal != REFUSAL_COUNT) {
        metric_add(&face->cells, CONN_METRIC_REFUSED, refusal, 1);
        face_complain(face, NULL, "connection refused", conn_refusal_text(refusal));
    }
    listener_pace(listener);
    if (connection_room(face) == 0) listener_pause(listener, PAUSE_MS);
}

static void listener_closed(struct completion *io)
{
    struct listener *listener = container_of(io, struct listener, accept);

    listener->stage = LISTENER_CLOSED;
    face_settle(listener->face);
}

static void listener_shut(struct listener *listener)
{
    listener->accept.resume = listener_closed;
    io_close(listener->face->shard->io, &listener->accept, listener->socket);
    listener->socket = -1;
}

/* Mostly there are no more file descriptors; else it is the kernel's memory, or the network. */
static void accept_failed(struct listener *listener, enum status status)
{
    uint32_t limit = status == STATUS_TOO_MANY ? REFUSAL_NO_FILES : REFUSAL_ACCEPT;

    metric_add(&listener->face->cells, CONN_METRIC_REFUSED, limit, 1);
    face_complain(listener->face, NULL, "accept failed", status_text(status));
    listener_pause(listener, PAUSE_MS);
}

static void accept_resume(struct completion *io)
{
    struct listener *listener = container_of(io, struct listener, accept);

    if (io->status == STATUS_OK) listener_take(listener, (int)io->result);
    if (io->more || io->submitted) return;

    if (listener->stage == LISTENER_JOINING) {
        listener_shut(listener);
    } else if (io->status == STATUS_CANCELLED || io->status == STATUS_OK) {
        if (listener->stage == LISTENER_ACCEPTING) listener_accept(listener);
    } else {
        accept_failed(listener, io->status);
    }
}

void listener_close(struct listener *listener)
{
    struct shard *shard = listener->face->shard;

    if (listener->stage == LISTENER_CLOSED || listener->stage == LISTENER_JOINING) return;
    timer_clear(&shard->timers, &listener->pause);
    listener->stage = LISTENER_JOINING;
    if (listener->accept.submitted) {
        io_cancel(shard->io, &listener->accept);
    } else {
        listener_shut(listener);
    }
}
