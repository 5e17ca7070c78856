/* engine/log/segment_files.c   The file of one segment: made and grown before bytes are written to it, synced after,
 * and sealed (cut, with its indexes) when it was rolled and all of it is written.
 *
 *     on the shard                     in a job                                    on the shard
 *     task_make (values, encoded) -->  names, sizes, syncs                    -->  the segment's fields, work->done
 *
 * A name is durable before any byte counts that was written under it: directory, then partition.metadata, then the
 * .log. */
#include "log/segment_files.h"

#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "log/aborted.h"
#include "log/producer_state.h"
#include "log/reader.h"
#include "log/upkeep.h"

/* One job on one segment. */
struct segment_task {
    struct list_node node;    /* in the store, when it is done */
    struct segment_seal seal; /* seal.source says which segment */
    struct log_key key;
    int file;           /* of the segment; -1: to be opened here */
    uint64_t allocated; /* known length; after: the new one */
    uint64_t wanted;    /* bytes it must be able to take */
    uint64_t written;   /* synced up to here */
    bool make_directory, make, seal_it, opened;
    bool lazy; /* names are synced at the end of the directory */
};

uint64_t log_lane(const struct log *log)
{
    return hash_join(text_hash(log->topic), (uint64_t)log->key.partition) | 1;
}

struct index_source segment_source(const struct log *log, const struct segment *segment)
{
    return (struct index_source){
        .files = log->directory->files,
        .directory = log->directory->handle,
        .topic = log->topic,
        .partition = log->key.partition,
        .base = segment->base,
        .limit = segment->limit,
        .size = segment->size,
        .spacing = index_spacing(log->settings->index_interval_bytes, log->settings->segment_bytes),
        .believed = segment->sealed,
    };
}

/* ---- in the job ---- */

enum status whole_file_write(struct files *files, int directory, const char *path, struct bytes bytes, bool sync)
{
    int file;
    enum status status = files_open(files, directory, path, FILES_WRITE | FILES_CREATE, &file);
    if (status != STATUS_OK) return status;

    uint64_t before;
    status = files_size(files, file, &before);
    if (status == STATUS_OK && before > bytes.size) status = files_truncate(files, file, bytes.size);
    if (status == STATUS_OK && bytes.size > 0) status = files_write(files, file, bytes.data, bytes.size, 0, 0);
    if (status == STATUS_OK && sync) status = files_sync(files, file);
    files_close(files, file);
    return status;
}

enum status partition_directory_sync(struct files *files, int directory, struct text topic, int32_t partition)
{
    char path[PATH_SIZE];
    int opened;

    partition_path(topic, partition, path);
    enum status status = files_open_directory(files, directory, path, &opened);
    if (status != STATUS_OK) return status;
    status = files_sync_directory(files, opened);
    files_close(files, opened);
    return status;
}

enum status partition_directory_owner(struct files *files, int directory, struct text topic, int32_t partition,
                                      struct uuid *owner)
{
    uint8_t memory[4 * PATH_SIZE];
    struct arena arena;
    char path[PATH_SIZE];
    const char *why;

    arena_init(&arena, NULL, memory, sizeof memory, 0);
    partition_file_path(topic, partition, PARTITION_FILE, path);
    return partition_file_read(files, directory, path, &arena, owner, &why);
}

/* A topic that was deleted and made again: the removal of the old files may still wait for their readers. They get out
 * of the way under the name that the removal will look for. */
static enum status partition_directory_vacate(struct files *files, int directory, struct log_key key, struct text topic)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    struct uuid owner;

    if (partition_directory_owner(files, directory, topic, key.partition, &owner) != STATUS_OK) return STATUS_OK;
    if (uuid_equal(owner, key.topic)) return STATUS_OK;
    partition_path(topic, key.partition, from);
    partition_path_marked(topic, key.partition, owner, "delete", to);
    enum status status = files_rename(files, directory, from, to);
    if (status == STATUS_OK) status = files_sync_directory(files, directory);
    return status == STATUS_OK ? files_make_directory(files, directory, from) : status;
}

enum status partition_directory_make(struct files *files, int directory, struct log_key key, struct text topic,
                                     bool lazy)
{
    char path[PATH_SIZE], metadata[PARTITION_FILE_SIZE + 1];

    partition_path(topic, key.partition, path);
    enum status status = files_make_directory(files, directory, path);
    if (status == STATUS_EXISTS) status = partition_directory_vacate(files, directory, key, topic);
    if (status != STATUS_OK) return status;

    partition_file_path(topic, key.partition, PARTITION_FILE, path);
    partition_file_print(key.topic, metadata);
    if (lazy) {
        struct bytes bytes = { (const uint8_t *)metadata, PARTITION_FILE_SIZE };
        return whole_file_write(files, directory, path, bytes, false);
    }
    status = files_replace(files, directory, path, metadata, PARTITION_FILE_SIZE);
    return status == STATUS_OK ? files_sync_directory(files, directory) : status;
}

