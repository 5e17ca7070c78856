/* tests/unit/engine/io/ring.h   For tests of the production engine: a small ring, operations that note how they ended,
 * and a way to wait for them that gives up after some seconds. */
#ifndef TESTS_UNIT_ENGINE_IO_RING_H
#define TESTS_UNIT_ENGINE_IO_RING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <unistd.h>

#include "io/files.h"
#include "io/uring.h"

#define PAGE        ((size_t)4096)
#define MS          INT64_C(1000000)
#define PATIENCE_NS (10000 * MS)

struct operation {
    struct completion io;
    int64_t results[64]; /* of the first events */
    unsigned events;
    bool done;
};

static inline void operation_note(struct completion *completion)
{
    struct operation *operation = container_of(completion, struct operation, io);
    assert_false(operation->done);
    if (operation->events < array_count(operation->results)) operation->results[operation->events] = completion->result;
    operation->events++;
    operation->done = !completion->more;
    assert_int_equal(completion->submitted, completion->more);
}

#define OPERATION ((struct operation){ .io.resume = operation_note })

static inline struct io *ring_open_sized(uint32_t entries, uint32_t completions, uint32_t size, uint32_t count)
{
    struct uring_settings settings = { .entries = entries,
                                       .completion_entries = completions,
                                       .receive_buffer_size = size,
                                       .receive_buffer_count = count };
    struct io *io;
    const char *why = NULL;
    enum status status = uring_make(&settings, &io, &why);
    if (status != STATUS_OK) print_error("%s\n", why);
    assert_int_equal(status, STATUS_OK);
    return io;
}

#define ring_open() ring_open_sized(64, 256, 4096, 64)

/* A user who may not lock memory can't try what is about it. */
static inline void enroll_or_skip(struct io *io, void *memory, size_t size)
{
    enum status status = io_enroll(io, memory, size);
    if (status == STATUS_NO_MEMORY) skip();
    assert_int_equal(status, STATUS_OK);
}

static inline enum status finish(struct io *io, struct operation *operation)
{
    int64_t limit = io->now_ns + PATIENCE_NS;
    while (!operation->done) {
        io_turn(io, io->now_ns + 100 * MS);
        assert_true(io->now_ns < limit);
    }
    return operation->io.status;
}

static inline void await_events(struct io *io, struct operation *operation, unsigned events)
{
    int64_t limit = io->now_ns + PATIENCE_NS;
    while (operation->events < events) {
        io_turn(io, io->now_ns + 100 * MS);
        assert_true(io->now_ns < limit);
    }
}

static inline struct sockaddr_storage loopback(uint16_t port)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&address;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in->sin_port = htons(port);
    return address;
}

/* Listens on a port of the kernel's choice and gives its address. */
static inline int listen_here(struct io *io, struct sockaddr_storage *address)
{
    struct sockaddr_storage any = loopback(0);
    int listener;
    assert_int_equal(io_listen(io, &any, 128, &listener), STATUS_OK);
    assert_int_equal(io_name(io, listener, false, address), STATUS_OK);
    return listener;
}

static inline void close_now(struct io *io, int file)
{
    struct operation closed = OPERATION;
    io_close(io, &closed.io, file);
    assert_int_equal(finish(io, &closed), STATUS_OK);
}

/* Two connected sockets through the engine: [0] accepted, [1] connected. */
static inline void connected_pair(struct io *io, int pair[2])
{
    struct sockaddr_storage address;
    int listener = listen_here(io, &address);
    struct operation accepted = OPERATION, connected = OPERATION;
    io_accept(io, &accepted.io, listener, 0);
    io_connect(io, &connected.io, &address);
    assert_int_equal(finish(io, &accepted), STATUS_OK);
    assert_int_equal(finish(io, &connected), STATUS_OK);
    close_now(io, listener);
    pair[0] = (int)accepted.io.result;
    pair[1] = (int)connected.io.result;
}

static inline uint8_t *pattern(size_t size, unsigned salt)
{
    uint8_t *data = aligned_alloc(PAGE, round_up(size, (size_t)PAGE));
    for (size_t i = 0; i < size; i++) data[i] = (uint8_t)(i * 31 + i / 4096 + salt);
    return data;
}

/* A file that has no name any more. */
static inline int scratch(int flags)
{
    char name[64];
    int file;
    (void)snprintf(name, sizeof name, "ring-test-%d", (int)getpid());
    assert_int_equal(files_open(files_kernel(), FILES_HERE, name, FILES_WRITE | FILES_CREATE | flags, &file),
                     STATUS_OK);
    assert_int_equal(files_remove(files_kernel(), FILES_HERE, name), STATUS_OK);
    return file;
}

#endif
