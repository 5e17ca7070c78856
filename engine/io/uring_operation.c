/* engine/io/uring_operation.c   The life of one operation:
 *
 *     begin --> entry in the ring --> outcome -+-> whole, or failed for good       --> last resume
 *                  ^                           +-> short                           --> the rest, at once
 *                  |                           +-> EINTR, EAGAIN, ENOMEM           --> again, at most a thousandth
 *                      later
 *                  +---------------------------+-> one of many, kernel stopped     --> armed again, unseen
 *
 * A cancelled operation is never begun again: whatever outcome comes next is its last. Two rows per kind, one that
 * fills the entry and one that reads the outcome, are all that tells kinds apart.
 *
 * Two kinds have more than one outcome per entry. A durable write by flush is two linked entries: the flush ends the
 * operation, and a short or failed write makes the kernel cancel the flush. A zero-copy send goes out in runs, one
 * after the other: a large part alone and without a copy, the small ones up to the next large one together and with a
 * copy. Each large one is told twice: sent, and later let go of.
 *
 *     [head][extent 1 MiB][field][field][extent 64 KiB]       taken: all is in the socket --> resume, more == true
 *      copy   zero copy    \__ copy __/   zero copy           all notices have come       --> last resume */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/uring_engine.h"

/* In the kernel from 6.2; absent from the headers of liburing 2.3. */
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#endif
#ifndef IORING_NOTIF_USAGE_ZC_COPIED
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

enum { AGAIN_TRIES = 5000, AGAIN_PAUSE_NS = 1000000, TRANSFER_MAX = 1 << 30 };

struct operation_rows {
    void (*prepare)(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry);
    void (*completed)(struct uring *uring, struct completion *completion, int outcome, unsigned flags);
    enum status nothing; /* what a transfer of no bytes means */
};

static const struct operation_rows operation_rows[OPERATION_KINDS];

static bool cancelled(const struct completion *completion)
{
    return (completion->flags & OPERATION_CANCELLED) != 0;
}

static bool flushes(const struct completion *completion)
{
    return completion->kind == OPERATION_WRITE && (completion->flags & IO_FLUSH) != 0;
}

static bool sends_without_copy(const struct completion *completion)
{
    return completion->kind == OPERATION_SEND && ((completion->flags & IO_ZERO_COPY) != 0 || completion->notices > 0);
}

static bool writes_durably(const struct completion *completion)
{
    return completion->kind == OPERATION_WRITE && (completion->flags & IO_DURABLE) != 0;
}

static void operation_submit(struct uring *uring, struct completion *completion)
{
    uring_reserve(uring, 2); /* A write and its flush go out together. */
    struct io_uring_sqe *entry = uring_entry(uring);
    operation_rows[completion->kind].prepare(uring, completion, entry);
    io_uring_sqe_set_data64(entry, uring_tagged(completion, TAG_OPERATION));
    if (!flushes(completion)) return;

    entry->flags |= IOSQE_IO_LINK;
    io_uring_sqe_set_data64(entry, uring_tagged(completion, TAG_WRITTEN));
    entry = uring_entry(uring);
    io_uring_prep_fsync(entry, completion->file, IORING_FSYNC_DATASYNC);
    io_uring_sqe_set_data64(entry, uring_tagged(completion, TAG_OPERATION));
}

void operation_begin_kind(struct io *io, struct completion *completion, enum operation_kind kind)
{
    invariant(completion->submitted);
    invariant(((uintptr_t)completion & TAG_MASK) == 0);

    completion->kind = (uint8_t)kind;
    if (writes_durably(completion)) uring_of(io)->wait.durable_count++;
    operation_submit(uring_of(io), completion);
}

/* The last resume. The caller may begin the completion again, or free it, from inside. */
static void operation_end(struct uring *uring, struct completion *completion, enum status status)
{
    invariant(completion->submitted && uring->io.in_flight > 0);

    completion->status = status;
    completion->more = false;
    completion->submitted = false;
    if (writes_durably(completion)) uring->wait.durable_count--;
    uring->io.in_flight--;
    uring->io.complete_count++;
    completion->resume(completion);
}

