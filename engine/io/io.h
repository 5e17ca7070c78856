/* engine/io/io.h   The seam between Sluice and the kernel: everything that takes time goes through here, as an
 * operation that is begun now and completed later. Two engines stand behind it: uring.c, and the simulated one of
 * tests/sim.
 *
 *     begin (io_read, io_send ...) --> [kernel] --> io_turn() --> completion->resume(completion)
 *
 * Laws. (a) The completion is a field of the caller's struct; it stays where it is until it has resumed. (b) No call
 * completes from inside itself: resume is only ever called by io_turn. (c) Transfers complete whole or fail: short ones
 * are continued in here; EINTR, EAGAIN and ENOMEM of the kernel are retried in here. (d) An operation that was begun
 * always resumes, exactly once (those with `more` set: once per event, the last time with more == false), also when it
 * is cancelled or its socket is closed. (e) One thread: an io belongs to the thread that calls io_turn; only
 * io_poke_outside may be called from elsewhere. (f) errno ends here.
 *
 * Times: now_ns is monotonic, wall_ms is the wall clock since 1970; both are read once per turn. */
#ifndef ENGINE_IO_IO_H
#define ENGINE_IO_IO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/check.h"
#include "base/status.h"

struct io;

/* What one operation is and became. The caller sets `resume` (and whatever surrounds it); the engine sets the rest. */
struct completion {
    void (*resume)(struct completion *completion);
    int64_t result;        /* accept: the socket; receive: size; else 0 */
    const uint8_t *buffer; /* io_receive: the bytes, in a buffer of the engine until io_buffer_give */
    enum status status;
    uint16_t buffer_index;
    bool more;      /* multishot: this operation goes on and will resume again */
    bool submitted; /* between begin and the last resume */
    bool copied;    /* send with IO_ZERO_COPY: the kernel copied after all; stop asking on this socket */
    /* The engine's own, while submitted. */
    uint8_t kind;
    uint8_t flags;
    uint16_t tries;
    uint16_t notices; /* zero copy: sends whose memory the kernel still holds */
    int file;
    uint32_t part_count; /* parts still to be transferred */
    struct iovec *parts; /* the caller's array, which the engine moves along; &single for plain reads */
    struct iovec single;
    uint64_t position;
    struct completion *next; /* waits to be tried again */
};

enum io_flags {
    IO_DURABLE = 1,   /* write: on the device when it completes (RWF_DSYNC) */
    IO_MANY = 2,      /* accept, receive: goes on until cancelled or failed (multishot) */
    IO_ZERO_COPY = 4, /* send: large parts without a copy, where the socket allows it */
    IO_FLUSH = 8,     /* write, with IO_DURABLE: by a flush after the write, for devices that are slow at DSYNC (FUA) */
};

/* Smaller parts cost less when they are copied. */
enum { IO_ZERO_COPY_PART_MIN = 16 << 10 };

struct io_engine {
    void (*read)(struct io *io, struct completion *completion);
    void (*write)(struct io *io, struct completion *completion);
    void (*accept)(struct io *io, struct completion *completion);
    void (*connect)(struct io *io, struct completion *completion, const struct sockaddr_storage *address);
    void (*receive)(struct io *io, struct completion *completion);
    void (*receive_exact)(struct io *io, struct completion *completion);
    void (*send)(struct io *io, struct completion *completion);
    void (*cancel)(struct io *io, struct completion *completion);
    void (*close)(struct io *io, struct completion *completion);
    void (*buffer_give)(struct io *io, uint16_t index);
    void (*turn)(struct io *io, int64_t deadline_ns);
    void (*poke)(struct io *from, struct io *to);
    void (*poke_outside)(struct io *to);
    enum status (*listen)(struct io *io, const struct sockaddr_storage *address, int backlog, int *socket);
    enum status (*name)(struct io *io, int socket, bool peer, struct sockaddr_storage *address);
    enum status (*enroll)(struct io *io, void *memory, size_t size);
    void (*end)(struct io *io);
};

