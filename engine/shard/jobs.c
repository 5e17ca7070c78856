/* engine/shard/jobs.c   The pool of helper threads. One queue in order of begin; a helper takes the first job whose lane nobody runs. The
 * lock is held for as long as it takes to link or unlink a job, never while one runs.
 *
 *     jobs_begin (shard) --> queue --> work (helper) --> the shard's door --> done (shard)
 *
 * Invariants. (1) At most one running job per non-zero lane, and none of a lane before all that were begun earlier in it have run: a lane's
 * jobs stand in the queue in order, and a blocked one blocks those behind it by the same test. (2) Signals go to no helper. */
#include "shard/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "shard/shard.h"

enum { THREADS_MAX = 64, THREAD_NAME_SIZE = 16 };

struct helper {
    struct jobs_threads *pool;
    pthread_t thread;
    uint64_t lane; /* of the job that runs; 0: none, or of no lane */
};

struct jobs_threads {
    struct jobs jobs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list queue;
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

static void threads_begin(struct jobs *jobs, struct job *job)
{
    struct jobs_threads *pool = container_of(jobs, struct jobs_threads, jobs);

    pthread_mutex_lock(&pool->lock);
    invariant(!pool->ending);
    list_append(&pool->queue, &job->node);
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static bool lane_runs(const struct jobs_threads *pool, uint64_t lane)
{
    if (lane == 0) return false;
    for (uint32_t i = 0; i < pool->thread_count; i++)
        if (pool->helpers[i].lane == lane) return true;
    return false;
}

static struct job *job_take(struct jobs_threads *pool)
{
    list_each(&pool->queue, node)
    {
        struct job *job = container_of(node, struct job, node);
        if (lane_runs(pool, job->lane)) continue;
        list_remove(node);
        return job;
    }
    return NULL;
}

/* The next job, or NULL when the pool ends and the queue is empty. A queue with blocked jobs only is waited for: who runs their
 * lanes will tell. */
static struct job *job_await(struct jobs_threads *pool)
{
    for (;;) {
        struct job *job = job_take(pool);
        if (job != NULL) return job;
        if (pool->ending && list_empty(&pool->queue)) return NULL;
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
}

static void *helper_run(void *argument)
{
    struct helper *helper = argument;
    struct jobs_threads *pool = helper->pool;

    pthread_mutex_lock(&pool->lock);
    for (struct job *job; (job = job_await(pool)) != NULL;) {
        helper->lane = job->lane;
        pthread_mutex_unlock(&pool->lock);
        job->work(job);
        struct shard *shard = job->shard;
        mail_post_outside(shard, &job->mail, jobs_deliver);

        pthread_mutex_lock(&pool->lock);
        if (helper->lane != 0) pthread_cond_broadcast(&pool->changed);
        helper->lane = 0;
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
