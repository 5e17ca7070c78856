/* engine/log/reader.c   What a read needs before its first byte: the segment's file open, its index whole. Both come
 * by jobs and are dropped again when there are too many, the one unused for longest first; what is still being
 * written is never touched.
 *
 * `segments->waiting` counts what refers to a log's files: jobs, pieces being read, reads that wait. Only at zero may
 * files be closed, cut or removed. */
#include "log/reader.h"

#include "log/index_file.h"
#include "log/segment_files.h"
#include "log/tail.h"

/* One job: opens a file or reads an index. Values only; `heap` belongs to the job while it runs. */
struct reader_job {
    struct job job;
    struct log *log;
    struct index_source source;
    struct heap heap;
    struct index index;
    int file;
    bool writable, scan;
    uint64_t size;
};

struct reader *reader_of(struct store *store)
{
    if (store->reader) return store->reader;

    struct reader *reader = heap_take(&store->shard->heap, sizeof *reader);
    reader->store = store;
    reader->files_max = min_of(store->files_max, (uint32_t)READER_FILES_MAX);
    reader->entries_max = READER_ENTRIES_MAX;
    cache_init(&reader->cache, store);
    list_init(&reader->reads);
    list_init(&reader->free_reads);
    list_init(&reader->waits);
    store->reader = reader;
    return reader;
}

void reader_hold(struct log *log)
{
    log->segments->waiting++;
}

void reader_release(struct log *log)
{
    invariant(log->segments->waiting > 0);
    log->segments->waiting--;
    if (log->segments->waiting == 0 && log->deleted) log_files_released(log);
}

bool log_state_busy(const struct log *log)
{
    return log->segments && log->segments->waiting > 0;
}

void reader_forget(struct log *log)
{
    struct reader *reader = log->store->reader;
    if (!reader) return;

    cache_forget(&reader->cache, log);
    for (uint32_t i = 0; i < READER_HINTS; i++) {
        if (reader->hints[i].log == log) reader->hints[i].log = NULL;
    }
}

/* ---- bounds ---- */

static bool segment_quiet(const struct log *log, const struct segment *segment)
{
    bool spilling = log->tail && log->tail->spilling;
    return segment->readers == 0 && !segment->opening && !spilling && segment->written == segment->size;
}

/* Closes files and drops indexes that were not used since `clock`. */
static void reader_trim(struct reader *reader, uint64_t clock)
{
    struct store *store = reader->store;

    reader->file_count = reader->entry_count = 0;
    list_each(&store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        for (uint32_t i = 0; log->segments && i < log->segments->count; i++) {
            struct segment *segment = &log->segments->items[i];
            bool old = segment->used < clock;
            if (old && segment->file >= 0 && segment_quiet(log, segment)) {
                files_close(log->directory->files, segment->file);
                segment->file = -1;
            }
            if (old && segment->sealed && !segment->indexing && segment->index.entries) {
                index_end(&segment->index, &store->shard->heap);
                segment->index.from = (uint32_t)segment->size;
            }
            if (segment->file >= 0) reader->file_count++;
            if (segment->sealed) reader->entry_count += segment->index.count;
        }
    }
}

/* Trims until half is free: what comes in until the next trim pays for this walk over all segments. */
static void reader_bound(struct reader *reader, uint32_t files_max)
{
    uint64_t age = files_max;
    while (reader->file_count >= files_max || reader->entry_count >= reader->entries_max) {
        reader_trim(reader, reader->clock > age ? reader->clock - age : 0);
        if (age == 0) return; /* All of it is in use. */
        age /= 2;
    }
}

void reader_admit(struct reader *reader, struct segment *segment)
{
    reader_bound(reader, reader->store->files_max);
    segment->used = ++reader->clock;
    reader->file_count++;
}

/* ---- jobs ---- */

static void reader_await(struct reader *reader, struct log *log, struct reader_wait *wait)
{
    wait->log = log;
    list_append(&reader->waits, &wait->node);
}

void reader_wake(struct reader *reader, struct log *log)
{
    list_each(&reader->waits, node)
    {
        struct reader_wait *wait = container_of(node, struct reader_wait, node);
        if (wait->log != log) continue;
        list_remove(&wait->node);
        shard_ready(reader->store->shard, wait->ready);
    }
}

