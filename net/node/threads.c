/* net/node/threads.c   A thread per shard. Each makes its own ring (only the thread that made one may submit to it),
 * then waits while the node is put together, then runs its loop to the end:
 *
 *     thread:  make io --made--> wait --released--> shard_run --> ended
 *     starter: create all --all made--> boot --> release
 */
#include <sched.h>

#include "io/io.h"
#include "node/node_work.h"

/* The n-th core that this process may use; as many shards as cores, so none shares. */
static void pin(const struct node *node, uint32_t index)
{
    cpu_set_t allowed, mine;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;

    uint32_t cores = (uint32_t)CPU_COUNT(&allowed), data_shards = node->shard_count - 1;
    if (index >= data_shards || cores < data_shards) return; /* the replication shard goes where there is room */
    uint32_t seen = 0;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET((size_t)core, &allowed) || seen++ != index) continue;
        CPU_ZERO(&mine);
        CPU_SET((size_t)core, &mine);
        (void)sched_setaffinity(0, sizeof(mine), &mine); /* without it the node is slower, not wrong */
        return;
    }
}

static void *run(void *argument)
{
    struct node_shard *part = argument;
    struct node *node = part->node;
    struct node_work *work = node_work(node);
    uint32_t index = (uint32_t)(part - work->parts);
    struct io *io = NULL;

    pin(node, index);
    part->status = node->platform->make_io(node->platform, &node->plan, index, &io, &part->why);

    pthread_mutex_lock(&work->mutex);
    part->shard.io = io;
    work->made++;
    pthread_cond_broadcast(&work->changed);
    while (!work->released) pthread_cond_wait(&work->changed, &work->mutex);
    bool cancelled = work->cancelled;
    pthread_mutex_unlock(&work->mutex);

    if (!cancelled) shard_run(&part->shard);
    part->ended = true;
    if (node->platform->changed && !cancelled) node->platform->changed(node->platform);
    return NULL;
}

enum status threads_make(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);
    enum status status = STATUS_OK;
    uint32_t started = 0;

    for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++) {
        struct node_shard *part = &work->parts[i];
        if (pthread_create(&part->thread, NULL, run, part) != 0) {
            *why = "no more threads";
            status = STATUS_NO_MEMORY;
            break;
        }
        part->thread_started = true;
        started++;
    }
    pthread_mutex_lock(&work->mutex);
    while (work->made < started) pthread_cond_wait(&work->changed, &work->mutex);
    pthread_mutex_unlock(&work->mutex);

    for (uint32_t i = 0; i < started && status == STATUS_OK; i++) {
        status = work->parts[i].status;
        *why = work->parts[i].why;
    }
    return status;
}

void threads_release(struct node *node, bool go)
{
    struct node_work *work = node_work(node);
    pthread_mutex_lock(&work->mutex);
    work->released = true;
    work->cancelled = !go;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->mutex);
}

void threads_join(struct node *node)
{
    struct node_work *work = node_work(node);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct node_shard *part = &work->parts[i];
        if (part->thread_started) (void)pthread_join(part->thread, NULL);
        part->thread_started = false;
    }
}
