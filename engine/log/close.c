/* engine/log/close.c   The end of a log's files: complete for a clean stop, as Apache Kafka believes them without
 * looking (disk-format: under its marker it checks nothing), or removed.
 *
 *     close    segments cut to their size | .index .timeindex .txnindex | <end>.snapshot | leader epochs | names synced
 *     delete   <topic>-<partition> --rename, sync--> <topic>-<partition>.<32 hex>-delete (done)
 *                                  --file.delete.delay.ms--> files unlinked; by the next start, if the node stops first
 *              and where there is no space for a name, unlinked at once: that gives some back
 *
 * A few logs are synced one by one. Many (store->lazy) are only written, and the file system is synced once before the
 * guard goes (directory_close): until then a crash finds the checkpoint and the WAL in force, which need none of this.
 *
 * Of a log in which nothing has changed since a clean stop left it, nothing is written, and most are such; of one in
 * which only a leader epoch began, that file.
 *
 * A log that never had bytes gets its directory with an empty segment now: Kafka would make it, but without our
 * leader epochs. */
#include <string.h>

#include "base/arena.h"
#include "log/producer_state.h"
#include "log/reader.h"
#include "log/segment_files.h"
#include "log/sweep.h"

/* ---- close ---- */

struct closing_segment {
    int64_t base;
    struct segment_seal seal;
    int file; /* -1: to be opened here */
    bool make, done;
};

struct log_closing {
    struct log_key key;
    struct index_source source; /* of the last segment: where the log's files are */
    int64_t end;
    struct closing_segment *segments;
    uint32_t count;
    struct bytes epochs; /* null: the file has them */
    bool changed;        /* files of segments */
    bool make_directory, lazy;
};

static enum status segment_close(const struct closing_segment *closing)
{
    const struct index_source *source = &closing->seal.source;
    char path[PATH_SIZE];
    int file = closing->file;

    if (closing->done) return STATUS_OK;
    if (file < 0) {
        segment_path(source->topic, source->partition, source->base, ".log", path);
        int flags = FILES_WRITE | (closing->make ? FILES_CREATE : 0);
        enum status status = files_open(source->files, source->directory, path, flags, &file);
        if (status != STATUS_OK) return status;
    }
    enum status status = segment_seal_write(&closing->seal, file);
    if (closing->file < 0) files_close(source->files, file);
    return status;
}

static bool closing_knows(const struct log_closing *closing, int64_t base)
{
    for (uint32_t i = 0; i < closing->count; i++) {
        if (closing->segments[i].base == base) return true;
    }
    return false;
}

/* What a truncation or a crash left of segments that are not the log's any more: Kafka would take them for its end. And
 * snapshots of where the log ended at earlier stops: as Kafka does, those are kept at whose offset a segment begins. */
static bool closing_leftover(const struct log_closing *closing, struct text name)
{
    static const char *const suffixes[] = { ".log", ".index", ".timeindex", ".txnindex" };
    int64_t base;

    for (size_t i = 0; i < array_count(suffixes); i++) {
        if (segment_name_parse(name, suffixes[i], &base)) return !closing_knows(closing, base);
    }
    return segment_name_parse(name, ".snapshot", &base) && base != closing->end && !closing_knows(closing, base);
}

static enum status closing_sweep(const struct log_closing *closing)
{
    const struct index_source *source = &closing->source;
    struct files_entry *entries;
    char path[PATH_SIZE];
    struct arena arena;
    struct heap heap;
    uint32_t count;
    int handle;

    partition_path(source->topic, source->partition, path);
    enum status status = files_open_directory(source->files, source->directory, path, &handle);
    if (status != STATUS_OK) return status;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, KAFKA_FILE_SIZE_MAX);
    status = files_list(source->files, handle, &arena, &entries, &count);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        if (entries[i].directory || !closing_leftover(closing, text_of(entries[i].name))) continue;
        status = files_remove(source->files, handle, entries[i].name);
    }
    if (status == STATUS_OK && !closing->lazy) status = files_sync_directory(source->files, handle);
    heap_end(&heap);
    files_close(source->files, handle);
    return status;
}

static void close_work(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    const struct log_closing *closing = work->task;
    const struct index_source *source = &closing->source;
    char path[PATH_SIZE];

    enum status status = STATUS_OK;
    if (closing->make_directory) {
        status = partition_directory_make(source->files, source->directory, closing->key, source->topic, closing->lazy);
    }
    for (uint32_t i = 0; i < closing->count && status == STATUS_OK; i++) status = segment_close(&closing->segments[i]);
    if (status == STATUS_OK && closing->epochs.data) {
        partition_file_path(source->topic, source->partition, EPOCHS_FILE, path);
        status = whole_file_write(source->files, source->directory, path, closing->epochs, !closing->lazy);
    }
    if (status == STATUS_OK && closing->changed) status = closing_sweep(closing);
    work->status = status;
}