/* One of many. */
static void operation_event(struct uring *uring, struct completion *completion)
{
    completion->status = STATUS_OK;
    completion->more = true;
    uring->io.complete_count++;
    completion->resume(completion);
}

/* Queues the operation to be tried again after a pause; false when it was tried often enough. */
static bool operation_again(struct uring *uring, struct completion *completion)
{
    if (cancelled(completion) || completion->tries >= AGAIN_TRIES) return false;

    completion->tries++;
    completion->next = NULL;
    if (uring->again == NULL) uring->again_ns = uring->io.now_ns + AGAIN_PAUSE_NS;
    *uring->again_end = completion;
    uring->again_end = &completion->next;
    return true;
}

void operations_again(struct uring *uring)
{
    if (uring->again == NULL || uring->again_ns > uring->io.now_ns) return;

    struct completion *first = uring->again;
    uring->again = NULL;
    uring->again_end = &uring->again;
    while (first != NULL) {
        struct completion *completion = first;
        first = completion->next;
        completion->next = NULL;
        operation_submit(uring, completion); /* Also when cancelled: see operation_cancel. */
    }
}

/* The kernel's passing troubles. The rest is final: a write that failed is never tried again. No memory to pin for a
 * zero-copy send is not one of them: it is sent with a copy. */
static bool outcome_passing(const struct completion *completion, int outcome)
{
    return outcome == -EINTR || outcome == -EAGAIN || (outcome == -ENOMEM && !sends_without_copy(completion));
}

void operation_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    invariant(completion->kind < OPERATION_KINDS && completion->submitted);

    if ((flags & IORING_CQE_F_NOTIF) == 0 && !flushes(completion)) {
        if (outcome_passing(completion, outcome) && (flags & (IORING_CQE_F_MORE | IORING_CQE_F_BUFFER)) == 0 &&
            operation_again(uring, completion))
            return;
        if (outcome == -EINTR && cancelled(completion)) outcome = -ECANCELED;
    }
    operation_rows[completion->kind].completed(uring, completion, outcome, flags);
}

/* An operation that waits for its next try is submitted first, so that the cancel finds it in the kernel; the order of
 * the submission queue is kept. What a zero-copy send has put into the socket can't be cancelled: the kernel lets go of
 * that memory when the peer has taken it, or after minutes, or when the connection is reset. */
void operation_cancel(struct io *io, struct completion *completion)
{
    struct uring *uring = uring_of(io);
    if (cancelled(completion)) return;

    if (uring->again != NULL) {
        uring->again_ns = io->now_ns;
        operations_again(uring);
    }
    completion->flags |= OPERATION_CANCELLED;
    if (sends_without_copy(completion)) uring_reset(completion->file);
    struct io_uring_sqe *entry = uring_entry(uring);
    io_uring_prep_cancel64(entry, uring_tagged(completion, flushes(completion) ? TAG_WRITTEN : TAG_OPERATION), 0);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(entry, uring_tagged(uring, TAG_CANCEL));
}

/* ---- transfers: read, write, receive_exact, send ---- */

static void parts_advance(struct completion *completion, size_t size)
{
    while (size > 0) {
        invariant(completion->part_count > 0);
        struct iovec *part = completion->parts;
        if (size < part->iov_len) {
            part->iov_base = (uint8_t *)part->iov_base + size;
            part->iov_len -= size;
            return;
        }
        size -= part->iov_len;
        completion->parts++;
        completion->part_count--;
    }
}

static void transfer_advance(struct completion *completion, int outcome)
{
    completion->tries = 0;
    completion->position += (uint64_t)outcome;
    parts_advance(completion, (size_t)outcome);
}

static void transfer_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    (void)flags;
    if (outcome < 0) {
        operation_end(uring, completion, error_status(-outcome));
        return;
    }
    if (outcome == 0) {
        operation_end(uring, completion, operation_rows[completion->kind].nothing);
        return;
    }

    transfer_advance(completion, outcome);
    if (completion->part_count == 0) {
        operation_end(uring, completion, STATUS_OK);
    } else if (cancelled(completion)) {
        operation_end(uring, completion, STATUS_CANCELLED);
    } else {
        operation_submit(uring, completion);
    }
}

