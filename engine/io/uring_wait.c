/* engine/io/uring_wait.c   The end of a turn: what is there is submitted, and the thread waits for completions. Three
 * ways to wait, the dearer the sooner awake:
 *
 *     look    again and again, the core yielded in between (sluice.poll.us, off by itself)
 *     nap     by a timer every tenth of a millisecond or two (sluice.nap.us)
 *     sleep   until something comes or the deadline passes
 *
 * A core that slept for long is woken late. The host of a guest looks for a moment, 200 us in KVM by itself, whether a
 * core that halted is wanted again, and gives that up for one that slept longer (Linux,
 * Documentation/virt/kvm/halt-polling.rst); on bare metal, deeper idle states take longer to leave. Naps are short
 * enough for both. They are for who is sure to be wanted soon, but not before a nap would end: its timer costs
 * microseconds, too, as a guest sets it by way of the host. perf/README.md has what each way costs and buys. */
#include <sched.h>
#include <time.h>

#include "io/uring_engine.h"

enum {
    NS_PER_S = 1000000000,
    NAPS = 16, /* in a row, before it sleeps */
};

/* Whether an enter would bring something although we neither submit nor wait. */
static bool kernel_calls(const struct uring *uring)
{
    return (IO_URING_READ_ONCE(*uring->ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static void submit(struct uring *uring)
{
    if (io_uring_sq_ready(&uring->ring) > 0) {
        uring_entered(uring, io_uring_submit_and_get_events(&uring->ring));
    } else if (kernel_calls(uring)) {
        uring_entered(uring, io_uring_get_events(&uring->ring));
    }
}

/* Sleeps for `wait_ns`, INT64_MAX for ever, or until something completes. */
static void submit_and_sleep(struct uring *uring, int64_t wait_ns)
{
    struct __kernel_timespec wait = { .tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S };
    struct io_uring_cqe *first;
    uring_entered(uring,
                  io_uring_submit_and_wait_timeout(&uring->ring, &first, 1, wait_ns == INT64_MAX ? NULL : &wait, NULL));
}

static bool nothing_came(const struct uring *uring, int64_t now_ns, int64_t until_ns)
{
    return io_uring_cq_ready(&uring->ring) == 0 && now_ns < until_ns;
}

/* Between two looks other threads of this core run: the kernel's, which begins the flush behind a write, above all.
 * Returns the time. */
static int64_t look(struct uring *uring, int64_t begun_ns, int64_t until_ns)
{
    int64_t now_ns = begun_ns;

    submit(uring);
    while (nothing_came(uring, now_ns, until_ns)) {
        if (kernel_calls(uring)) {
            uring_entered(uring, io_uring_get_events(&uring->ring));
        } else {
            (void)sched_yield();
        }
        now_ns = uring_clock_ns(CLOCK_MONOTONIC);
    }
    uring->io.polled_ns += (uint64_t)(now_ns - begun_ns);
    return now_ns;
}

static int64_t nap(struct uring *uring, int64_t now_ns, int64_t until_ns)
{
    while (nothing_came(uring, now_ns, until_ns)) {
        submit_and_sleep(uring, min_of(uring->wait.nap_ns, until_ns - now_ns));
        uring->io.nap_count++;
        now_ns = uring_clock_ns(CLOCK_MONOTONIC);
    }
    return now_ns;
}

/* Whether looking is likely to spare a sleep: a durable write takes no longer than the limit on devices for which this
 * is meant, and what is not the device's comes as it came last time. */
static bool looking_pays(const struct uring_wait *wait)
{
    return wait->durable_count > 0 || wait->idle_ns[0] <= wait->poll_ns;
}

/* Two waits are looked at, since a request that another shard works on is two, a short one and a long one. */
static bool napping_pays(const struct uring_wait *wait)
{
    int64_t longer_ns = max_of(wait->idle_ns[0], wait->idle_ns[1]);
    return longer_ns > wait->nap_ns && longer_ns <= NAPS * wait->nap_ns;
}

void uring_wait(struct uring *uring, int64_t deadline_ns)
{
    struct uring_wait *wait = &uring->wait;

    if (uring->again != NULL) deadline_ns = min_of(deadline_ns, uring->again_ns);
    if (!nothing_came(uring, uring->io.now_ns, deadline_ns)) { /* Most turns of a busy shard: no clock is read. */
        submit(uring);
        return;
    }

    bool idle = wait->durable_count == 0 && io_uring_sq_ready(&uring->ring) == 0;
    int64_t begun_ns = uring_clock_ns(CLOCK_MONOTONIC), now_ns = begun_ns;
    if (wait->poll_ns > 0 && looking_pays(wait)) {
        now_ns = look(uring, begun_ns, min_of(deadline_ns, begun_ns + wait->poll_ns));
    }
    if (idle && napping_pays(wait)) {
        now_ns = nap(uring, now_ns, min_of(deadline_ns, begun_ns + NAPS * wait->nap_ns));
    }
    if (nothing_came(uring, now_ns, deadline_ns)) {
        submit_and_sleep(uring, deadline_ns == INT64_MAX ? INT64_MAX : deadline_ns - now_ns);
        if (idle) now_ns = uring_clock_ns(CLOCK_MONOTONIC);
    } else {
        submit(uring);
    }
    if (!idle) return;
    wait->idle_ns[1] = wait->idle_ns[0];
    wait->idle_ns[0] = now_ns - begun_ns;
}
