/* engine/log/retention.c   One round: raise the starts, wait until that is durable, then let go of the files. A crash
 * in between finds the old start and all files, or the new start and files that nobody reads; never a start whose
 * files are gone.
 *
 * The last segment goes too when all of it expired; the log then has none, and the next batch begins a new one at the
 * log's end. */
#include "log/retention.h"

#include <stdio.h>

#include "log/gather.h"
#include "log/producer_state.h"
#include "log/reader.h"
#include "log/segment_files.h"
#include "log/tail.h"

enum { FIRST_ROUND_MS = 30000 };

static const char *const segment_suffixes[] = { ".log", ".index", ".timeindex", ".txnindex", ".snapshot" };

struct retention {
    struct store *store;
    struct timer timer;
    int64_t interval_ns, producer_ms;
    struct watermark_wait flushed;
    struct list expiries;
};

/* The files of some segments of one log, renamed; later unlinked. Values only. */
struct expiry {
    struct list_node node;
    struct retention *retention;
    struct job job;
    struct timer timer;
    struct files *files;
    int directory;
    int64_t delay_ns;
    struct text topic;
    int32_t partition;
    uint32_t count;
    int64_t bases[];
};

int64_t retention_decide(const struct log_settings *settings, const struct segment *segments, uint32_t count,
                         int64_t start, int64_t committed, int64_t now_ms)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < count; i++) size += segments[i].size;

    for (uint32_t i = 0; settings->delete_old && i < count; i++) {
        const struct segment *segment = &segments[i];
        if (segment->limit > committed || segment->size == 0) break;

        bool old = settings->retention_ms >= 0 && segment->max_timestamp_ms >= 0 &&
                   now_ms - segment->max_timestamp_ms > settings->retention_ms;
        bool much = settings->retention_bytes >= 0 && size - segment->size >= (uint64_t)settings->retention_bytes;
        if (!old && !much && segment->limit > start) break;
        size -= segment->size;
        start = max_of(start, segment->limit);
    }
    return start;
}

/* ---- files ---- */

static void expiry_paths(const struct expiry *expiry, uint32_t index, const char *suffix, char from[PATH_SIZE],
                         char to[PATH_SIZE])
{
    segment_path(expiry->topic, expiry->partition, expiry->bases[index], suffix, from);
    int size = snprintf(to, PATH_SIZE, "%s.deleted", from);
    invariant(size > 0 && size < PATH_SIZE);
}

static void expiry_rename(struct job *job)
{
    const struct expiry *expiry = container_of(job, struct expiry, job);
    char from[PATH_SIZE], to[PATH_SIZE];

    for (uint32_t i = 0; i < expiry->count; i++) {
        for (size_t s = 0; s < array_count(segment_suffixes); s++) {
            expiry_paths(expiry, i, segment_suffixes[s], from, to);
            enum status status = files_rename(expiry->files, expiry->directory, from, to);
            if (status != STATUS_OK && status != STATUS_NOT_FOUND) job->status = status;
        }
    }
}

static void expiry_unlink(struct job *job)
{
    const struct expiry *expiry = container_of(job, struct expiry, job);
    char from[PATH_SIZE], to[PATH_SIZE];

    for (uint32_t i = 0; i < expiry->count; i++) {
        for (size_t s = 0; s < array_count(segment_suffixes); s++) {
            expiry_paths(expiry, i, segment_suffixes[s], from, to);
            enum status status = files_remove(expiry->files, expiry->directory, to);
            if (status != STATUS_OK && status != STATUS_NOT_FOUND) job->status = status;
        }
    }
}

static void expiry_end(struct expiry *expiry)
{
    struct heap *heap = &expiry->retention->store->shard->heap;
    list_remove(&expiry->node);
    heap_give(heap, expiry);
}

/* What could not be unlinked keeps its name, which every start removes. */
static void expiry_unlinked(struct job *job)
{
    expiry_end(container_of(job, struct expiry, job));
}

static void expiry_due(struct timer *timer)
{
    struct expiry *expiry = container_of(timer, struct expiry, timer);
    jobs_begin(expiry->retention->store->shard, &expiry->job, 0, expiry_unlink, expiry_unlinked);
}

static void expiry_renamed(struct job *job)
{
    struct expiry *expiry = container_of(job, struct expiry, job);
    struct shard *shard = expiry->retention->store->shard;
    timer_set(&shard->timers, &expiry->timer, deadline_after(shard_now_ns(shard), expiry->delay_ns));
}

/* ---- a log's table ---- */

/* How many of its segments lie below a start that is durable, and are at rest. */
static uint32_t segments_expired(const struct log *log)
{
    const struct segments *segments = log->segments;
    uint32_t count = 0;

    while (count < segments->count) {
        const struct segment *segment = &segments->items[count];
        bool last = count + 1 == segments->count;
        bool busy = segment->readers > 0 || segment->opening || segment->indexing || segment->written < segment->size;
        bool open = last && (segment->size == 0 || (log->tail && log->tail->spilling));
        if (segment->limit > segments->expired || busy || open) break;
        count++;
    }
    return count;
}

