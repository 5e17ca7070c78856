/* Jobs: come back to their shard, in order within a lane, side by side otherwise; the end runs what is queued. */
#include "shards.h"

#include <pthread.h>
#include <time.h>

enum { LANES = 3, PER_LANE = 200, TASKS = LANES * PER_LANE };

struct task {
    struct job job;
    unsigned number;
    _Atomic bool *lane_busy;
    unsigned *lane_next; /* touched by whoever runs the lane: one at a time */
    unsigned *done_count;
    bool done;
};

static void task_work(struct job *job)
{
    struct task *task = container_of(job, struct task, job);
    assert_false(atomic_exchange(task->lane_busy, true)); /* Nobody else runs in this lane, */
    assert_int_equal(*task->lane_next, task->number);     /* and all before us have run. */
    ++*task->lane_next;
    job->status = STATUS_EXISTS;
    atomic_store(task->lane_busy, false);
}

static void task_done(struct job *job)
{
    struct task *task = container_of(job, struct task, job);
    assert_int_equal(job->status, STATUS_EXISTS);
    assert_false(task->done);
    task->done = true;
    ++*task->done_count;
}

static void steps_until(struct shard *shard, const unsigned *count, unsigned wanted)
{
    for (int i = 0; i < 10000 && *count < wanted; i++) {
        struct timespec pause = { .tv_nsec = 1000000 };
        shard_step(shard);
        if (*count < wanted) nanosleep(&pause, NULL);
    }
    assert_int_equal(*count, wanted);
}

static void jobs_of_a_lane_run_one_after_the_other_in_order(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    struct task *tasks = calloc(TASKS, sizeof *tasks);
    _Atomic bool busy[LANES] = { false };
    unsigned next[LANES] = { 0 }, done = 0;
    assert_int_equal(jobs_threads_make(4, &shard->jobs), STATUS_OK);
    for (unsigned i = 0; i < TASKS; i++) {
        unsigned lane = i % LANES;
        tasks[i] = (struct task){
            .number = i / LANES, .lane_busy = &busy[lane], .lane_next = &next[lane], .done_count = &done
        };
        jobs_begin(shard, &tasks[i].job, lane + 1, task_work, task_done);
    }
    assert_int_equal(shard->job_count, TASKS);
    steps_until(shard, &done, TASKS);
    assert_int_equal(shard->job_count, 0);
    jobs_end(shard->jobs);
    free(tasks);
    shards_end(shards);
}

struct meeting {
    struct job job;
    pthread_barrier_t *both;
    unsigned *done_count;
};

static void meeting_work(struct job *job)
{
    pthread_barrier_wait(container_of(job, struct meeting, job)->both); /* Passes only when two run at once. */
}

static void meeting_done(struct job *job)
{
    ++*container_of(job, struct meeting, job)->done_count;
}

static void jobs_without_a_lane_or_of_different_lanes_run_side_by_side(void **state)
{
    (void)state;
    static const uint64_t lanes[][2] = { { 0, 0 }, { 1, 2 }, { 0, 1 } };
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    assert_int_equal(jobs_threads_make(2, &shard->jobs), STATUS_OK);
    for (size_t row = 0; row < array_count(lanes); row++) {
        pthread_barrier_t both;
        unsigned done = 0;
        pthread_barrier_init(&both, NULL, 2);
        struct meeting meetings[2];
        for (int i = 0; i < 2; i++) {
            meetings[i] = (struct meeting){ .both = &both, .done_count = &done };
            jobs_begin(shard, &meetings[i].job, lanes[row][i], meeting_work, meeting_done);
        }
        steps_until(shard, &done, 2);
        pthread_barrier_destroy(&both);
    }
    jobs_end(shard->jobs);
    shards_end(shards);
}

static void the_end_runs_what_is_queued(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    struct task *tasks = calloc(PER_LANE, sizeof *tasks);
    _Atomic bool busy = false;
    unsigned next = 0, done = 0;
    assert_int_equal(jobs_threads_make(1, &shard->jobs), STATUS_OK);
    for (unsigned i = 0; i < PER_LANE; i++) {
        tasks[i] = (struct task){ .number = i, .lane_busy = &busy, .lane_next = &next, .done_count = &done };
        jobs_begin(shard, &tasks[i].job, 9, task_work, task_done);
    }
    jobs_end(shard->jobs);
    assert_int_equal(next, PER_LANE);
    shard_step(shard);
    assert_int_equal(done, PER_LANE);
    free(tasks);
    shards_end(shards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_of_a_lane_run_one_after_the_other_in_order),
        cmocka_unit_test(jobs_without_a_lane_or_of_different_lanes_run_side_by_side),
        cmocka_unit_test(the_end_runs_what_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
