/* engine/log/search.c   ListOffsets by time: the first record whose timestamp is at least the one asked for, or the
 * one with the largest.
 *
 *     segment by its largest timestamp --> (INDEXING) --> READING from the index entry, batch by batch by their maximum
 *         --> the batch that reaches it: its records, for a compressed one in a job (OPENING) --> found, or on to the
 *         next
 *
 * It reads through log_read, so memory and disk look alike. Batches tell by their headers; one is opened only when it
 * reaches. */
#include "base/arena.h"
#include "log/inspect.h"
#include "log/reader.h"
#include "log/segment_files.h"

enum { SEARCH_EXTENTS = 8, SEARCH_READ_SIZE = 256 << 10 };

enum search_stage { SEARCH_PLACING, SEARCH_INDEXING, SEARCH_READING, SEARCH_OPENING };

struct search {
    struct log_search *search;
    struct log *log;
    struct reader *reader;
    enum search_stage stage;
    int64_t start;        /* of the log, when it began */
    int64_t offset;       /* no record below can be the one */
    int64_t timestamp_ms; /* that is looked for */
    struct ready ready;
    struct reader_wait wait;
    struct log_read read;
    struct extent extents[SEARCH_EXTENTS];
    uint32_t extent; /* the walk over the extents: which, and where in it */
    uint32_t at;
    struct job job; /* OPENING */
    uint8_t *batch; /* a copy in the shard's heap; NULL: none */
    uint32_t batch_size;
    struct record found;
    bool reaches;
};

/* What a step came to. */
enum search_step { SEARCH_AGAIN, SEARCH_WAITS, SEARCH_ENDED };

static bool search_run(struct search *work);

static enum search_step search_end(struct search *work, enum status status)
{
    work->search->status = status;
    return SEARCH_ENDED;
}

static void search_free(struct search *work)
{
    struct heap *heap = &work->log->store->shard->heap;
    for (uint32_t i = 0; i < work->read.extent_count; i++) block_unpin(work->extents[i].block);
    struct log *log = work->log;
    list_remove(&work->wait.node);
    heap_give(heap, work->batch);
    heap_give(heap, work);
    reader_release(log);
}

static void search_go(struct ready *ready)
{
    struct search *work = container_of(ready, struct search, ready);
    struct shard *shard = work->log->store->shard;
    struct log_search *search = work->search;
    if (search_run(work)) shard_ready(shard, &search->ready);
}

/* ---- the batch that reaches ---- */

/* The first record at or above the wanted time, and not below the log's start. */
static bool batch_reaches(const struct batch *batch, struct bytes records, int64_t timestamp_ms, int64_t offset,
                          struct record *found)
{
    struct record_walk walk;
    enum status status;

    record_walk_begin(&walk, batch, records);
    while (record_walk_next(&walk, found, &status)) {
        if (found->timestamp_ms >= timestamp_ms && found->offset >= offset) return true;
    }
    return false;
}

static void open_work(struct job *job)
{
    struct search *work = container_of(job, struct search, job);
    struct bytes records;
    struct batch batch;
    struct heap heap;
    void *memory;

    heap_init(&heap);
    batch_decode(work->batch, &batch);
    job->status = batch_open(&batch, &heap, &records, &memory);
    work->reaches =
        job->status == STATUS_OK && batch_reaches(&batch, records, work->timestamp_ms, work->start, &work->found);
    if (job->status != STATUS_OK) { /* Stored as it came, undecodable: its first record stands for it. */
        work->found = (struct record){ .timestamp_ms = batch.max_timestamp_ms, .offset = batch.base_offset };
        work->reaches = true;
    }
    heap_end(&heap);
}

static enum search_step search_found(struct search *work, const struct batch *batch)
{
    work->search->offset = work->found.offset;
    work->search->found_timestamp_ms = work->found.timestamp_ms;
    work->search->leader_epoch = batch->leader_epoch;
    return search_end(work, STATUS_OK);
}

/* The batch's job is done: found, or on behind it. */
static enum search_step search_opened(struct search *work)
{
    struct batch batch;
    batch_decode(work->batch, &batch);
    if (work->reaches) return search_found(work, &batch);

    work->offset = batch_limit(&batch);
    heap_give(&work->log->store->shard->heap, work->batch);
    work->batch = NULL;
    return SEARCH_AGAIN;
}

static void open_done(struct job *job)
{
    struct search *work = container_of(job, struct search, job);
    search_go(&work->ready);
}

/* ---- the walk over what was read ---- */

/* Copies `size` bytes from where the walk is, across extents; false when they end before. */
static bool extents_copy(const struct search *work, uint8_t *to, uint32_t size)
{
    uint32_t extent = work->extent, at = work->at;
    while (size > 0 && extent < work->read.extent_count) {
        const struct extent *from = &work->extents[extent];
        uint32_t part = min_of(size, from->size - at);
        memcpy(to, from->data + at, part);
        to += part;
        size -= part;
        at += part;
        if (at == from->size) {
            extent++;
            at = 0;
        }
    }
    return size == 0;
}

static void extents_skip(struct search *work, uint32_t size)
{
    while (size > 0) {
        uint32_t part = min_of(size, work->extents[work->extent].size - work->at);
        work->at += part;
        size -= part;
        if (work->at == work->extents[work->extent].size) {
            work->extent++;
            work->at = 0;
        }
    }
}

static enum search_step search_batch(struct search *work, const struct batch *header)
{
    struct shard *shard = work->log->store->shard;
    struct batch batch;