static enum status task_open(struct segment_task *task)
{
    const struct index_source *source = &task->seal.source;
    char path[PATH_SIZE];

    segment_path(source->topic, source->partition, source->base, ".log", path);
    enum status status = files_open(source->files, source->directory, path,
                                    FILES_WRITE | FILES_DIRECT | (task->make ? FILES_CREATE : 0), &task->file);
    if (status != STATUS_OK) return status;
    task->opened = true;
    return files_size(source->files, task->file, &task->allocated);
}

/* 64 KiB, then as much again, at most 8 MiB at a time; at a stop no more than is there, which is cut in a moment. */
static uint64_t task_grown(const struct segment_task *task)
{
    if (task->lazy) return task->wanted;
    uint64_t step = min_of(max_of(task->allocated, (uint64_t)SEGMENT_GROW_FIRST), (uint64_t)SEGMENT_GROW_MOST);
    return round_up(max_of(task->allocated + step, task->wanted), (uint64_t)SEGMENT_BLOCK);
}

static enum status task_prepare(struct segment_task *task)
{
    const struct index_source *source = &task->seal.source;
    enum status status = STATUS_OK;

    if (task->make_directory)
        status = partition_directory_make(source->files, source->directory, task->key, source->topic, task->lazy);
    if (status == STATUS_OK && task->file < 0) status = task_open(task);
    if (status == STATUS_OK && task->allocated < task->wanted) {
        uint64_t grown = task_grown(task);
        /* Not from the beginning: XFS wants as much free as is asked for, also where the file has its blocks. */
        status = files_allocate(source->files, task->file, task->allocated, grown - task->allocated);
        if (status == STATUS_OK) task->allocated = grown;
    }
    if (status == STATUS_OK && task->make && !task->lazy) {
        status = partition_directory_sync(source->files, source->directory, source->topic, source->partition);
    }
    return status;
}

/* What the shard could not encode, because the index lacks its beginning. */
static enum status seal_write_scanned(const struct segment_seal *seal)
{
    const struct index_source *source = &seal->source;
    struct heap heap;
    struct index index;
    char path[PATH_SIZE];

    heap_init(&heap);
    enum status status = index_file_scan(source, &heap, &index);
    if (status == STATUS_OK) {
        size_t offsets_size = index_offsets_size(&index), times_size = index_times_size(&index, seal->last);
        uint8_t *bytes = heap_take(&heap, offsets_size + times_size);
        index_offsets_write(&index, bytes);
        index_times_write(&index, seal->last, bytes + offsets_size);

        segment_path(source->topic, source->partition, source->base, ".index", path);
        status = whole_file_write(source->files, source->directory, path, (struct bytes){ bytes, offsets_size },
                                  !seal->lazy);
        segment_path(source->topic, source->partition, source->base, ".timeindex", path);
        if (status == STATUS_OK) {
            struct bytes times = { bytes + offsets_size, times_size };
            status = whole_file_write(source->files, source->directory, path, times, !seal->lazy);
        }
    }
    heap_end(&heap);
    return status;
}

static enum status seal_write(const struct segment_seal *seal, int64_t base, const char *suffix, struct bytes bytes)
{
    const struct index_source *source = &seal->source;
    char path[PATH_SIZE];

    segment_path(source->topic, source->partition, base, suffix, path);
    if (bytes.data) return whole_file_write(source->files, source->directory, path, bytes, !seal->lazy);

    /* Kafka believes what it finds: a leftover of an older life of this segment must not stay. */
    enum status status = files_remove(source->files, source->directory, path);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* When a sync finds no space, what was written is lost: nothing that comes back with space. */
static enum status batches_sync(struct files *files, int file)
{
    enum status status = files_sync(files, file);
    return status == STATUS_NO_SPACE ? STATUS_IO_ERROR : status;
}

static enum status seal_write_rest(const struct segment_seal *seal)
{
    const struct index_source *source = &seal->source;
    enum status status;

