/* engine/io/uring.c   The ring itself. One turn is at most one system call, but for naps (uring_wait.c):
 *
 *     entries prepared since the last turn --+
 *                                            +--> io_uring_enter: submit, run what the kernel deferred, wait
 *     deadline ------------------------------+         |
 *                                                      v
 *     clock read once --> completions, at most those that are there now --> resume
 *
 * Invariants. (1) Only the thread that made the ring enters it (SINGLE_ISSUER). (2) Nothing is resumed but from
 * uring_turn. (3) Completions that don't fit into their queue are kept by the kernel (NODROP) and fetched by the next
 * enter, so we don't wait while it says that it keeps some. (4) A poke is a completion, so one that comes before the
 * wait ends the wait.
 *
 * IORING_SETUP_TASKRUN_FLAG makes the kernel say in shared memory that it has deferred work for us: a turn that neither
 * submits nor waits then costs no system call at all. */
#include "io/uring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/uring_engine.h"

enum {
    NS_PER_S = 1000000000,
    SUBMIT_TRIES = 10000,
    SUBMIT_PAUSE_NS = 1000000,
    SMALL_ENTRIES = 64,
    SMALL_COMPLETIONS = 256,
    SMALL_BUFFERS = 64,
    SMALL_TRIES = 10,
    SMALL_PAUSE_NS = 10000000,
};

int64_t uring_clock_ns(clockid_t clock)
{
    struct timespec now;
    int failed = clock_gettime(clock, &now);
    invariant(!failed);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void clocks_read(struct io *io)
{
    io->now_ns = uring_clock_ns(CLOCK_MONOTONIC);
    io->wall_ms = uring_clock_ns(CLOCK_REALTIME) / (NS_PER_S / 1000);
}

/* What an enter may say without anything being wrong: interrupted, deadline, no memory just now, completions kept
 * back. */
void uring_entered(struct uring *uring, int outcome)
{
    uring->io.submit_count++;
    invariant(outcome >= 0 || outcome == -EINTR || outcome == -ETIME || outcome == -EAGAIN || outcome == -EBUSY ||
              outcome == -ENOMEM);
}

static void pause_ns(long ns)
{
    struct timespec pause = { .tv_nsec = ns };
    (void)nanosleep(&pause, NULL); /* Shorter when interrupted: its callers look again anyway. */
}

void uring_reserve(struct uring *uring, unsigned count)
{
    invariant(count <= uring->ring.sq.ring_entries);

    for (unsigned tries = 0; io_uring_sq_space_left(&uring->ring) < count; tries++) {
        invariant(tries < SUBMIT_TRIES);
        /* No memory for a request of 250 bytes: nothing in this process is more urgent than waiting. */
        if (tries > 0) pause_ns(SUBMIT_PAUSE_NS);
        uring_entered(uring, io_uring_submit(&uring->ring));
    }
}

struct io_uring_sqe *uring_entry(struct uring *uring)
{
    uring_reserve(uring, 1);
    struct io_uring_sqe *entry = io_uring_get_sqe(&uring->ring);
    invariant(entry != NULL);
    return entry;
}

static void outside_arm(struct uring *uring)
{
    struct io_uring_sqe *entry = uring_entry(uring);
    io_uring_prep_read(entry, uring->wake_file, &uring->wake_count, sizeof uring->wake_count, 0);
    io_uring_sqe_set_data64(entry, uring_tagged(uring, TAG_OUTSIDE));
}

static void uring_poke_outside(struct io *to)
{
    uint64_t one = 1;
    ssize_t written = write(uring_of(to)->wake_file, &one, sizeof one);
    (void)written; /* Fails only when the count would overflow, and then it is awake already. */
}

static void uring_poke(struct io *from, struct io *to)
{
    struct uring *uring = uring_of(from);
    struct io_uring_sqe *entry = uring_entry(uring);
    io_uring_prep_msg_ring(entry, uring_of(to)->ring.ring_fd, 0, uring_tagged(uring_of(to), TAG_POKED), 0);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(entry, uring_tagged(uring_of(to), TAG_POKE));
}

static void completion_sort(struct uring *uring, char *data, int outcome, unsigned flags)
{
    enum uring_tag tag = (enum uring_tag)((uintptr_t)data & TAG_MASK);
    void *pointer = data - tag;

    switch (tag) {
    case TAG_OPERATION: operation_completed(uring, pointer, outcome, flags); break;
    case TAG_WRITTEN: operation_written(uring, pointer, outcome); break;
    case TAG_POKE:
        if (outcome < 0) uring_poke_outside(&((struct uring *)pointer)->io); /* No message rings here. */
        break;
    case TAG_OUTSIDE: outside_arm(uring); break;
    case TAG_POKED:
    case TAG_CANCEL: break;
    case TAG_MASK:
    default: invariant(false && "a tag of ours");
    }
}

static void completions_take(struct uring *uring)
{
    for (unsigned count = io_uring_cq_ready(&uring->ring); count > 0; count--) {
        struct io_uring_cqe *entry;
        int failed = io_uring_peek_cqe(&uring->ring, &entry);
        invariant(!failed);

        char *data = io_uring_cqe_get_data(entry);
        int outcome = entry->res;
        unsigned flags = entry->flags;
        io_uring_cqe_seen(&uring->ring, entry); /* Before the resume, which may submit and so need the place. */
        completion_sort(uring, data, outcome, flags);
    }
}

static void uring_turn(struct io *io, int64_t deadline_ns)
{
    struct uring *uring = uring_of(io);

    operations_again(uring);
    uring_wait(uring, deadline_ns);
    clocks_read(io);
    completions_take(uring);
}

static void uring_read(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_READ);
}

