/* tests/sim/sockets.c   The node's ends of connections: accept, receive into the ring's buffers or straight to memory,
 * send as the window allows. Each socket has at most one operation of each kind; whatever happens to its end wakes it,
 * and it goes on as far as it can. */
#include <arpa/inet.h>

#include "sim/lent.h"

static struct sim_socket *socket_make(struct sim_io *ring);
static struct sim_socket *socket_find(struct sim_machine *machine, int number);
static void socket_attach(struct sim_socket *socket, struct sim_end *end);
static void socket_accept_next(struct sim_socket *socket);
static void socket_wake(struct sim_end *end);
static void socket_receive_next(struct sim_socket *socket);
static void socket_send_next(struct sim_socket *socket);

static struct sim_io *ring_of(struct io *io)
{
    return container_of(io, struct sim_io, io);
}

static void listener_offer(struct sim_listener *listener, struct sim_end *end)
{
    struct sim_socket *socket = container_of(listener, struct sim_socket, listener);

    end->wake = NULL;
    if (socket->backlog_count == array_count(socket->backlog)) {
        sim_end_close(end, true);
        return;
    }
    socket->backlog[socket->backlog_count++] = end;
    socket_accept_next(socket);
}

enum status sim_socket_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *number)
{
    struct sim_io *ring = ring_of(io);
    struct sim_machine *machine = ring->machine;
    struct sim_socket *socket = socket_make(ring);
    const struct sockaddr_in *in = (const void *)address;

    (void)backlog;
    if (machine->disk.frozen) return STATUS_IO_ERROR;
    socket->listening = true;
    socket->listener.machine = machine->number;
    socket->listener.port = ntohs(in->sin_port) ? ntohs(in->sin_port) : machine->next_port++;
    socket->listener.offer = listener_offer;
    list_node_init(&socket->listener.node);
    list_append(&machine->network->listeners, &socket->listener.node);
    *number = socket->number;
    return STATUS_OK;
}

void sim_socket_accept(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_socket *socket = socket_find(ring->machine, completion->file);

    invariant(socket->listening && !socket->accept);
    completion->kind = SIM_ACCEPT;
    socket->accept = sim_operation_begin(ring, completion);
    socket_accept_next(socket);
}

void sim_socket_connect(struct io *io, struct completion *completion, const struct sockaddr_storage *address)
{
    struct sim_io *ring = ring_of(io);
    const struct sockaddr_in *in = (const void *)address;
    uint32_t machine = (ntohl(in->sin_addr.s_addr) & 0xff) - 1;
    struct sim_operation *operation = sim_operation_begin(ring, completion);
    struct sim_socket *socket = socket_make(ring);

    completion->kind = SIM_CONNECT;
    socket_attach(socket, sim_connect(ring->machine->network, machine, ntohs(in->sin_port), socket_wake, socket));
    sim_operation_done(operation, STATUS_OK, socket->number, -1, false);
}

void sim_socket_receive(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_socket *socket = socket_find(ring->machine, completion->file);

    invariant(!socket->listening && !socket->receive);
    completion->kind = SIM_RECEIVE;
    socket->receive = sim_operation_begin(ring, completion);
    socket_receive_next(socket);
}

void sim_socket_receive_exact(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_socket *socket = socket_find(ring->machine, completion->file);

    invariant(!socket->listening && !socket->receive);
    completion->kind = SIM_EXACT;
    socket->receive = sim_operation_begin(ring, completion);
    socket_receive_next(socket);
}

void sim_socket_send(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_socket *socket = socket_find(ring->machine, completion->file);

    invariant(!socket->listening && !socket->send);
    completion->kind = SIM_SEND;
    socket->send = sim_operation_begin(ring, completion);
    sim_lent_begin(socket->send, socket);
    socket_send_next(socket);
}

enum status sim_socket_name(struct io *io, int number, bool peer, struct sockaddr_storage *address)
{
    struct sim_machine *machine = ring_of(io)->machine;
    struct sim_socket *socket = socket_find(machine, number);
    struct sockaddr_in in = { .sin_family = AF_INET };

    uint32_t host = peer && socket->end ? 0x0a000100u + (uint32_t)(socket->end->link->number & 0xff)
                                        : 0x0a000001u + machine->number;
    in.sin_addr.s_addr = htonl(host);
    in.sin_port = htons(socket->listening ? socket->listener.port : peer ? 50000 : socket->end->port);
    *address = (struct sockaddr_storage){ 0 };
    *(struct sockaddr_in *)(void *)address = in;
    return STATUS_OK;
}

void sim_socket_forget(struct sim_operation *operation)
{
    struct sim_socket *socket = socket_find(operation->ring->machine, operation->completion->file);

    if (socket->accept == operation) socket->accept = NULL;
    if (socket->receive == operation) socket->receive = NULL;
    if (socket->send == operation) socket->send = NULL;
    if (!operation->lent) return;
    if (!socket->end->reset) sim_link_reset(socket->end->link); /* Nothing else makes the kernel let go. */
    sim_lent_end(operation);
}