    if (seal->offsets.data) {
        status = seal_write(seal, source->base, ".index", seal->offsets);
        if (status == STATUS_OK) status = seal_write(seal, source->base, ".timeindex", seal->times);
    } else {
        status = seal_write_scanned(seal);
    }
    if (status == STATUS_OK) status = seal_write(seal, source->base, ".txnindex", seal->aborts);
    if (status == STATUS_OK && (seal->snapshot.data || seal->bare)) {
        status = seal_write(seal, source->limit, ".snapshot", seal->snapshot);
    }
    return status;
}

enum status segment_seal_write(const struct segment_seal *seal, int file)
{
    const struct index_source *source = &seal->source;
    enum status status = files_truncate(source->files, file, source->size);

    if (status == STATUS_OK && !seal->lazy) status = batches_sync(source->files, file);
    return status == STATUS_OK ? seal_write_rest(seal) : status;
}

static enum status task_sync(struct segment_task *task)
{
    const struct index_source *source = &task->seal.source;
    if (task->make) return STATUS_OK; /* Nothing was written yet. */

    enum status status = task->file < 0 ? task_open(task) : STATUS_OK;
    if (status == STATUS_OK) status = batches_sync(source->files, task->file);
    if (status != STATUS_OK || !task->seal_it) return status;

    status = segment_seal_write(&task->seal, task->file);
    if (status == STATUS_OK) task->allocated = source->size;
    if (status != STATUS_OK) return status;
    return partition_directory_sync(source->files, source->directory, source->topic, source->partition);
}

/* ---- on the shard ---- */

/* The log's aborted transactions whose markers stand in this segment. */
static struct bytes aborts_encode(const struct log *log, const struct segment *segment, struct heap *heap)
{
    const struct segments *segments = log->segments;
    uint32_t first = 0;
    while (first < segments->abort_count && segments->aborts[first].last < segment->base) first++;
    uint32_t limit = first;
    while (limit < segments->abort_count && segments->aborts[limit].last < segment->limit) limit++;
    if (first == limit) return BYTES_NULL;

    size_t size = aborted_file_size(limit - first);
    uint8_t *bytes = heap_take(heap, size);
    aborted_file_write(segments->aborts + first, limit - first, bytes);
    return (struct bytes){ bytes, size };
}

void segment_seal_make(struct segment_seal *seal, struct log *log, const struct segment *segment)
{
    struct heap *heap = &log->store->shard->heap;

    *seal = (struct segment_seal){
        .source = segment_source(log, segment),
        .last = {
            .max_timestamp_ms = segment->max_timestamp_ms,
            .timestamp_offset = (uint32_t)(segment->max_timestamp_offset - segment->base),
        },
        .aborts = aborts_encode(log, segment, heap),
        .bare = segment != segments_last(log) && !segment->snapshot,
    };
    if (segment->index.from == 0) {
        size_t size = index_offsets_size(&segment->index), times_size = index_times_size(&segment->index, seal->last);
        uint8_t *offsets = heap_take(heap, size), *times = heap_take(heap, times_size);
        index_offsets_write(&segment->index, offsets);
        index_times_write(&segment->index, seal->last, times);
        seal->offsets = (struct bytes){ offsets, size };
        seal->times = (struct bytes){ times, times_size };
    }
    if (segment->snapshot) {
        uint8_t *copy = heap_take(heap, segment->snapshot_size);
        memcpy(copy, segment->snapshot, segment->snapshot_size);
        seal->snapshot = (struct bytes){ copy, segment->snapshot_size };
    }
}

void segment_seal_end(struct segment_seal *seal, struct heap *heap)
{
    heap_give(heap, (void *)(uintptr_t)seal->offsets.data);
    heap_give(heap, (void *)(uintptr_t)seal->times.data);
    heap_give(heap, (void *)(uintptr_t)seal->aborts.data);
    heap_give(heap, (void *)(uintptr_t)seal->snapshot.data);
}

static struct segment_task *task_make(struct segment_work *work)
{
    struct log *log = work->log;
    struct segment *segment = segments_at(log, work->base);
    struct list_node *node = list_take_first(&log->store->free_tasks);
    struct segment_task *task =
        node ? container_of(node, struct segment_task, node) : heap_take(&log->store->shard->heap, sizeof *task);

    invariant(segment);
    if (segment->file < 0) reader_admit(reader_of(log->store), segment);
    *task = (struct segment_task){ .key = log->key };
    list_node_init(&task->node);
    task->seal.source = segment_source(log, segment);
    task->file = segment->file;
    task->allocated = segment->allocated;
    task->wanted = round_up(work->size, (uint64_t)SEGMENT_BLOCK); /* A file that was cut ends anywhere. */
    task->written = segment->written;
    task->make = !segment->named;
    task->lazy = log->store->lazy;
    task->make_directory = !log->segments->made;
    log->segments->waiting++;
    segment->readers++; /* Nobody closes the file while the job uses it. */
    work->task = task;
    return task;
}

/* The segment is still there: truncation and removal wait for jobs. */
static struct segment *task_finish(struct segment_work *work)
{
    struct log *log = work->log;
    struct segment_task *task = work->task;
    struct segment *segment = segments_at(log, work->base);