    work->batch = heap_take(&shard->heap, header->size);
    work->batch_size = header->size;
    bool whole = extents_copy(work, work->batch, header->size);
    invariant(whole);
    batch_decode(work->batch, &batch);
    if (batch.attributes & BATCH_CODEC) {
        work->stage = SEARCH_OPENING;
        jobs_begin(shard, &work->job, 0, open_work, open_done);
        return SEARCH_WAITS;
    }
    struct bytes records = { batch.data + BATCH_HEADER_SIZE, batch.size - BATCH_HEADER_SIZE };
    work->reaches = batch_reaches(&batch, records, work->timestamp_ms, work->start, &work->found);
    return search_opened(work);
}

/* Each batch of the read by its header. */
static enum search_step search_walk(struct search *work)
{
    uint8_t header[BATCH_HEADER_SIZE];
    struct batch batch;

    if (work->read.status == STATUS_OUT_OF_RANGE) return search_end(work, STATUS_NOT_FOUND);
    if (work->read.status != STATUS_OK) return search_end(work, work->read.status);
    if (work->read.size == 0) return search_end(work, STATUS_NOT_FOUND);

    while (extents_copy(work, header, BATCH_HEADER_SIZE)) {
        batch_decode(header, &batch);
        if (batch.max_timestamp_ms >= work->timestamp_ms) {
            enum search_step step = search_batch(work, &batch);
            if (step != SEARCH_AGAIN) return step;
        }
        extents_skip(work, batch.size);
        work->offset = batch_limit(&batch);
    }
    for (uint32_t i = 0; i < work->read.extent_count; i++) block_unpin(work->extents[i].block);
    work->read.extent_count = 0;
    work->stage = SEARCH_PLACING;
    return SEARCH_AGAIN;
}

/* ---- where to begin ---- */

static struct segment *segment_reaching(struct log *log, int64_t offset, int64_t timestamp_ms)
{
    for (uint32_t i = 0; log->segments && i < log->segments->count; i++) {
        struct segment *segment = &log->segments->items[i];
        if (segment->limit > offset && segment->max_timestamp_ms >= timestamp_ms) return segment;
    }
    return NULL;
}

static enum search_step search_place(struct search *work)
{
    struct log *log = work->log;
    bool missing;

    work->offset = max_of(work->offset, log->start); /* It may be raised while we wait. */
    struct segment *segment = segment_reaching(log, work->offset, work->timestamp_ms);
    if (!segment) return search_end(work, STATUS_NOT_FOUND);
    bool indexed = work->stage == SEARCH_INDEXING; /* Once: what can't be indexed is read from its start. */
    uint32_t relative = index_find_time(&segment->index, work->timestamp_ms, &missing);
    if (missing && !indexed && segment->written > SEARCH_READ_SIZE) {
        work->stage = SEARCH_INDEXING;
        reader_index(work->reader, log, segment, false, &work->wait);
        return SEARCH_WAITS;
    }
    work->offset = max_of(work->offset, segment->base + relative);
    work->stage = SEARCH_READING;
    work->extent = work->at = 0;
    work->read.log = log;
    work->read.offset = work->offset;
    work->read.limit = log->end;
    work->read.size_max = SEARCH_READ_SIZE;
    work->read.first_whole = true;
    work->read.extents = work->extents;
    work->read.extent_max = SEARCH_EXTENTS;
    return log_read_begin(&work->read) ? SEARCH_AGAIN : SEARCH_WAITS;
}

static enum search_step search_step(struct search *work)
{
    if (work->log->deleted) return search_end(work, STATUS_NOT_FOUND);
    if (work->log->offline) return search_end(work, STATUS_OFFLINE);
    if (work->stage == SEARCH_READING) return search_walk(work);
    if (work->stage != SEARCH_OPENING) return search_place(work);

    enum search_step step = search_opened(work);
    if (step != SEARCH_AGAIN) return step;
    extents_skip(work, work->batch_size);
    work->stage = SEARCH_READING;
    return SEARCH_AGAIN;
}

/* True: it ended, and `work` is gone. */
static bool search_run(struct search *work)
{
    enum search_step step;
    do {
        step = search_step(work);
    } while (step == SEARCH_AGAIN);

    if (step == SEARCH_ENDED) search_free(work);
    return step == SEARCH_ENDED;
}

static void search_read_done(struct ready *ready)
{
    struct search *work = container_of(ready, struct search, read.ready);
    search_go(&work->ready);
}

bool log_search_begin(struct log_search *search)
{
    struct log *log = search->log;
    struct store *store = log->store;
    if (!log->segments) {
        search->status = STATUS_NOT_FOUND;
        return true;
    }
    struct search *work = heap_take(&store->shard->heap, sizeof *work);

    reader_hold(log);
    work->search = search;
    work->log = log;
    work->reader = reader_of(store);
    work->offset = work->start = log->start;
    work->timestamp_ms = search->timestamp_ms;
    ready_init(&work->ready, search_go);
    ready_init(&work->read.ready, search_read_done);
    list_node_init(&work->wait.node);
    work->wait.ready = &work->ready;
    if (search->timestamp_ms == LOG_SEARCH_MAX) {
        const struct segment *largest = NULL;
        for (uint32_t i = 0; log->segments && i < log->segments->count; i++) {
            const struct segment *segment = &log->segments->items[i];
            if (segment->limit <= log->start) continue;
            if (!largest || segment->max_timestamp_ms > largest->max_timestamp_ms) largest = segment;
        }
        work->timestamp_ms = largest ? largest->max_timestamp_ms : 0;
        if (largest) work->offset = max_of(work->offset, largest->max_timestamp_offset);
    }
    search->work = work;
    return search_run(work);
}
