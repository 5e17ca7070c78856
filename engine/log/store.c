/* engine/log/store.c   The logs of one shard: opened, deleted, closed; and what happens to all of them when their
 * directory fails.
 *
 *     delete   DROP entry --flushed--> spill of this log at rest --> files to a job --> struct log is freed, `ready`
 *         runs
 *     close    appends refused --> everything flushed --> everything in segments, checkpoint --> files closed -->
 *         `ready` */
#include "log/store.h"

#include <stdatomic.h>
#include <string.h>

#include "io/files.h"
#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/gather.h"
#include "log/reader.h"
#include "log/recovery.h"
#include "log/spill.h"
#include "log/state.h"
#include "log/stream.h"
#include "log/sweep.h"
#include "log/tail.h"
#include "log/upkeep.h"
#include "log/wal.h"

static void settle_run(struct ready *ready);

enum status store_make(struct shard *shard, struct directory *directory, const struct plan *plan, struct store **made)
{
    struct heap *heap = &shard->heap;
    struct store *store = heap_take(heap, sizeof *store);

    store->shard = shard;
    store->directory = directory;
    store->starting = true;
    list_init(&store->logs);
    list_init(&store->walks);
    list_init(&store->crowded);
    list_init(&store->removals);
    list_init(&store->streams);
    list_init(&store->free_streams);
    list_init(&store->free_tasks);
    watermark_init(&store->flushed, 1);
    ready_init(&store->settle, settle_run);

    store->gathers = heap_take(heap, sizeof *store->gathers);
    store->tails = heap_take(heap, sizeof *store->tails);
    store->wal = heap_take(heap, sizeof *store->wal);
    store->flush = heap_take(heap, sizeof *store->flush);
    store->spill = heap_take(heap, sizeof *store->spill);
    store->checkpoint = heap_take(heap, sizeof *store->checkpoint);
    gathers_init(store->gathers, store, shard->index == plan->shard_count ? GATHER_BLOCK_SMALL : GATHER_BLOCK_SIZE);
    tails_init(store->tails, heap);
    store->files_max = plan->files_max > 0 ? plan->files_max : READER_FILES_MAX;
    wal_init(store->wal, store, plan);
    flush_init(store->flush, store);
    spill_init(store->spill, store);
    checkpoint_init(store->checkpoint, store);
    store->upkeep = heap_take(heap, sizeof *store->upkeep);
    upkeep_init(store->upkeep, store);
    store->sweep = heap_take(heap, sizeof *store->sweep);
    sweep_init(store->sweep, store);

    shard->store = store;
    *made = store;
    return recovery_adopt_wal(directory, store);
}

/* ---- walks ---- */

void store_walk_begin(struct store_walk *walk, struct store *store)
{
    *walk = (struct store_walk){ .store = store, .next = store->logs.head.next };
    list_node_init(&walk->node);
    list_append(&store->walks, &walk->node);
}

struct log *store_walk_next(struct store_walk *walk)
{
    struct list_node *next = walk->next;

    if (next == &walk->store->logs.head) {
        list_remove(&walk->node);
        return NULL;
    }
    walk->next = next->next;
    return container_of(next, struct log, node);
}

static void walks_leave(struct store *store, const struct log *log)
{
    list_each(&store->walks, node)
    {
        struct store_walk *walk = container_of(node, struct store_walk, node);
        if (walk->next == &log->node) walk->next = log->node.next;
    }
}

/* ---- logs ---- */

static struct log *log_make(struct store *store, struct log_key key, struct text topic,
                            const struct log_settings *settings)
{
    struct log *log = heap_take(&store->shard->heap, sizeof *log + topic.size);
    char *name = (char *)(log + 1);

    memcpy(name, topic.data, topic.size);
    log->store = store;
    log->directory = store->directory;
    log->settings = settings;
    log->key = key;
    log->topic = (struct text){ name, topic.size };
    log->leader_epoch = -1;
    watermark_init(&log->committed, 0);
    watermark_init(&log->durable, 0);
    list_node_init(&log->node);
    list_append(&store->logs, &log->node);
    wal_fit(store->wal, ++store->log_count);
    return log;
}