static void uring_write(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_WRITE);
}

static void uring_accept(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_ACCEPT);
}

static void uring_receive(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_RECEIVE);
}

static void uring_receive_exact(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_RECEIVE_EXACT);
}

static void uring_send(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_SEND);
}

static void uring_connect(struct io *io, struct completion *completion, const struct sockaddr_storage *address)
{
    completion->single.iov_base = (void *)address;
    completion->single.iov_len = sizeof *address;
    operation_begin_kind(io, completion, OPERATION_CONNECT);
}

static void uring_close(struct io *io, struct completion *completion)
{
    operation_begin_kind(io, completion, OPERATION_CLOSE);
}

void uring_nop(struct io *io, struct completion *completion)
{
    invariant(!completion->submitted);
    completion->submitted = true;
    completion->flags = 0;
    io->in_flight++;
    operation_begin_kind(io, completion, OPERATION_NOP);
}

/* Whoever ends an io has joined its operations; what is left in the ring is our own read of the eventfd. */
static void uring_end(struct io *io)
{
    struct uring *uring = uring_of(io);

    invariant(io->in_flight == 0);
    io_uring_queue_exit(&uring->ring);
    uring_buffers_end(uring);
    uring_regions_end(uring);
    close(uring->wake_file);
    free(uring->messages);
    free(uring);
}

static const struct io_engine uring_engine = {
    .read = uring_read,
    .write = uring_write,
    .accept = uring_accept,
    .connect = uring_connect,
    .receive = uring_receive,
    .receive_exact = uring_receive_exact,
    .send = uring_send,
    .cancel = operation_cancel,
    .close = uring_close,
    .buffer_give = uring_buffer_give,
    .turn = uring_turn,
    .poke = uring_poke,
    .poke_outside = uring_poke_outside,
    .listen = uring_listen,
    .name = uring_name,
    .enroll = uring_enroll,
    .end = uring_end,
};

/* 0, or a negative errno. */
static int ring_make(struct uring *uring, const struct uring_settings *settings)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = settings->completion_entries,
    };
    int failed = io_uring_queue_init_params(settings->entries, &uring->ring, &params);
    if (failed) return failed;

    unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
    if ((params.features & needed) != needed) {
        io_uring_queue_exit(&uring->ring);
        return -EINVAL;
    }
    (void)io_uring_register_ring_fd(&uring->ring); /* Spares a look-up per enter; works without. */
    return 0;
}

/* 0, or a negative errno; then nothing is left of it. */
static int uring_try(const struct uring_settings *settings, struct uring **made)
{
    struct uring *uring = calloc(1, sizeof *uring);
    invariant(uring != NULL);
    uring->io.engine = &uring_engine;
    uring->again_end = &uring->again;
    uring->wait.poll_ns = settings->poll_ns;
    uring->wait.nap_ns = settings->nap_ns;

    int failed = ring_make(uring, settings);
    if (failed) goto fail_ring;

    uring->messages = calloc(uring->ring.sq.ring_entries, sizeof *uring->messages);
    invariant(uring->messages != NULL);
    uring->wake_file = eventfd(0, EFD_CLOEXEC);
    failed = uring->wake_file < 0 ? -errno : 0;
    if (failed) goto fail_wake;

    enum status status = uring_buffers_make(uring, settings->receive_buffer_size, settings->receive_buffer_count);
    failed = status == STATUS_OK ? 0 : -ENOMEM;
    if (failed) goto fail_buffers;

    outside_arm(uring);
    clocks_read(&uring->io);
    *made = uring;
    return 0;

fail_buffers:
    close(uring->wake_file);
fail_wake:
    free(uring->messages);
    io_uring_queue_exit(&uring->ring);
fail_ring:
    free(uring);
    return failed;
}

/* Newer kernels count rings as locked memory of their user, who may be allowed 64 KiB of it in a container. So the
 * process's limit is raised as far as it goes, and what still does not fit is made in its smallest size: slower under
 * load, and alive. The kernel gives memory of a ring that has ended back a little later, hence the second and third
 * try. */
enum status uring_make(const struct uring_settings *settings, struct io **io, const char **why)
{
    invariant(settings->entries > 1 && settings->completion_entries >= settings->entries);

    struct rlimit locked;
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < locked.rlim_max) {
        locked.rlim_cur = locked.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &locked);
    }

    struct uring *uring = NULL;
    struct uring_settings small = { .entries = min_of(settings->entries, (uint32_t)SMALL_ENTRIES),
                                    .completion_entries =
                                        min_of(settings->completion_entries, (uint32_t)SMALL_COMPLETIONS),
                                    .receive_buffer_size = settings->receive_buffer_size,
                                    .receive_buffer_count =
                                        min_of(settings->receive_buffer_count, (uint32_t)SMALL_BUFFERS),
                                    .poll_ns = settings->poll_ns,
                                    .nap_ns = settings->nap_ns };
    int failed = uring_try(settings, &uring);
    for (unsigned tries = 0; failed == -ENOMEM && tries < SMALL_TRIES; tries++) {
        pause_ns(SMALL_PAUSE_NS);
        failed = uring_try(&small, &uring);
    }
    if (!failed) {
        *io = &uring->io;
        return STATUS_OK;
    }
    *why = uring_refused(-failed);
    return failed == -EINVAL ? STATUS_UNSUPPORTED : error_status(-failed);
}
