/* tests/fuzz/net/api/wire.c   What the fuzzer's engine does in a turn: first it resumes what has ended, then one thing
 * happens: the client is accepted, or a piece of its bytes arrives, or, when nothing else can, time jumps to the
 * deadline. */
#include "wire.h"

#include <string.h>

#include "base/check.h"

static struct wire *wire_of(struct io *io)
{
    return container_of(io, struct wire, io);
}

/* Ends an operation; it resumes at the next turn. */
static void wire_finish(struct wire *wire, struct completion *completion, enum status status)
{
    invariant(wire->done_count < WIRE_DONE_MAX);
    completion->status = status;
    wire->done[wire->done_count++] = completion;
}

static void wire_accept(struct io *io, struct completion *completion)
{
    wire_of(io)->accepting = completion;
}

static void wire_receive(struct io *io, struct completion *completion)
{
    invariant(!wire_of(io)->receiving && !wire_of(io)->exact);
    wire_of(io)->receiving = completion;
}

static void wire_receive_exact(struct io *io, struct completion *completion)
{
    invariant(!wire_of(io)->receiving && !wire_of(io)->exact);
    wire_of(io)->exact = completion;
}

static void wire_send(struct io *io, struct completion *completion)
{
    struct wire *wire = wire_of(io);

    for (uint32_t i = 0; i < completion->part_count; i++) {
        const uint8_t *bytes = completion->parts[i].iov_base;
        wire->sent += completion->parts[i].iov_len + (bytes[0] & 0U) + (bytes[completion->parts[i].iov_len - 1] & 0U);
    }
    wire_finish(wire, completion, STATUS_OK);
}

static void wire_cancel(struct io *io, struct completion *completion)
{
    struct wire *wire = wire_of(io);

    if (wire->accepting == completion)
        wire->accepting = NULL;
    else if (wire->receiving == completion)
        wire->receiving = NULL;
    else if (wire->exact == completion)
        wire->exact = NULL;
    else
        return; /* it is done already */
    wire_finish(wire, completion, STATUS_CANCELLED);
}

static void wire_close(struct io *io, struct completion *completion)
{
    wire_of(io)->closed |= completion->file == WIRE_CLIENT;
    wire_finish(wire_of(io), completion, STATUS_OK);
}

static void wire_buffer_give(struct io *io, uint16_t index)
{
    invariant(index < WIRE_BUFFERS && wire_of(io)->taken[index]);
    wire_of(io)->taken[index] = false;
}

static void wire_resume(struct wire *wire, struct completion *completion, bool more)
{
    completion->more = more;
    completion->submitted = more;
    if (!more) wire->io.in_flight--;
    completion->resume(completion);
}

static void wire_deliver_piece(struct wire *wire)
{
    struct completion *completion = wire->receiving;
    uint16_t index = 0;

    while (index < WIRE_BUFFERS && wire->taken[index]) index++;
    size_t size = min_of(min_of(wire->size - wire->at, wire->piece), (size_t)WIRE_BUFFER_SIZE);
    completion->status = size == 0 ? STATUS_CLOSED : index == WIRE_BUFFERS ? STATUS_BUSY : STATUS_OK;
    bool more = completion->status == STATUS_OK && (completion->flags & IO_MANY);
    if (!more) wire->receiving = NULL;
    if (completion->status == STATUS_OK) {
        memcpy(wire->buffers[index], wire->data + wire->at, size);
        wire->at += size;
        wire->taken[index] = true;
        completion->buffer = wire->buffers[index];
        completion->buffer_index = index;
        completion->result = (int64_t)size;
    }
    wire_resume(wire, completion, more);
}

static void wire_deliver_exact(struct wire *wire)
{
    struct completion *completion = wire->exact;
    size_t wanted = completion->single.iov_len, have = min_of(wire->size - wire->at, wanted);

    memcpy(completion->single.iov_base, wire->data + wire->at, have);
    wire->at += have;
    wire->exact = NULL;
    completion->status = have == wanted ? STATUS_OK : STATUS_CLOSED;
    wire_resume(wire, completion, false);
}

static void wire_turn(struct io *io, int64_t deadline_ns)
{
    struct wire *wire = wire_of(io);
    uint32_t count = wire->done_count;
    struct completion *done[WIRE_DONE_MAX];

    io->now_ns += 1000000;
    memcpy(done, wire->done, sizeof(done));
    wire->done_count = 0;
    for (uint32_t i = 0; i < count; i++) wire_resume(wire, done[i], false);
    if (wire->accepting && !wire->accepted) {
        wire->accepted = true;
        wire->accepting->status = STATUS_OK;
        wire->accepting->result = WIRE_CLIENT;
        wire_resume(wire, wire->accepting, true);
    } else if (wire->receiving) {
        wire_deliver_piece(wire);
    } else if (wire->exact) {
        wire_deliver_exact(wire);
    } else if (count == 0 && deadline_ns != INT64_MAX) {
        io->now_ns = max_of(io->now_ns, deadline_ns); /* nothing else will happen */
    }
}

static enum status wire_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *socket)
{
    (void)io;
    (void)address;
    (void)backlog;
    *socket = WIRE_LISTENER;
    return STATUS_OK;
}

static enum status wire_name(struct io *io, int socket, bool peer, struct sockaddr_storage *address)
{
    (void)io;
    (void)socket;
    *address = (struct sockaddr_storage){ .ss_family = AF_INET };
    ((struct sockaddr_in *)address)->sin_port = peer ? 1 : 2;
    return STATUS_OK;
}

static enum status wire_enroll(struct io *io, void *memory, size_t size)
{
    (void)io;
    (void)memory;
    (void)size;
    return STATUS_UNSUPPORTED;
}

const struct io_engine wire_engine = {
    .accept = wire_accept,
    .receive = wire_receive,
    .receive_exact = wire_receive_exact,
    .send = wire_send,
    .cancel = wire_cancel,
    .close = wire_close,
    .buffer_give = wire_buffer_give,
    .turn = wire_turn,
    .listen = wire_listen,
    .name = wire_name,
    .enroll = wire_enroll,
};