/* A checkpoint under way waits for its bytes no longer. */
static void log_drop_tail(struct log *log)
{
    bool waited = log->tail && log->tail->cut;

    tail_drop(log->store->tails, log);
    checkpoint_truncated(log->store->checkpoint, log, waited);
}

static void log_free(struct log *log)
{
    struct store *store = log->store;

    walks_leave(store, log);
    if (log->stream) stream_end(log->stream);
    checkpoint_forget(store->checkpoint, log);
    log_drop_tail(log);
    log_state_end(log);
    list_remove(&log->node);
    wal_fit(store->wal, --store->log_count);
    heap_give(&store->shard->heap, log);
}

enum status log_open(struct store *store, const struct log_found *found, struct log_key key, struct text topic,
                     const struct log_settings *settings, struct log **opened)
{
    struct log *log = log_make(store, key, topic, settings);

    log->incarnation = prng_u64(&store->shard->prng) | 1;
    if (found) {
        enum status status = recovery_restore(log, found);
        if (status != STATUS_OK) {
            log_free(log);
            return status;
        }
    }
    log->offline = atomic_load_explicit(&store->directory->failed, memory_order_relaxed);
    *opened = log;
    return STATUS_OK;
}

void log_close_now(struct log *log)
{
    invariant(log->store->starting);
    log_free(log);
}

void log_change_settings(struct log *log, const struct log_settings *settings)
{
    log->settings = settings;
}

/* ---- deletion ---- */

struct removal {
    struct list_node node; /* in the store */
    struct log *log;
    struct ready *ready;
    struct ready retry; /* the tail's memory was used up */
    struct watermark_wait flushed;
    struct segment_work work;
    bool durable;
};

/* Logs whose files go at the same time: of ten thousand not all in one step. */
enum { REMOVALS_AT_ONCE = 32 };

static void removals_go(struct store *store);
static void removal_enter(struct ready *ready);

static void removal_files_gone(struct segment_work *work)
{
    struct removal *removal = container_of(work, struct removal, work);
    struct store *store = removal->log->store;

    if (work->status != STATUS_OK) directory_fail(store, work->status);
    store->removing--;
    log_free(removal->log);
    shard_ready(store->shard, removal->ready);
    heap_give(&store->shard->heap, removal);
    shard_ready(store->shard, &store->settle);
}

static void removal_durable(struct ready *ready)
{
    struct removal *removal = container_of(ready, struct removal, flushed.ready);
    removal->durable = true;
    removals_go(removal->log->store);
}

/* A write of its bytes to a segment is under way; spill.c and stream.c settle the store when they are done. */
static bool removal_writing(const struct log *log)
{
    return (log->tail && log->tail->spilling) || (log->stream && stream_busy(log->stream));
}

/* The files go once the removal is durable and no write is under way. */
static void removal_go(struct removal *removal)
{
    struct log *log = removal->log;

    if (removal_writing(log)) return;
    if (list_linked(&removal->retry.node)) {
        log_drop_tail(log); /* Its own bytes may be what fills the memory. */
        list_remove(&removal->retry.node);
        removal_enter(&removal->retry); /* A block that is there already may have room by now. */
    }
    if (!removal->durable) return;
    list_remove(&removal->node);
    log->store->removing++;
    log_drop_tail(log);
    removal->work = (struct segment_work){ .log = log, .done = removal_files_gone };
    log_files_delete(log, &removal->work);
}

/* In the order in which they were asked for: those at the front are the first to be durable. */
static void removals_go(struct store *store)
{
    list_each(&store->removals, node)
    {
        if (store->removing == REMOVALS_AT_ONCE) return;
        removal_go(container_of(node, struct removal, node));
    }
}

