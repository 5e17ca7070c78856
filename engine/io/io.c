/* engine/io/io.c   The thin front of the seam: fills the completion, checks what must hold at the boundary, calls the
 * engine.
 *
 * Shared between front and engine: the front sets `submitted` and counts `in_flight` up when an operation begins; the
 * engine clears and counts down right before the last resume. Everything else in the engine's part of the completion is
 * given its first value here and moved along by the engine. */
#include "io/io.h"

enum { POSITION_BITS = 62, FILE_NONE = -1 };

static void operation_begin(struct io *io, struct completion *completion, int file, uint8_t flags)
{
    invariant(!completion->submitted);
    invariant(completion->resume != NULL);

    completion->result = 0;
    completion->buffer = NULL;
    completion->buffer_index = 0;
    completion->status = STATUS_OK;
    completion->more = false;
    completion->submitted = true;
    completion->copied = false;
    completion->tries = 0;
    completion->notices = 0;
    completion->next = NULL;
    completion->flags = flags;
    completion->file = file;
    completion->parts = NULL;
    completion->part_count = 0;
    completion->position = 0;
    io->in_flight++;
}

static void operation_begin_on(struct io *io, struct completion *completion, int file, uint8_t flags)
{
    invariant(file >= 0);
    operation_begin(io, completion, file, flags);
}

static void operation_single(struct completion *completion, void *memory, size_t size)
{
    invariant(memory != NULL && size > 0);

    completion->single.iov_base = memory;
    completion->single.iov_len = size;
    completion->parts = &completion->single;
    completion->part_count = 1;
}

static void operation_parts(struct completion *completion, struct iovec *parts, uint32_t part_count)
{
    invariant(part_count > 0);
    for (uint32_t i = 0; i < part_count; i++) invariant(parts[i].iov_base != NULL && parts[i].iov_len > 0);

    completion->parts = parts;
    completion->part_count = part_count;
}

void io_read(struct io *io, struct completion *completion, int file, void *memory, size_t size, uint64_t position)
{
    invariant(position >> POSITION_BITS == 0);
    operation_begin_on(io, completion, file, 0);
    operation_single(completion, memory, size);
    completion->position = position;
    io->engine->read(io, completion);
}

void io_write(struct io *io, struct completion *completion, int file, struct iovec *parts, uint32_t part_count,
              uint64_t position, uint8_t flags)
{
    invariant((flags & ~(IO_DURABLE | IO_FLUSH)) == 0);
    invariant((flags & IO_FLUSH) == 0 || (flags & IO_DURABLE) != 0);
    invariant(position >> POSITION_BITS == 0);
    operation_begin_on(io, completion, file, flags);
    operation_parts(completion, parts, part_count);
    completion->position = position;
    io->engine->write(io, completion);
}

enum status io_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *socket)
{
    invariant(backlog > 0);
    return io->engine->listen(io, address, backlog, socket);
}

void io_accept(struct io *io, struct completion *completion, int socket, uint8_t flags)
{
    invariant((flags & ~IO_MANY) == 0);
    operation_begin_on(io, completion, socket, flags);
    io->engine->accept(io, completion);
}

void io_connect(struct io *io, struct completion *completion, const struct sockaddr_storage *address)
{
    operation_begin(io, completion, FILE_NONE, 0);
    io->engine->connect(io, completion, address);
}

void io_receive(struct io *io, struct completion *completion, int socket, uint8_t flags)
{
    invariant((flags & ~IO_MANY) == 0);
    operation_begin_on(io, completion, socket, flags);
    io->engine->receive(io, completion);
}

void io_buffer_give(struct io *io, uint16_t index)
{
    io->engine->buffer_give(io, index);
}

void io_receive_exact(struct io *io, struct completion *completion, int socket, void *memory, size_t size)
{
    operation_begin_on(io, completion, socket, 0);
    operation_single(completion, memory, size);
    io->engine->receive_exact(io, completion);
}

void io_send(struct io *io, struct completion *completion, int socket, struct iovec *parts, uint32_t part_count,
             uint8_t flags)
{
    invariant((flags & ~IO_ZERO_COPY) == 0);
    operation_begin_on(io, completion, socket, flags);
    operation_parts(completion, parts, part_count);
    io->engine->send(io, completion);
}

void io_cancel(struct io *io, struct completion *completion)
{
    if (completion->submitted) io->engine->cancel(io, completion);
}

void io_close(struct io *io, struct completion *completion, int file)
{
    operation_begin_on(io, completion, file, 0);
    io->engine->close(io, completion);
}

enum status io_name(struct io *io, int socket, bool peer, struct sockaddr_storage *address)
{
    return io->engine->name(io, socket, peer, address);
}

void io_turn(struct io *io, int64_t deadline_ns)
{
    io->engine->turn(io, deadline_ns);
}

void io_poke(struct io *from, struct io *to)
{
    invariant(from != to && from->engine == to->engine);
    from->engine->poke(from, to);
}

void io_poke_outside(struct io *to)
{
    to->engine->poke_outside(to);
}

enum status io_enroll(struct io *io, void *memory, size_t size)
{
    return io->engine->enroll(io, memory, size);
}

void io_end(struct io *io)
{
    io->engine->end(io);
}
