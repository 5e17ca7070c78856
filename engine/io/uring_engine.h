/* engine/io/uring_engine.h   Inside the production engine: what its files share.
 *
 *     uring.c            the ring: made, turned, ended; completions sorted by tag
 *     uring_wait.c       the end of a turn: submit, and wait
 *     uring_operation.c  each kind of operation: its entry in the ring, and what its result means
 *     uring_buffers.c    the buffers behind io_receive
 *     uring_enroll.c     registered memory
 *     uring_socket.c     listening and names
 *     uring_refused.c    why there is no ring, for people */
#ifndef ENGINE_IO_URING_ENGINE_H
#define ENGINE_IO_URING_ENGINE_H

#include <liburing.h>
#include <time.h>

#include "io/io.h"
#include "io/uring.h"

/* The low bits of an entry's user data; completions and rings are aligned to 8. Tags without an operation stand beside
 * their ring. */
enum uring_tag {
    TAG_OPERATION, /* a completion */
    TAG_WRITTEN,   /* a completion whose write is done and whose flush comes next */
    TAG_POKED,     /* another ring's message: its arrival is all it says */
    TAG_POKE,      /* our message to the ring behind the bits; seen only when it failed */
    TAG_OUTSIDE,   /* the eventfd of io_poke_outside */
    TAG_CANCEL,    /* an io_cancel; its target tells how it went */
    TAG_MASK = 7,
};

enum operation_kind {
    OPERATION_NOP,
    OPERATION_READ,
    OPERATION_WRITE,
    OPERATION_ACCEPT,
    OPERATION_CONNECT,
    OPERATION_RECEIVE,
    OPERATION_RECEIVE_EXACT,
    OPERATION_SEND,
    OPERATION_CLOSE,
    OPERATION_KINDS,
};

/* Beside the flags of the caller (enum io_flags). */
enum { OPERATION_CANCELLED = 128 };

/* Buffers go round: fresh -> with the kernel -> with a caller -> with the kernel. Fresh ones have not been touched yet;
 * they are handed to the kernel only when it runs short, so memory follows the number of receives that wait to be
 * eaten. */
struct uring_buffers {
    struct io_uring_buf_ring *ring;
    uint8_t *memory;
    uint32_t size;
    uint32_t count;
    uint32_t fresh; /* index of the first fresh one */
    uint32_t free;  /* with the kernel */
    uint32_t free_min;
};

struct uring_region {
    uintptr_t start, limit;
    uint16_t index;
};

struct uring_regions {
    struct uring_region *rows; /* ascending by start; room for region_max */
    uint32_t count;
    bool table;  /* the kernel has our sparse table */
    bool closed; /* the kernel refused one: no more */
};

/* How a turn waits. */
struct uring_wait {
    int64_t poll_ns;        /* looks for so long before anything else; 0: not at all */
    int64_t nap_ns;         /* then naps, of so long each; 0: none */
    int64_t idle_ns[2];     /* how long the last waits took that had nothing to submit and no durable write out */
    uint32_t durable_count; /* durable writes that are out */
};

struct uring {
    struct io io;
    struct io_uring ring;
    struct msghdr *messages; /* one for each entry of the submission queue */
    struct uring_buffers buffers;
    struct uring_regions regions;
    struct uring_wait wait;
    struct completion *again; /* to be tried again from again_ns on; oldest first */
    struct completion **again_end;
    int64_t again_ns;
    int wake_file; /* eventfd */
    uint64_t wake_count;
    bool usage_unknown; /* 6.1: zero-copy sends can't report whether they copied */
};

static inline struct uring *uring_of(struct io *io)
{
    return container_of(io, struct uring, io);
}

static inline uint64_t uring_tagged(const void *pointer, enum uring_tag tag)
{
    return (uint64_t)(uintptr_t)pointer | tag;
}

/* Room for `count` entries that will be submitted together; submits what is there when the queue is full. Never
 * fails. */
void uring_reserve(struct uring *uring, unsigned count);
struct io_uring_sqe *uring_entry(struct uring *uring);

int64_t uring_clock_ns(clockid_t clock);
/* Notes an enter and what it said. */
void uring_entered(struct uring *uring, int outcome);
/* Submits what is there, and waits until something completes or the deadline passes. */
void uring_wait(struct uring *uring, int64_t deadline_ns);

void operation_begin_kind(struct io *io, struct completion *completion, enum operation_kind kind);
void operation_cancel(struct io *io, struct completion *completion);
/* Takes up those that wait to be tried again, when their time has come. */
void operations_again(struct uring *uring);
void operation_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags);
void operation_written(struct uring *uring, struct completion *completion, int outcome);

must_check enum status uring_buffers_make(struct uring *uring, uint32_t size, uint32_t count);
void uring_buffers_end(struct uring *uring);
const uint8_t *uring_buffer_taken(struct uring *uring, uint16_t index);
void uring_buffer_give(struct io *io, uint16_t index);
/* After the kernel found none: whether there are some by now, fresh ones or given back ones. */
bool uring_buffers_refill(struct uring *uring);

must_check enum status uring_enroll(struct io *io, void *memory, size_t size);
void uring_regions_end(struct uring *uring);
/* The index of the registered region that holds all of it, or -1. */
int uring_region_find(const struct uring *uring, const void *memory, size_t size);

must_check enum status uring_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *socket);
must_check enum status uring_name(struct io *io, int socket, bool peer, struct sockaddr_storage *address);
must_check enum status uring_connector(const struct sockaddr_storage *address, int *socket);
void uring_reset(int socket);
socklen_t uring_address_size(const struct sockaddr_storage *address);

/* The sentence for people; `error` is a positive errno of io_uring_setup. */
const char *uring_refused(int error);

#endif