static void removal_enter(struct ready *ready)
{
    struct removal *removal = container_of(ready, struct removal, retry);
    struct log *log = removal->log;
    struct store *store = log->store;

    if (log->opened && !gather_entry_room(store->gathers, 0)) {
        memory_wait(store->shard->memory, MEMORY_TAIL, &removal->retry);
        return;
    }
    if (log->opened) {
        struct chunk_entry entry = {
            .kind = CHUNK_DROP, .key = log->key, .incarnation = log->incarnation, .first = log->end, .limit = log->end
        };
        draft_add(store->gathers, &entry, NULL, 0);
        flush_soon(store->flush);
    }
    int64_t sequence = log->opened ? (int64_t)store->gathers->open->sequence + 1 : store->flushed.at;
    removal->flushed.ready.run = removal_durable;
    watermark_wait(store->shard, &store->flushed, &removal->flushed, sequence);
}

void log_delete(struct log *log, struct ready *ready)
{
    struct store *store = log->store;
    struct removal *removal = heap_take(&store->shard->heap, sizeof *removal);

    invariant(!log->deleted);
    log->deleted = true;
    watermark_fail(store->shard, &log->durable, STATUS_NOT_FOUND);
    watermark_fail(store->shard, &log->committed, STATUS_NOT_FOUND);
    removal->log = log;
    removal->ready = ready;
    list_node_init(&removal->node);
    list_node_init(&removal->flushed.node);
    ready_init(&removal->retry, removal_enter);
    ready_init(&removal->flushed.ready, removal_durable);
    list_append(&store->removals, &removal->node);
    removal_enter(&removal->retry);
    shard_ready(store->shard, &store->settle);
}

/* ---- who found no room ---- */

void store_wait(struct store *store, struct store_wait *wait)
{
    list_append(&store->crowded, &wait->node);
    memory_wait(store->shard->memory, MEMORY_TAIL, wait->ready);
}

/* It stands in the memory's list, too, unless it is ready. */
void store_leave(struct store_wait *wait)
{
    list_remove(&wait->node);
    list_remove(&wait->ready->node);
}

static void crowded_go(struct store *store)
{
    struct list_node *node;
    while ((node = list_take_first(&store->crowded)) != NULL) {
        struct ready *ready = container_of(node, struct store_wait, node)->ready;
        list_remove(&ready->node);
        shard_ready(store->shard, ready);
    }
}

/* ---- failure ---- */

/* Nothing is written any more, so there is nothing to wait for. */
static void closing_give_up(struct store *store)
{
    if (store->closed) shard_ready(store->shard, store->closed);
    store->closed = NULL;
}

void directory_fail(struct store *store, enum status status)
{
    struct shard *shard = store->shard;

    atomic_store(&store->directory->failed, true);
    if (store->failed) return;
    store->failed = true;
    list_each(&store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        log->offline = true;
        bool spilling = log->tail && log->tail->spilling;
        if (log->stream && !spilling) stream_spilled(log->stream); /* Nothing is written out any more. */
        watermark_fail(shard, &log->durable, STATUS_OFFLINE);
        watermark_fail(shard, &log->committed, STATUS_OFFLINE);
    }
    watermark_fail(shard, &store->flushed, STATUS_OFFLINE);
    crowded_go(store);
    closing_give_up(store);
    if (store->on_failure) store->on_failure(store, status);
}

/* ---- stop ---- */

/* Files of logs are closed a few at a time. */
enum { CLOSINGS = 4 };

struct closing {
    struct store *store;
    struct list_node *next; /* in store->logs: the next one to close */
    uint32_t running;
    struct segment_work works[CLOSINGS];
    bool busy[CLOSINGS];
};

static void closing_one_done(struct segment_work *work);

/* The next log of which something is to be written; NULL: there is none left. */
static struct log *closing_next(struct closing *closing)
{
    const struct list *logs = &closing->store->logs;

    while (closing->next) {
        struct log *log = container_of(closing->next, struct log, node);
        closing->next = closing->next->next == &logs->head ? NULL : closing->next->next;
        if (!log_files_closed(log)) return log;
    }
    return NULL;
}