static unsigned first_part_size(const struct completion *completion)
{
    return (unsigned)min_of(completion->parts->iov_len, (size_t)TRANSFER_MAX);
}

static unsigned parts_at_once(const struct completion *completion)
{
    return min_of(completion->part_count, (unsigned)IOV_MAX);
}

static void read_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    const struct iovec *part = completion->parts;
    unsigned size = first_part_size(completion);
    int region = uring_region_find(uring, part->iov_base, size);

    if (region >= 0) {
        io_uring_prep_read_fixed(entry, completion->file, part->iov_base, size, completion->position, region);
    } else {
        io_uring_prep_read(entry, completion->file, part->iov_base, size, completion->position);
    }
}

static void write_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    const struct iovec *part = completion->parts;
    unsigned size = first_part_size(completion);
    int region = completion->part_count == 1 ? uring_region_find(uring, part->iov_base, size) : -1;

    if (completion->part_count > 1) {
        io_uring_prep_writev(entry, completion->file, part, parts_at_once(completion), completion->position);
    } else if (region >= 0) {
        io_uring_prep_write_fixed(entry, completion->file, part->iov_base, size, completion->position, region);
    } else {
        io_uring_prep_write(entry, completion->file, part->iov_base, size, completion->position);
    }
    if ((completion->flags & (IO_DURABLE | IO_FLUSH)) == IO_DURABLE) entry->rw_flags = RWF_DSYNC;
}

/* First half of a write that is made durable by a flush: keeps the outcome for when the flush has answered. */
void operation_written(struct uring *uring, struct completion *completion, int outcome)
{
    (void)uring;
    invariant(flushes(completion) && completion->submitted);
    completion->result = outcome;
    if (outcome > 0) transfer_advance(completion, outcome);
}

static void write_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    if (!flushes(completion)) {
        transfer_completed(uring, completion, outcome, flags);
        return;
    }

    int written = (int)completion->result;
    completion->result = 0;
    if (outcome_passing(completion, written) && operation_again(uring, completion)) return;
    if (written < 0) {
        operation_end(uring, completion, error_status(-written));
    } else if (written == 0) {
        operation_end(uring, completion, STATUS_IO_ERROR);
    } else if (completion->part_count == 0) {
        operation_end(uring, completion, error_status(-outcome)); /* Of the flush, which nobody tries twice. */
    } else if (cancelled(completion)) {
        operation_end(uring, completion, STATUS_CANCELLED);
    } else {
        operation_submit(uring, completion);
    }
}

static void receive_exact_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    (void)uring;
    io_uring_prep_recv(entry, completion->file, completion->parts->iov_base, first_part_size(completion), MSG_WAITALL);
}

static bool part_large(const struct iovec *part)
{
    return part->iov_len >= IO_ZERO_COPY_PART_MIN;
}

/* How many parts go out together, with a copy. */
static unsigned send_run(const struct completion *completion)
{
    unsigned limit = parts_at_once(completion), count = 1;
    if ((completion->flags & IO_ZERO_COPY) == 0) return limit;
    while (count < limit && !part_large(&completion->parts[count])) count++;
    return count;
}

static void send_prepare_copy(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry, int flags)
{
    unsigned count = send_run(completion);
    if (count < completion->part_count) flags |= MSG_MORE; /* What follows goes into the same packets. */
    if (count == 1) {
        io_uring_prep_send(entry, completion->file, completion->parts->iov_base, first_part_size(completion), flags);
        return;
    }

    struct msghdr *message = &uring->messages[entry - uring->ring.sq.sqes];
    memset(message, 0, sizeof *message);
    message->msg_iov = completion->parts;
    message->msg_iovlen = count;
    io_uring_prep_sendmsg(entry, completion->file, message, (unsigned)flags);
}