static void close_done(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    struct log *log = work->log;
    struct log_closing *closing = work->task;
    struct heap *heap = &log->store->shard->heap;

    for (uint32_t i = 0; i < closing->count; i++) {
        struct segment *segment = &log->segments->items[i];
        if (work->status == STATUS_OK) {
            segment->named = segment->sealed = true;
            segment->synced = segment->allocated = segment->size;
        }
        if (!closing->segments[i].done) segment_seal_end(&closing->segments[i].seal, heap);
    }
    heap_give(heap, (void *)(uintptr_t)closing->epochs.data);
    heap_give(heap, closing->segments);
    heap_give(heap, closing);
    work->task = NULL;
    reader_release(log);
    work->done(work);
}

/* The producers where the log ends: what makes a retry after the start a duplicate. */
static struct bytes end_snapshot(const struct log *log, struct heap *heap)
{
    size_t size = producer_snapshot_size(log->producers);
    uint8_t *bytes = heap_take(heap, size);
    producer_snapshot_write(log->producers, bytes);
    return (struct bytes){ bytes, size };
}

/* Its epochs are those of its file. */
static bool epochs_closed(const struct log *log)
{
    invariant(log_epoch_at(log, log->start - 1) < 0);
    return log->epochs ? log->epochs->kept : segments_last(log)->closed;
}

bool log_files_closed(const struct log *log)
{
    const struct segment *last = segments_last(log);
    return last && last->closed && epochs_closed(log);
}

void log_files_close(struct log *log, struct segment_work *work)
{
    struct heap *heap = &log->store->shard->heap;
    struct log_closing *closing = heap_take(heap, sizeof *closing);

    if (!segments_last(log)) (void)segments_add(log, log->end);
    closing->key = log->key;
    closing->end = log->end;
    closing->lazy = log->store->lazy;
    closing->make_directory = !log->segments->made;
    closing->source = segment_source(log, segments_last(log));
    if (!epochs_closed(log)) closing->epochs = epochs_file_print(log->epochs, heap);
    closing->changed = !segments_last(log)->closed;
    closing->count = log->segments->count;
    closing->segments = heap_take(heap, closing->count * sizeof *closing->segments);
    for (uint32_t i = 0; i < closing->count; i++) {
        struct segment *segment = &log->segments->items[i];
        struct closing_segment *to = &closing->segments[i];
        bool last = i + 1 == closing->count;

        invariant(segment->written == segment->size);
        to->base = segment->base;
        to->done = last ? segment->closed : segment->sealed;
        if (to->done) continue;
        segment_seal_make(&to->seal, log, segment);
        to->seal.lazy = closing->lazy;
        to->file = segment->sealed ? -1 : segment->file; /* A sealed one is open for reading only. */
        to->make = !segment->named;
        if (last && segment->limit == log->end && log->end > 0) to->seal.snapshot = end_snapshot(log, heap);
    }
    work->task = closing;
    reader_hold(log);
    jobs_begin(log->store->shard, &work->job, log_lane(log), close_work, close_done);
}

/* ---- what the directory remembers until its own end ---- */

void directory_note_closed(struct directory *directory, const struct log *log)
{
    if (log->deleted || text_equal(log->topic, TEXT("__cluster_metadata"))) return;

    if (directory->closed_count == directory->closed_capacity) {
        directory->closed_capacity = max_of(16u, directory->closed_capacity * 2);
        directory->closed =
            heap_resize(directory->heap, directory->closed, directory->closed_capacity * sizeof *directory->closed);
    }
    char *topic = heap_take(directory->heap, log->topic.size);
    memcpy(topic, log->topic.data, log->topic.size);
    const struct segment *first = log->segments && log->segments->count > 0 ? &log->segments->items[0] : NULL;
    directory->closed[directory->closed_count++] = (struct closed_log){
        .topic = { topic, log->topic.size },
        .partition = log->key.partition,
        .start = log->start,
        .committed = log->committed.at,
        .end = log->end,
        .raised = first && log->start > first->base,
    };
}

enum status directory_write_checkpoints(struct directory *directory)
{
    struct heap *heap = directory->heap;
    uint32_t count = directory->closed_count, raised = 0;
    struct checkpoint_line *ends = heap_take(heap, count * sizeof *ends);
    struct checkpoint_line *marks = heap_take(heap, count * sizeof *marks);
    struct checkpoint_line *starts = heap_take(heap, count * sizeof *starts);