static void closing_go(struct store *store)
{
    if (!store->closed || !store->checkpoint->closed || store->upkeep->looking) return;
    if (!store->closings) {
        store->closings = heap_take(&store->shard->heap, sizeof *store->closings);
        store->closings->store = store;
        store->closings->next = list_first(&store->logs);
    }

    struct closing *closing = store->closings;
    for (uint32_t i = 0; i < CLOSINGS && store->closed; i++) {
        struct log *log = closing->busy[i] ? NULL : closing_next(closing);
        if (!log) continue;
        closing->works[i] = (struct segment_work){ .log = log, .task = NULL, .done = closing_one_done };
        closing->busy[i] = true;
        closing->running++;
        log_files_close(log, &closing->works[i]);
    }
    if (!store->closed || closing->next || closing->running > 0) return;
    shard_ready(store->shard, store->closed);
    store->closed = NULL;
}

static void closing_one_done(struct segment_work *work)
{
    struct store *store = work->log->store;
    struct closing *closing = store->closings;

    closing->busy[work - closing->works] = false;
    closing->running--;
    if (work->status != STATUS_OK) directory_fail(store, work->status);
    closing_go(store);
}

void store_hurry(struct store *store)
{
    if (!store->hurry) upkeep_hurry(store->upkeep);
}

void store_close(struct store *store, struct ready *ready)
{
    store->closing = true;
    store->closed = ready;
    store_hurry(store);
    if (store->failed) closing_give_up(store);
    store_settle(store);
}

/* ---- work that goes on by itself ---- */

void store_flushed(struct store *store)
{
    store_settle(store);
}

bool store_quiet(const struct store *store)
{
    return !streams_busy(store) && store->flush->stage != FLUSH_WRITING && !store->flush->draft &&
           !gather_waiting(store->gathers);
}

/* From a quarter of the tail's memory on, blocks whose bytes are written are let go, and others are written. */
static void memory_settle(struct store *store)
{
    struct memory *memory = store->shard->memory;
    size_t left = memory_free(memory, MEMORY_TAIL);
    size_t quarter = (left + memory_used(memory, MEMORY_TAIL)) / 4;
    /* With less than a block and what is kept, no append may ever find room again. */
    size_t wanted = max_of(quarter, store->gathers->block_size + gathers_kept(store->gathers));
    if (left >= wanted) return;
    streams_trim(store);
    spill_for_memory(store->spill, wanted);
}

void store_go_on(struct store *store)
{
    if (store->starting) return;
    removals_go(store);
    if (store->failed) return;
    memory_settle(store);
    checkpoint_go(store->checkpoint);
    spill_go(store->spill);
    closing_go(store);
}

void store_settle(struct store *store)
{
    store_go_on(store);
    crowded_go(store);
}

/* Many changes of one step are settled once, behind it. */
static void settle_run(struct ready *ready)
{
    store_settle(container_of(ready, struct store, settle));
}

void store_end(struct store *store)
{
    struct heap *heap = &store->shard->heap;

    list_remove(&store->settle.node);
    sweep_end(store->sweep);
    reader_end(store);
    list_each(&store->logs, node) directory_note_closed(store->directory, container_of(node, struct log, node));
    list_each(&store->logs, node) log_free(container_of(node, struct log, node));
    upkeep_end(store->upkeep);
    flush_end(store->flush);
    streams_free(store);
    segment_tasks_free(store);
    checkpoint_end(store->checkpoint);
    spill_end(store->spill);
    gathers_end(store->gathers);
    tails_end(store->tails);
    wal_end(store->wal);
    heap_give(heap, store->closings);
    heap_give(heap, store->sweep);
    heap_give(heap, store->upkeep);
    heap_give(heap, store->checkpoint);
    heap_give(heap, store->spill);
    heap_give(heap, store->flush);
    heap_give(heap, store->wal);
    heap_give(heap, store->tails);
    heap_give(heap, store->gathers);
    store->shard->store = NULL;
    heap_give(heap, store);
}
