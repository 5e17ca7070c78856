/* engine/log/sweep.c   One job per directory, the next one begun when it is done, in the lane of all removals: of the
 * helper threads it takes one, and a stop waits for one directory at most. */
#include "log/sweep.h"

#include <string.h>

#include "log/segment_files.h"

struct sweep {
    struct store *store;
    struct ready ready;
    struct job job;
    struct list names;
    struct sweep_name *going;
};

struct sweep_name {
    struct list_node node;
    char name[];
};

static void sweep_go(struct sweep *sweep);

static void sweep_run(struct ready *ready)
{
    sweep_go(container_of(ready, struct sweep, ready));
}

void sweep_add(struct store *store, const char *name)
{
    struct heap *heap = &store->shard->heap;
    size_t size = strlen(name) + 1;
    struct sweep_name *added = heap_take(heap, sizeof *added + size);

    if (!store->sweep) {
        store->sweep = heap_take(heap, sizeof *store->sweep);
        store->sweep->store = store;
        list_init(&store->sweep->names);
        ready_init(&store->sweep->ready, sweep_run);
    }
    memcpy(added->name, name, size);
    list_node_init(&added->node);
    list_append(&store->sweep->names, &added->node);
}

void sweep_begin(struct store *store)
{
    if (store->sweep) shard_ready(store->shard, &store->sweep->ready);
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
    sweep_go(sweep);
}

static void sweep_go(struct sweep *sweep)
{
    struct store *store = sweep->store;

    if (list_empty(&sweep->names) || store->closing || store->failed) {
        sweep_end(store);
        return;
    }
    sweep->going = container_of(list_take_first(&sweep->names), struct sweep_name, node);
    jobs_begin(store->shard, &sweep->job, DELETION_LANE, sweep_work, sweep_done);
}

void sweep_end(struct store *store)
{
    struct heap *heap = &store->shard->heap;
    struct list_node *node;

    if (!store->sweep) return;
    list_remove(&store->sweep->ready.node); /* A start that was given up. */
    while ((node = list_take_first(&store->sweep->names)) != NULL)
        heap_give(heap, container_of(node, struct sweep_name, node));
    heap_give(heap, store->sweep);
    store->sweep = NULL;
}