static void send_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    const struct iovec *part = completion->parts;
    int flags = MSG_WAITALL | MSG_NOSIGNAL;
    if ((completion->flags & IO_ZERO_COPY) == 0 || !part_large(part)) {
        send_prepare_copy(uring, completion, entry, flags);
        return;
    }

    unsigned size = first_part_size(completion);
    int region = uring_region_find(uring, part->iov_base, size);
    if (completion->part_count > 1) flags |= MSG_MORE;
    io_uring_prep_send(entry, completion->file, part->iov_base, size, flags);
    entry->opcode = IORING_OP_SEND_ZC;
    if (region >= 0) {
        entry->ioprio |= IORING_RECVSEND_FIXED_BUF;
        entry->buf_index = (uint16_t)region;
    }
    if (!uring->usage_unknown) entry->ioprio |= (uint16_t)IORING_SEND_ZC_REPORT_USAGE;
}

/* Nothing more goes out. Neither a whole send nor a failed one ends while the kernel holds memory of it: `status` waits
 * for the notices, and only of a whole one it is told that the socket is free for the next. */
static void zero_copy_settle(struct uring *uring, struct completion *completion, enum status status)
{
    completion->status = status;
    completion->part_count = 0;
    if (completion->notices == 0) {
        operation_end(uring, completion, status);
    } else if (status == STATUS_OK && !cancelled(completion)) {
        operation_event(uring, completion);
    }
}

static void zero_copy_notice(struct uring *uring, struct completion *completion, int outcome)
{
    invariant(completion->notices > 0);
    completion->notices--;
    if (((unsigned)outcome & IORING_NOTIF_USAGE_ZC_COPIED) != 0) completion->copied = true;
    if (completion->part_count == 0 && completion->notices == 0) operation_end(uring, completion, completion->status);
}

/* What the kernel or the socket can't do is done the plain way: without a report (6.1), or with a copy (no zero copy on
 * this socket, or no more memory that may be pinned). */
static bool zero_copy_retreat(struct uring *uring, struct completion *completion, int outcome)
{
    if (cancelled(completion)) return false;
    if (outcome == -EINVAL && !uring->usage_unknown) {
        uring->usage_unknown = true;
    } else if (outcome == -EOPNOTSUPP || outcome == -EINVAL || outcome == -ENOBUFS || outcome == -ENOMEM) {
        completion->flags &= (uint8_t)~IO_ZERO_COPY;
        completion->copied = true;
    } else {
        return false;
    }
    operation_submit(uring, completion);
    return true;
}

static void zero_copy_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    if ((flags & IORING_CQE_F_NOTIF) != 0) {
        zero_copy_notice(uring, completion, outcome);
        return;
    }

    if ((flags & IORING_CQE_F_MORE) != 0) completion->notices++;
    if (outcome < 0) {
        if (!zero_copy_retreat(uring, completion, outcome)) zero_copy_settle(uring, completion, error_status(-outcome));
        return;
    }
    if (outcome > 0) transfer_advance(completion, outcome);
    if (completion->part_count == 0) {
        zero_copy_settle(uring, completion, STATUS_OK);
    } else if (cancelled(completion)) {
        zero_copy_settle(uring, completion, STATUS_CANCELLED);
    } else if (outcome == 0) {
        zero_copy_settle(uring, completion, STATUS_IO_ERROR);
    } else {
        operation_submit(uring, completion);
    }
}

static void send_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    (sends_without_copy(completion) ? zero_copy_completed : transfer_completed)(uring, completion, outcome, flags);
}

/* ---- sockets ---- */

static void accept_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    (void)uring;
    if ((completion->flags & IO_MANY) != 0) {
        io_uring_prep_multishot_accept(entry, completion->file, NULL, NULL, SOCK_CLOEXEC);
    } else {
        io_uring_prep_accept(entry, completion->file, NULL, NULL, SOCK_CLOEXEC);
    }
}

/* A success that the kernel gave as its last: goes on when many were asked for. */
static void operation_event_or_end(struct uring *uring, struct completion *completion, unsigned flags)
{
    bool many = (completion->flags & IO_MANY) != 0;
    bool armed = (flags & IORING_CQE_F_MORE) != 0;

    if (many && !armed && !cancelled(completion)) {
        operation_submit(uring, completion);
        armed = true;
    }
    if (armed) {
        operation_event(uring, completion);
    } else {
        operation_end(uring, completion, STATUS_OK);
    }
}