static void log_expire(struct retention *retention, struct log *log)
{
    struct segments *segments = log->segments;
    uint32_t count = segments_expired(log);
    struct shard *shard = log->store->shard;
    if (count == 0 || log_state_busy(log)) return; /* The next round tries again. */

    struct expiry *expiry = heap_take(&shard->heap, sizeof *expiry + count * sizeof expiry->bases[0] + log->topic.size);
    char *topic = (char *)&expiry->bases[count];
    memcpy(topic, log->topic.data, log->topic.size);
    expiry->retention = retention;
    expiry->files = log->directory->files;
    expiry->directory = log->directory->handle;
    expiry->delay_ns = ns_of_ms(log->settings->file_delete_delay_ms);
    expiry->topic = (struct text){ topic, log->topic.size };
    expiry->partition = log->key.partition;
    expiry->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct segment *segment = &segments->items[i];
        expiry->bases[i] = segment->base;
        if (segment->file >= 0) files_close(expiry->files, segment->file);
        segment->file = -1;
    }
    reader_forget(log);
    segments_remove(log, 0, count);
    segments_forget_aborts(log, segments->expired);

    timer_init(&expiry->timer, expiry_due);
    list_node_init(&expiry->node);
    list_append(&retention->expiries, &expiry->node);
    jobs_begin(shard, &expiry->job, log_lane(log), expiry_rename, expiry_renamed);
}

/* ---- rounds ---- */

static void round_durable(struct ready *ready)
{
    struct retention *retention = container_of(ready, struct retention, flushed.ready);
    if (retention->flushed.status != STATUS_OK) return;

    list_each(&retention->store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        if (log->segments && !log->deleted && !log->offline) log_expire(retention, log);
    }
}

void retention_run(struct store *store)
{
    struct retention *retention = store->retention;
    int64_t now = shard_wall_ms(store->shard);
    bool some = false;

    if (store->closing || store->failed || list_linked(&retention->flushed.node)) return;
    list_each(&store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        struct segments *segments = log->segments;
        int64_t sequence;
        if (!segments || segments->count == 0 || log->deleted || log->offline) continue;

        int64_t start =
            retention_decide(log->settings, segments->items, segments->count, log->start, log->committed.at, now);
        if (start > log->start && log_raise_start(log, start, &sequence) != STATUS_OK) continue; /* Next round. */
        segments->expired = log->start;
        some = some || segments->items[0].limit <= log->start;
        bool forgotten = log->producers && producer_state_expire(log->producers, now, retention->producer_ms);
        if (forgotten) segments_last(log)->closed = false;
    }
    if (!some) return;
    retention->flushed.ready.run = round_durable;
    watermark_wait(store->shard, &store->flushed, &retention->flushed, (int64_t)store->gathers->next_sequence);
}

static void round_fire(struct timer *timer)
{
    struct retention *retention = container_of(timer, struct retention, timer);
    struct shard *shard = retention->store->shard;
    retention_run(retention->store);
    timer_set(&shard->timers, &retention->timer, deadline_after(shard_now_ns(shard), retention->interval_ns));
}

void store_retain(struct store *store, int64_t interval_ms, int64_t producer_ms)
{
    struct shard *shard = store->shard;
    struct retention *retention = heap_take(&shard->heap, sizeof *retention);

    invariant(!store->retention && interval_ms > 0 && producer_ms > 0);
    retention->store = store;
    retention->interval_ns = ns_of_ms(interval_ms);
    retention->producer_ms = producer_ms;
    list_init(&retention->expiries);
    list_node_init(&retention->flushed.node);
    ready_init(&retention->flushed.ready, round_durable);
    timer_init(&retention->timer, round_fire);
    store->retention = retention;
    int64_t first_ms = min_of(interval_ms, (int64_t)FIRST_ROUND_MS);
    timer_set(&shard->timers, &retention->timer, shard_now_ns(shard) + ns_of_ms(first_ms));
}

void store_keep_producers(struct store *store, int64_t producer_ms)
{
    invariant(producer_ms > 0);
    if (store->retention) store->retention->producer_ms = producer_ms;
}

void retention_end(struct store *store)
{
    struct retention *retention = store->retention;
    if (!retention) return;

    timer_clear(&store->shard->timers, &retention->timer);
    watermark_leave(&retention->flushed);
    list_each(&retention->expiries, node)
    {
        struct expiry *expiry = container_of(node, struct expiry, node);
        timer_clear(&store->shard->timers, &expiry->timer);
        expiry_end(expiry);
    }
    heap_give(&store->shard->heap, retention);
    store->retention = NULL;
}