    log->segments->waiting--;
    invariant(segment && segment->readers > 0);
    segment->readers--;
    if (!task->opened) return segment;

    /* Another job may have opened it in the meantime, and a failed one's file is of no use. */
    if (work->status == STATUS_OK && segment->file < 0) {
        segment->file = task->file;
    } else {
        files_close(log->directory->files, task->file);
    }
    return segment;
}

static void task_end(struct segment_work *work)
{
    struct segment_task *task = work->task;
    struct store *store = work->log->store;

    if (task->seal_it) segment_seal_end(&task->seal, &store->shard->heap);
    list_append(&store->free_tasks, &task->node);
    work->task = NULL;
}

void segment_tasks_free(struct store *store)
{
    for (struct list_node *node; (node = list_take_first(&store->free_tasks)) != NULL;)
        heap_give(&store->shard->heap, container_of(node, struct segment_task, node));
}

static void prepare_apply(struct segment_work *work)
{
    struct segment_task *task = work->task;
    struct segment *segment = task_finish(work);

    if (work->status == STATUS_OK) {
        if (task->allocated > segment->allocated) {
            upkeep_grew(work->log->store->upkeep, task->allocated - segment->allocated);
            segment->border = round_up(segment->allocated, (uint64_t)SEGMENT_BLOCK);
        }
        segment->allocated = task->allocated;
        segment->named = true;
        work->log->segments->made = true;
    }
    task_end(work);
}

static void sync_apply(struct segment_work *work)
{
    struct segment_task *task = work->task;
    if (!task) return;
    struct segment *segment = task_finish(work);

    if (work->status == STATUS_OK) {
        segment->synced = max_of(segment->synced, task->written);
        if (task->opened || task->seal_it) segment->allocated = task->allocated;
    }
    if (work->status == STATUS_OK && task->seal_it) {
        struct heap *heap = &work->log->store->shard->heap;
        segment->sealed = true;
        index_end(&segment->index, heap);
        segment->index.from = (uint32_t)segment->size;
        heap_give(heap, segment->snapshot);
        segment->snapshot = NULL;
    }
    task_end(work);
}

/* A segment that retention or a truncation took away since it was written needs no sync: then there is no task. */
static void sync_begin(struct segment_work *work)
{
    struct segment *segment = segments_at(work->log, work->base);
    work->task = NULL;
    if (!segment) return;

    struct segment_task *task = task_make(work);
    bool rolled = segment != segments_last(work->log);

    task->seal_it = rolled && segment->named && !segment->sealed && segment->written == segment->size;
    if (task->seal_it) segment_seal_make(&task->seal, work->log, segment);
}

static void prepare_work(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    work->status = task_prepare(work->task);
}

static void sync_work(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    work->status = work->task ? task_sync(work->task) : STATUS_OK;
}

/* A removal that found the log's files in use goes on when the last job has let go of them. */
static void files_let_go(struct log *log)
{
    if (log->deleted && !log_state_busy(log)) log_files_released(log);
}

static void prepare_done(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    struct log *log = work->log;

    prepare_apply(work);
    work->done(work);
    files_let_go(log);
}

static void sync_done(struct job *job)
{
    struct segment_work *work = container_of(job, struct segment_work, job);
    struct log *log = work->log;

    sync_apply(work);
    work->done(work);
    files_let_go(log);
}

void segment_prepare(struct segment_work *work)
{
    (void)task_make(work);
    jobs_begin(work->log->store->shard, &work->job, log_lane(work->log), prepare_work, prepare_done);
}

void segment_sync(struct segment_work *work)
{
    sync_begin(work);
    jobs_begin(work->log->store->shard, &work->job, log_lane(work->log), sync_work, sync_done);
}

enum status segment_prepare_now(struct log *log, int64_t base, uint64_t size)
{
    struct segment_work work = { .log = log, .base = base, .size = size };
    (void)task_make(&work);
    prepare_work(&work.job);
    prepare_apply(&work);
    return work.status;
}

enum status segment_sync_now(struct log *log, int64_t base)
{
    struct segment_work work = { .log = log, .base = base };
    sync_begin(&work);
    sync_work(&work.job);
    sync_apply(&work);
    return work.status;
}