static void accept_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    if (outcome >= 0) {
        completion->result = outcome;
        operation_event_or_end(uring, completion, flags);
        return;
    }

    completion->result = 0;
    if (outcome == -ECONNABORTED && operation_again(uring, completion))
        return; /* The peer's trouble, not the listener's. */
    operation_end(uring, completion, error_status(-outcome));
}

static void connect_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    (void)uring;
    const struct sockaddr_storage *address = completion->single.iov_base;
    enum status status = STATUS_OK;

    if (completion->file < 0) status = uring_connector(address, &completion->file);
    if (status != STATUS_OK) {
        completion->status =
            status; /* Told when the empty operation completes: nothing resumes from inside its begin. */
        io_uring_prep_nop(entry);
        return;
    }
    io_uring_prep_connect(entry, completion->file, (const struct sockaddr *)address, uring_address_size(address));
}

static void connect_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    (void)flags;
    if (completion->file >= 0 && outcome == 0) {
        completion->result = completion->file;
        operation_end(uring, completion, STATUS_OK);
        return;
    }

    if (completion->file >= 0) {
        close(completion->file);
        completion->status = error_status(-outcome);
    }
    operation_end(uring, completion, completion->status);
}

static void receive_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    (void)uring;
    if ((completion->flags & IO_MANY) != 0) {
        io_uring_prep_recv_multishot(entry, completion->file, NULL, 0, 0);
    } else {
        io_uring_prep_recv(entry, completion->file, NULL, 0, 0);
    }
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = 0;
}

static void receive_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    completion->result = 0;
    completion->buffer = NULL;
    if ((flags & IORING_CQE_F_BUFFER) != 0) {
        completion->buffer_index = (uint16_t)(flags >> IORING_CQE_BUFFER_SHIFT);
        completion->buffer = uring_buffer_taken(uring, completion->buffer_index);
    }

    if (outcome > 0) {
        invariant(completion->buffer != NULL);
        completion->result = outcome;
        operation_event_or_end(uring, completion, flags);
        return;
    }
    if (completion->buffer != NULL) uring_buffer_give(&uring->io, completion->buffer_index);
    completion->buffer = NULL;
    if (outcome == -ENOBUFS && !cancelled(completion) && uring_buffers_refill(uring)) {
        operation_submit(uring, completion);
        return;
    }
    operation_end(uring, completion, outcome == 0 ? STATUS_CLOSED : error_status(-outcome));
}

/* Shut down first: what still holds the socket, if anything, ends then, and the peer is told at once. By a plain call,
 * since through the ring it would go to a worker thread. On a file it does nothing. */
static void close_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    (void)uring;
    if (completion->tries == 0) (void)shutdown(completion->file, SHUT_RDWR);
    io_uring_prep_close(entry, completion->file);
}

static void status_completed(struct uring *uring, struct completion *completion, int outcome, unsigned flags)
{
    (void)flags;
    operation_end(uring, completion, error_status(outcome < 0 ? -outcome : 0));
}

static void nop_prepare(struct uring *uring, struct completion *completion, struct io_uring_sqe *entry)
{
    (void)uring;
    (void)completion;
    io_uring_prep_nop(entry);
}

/* clang-format off */
static const struct operation_rows operation_rows[OPERATION_KINDS] = {
    [OPERATION_NOP]           = { nop_prepare,           status_completed,   STATUS_OK },
    [OPERATION_READ]          = { read_prepare,          transfer_completed, STATUS_TRUNCATED },
    [OPERATION_WRITE]         = { write_prepare,         write_completed,    STATUS_IO_ERROR },
    [OPERATION_ACCEPT]        = { accept_prepare,        accept_completed,   STATUS_OK },
    [OPERATION_CONNECT]       = { connect_prepare,       connect_completed,  STATUS_OK },
    [OPERATION_RECEIVE]       = { receive_prepare,       receive_completed,  STATUS_CLOSED },
    [OPERATION_RECEIVE_EXACT] = { receive_exact_prepare, transfer_completed, STATUS_CLOSED },
    [OPERATION_SEND]          = { send_prepare,          send_completed,     STATUS_IO_ERROR },
    [OPERATION_CLOSE]         = { close_prepare,         status_completed,   STATUS_OK },
};
/* clang-format on */