static void reader_job_begin(struct reader_job *reader_job, void (*work)(struct job *), void (*done)(struct job *))
{
    reader_hold(reader_job->log);
    jobs_begin(reader_job->log->store->shard, &reader_job->job, log_lane(reader_job->log), work, done);
}

static void reader_job_end(struct reader_job *reader_job)
{
    struct log *log = reader_job->log;
    struct store *store = log->store;

    reader_wake(reader_of(store), log);
    heap_give(&store->shard->heap, reader_job);
    reader_release(log);
}

static void open_work(struct job *job)
{
    struct reader_job *opening = container_of(job, struct reader_job, job);
    const struct index_source *source = &opening->source;
    char path[PATH_SIZE];

    segment_path(source->topic, source->partition, source->base, ".log", path);
    int flags = (opening->writable ? FILES_WRITE : FILES_READ) | FILES_DIRECT;
    job->status = files_open(source->files, source->directory, path, flags, &opening->file);
    if (job->status != STATUS_OK) return;
    job->status = files_size(source->files, opening->file, &opening->size);
    if (job->status != STATUS_OK) files_close(source->files, opening->file);
}

static void open_done(struct job *job)
{
    struct reader_job *opening = container_of(job, struct reader_job, job);
    struct segment *segment = segments_at(opening->log, opening->source.base);

    invariant(segment && segment->opening);
    segment->opening = false;
    segment->failed = job->status;
    if (job->status == STATUS_OK && segment->file < 0) {
        segment->file = opening->file;
        segment->allocated = opening->size;
    } else if (job->status == STATUS_OK) {
        files_close(opening->source.files, opening->file);
    }
    reader_job_end(opening);
}

void reader_open(struct reader *reader, struct log *log, struct segment *segment, struct reader_wait *wait)
{
    reader_await(reader, log, wait);
    if (segment->opening) return;
    reader_bound(reader, reader->files_max);

    struct reader_job *opening = heap_take(&log->store->shard->heap, sizeof *opening);
    opening->log = log;
    opening->source = segment_source(log, segment);
    opening->writable = !segment->sealed;
    segment->opening = true;
    reader->file_count++;
    reader_job_begin(opening, open_work, open_done);
}

static void index_work(struct job *job)
{
    struct reader_job *indexing = container_of(job, struct reader_job, job);
    heap_init(&indexing->heap);
    job->status = indexing->scan ? index_file_scan(&indexing->source, &indexing->heap, &indexing->index)
                                 : index_file_read(&indexing->source, &indexing->heap, &indexing->index);
}

/* The entries that were read, as far as they were missing, before those that were noted since. */
static void index_install(struct segment *segment, const struct index *read, struct heap *heap)
{
    struct index *index = &segment->index;
    uint32_t count = 0;
    while (count < read->count && read->entries[count].position < index->from) count++;

    struct index_entry *entries = heap_take(heap, (count + index->count) * sizeof *entries);
    for (uint32_t i = 0; i < count; i++) entries[i] = read->entries[i];
    for (uint32_t i = 0; i < index->count; i++) entries[count + i] = index->entries[i];
    heap_give(heap, index->entries);
    index->entries = entries;
    index->count = index->capacity = count + index->count;
    index->from = 0;
}

static void index_done(struct job *job)
{
    struct reader_job *indexing = container_of(job, struct reader_job, job);
    struct log *log = indexing->log;
    struct segment *segment = segments_at(log, indexing->source.base);

    invariant(segment && segment->indexing);
    segment->indexing = false;
    segment->failed = job->status;
    if (job->status == STATUS_OK && indexing->scan) {
        index_truncate(&segment->index, 0);
        segment->index.from = (uint32_t)indexing->source.size;
    }
    if (job->status == STATUS_OK && segment->index.from > 0) {
        index_install(segment, &indexing->index, &log->store->shard->heap);
        reader_of(log->store)->entry_count += segment->index.count;
    }
    heap_end(&indexing->heap);
    reader_job_end(indexing);
}

void reader_index(struct reader *reader, struct log *log, struct segment *segment, bool scan, struct reader_wait *wait)
{
    reader_await(reader, log, wait);
    if (segment->indexing) return;
    reader_bound(reader, reader->files_max);

    struct reader_job *indexing = heap_take(&log->store->shard->heap, sizeof *indexing);
    indexing->log = log;
    indexing->source = segment_source(log, segment);
    indexing->source.size = segment->written;
    indexing->scan = scan;
    segment->indexing = true;
    reader_job_begin(indexing, index_work, index_done);
}
