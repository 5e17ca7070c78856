/* engine/shard/shard.c   The loop of a core. One round:
 *
 *     io_turn         submit, wait, resume what completed
 *     mailbox_deliver what others sent
 *     ready_run       what those two (and the last round) made ready
 *     timers_expire   deadlines
 *     mailbox_poke    wake those who sleep on what we sent
 *
 * Every part of a round handles what was there when it began and leaves the rest to the next round, so none can starve
 * the others: a round is as long as the work that one look finds. */
#include "shard/shard.h"

#include <time.h>

#include "base/check.h"
#include "shard/probe.h"

enum { NS_PER_S = 1000000000, STALL_NS = 5000000 };

void shard_init(struct shard *shard, uint32_t index, uint32_t shard_count, struct shard **shards, struct io *io,
                struct files *files, struct jobs *jobs, uint64_t seed)
{
    invariant(index < shard_count && shards != NULL && io != NULL);

    *shard = (struct shard){
        .index = index, .shard_count = shard_count, .shards = shards, .io = io, .files = files, .jobs = jobs
    };
    heap_init(&shard->heap);
    prng_seed(&shard->prng, seed);
    mailbox_init(&shard->mailbox, shard_count, &shard->heap);
    timers_init(&shard->timers, io->now_ns);
    list_init(&shard->ready);
}

void shard_end(struct shard *shard)
{
    invariant(list_empty(&shard->ready) && shard->job_count == 0);
    heap_end(&shard->heap);
}

/* Only what is ready now: whoever becomes ready meanwhile is for the next round. */
static void ready_run(struct shard *shard)
{
    struct list now;
    list_init(&now);
    list_join(&now, &shard->ready);
    for (struct list_node *node; (node = list_take_first(&now)) != NULL;) {
        struct ready *ready = container_of(node, struct ready, node);
        ready->run(ready);
    }
}

int64_t shard_step(struct shard *shard)
{
    shard->turn_count++;
    (void)mailbox_deliver(shard);
    ready_run(shard);
    timers_expire(&shard->timers, shard_now_ns(shard));
    mailbox_poke(shard);

    if (!list_empty(&shard->ready) || mailbox_pending(shard)) return shard_now_ns(shard);
    return timers_next_ns(&shard->timers);
}

static bool shard_finished(const struct shard *shard)
{
    return shard->stopping && shard->io->in_flight == 0 && shard->job_count == 0 && list_empty(&shard->ready) &&
           !mailbox_pending(shard);
}

/* How long the completions and the step took that lie between two waits. */
static void stall_note(struct shard *shard)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return;
    int64_t step_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec - shard_now_ns(shard);
    shard->step_ns_max = max_of(shard->step_ns_max, step_ns);
    shard->busy_ns += step_ns;
    if (step_ns < STALL_NS) return;
    shard->stall_count++;
    shard->stalled_ns += step_ns;
    PROBE2(shard__stall, shard->index, step_ns);
}

void shard_run(struct shard *shard)
{
    invariant(shard->shards[shard->index] == shard);

    bool last;
    do {
        int64_t deadline_ns = shard_step(shard);
        stall_note(shard);
        last = shard_finished(shard);
        if (last || (deadline_ns > shard_now_ns(shard) && mailbox_sleep(shard))) deadline_ns = shard_now_ns(shard);
        io_turn(shard->io, deadline_ns); /* Also after the last step: it submits the last pokes. */
        mailbox_awake(shard);
    } while (!last || !shard_finished(shard));
}

void shard_stop(struct shard *shard)
{
    shard->stopping = true;
}
