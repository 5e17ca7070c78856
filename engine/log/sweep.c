/* engine/log/sweep.c   One job per directory, the next one begun when it is done, in the lane of all removals: of the
 * helper threads it takes one, and a stop waits for one directory at most.
 *
 *     waiting --its time--> due --the one before is done--> going --> gone */
#include "log/sweep.h"

#include <string.h>

#include "log/segment_files.h"

struct sweep_name {
    struct list_node node;
    struct timer timer;
    struct sweep *sweep;
    char name[];
};

static void sweep_run(struct ready *ready);
static void name_fire(struct timer *timer);

void sweep_init(struct sweep *sweep, struct store *store)
{
    *sweep = (struct sweep){ .store = store };
    list_init(&sweep->waiting);
    list_init(&sweep->due);
    ready_init(&sweep->ready, sweep_run);
}

static void name_due(struct sweep *sweep, struct sweep_name *name)
{
    list_append(&sweep->due, &name->node);
    if (!sweep->going && !list_linked(&sweep->ready.node)) shard_ready(sweep->store->shard, &sweep->ready);
}

void sweep_add(struct sweep *sweep, const char *name, int64_t delay_ns)
{
    struct shard *shard = sweep->store->shard;
    size_t size = strlen(name) + 1;
    struct sweep_name *added = heap_take(&shard->heap, sizeof *added + size);

    added->sweep = sweep;
    memcpy(added->name, name, size);
    list_node_init(&added->node);
    timer_init(&added->timer, name_fire);
    if (delay_ns == 0) {
        name_due(sweep, added);
        return;
    }
    list_append(&sweep->waiting, &added->node);
    timer_set(&shard->timers, &added->timer, deadline_after(shard_now_ns(shard), delay_ns));
}

static void name_fire(struct timer *timer)
{
    struct sweep_name *name = container_of(timer, struct sweep_name, timer);
    list_remove(&name->node);
    name_due(name->sweep, name);
}

static void sweep_work(struct job *job)
{
    const struct sweep *sweep = container_of(job, struct sweep, job);
    const struct directory *directory = sweep->store->directory;
    job->status = directory_remove_all(directory->files, directory->handle, sweep->going->name);
}

/* What could not be removed is named -delete: the next start tries again. */
static void sweep_done(struct job *job)
{
    struct sweep *sweep = container_of(job, struct sweep, job);

    heap_give(&sweep->store->shard->heap, sweep->going);
    sweep->going = NULL;
    sweep_run(&sweep->ready);
}

static void sweep_run(struct ready *ready)
{
    struct sweep *sweep = container_of(ready, struct sweep, ready);
    struct store *store = sweep->store;

    invariant(!sweep->going);
    if (list_empty(&sweep->due) || store->closing || store->failed) return;
    sweep->going = container_of(list_take_first(&sweep->due), struct sweep_name, node);
    jobs_begin(store->shard, &sweep->job, DELETION_LANE, sweep_work, sweep_done);
}

static void names_end(struct sweep *sweep, struct list *names)
{
    struct shard *shard = sweep->store->shard;
    struct list_node *node;

    while ((node = list_take_first(names)) != NULL) {
        struct sweep_name *name = container_of(node, struct sweep_name, node);
        timer_clear(&shard->timers, &name->timer);
        heap_give(&shard->heap, name);
    }
}

void sweep_end(struct sweep *sweep)
{
    invariant(!sweep->going);
    list_remove(&sweep->ready.node); /* A start that was given up. */
    names_end(sweep, &sweep->waiting);
    names_end(sweep, &sweep->due);
}
