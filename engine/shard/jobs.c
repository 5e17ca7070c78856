/* engine/shard/jobs.c   The pool of helper threads. The lock is held for as long as it takes to link or unlink a job,
 * never while one runs.
 *
 *     jobs_begin (shard) --> queue --> work (helper) --> the shard's door --> done (shard)
 *                \--> followers of the lane's first job --(when that has run)--> queue
 *
 * Invariants. (1) Of each lane only the first job stands in the queue or runs; the others are its followers, in order
 * of begin. So a helper takes whatever stands first, and no helper ever looks at a job that may not run. (2) A lane is
 * in the table while it has a first job. (3) Signals go to no helper. (4) Helpers stand back behind shards, which may
 * share a core with them: a shard that wakes does not wait until a helper has used up its turn. */
#include "shard/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "shard/shard.h"

enum { THREADS_MAX = 64, THREAD_NAME_SIZE = 16, LANE_BUCKETS = 256, HELPER_NICE = 10 };

struct helper {
    struct jobs_threads *pool;
    pthread_t thread;
};

struct jobs_threads {
    struct jobs jobs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list queue;
    struct list lanes[LANE_BUCKETS]; /* first jobs, by lane */
    bool ending;
    uint32_t thread_count;
    struct helper helpers[];
};

void jobs_deliver(struct mail *mail, struct shard *at)
{
    struct job *job = container_of(mail, struct job, mail);
    invariant(at == job->shard && at->job_count > 0);
    at->job_count--;
    job->done(job);
}

void jobs_begin(struct shard *shard, struct job *job, uint64_t lane, void (*work)(struct job *),
                void (*done)(struct job *))
{
    invariant(work != NULL && done != NULL);
    list_node_init(&job->node);
    job->shard = shard;
    job->lane = lane;
    job->status = STATUS_OK;
    job->work = work;
    job->done = done;
    shard->job_count++;
    shard->jobs->engine->begin(shard->jobs, job);
}

void jobs_end(struct jobs *jobs)
{
    jobs->engine->end(jobs);
}

static struct list *lane_bucket(struct jobs_threads *pool, uint64_t lane)
{
    return &pool->lanes[(lane * UINT64_C(0x9e3779b97f4a7c15)) >> 56]; /* The top 8 bits of a product by 2^64 / phi. */
}

static struct job *lane_first(struct jobs_threads *pool, uint64_t lane)
{
    list_each(lane_bucket(pool, lane), node)
    {
        struct job *job = container_of(node, struct job, lane_node);
        if (job->lane == lane) return job;
    }
    return NULL;
}

static void queue_add(struct jobs_threads *pool, struct job *job)
{
    list_append(&pool->queue, &job->node);
    pthread_cond_signal(&pool->changed);
}

static void threads_begin(struct jobs *jobs, struct job *job)
{
    struct jobs_threads *pool = container_of(jobs, struct jobs_threads, jobs);

    list_node_init(&job->lane_node);
    list_init(&job->followers);
    pthread_mutex_lock(&pool->lock);
    invariant(!pool->ending);
    struct job *first = job->lane == 0 ? NULL : lane_first(pool, job->lane);
    if (first != NULL) {
        list_append(&first->followers, &job->node);
    } else {
        if (job->lane != 0) list_append(lane_bucket(pool, job->lane), &job->lane_node);
        queue_add(pool, job);
    }
    pthread_mutex_unlock(&pool->lock);
}

/* The next job, or NULL when the pool ends and the queue is empty: followers of jobs that run are their helper's
 * next. */
static struct job *job_await(struct jobs_threads *pool)
{
    while (list_empty(&pool->queue)) {
        if (pool->ending) return NULL;
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    return container_of(list_take_first(&pool->queue), struct job, node);
}

/* Hands the lane on to its next job, if there is one. */
static void lane_pass(struct jobs_threads *pool, struct job *job)
{
    struct list_node *node = list_take_first(&job->followers);

    list_remove(&job->lane_node);
    if (node == NULL) return;
    struct job *next = container_of(node, struct job, node);
    list_join(&next->followers, &job->followers);
    list_append(lane_bucket(pool, next->lane), &next->lane_node);
    queue_add(pool, next);
}

static void *helper_run(void *argument)
{
    struct helper *helper = argument;
    struct jobs_threads *pool = helper->pool;

    (void)!nice(HELPER_NICE); /* Of this thread alone, on Linux. What it returns says nothing. */
    pthread_mutex_lock(&pool->lock);
    for (struct job *job; (job = job_await(pool)) != NULL;) {
        pthread_mutex_unlock(&pool->lock);
        job->work(job);
        pthread_mutex_lock(&pool->lock);
        lane_pass(pool, job);
        pthread_mutex_unlock(&pool->lock);
        mail_post_outside(job->shard, &job->mail, jobs_deliver); /* From here on the shard's. */
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void helpers_join(struct jobs_threads *pool, uint32_t count)
{
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < count; i++) pthread_join(pool->helpers[i].thread, NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    free(pool);
}

static void threads_end(struct jobs *jobs)
{
    struct jobs_threads *pool = container_of(jobs, struct jobs_threads, jobs);
    helpers_join(pool, pool->thread_count);
}

static const struct jobs_engine threads_engine = { .begin = threads_begin, .end = threads_end };

static bool helper_start(struct jobs_threads *pool, uint32_t index)
{
    struct helper *helper = &pool->helpers[index];
    sigset_t all, before;

    helper->pool = pool;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&helper->thread, NULL, helper_run, helper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) return false;

    char name[THREAD_NAME_SIZE];
    (void)snprintf(name, sizeof name, "job-%u", index);
    (void)pthread_setname_np(helper->thread, name);
    return true;
}

enum status jobs_threads_make(uint32_t thread_count, struct jobs **jobs)
{
    invariant(thread_count >= 1 && thread_count <= THREADS_MAX);

    struct jobs_threads *pool = calloc(1, sizeof *pool + thread_count * sizeof pool->helpers[0]);
    invariant(pool != NULL);
    pool->jobs.engine = &threads_engine;
    pool->thread_count = thread_count;
    list_init(&pool->queue);
    for (unsigned i = 0; i < LANE_BUCKETS; i++) list_init(&pool->lanes[i]);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    for (uint32_t i = 0; i < thread_count; i++) {
        if (helper_start(pool, i)) continue;
        helpers_join(pool, i);
        return STATUS_NO_MEMORY;
    }
    *jobs = &pool->jobs;
    return STATUS_OK;
}