void sim_socket_close(struct sim_machine *machine, int number)
{
    struct sim_socket *socket = socket_find(machine, number);

    bool nothing_waits_on_the_closed_socket =
        !socket->accept && !socket->receive && !socket->send && !socket->lent_count;
    invariant(nothing_waits_on_the_closed_socket);
    sim_socket_end(socket, false);
}

void sim_socket_end(struct sim_socket *socket, bool hard)
{
    if (socket->listening) list_remove(&socket->listener.node);
    for (uint32_t i = 0; i < socket->backlog_count; i++) sim_end_close(socket->backlog[i], true);
    if (socket->end) sim_end_close(socket->end, hard);
    list_remove(&socket->node);
    heap_give(&socket->ring->machine->world->heap, socket);
}

static struct sim_socket *socket_make(struct sim_io *ring)
{
    struct sim_socket *socket = heap_take(&ring->machine->world->heap, sizeof *socket);

    socket->ring = ring;
    socket->number = ring->machine->next_socket++;
    list_node_init(&socket->node);
    list_append(&ring->machine->sockets, &socket->node);
    return socket;
}

static struct sim_socket *socket_find(struct sim_machine *machine, int number)
{
    list_each(&machine->sockets, node)
    {
        struct sim_socket *socket = container_of(node, struct sim_socket, node);
        if (socket->number == number) return socket;
    }
    bool socket_is_open = false;
    invariant(socket_is_open);
    return NULL;
}

static void socket_attach(struct sim_socket *socket, struct sim_end *end)
{
    socket->end = end;
    end->owner = socket;
    end->wake = socket_wake;
}

static void socket_accept_next(struct sim_socket *socket)
{
    while (socket->accept && socket->backlog_count) {
        struct sim_operation *operation = socket->accept;
        struct sim_socket *accepted = socket_make(operation->ring);
        bool more = (operation->completion->flags & IO_MANY) != 0;

        socket_attach(accepted, socket->backlog[0]);
        socket->backlog_count--;
        for (uint32_t i = 0; i < socket->backlog_count; i++) socket->backlog[i] = socket->backlog[i + 1];
        if (!more) socket->accept = NULL;
        sim_operation_done(operation, STATUS_OK, accepted->number, -1, more);
    }
}

static void socket_wake(struct sim_end *end)
{
    struct sim_socket *socket = end->owner;

    if (socket->ring->machine->disk.frozen) return;
    socket_receive_next(socket);
    socket_send_next(socket);
}

static void socket_receive_next(struct sim_socket *socket)
{
    struct sim_operation *operation = socket->receive;
    struct sim_end *end = socket->end;
    if (!operation) return;
    struct completion *completion = operation->completion;

    if (completion->kind == SIM_EXACT) {
        struct iovec *part = completion->parts;
        size_t size = sim_end_take(end, part->iov_base, part->iov_len);
        part->iov_base = (uint8_t *)part->iov_base + size;
        part->iov_len -= size;
        if (part->iov_len && !sim_end_done(end)) return;
        socket->receive = NULL;
        sim_operation_done(operation, part->iov_len ? STATUS_CLOSED : STATUS_OK, 0, -1, false);
        return;
    }

    bool many = (completion->flags & IO_MANY) != 0;
    while (end->arrived && socket->receive) {
        int buffer = sim_buffer_take(operation->ring);
        if (buffer < 0) {
            socket->receive = NULL;
            sim_operation_done(operation, STATUS_BUSY, 0, -1, false);
            return;
        }
        uint8_t *memory = operation->ring->buffers + (size_t)buffer * operation->ring->buffer_size;
        size_t size = sim_end_take(end, memory, operation->ring->buffer_size);
        if (!many) socket->receive = NULL;
        sim_operation_done(operation, STATUS_OK, (int64_t)size, buffer, many);
    }
    if (socket->receive && sim_end_done(end)) {
        socket->receive = NULL;
        sim_operation_done(operation, STATUS_CLOSED, 0, -1, false);
    }
}

static void socket_send_next(struct sim_socket *socket)
{
    struct sim_operation *operation = socket->send;
    if (!operation) return;
    struct completion *completion = operation->completion;

    while (completion->part_count && !socket->end->reset) {
        struct iovec *part = completion->parts;
        size_t size = sim_end_send(socket->end, part->iov_base, part->iov_len);
        part->iov_base = (uint8_t *)part->iov_base + size;
        part->iov_len -= size;
        if (part->iov_len) return; /* Goes on when the peer has taken some. */
        completion->parts++;
        completion->part_count--;
    }
    socket->send = NULL;
    if (!socket->end->reset && sim_lent_taken(operation)) return;
    sim_lent_end(operation);
    sim_operation_done(operation, socket->end->reset ? STATUS_CLOSED : STATUS_OK, 0, -1, false);
}