/* The head of each engine's own struct. */
struct io {
    const struct io_engine *engine;
    int64_t now_ns;
    int64_t wall_ms;
    uint64_t submit_count; /* system calls made to submit or wait */
    uint64_t complete_count;
    uint64_t polled_ns; /* looked instead of sleeping */
    uint64_t nap_count; /* sleeps that were kept short */
    uint32_t in_flight;
};

/* Reads exactly `size` bytes at `position`; STATUS_TRUNCATED when the file ends before. Files opened with FILES_DIRECT
 * want memory, position and size aligned to 4096. */
void io_read(struct io *io, struct completion *completion, int file, void *memory, size_t size, uint64_t position);
/* Writes all parts, none of them empty, at `position`. `parts` stays the caller's, is changed, and lives until the
 * resume. At most one write in flight may touch a block: that is the caller's to keep. flags: IO_DURABLE. */
void io_write(struct io *io, struct completion *completion, int file, struct iovec *parts, uint32_t part_count,
              uint64_t position, uint8_t flags);

/* A listening socket (SO_REUSEPORT, so that every shard has its own); port 0 lets the kernel choose: ask io_name. */
must_check enum status io_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *socket);
/* Each event's result is a connected socket (TCP_NODELAY set). */
void io_accept(struct io *io, struct completion *completion, int socket, uint8_t flags);
/* The result is a connected socket (TCP_NODELAY set). `address` lives until the resume. */
void io_connect(struct io *io, struct completion *completion, const struct sockaddr_storage *address);
/* Some bytes, in a buffer of the engine: `buffer` and `result` (size, > 0), to be given back by io_buffer_give as soon
 * as they are eaten. STATUS_CLOSED: the peer has finished sending. STATUS_BUSY: all buffers are out; the operation has
 * ended, begin it again when a buffer was given back. With IO_MANY it resumes once for each piece. A waiting receive
 * costs no buffer. */
void io_receive(struct io *io, struct completion *completion, int socket, uint8_t flags);
void io_buffer_give(struct io *io, uint16_t index);
/* Exactly `size` bytes straight into `memory`. */
void io_receive_exact(struct io *io, struct completion *completion, int socket, void *memory, size_t size);
/* All parts, in order. One send per socket at a time. With IO_ZERO_COPY, parts of IO_ZERO_COPY_PART_MIN or more are
 * sent from where they lie, best from enrolled memory, and it resumes up to twice: with `more` when the socket has
 * taken everything, so that the next send may begin, while the kernel still holds the memory; and at its end, when the
 * kernel has let go of it: on real networks when the peer has acknowledged the bytes. */
void io_send(struct io *io, struct completion *completion, int socket, struct iovec *parts, uint32_t part_count,
             uint8_t flags);
/* Asks a submitted operation to end early; it still resumes, with STATUS_CANCELLED or with what it had done by then.
 * How far a send or an exact receive came nobody knows then: the socket is good for closing only. With IO_ZERO_COPY the
 * connection is reset. */
void io_cancel(struct io *io, struct completion *completion);
/* Shuts a socket down both ways and closes it; operations on it must have resumed, or be cancelled first. Also closes
 * files. */
void io_close(struct io *io, struct completion *completion, int file);
must_check enum status io_name(struct io *io, int socket, bool peer, struct sockaddr_storage *address);

/* Submits what was begun, waits until something completed, somebody poked or `deadline_ns` has come (INT64_MAX: no
 * deadline; a past one: do not wait), then resumes what completed. */
void io_turn(struct io *io, int64_t deadline_ns);
/* Ends the wait of another shard's io_turn, now or the next time it waits; from a shard's own thread. */
void io_poke(struct io *from, struct io *to);
/* The same from a thread that is no shard. */
void io_poke_outside(struct io *to);

/* Tells the engine of memory that large writes and sends will come from (registered buffers). Failure (a low memlock
 * limit) costs speed only, and is told once by the caller. */
must_check enum status io_enroll(struct io *io, void *memory, size_t size);
void io_end(struct io *io);

#endif
