/* engine/shard/jobs.h   What is long or blocks: a small bounded pool of helper threads that run jobs and post them back
 * to the shard they came from. A job's struct belongs to the pool between jobs_begin and `done`; it touches nothing
 * else that a shard owns. Jobs with the same non-zero `lane` run one after the other, in order of begin (all file work
 * of one log, say). The simulator has a twin that runs them in its own thread, later. */
#ifndef ENGINE_SHARD_JOBS_H
#define ENGINE_SHARD_JOBS_H

#include <stdint.h>

#include "base/status.h"
#include "shard/mailbox.h"

struct jobs;
struct shard;

struct job {
    struct mail mail;
    struct list_node node;      /* in the queue, or among the followers of its lane's first job */
    struct list_node lane_node; /* of a lane's first job: in the table of lanes */
    struct list followers;      /* of a lane's first job: the others, in order */
    struct shard *shard;
    uint64_t lane;
    enum status status;            /* for `work` to set, for `done` to look at */
    void (*work)(struct job *job); /* on a helper thread; files_* calls are allowed */
    void (*done)(struct job *job); /* on the shard; must not free what others still refer to */
};

struct jobs_engine {
    void (*begin)(struct jobs *jobs, struct job *job);
    void (*end)(struct jobs *jobs);
};

struct jobs {
    const struct jobs_engine *engine;
};

/* Real threads; at least 1. */
must_check enum status jobs_threads_make(uint32_t thread_count, struct jobs **jobs);
void jobs_begin(struct shard *shard, struct job *job, uint64_t lane, void (*work)(struct job *),
                void (*done)(struct job *));
/* For engines: what brings a job back to its shard, as mail. */
void jobs_deliver(struct mail *mail, struct shard *at);
/* Waits for what runs; queued jobs are run to their end first. */
void jobs_end(struct jobs *jobs);

#endif