    for (uint32_t i = 0; i < count; i++) {
        const struct closed_log *log = &directory->closed[i];
        ends[i] = (struct checkpoint_line){ log->topic, log->partition, log->end };
        marks[i] = (struct checkpoint_line){ log->topic, log->partition, log->committed };
        if (log->raised) starts[raised++] = (struct checkpoint_line){ log->topic, log->partition, log->start };
    }

    struct files *files = directory->files;
    enum status status = checkpoint_file_write(files, directory->handle, RECOVERY_POINT_FILE, heap, ends, count);
    if (status == STATUS_OK) {
        status = checkpoint_file_write(files, directory->handle, REPLICATION_FILE, heap, marks, count);
    }
    if (status == STATUS_OK) {
        status = checkpoint_file_write(files, directory->handle, LOG_START_FILE, heap, starts, raised);
    }
    heap_give(heap, ends);
    heap_give(heap, marks);
    heap_give(heap, starts);
    return status;
}

/* ---- removal ---- */

struct files_removal {
    struct files *files;
    int directory;
    struct log_key key;
    struct text topic; /* behind the struct */
    bool renamed;
    char from[PATH_SIZE], to[PATH_SIZE];
};

enum status directory_remove_all(struct files *files, int directory, const char *path)
{
    struct heap heap;
    struct arena arena;
    struct files_entry *entries;
    uint32_t count;
    int opened;

    enum status status = files_open_directory(files, directory, path, &opened);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status != STATUS_OK) return status;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, KAFKA_FILE_SIZE_MAX);
    status = files_list(files, opened, &arena, &entries, &count);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        if (!entries[i].directory) status = files_remove(files, opened, entries[i].name);
    }
    arena_reset(&arena);
    heap_end(&heap);
    files_close(files, opened);
    if (status == STATUS_OK) status = files_remove_directory(files, directory, path);
    return status == STATUS_EXISTS ? STATUS_OK : status; /* Something of somebody else's is in it. */
}

static void removal_rename(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    struct files_removal *removal = work->task;
    struct files_entry entry;
    struct uuid owner;

    /* A topic of the same name may have moved the directory out of its way. One that can't say whose it is was made for
     * this log by a stop that a power cut ended; it must not stay, for Kafka (and the next start) fails on it. */
    enum status status =
        partition_directory_owner(removal->files, removal->directory, removal->topic, removal->key.partition, &owner);
    if (status != STATUS_OK || uuid_equal(owner, removal->key.topic)) {
        status = files_rename(removal->files, removal->directory, removal->from, removal->to);
        /* The name is there when the partition came back and went again within the delay. */
        bool unnamed = status == STATUS_NO_SPACE || status == STATUS_EXISTS;
        if (unnamed) status = directory_remove_all(removal->files, removal->directory, removal->from);
    }
    removal->renamed = files_entry(removal->files, removal->directory, removal->to, &entry) == STATUS_OK;
    if (status == STATUS_OK) status = files_sync_directory(removal->files, removal->directory);
    work->status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void removal_renamed(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    struct files_removal *removal = work->task;
    const struct log *log = work->log;

    if (removal->renamed) sweep_add(log->store->sweep, removal->to, ns_of_ms(log->settings->file_delete_delay_ms));
    heap_give(&log->store->shard->heap, removal);
    work->task = NULL;
    work->done(work);
}

static void removal_begin(struct segment_work *work)
{
    struct log *log = work->log;
    struct shard *shard = log->store->shard;
    struct files_removal *removal = heap_take(&shard->heap, sizeof *removal + log->topic.size);
    char *name = (char *)(removal + 1);

    for (uint32_t i = 0; log->segments && i < log->segments->count; i++) {
        struct segment *segment = &log->segments->items[i];
        if (segment->file >= 0) files_close(log->directory->files, segment->file);
        segment->file = -1;
    }
    reader_forget(log);

    removal->files = log->directory->files;
    removal->directory = log->directory->handle;
    memcpy(name, log->topic.data, log->topic.size);
    removal->topic = (struct text){ name, log->topic.size };
    removal->key = log->key;
    partition_path(log->topic, log->key.partition, removal->from);
    partition_path_marked(log->topic, log->key.partition, log->key.topic, "delete", removal->to);
    work->task = removal;
    jobs_begin(shard, &work->job, log_lane(log), removal_rename, removal_renamed);
}

void log_files_delete(struct log *log, struct segment_work *work)
{
    invariant(log->deleted);
    if (!log_state_busy(log)) {
        removal_begin(work);
        return;
    }
    log->segments->removal = work;
    reader_wake(reader_of(log->store), log);
}

void log_files_released(struct log *log)
{
    struct segment_work *work = log->segments->removal;
    log->segments->removal = NULL;
    if (work) removal_begin(work);
}
