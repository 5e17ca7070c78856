/* engine/shard/shard.h   One core's worth of Sluice: a thread with its own ring, memory, timers, mail and partitions.
 * Nothing in it is locked, because nothing in it is shared. The loop reads aloud:
 *
 *     take completions (io_turn) -> take mail -> run what became ready -> expire timers -> submit and wait (io_turn)
 *
 * A wake (of a watermark, a message, a timer) never runs inside the step that caused it: it joins the ready list. The
 * simulator calls shard_step itself, for all shards of all nodes, in one thread. */
#ifndef ENGINE_SHARD_SHARD_H
#define ENGINE_SHARD_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/prng.h"
#include "io/io.h"
#include "shard/mailbox.h"
#include "shard/timers.h"

struct files;
struct jobs;
struct memory;
struct store;
struct replicas;
struct face;

/* Something to be done soon, on this shard: an intrusive entry of the ready list. */
struct ready {
    struct list_node node;
    void (*run)(struct ready *ready);
};

struct shard {
    uint32_t index;        /* in the node: data shards 0 .. n-1, the replication shard n */
    uint32_t shard_count;  /* all of them */
    struct shard **shards; /* by index; the same array for all */
    struct io *io;
    struct files *files; /* for start-up only; in the loop, file work goes by jobs */
    struct jobs *jobs;
    struct memory *memory; /* the planned region: blocks (memory.h) */
    struct heap heap;      /* control plane */
    struct prng prng;
    struct mailbox mailbox;
    struct timers timers;
    struct list ready;
    uint32_t job_count; /* begun and not yet done */
    bool stopping;      /* set by shard_stop: the loop ends once nothing is in flight */
    uint64_t turn_count;
    int64_t step_ns_max;  /* the longest step until now */
    uint64_t stall_count; /* steps of 5 ms or more, */
    int64_t stalled_ns;   /* and how long they took together */
    int64_t busy_ns;      /* all steps together */
    /* What the floors above keep per shard; opaque here. */
    struct store *store;       /* engine/log */
    struct replicas *replicas; /* replication/replica */
    struct face *face;         /* net */
};

void shard_init(struct shard *shard, uint32_t index, uint32_t shard_count, struct shard **shards, struct io *io,
                struct files *files, struct jobs *jobs, uint64_t seed);
/* Gives back what shard_init took. Nobody posts any more, and the memory has ended. */
void shard_end(struct shard *shard);
/* The time of this turn. */
static inline int64_t shard_now_ns(const struct shard *shard)
{
    return shard->io->now_ns;
}
static inline int64_t shard_wall_ms(const struct shard *shard)
{
    return shard->io->wall_ms;
}

static inline void ready_init(struct ready *ready, void (*run)(struct ready *))
{
    list_node_init(&ready->node);
    ready->run = run;
}
/* Runs `ready` after the present step; nothing when it is in the list already. */
static inline void shard_ready(struct shard *shard, struct ready *ready)
{
    if (!list_linked(&ready->node)) list_append(&shard->ready, &ready->node);
}

/* Everything but waiting: mail, ready, timers. Returns the deadline for the next io_turn: now when there is more to do,
 * the next timer, or INT64_MAX. Part of shard_run, and called alone by the simulator after its own io_turn. */
int64_t shard_step(struct shard *shard);
/* The loop, until shard_stop. */
void shard_run(struct shard *shard);
/* Ends the loop of this shard, from its own thread, once its operations and jobs have ended: cancel and close first. */
void shard_stop(struct shard *shard);

#endif
