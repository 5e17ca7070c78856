/* engine/log/truncate.c   A log loses its end: a follower that diverged, or a start that finds a truncation in the
 * WAL. Called when nothing refers to the log's files, after the tail was cut; blocks for as long as the batches
 * behind the last snapshot take to read.
 *
 * The .log files above the cut stay where they are: until the truncation is durable, a crash would need them; after
 * it, they are overwritten or swept away at the clean stop. Only the producers' snapshots above it go at once, since
 * they are never needed. */
#include "base/arena.h"
#include "log/batch_scan.h"
#include "log/epochs.h"
#include "log/kafka_files.h"
#include "log/producer_state.h"
#include "log/reader.h"
#include "log/segment_files.h"
#include "log/tail.h"

enum { SNAPSHOT_SIZE_MAX = 256 << 20 };

/* What is done with each batch of a segment; false ends the walk. */
struct visit {
    bool (*batch)(struct visit *visit, const struct batch *batch, uint64_t position);
    struct log *log;
    struct segment *segment;
    int64_t from, end;
    uint64_t position; /* where the cut lies */
};

/* Batches below are whole in the file. A stream writes whole blocks, so the file may have a part of the next one; a
 * span that is not in the file whole is in memory whole. */
static uint64_t file_limit(const struct visit *visit)
{
    const struct tail *tail = visit->log->tail;
    const struct segment *segment = visit->segment;

    if (!tail || tail->written == tail->count) return segment->written;
    const struct span *span = tail_span(tail, tail->written);
    return span->segment == segment->base ? min_of(segment->written, (uint64_t)span->segment_position)
                                          : segment->written;
}

/* Batches at `limit` and above, from memory. True: all were visited. */
static bool visit_tail(struct visit *visit, uint64_t limit)
{
    const struct log *log = visit->log;

    for (uint32_t i = 0; log->tail && i < log->tail->count; i++) {
        const struct span *span = tail_span(log->tail, i);
        const uint8_t *data = span->gather->block->data + span->at;
        if (span->segment != visit->segment->base) continue;

        struct batch batch;
        for (uint32_t at = 0; at < span->size; at += batch.size) {
            batch_decode(data + at, &batch);
            uint64_t position = span->segment_position + at;
            if (position >= limit && !visit->batch(visit, &batch, position)) return false;
        }
    }
    return true;
}

/* The batches of one segment from `position` on, wherever they are. */
static enum status visit_segment(struct visit *visit, uint64_t position)
{
    struct log *log = visit->log;
    struct segment *segment = visit->segment;
    struct batch_scan scan;
    struct batch batch;
    char path[PATH_SIZE];
    uint64_t limit = file_limit(visit);
    enum status status = STATUS_NOT_FOUND;
    bool more = true;
    int file;

    if (limit > position) {
        segment_path(log->topic, log->key.partition, segment->base, ".log", path);
        status = files_open(log->directory->files, log->directory->handle, path, FILES_READ, &file);
        if (status != STATUS_OK) return status;
        batch_scan_begin(&scan, log->directory->files, file, log_heap(log), position, limit, true);
        while (more && (status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
            more = visit->batch(visit, &batch, scan.position);
        }
        batch_scan_end(&scan);
        files_close(log->directory->files, file);
    }
    if (!more) return STATUS_OK;
    if (status != STATUS_NOT_FOUND) return status == STATUS_IO_ERROR ? status : STATUS_DAMAGED;
    (void)visit_tail(visit, limit);
    return STATUS_OK;
}

/* ---- the segment that is cut ---- */

static bool batch_stays(struct visit *visit, const struct batch *batch, uint64_t position)
{
    struct segment *segment = visit->segment;
    if (batch_limit(batch) > visit->end) return false;

    if (batch->max_timestamp_ms > segment->max_timestamp_ms) {
        segment->max_timestamp_ms = batch->max_timestamp_ms;
        segment->max_timestamp_offset = batch_limit(batch) - 1;
    }
    segment->limit = batch_limit(batch);
    visit->position = position + batch->size;
    return segment->limit < visit->end; /* What stands behind may be half overwritten by what came after the cut. */
}

static enum status segment_truncate(struct log *log, struct segment *segment, int64_t end)
{
    struct visit visit = { .batch = batch_stays, .log = log, .segment = segment, .end = end };
    const struct index *index = &segment->index;
    uint32_t below = 0;

    while (below < index->count && segment->base + index->entries[below].offset < end) below++;
    const struct index_entry *entry = below > 0 ? &index->entries[below - 1] : NULL;
    segment->limit = segment->base;
    segment->max_timestamp_ms = entry ? entry->max_timestamp_ms : -1;
    segment->max_timestamp_offset = segment->base + (entry ? entry->timestamp_offset : 0);
    visit.position = entry ? entry->position : 0;
    enum status status = visit_segment(&visit, visit.position);
    if (status != STATUS_OK) return status;

    segment->size = visit.position;
    segment->written = min_of(segment->written, segment->size);
    segment->synced = min_of(segment->synced, segment->size);
    index_truncate(&segment->index, (uint32_t)segment->size);
    heap_give(log_heap(log), segment->snapshot);
    segment->snapshot = NULL;
    if (segment->sealed && segment->file >= 0) { /* Opened to be read only, as nobody wrote to it any more. */
        files_close(log->directory->files, segment->file);
        segment->file = -1;
    }
    if (segment->sealed) segment->allocated = segment->size;
    segment->sealed = segment->closed = false;
    return STATUS_OK;
}

/* ---- the producers ---- */

static enum status snapshots_void(struct log *log, int64_t end, struct arena *arena, int64_t *newest)
{
    struct files *files = log->directory->files;
    struct files_entry *entries;
    uint32_t count = 0;
    char path[PATH_SIZE];
    int handle;

    *newest = -1;
    partition_path(log->topic, log->key.partition, path);
    enum status status = files_open_directory(files, log->directory->handle, path, &handle);
    if (status == STATUS_NOT_FOUND) return STATUS_OK; /* Nothing was written yet. */
    if (status != STATUS_OK) return status;
    status = files_list(files, handle, arena, &entries, &count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        int64_t offset;
        if (!segment_name_parse(text_of(entries[i].name), ".snapshot", &offset)) continue;
        if (offset <= end) *newest = max_of(*newest, offset);
        if (offset > end) status = files_remove(files, handle, entries[i].name);
    }
    if (status == STATUS_OK) status = files_sync_directory(files, handle);
    files_close(files, handle);
    return status;
}

/* Snapshots of rolls whose seal has not run yet are in memory. */
static struct bytes snapshot_pending(const struct log *log, int64_t above, int64_t *offset)
{
    struct bytes found = BYTES_NULL;
    for (uint32_t i = 0; log->segments && i < log->segments->count; i++) {
        const struct segment *segment = &log->segments->items[i];
        invariant(segment);
        if (!segment->snapshot || segment->limit <= above) continue;
        found = (struct bytes){ segment->snapshot, segment->snapshot_size };
        *offset = above = segment->limit;
    }
    return found;
}

static bool batch_counts(struct visit *visit, const struct batch *batch, uint64_t position)
{
    struct transaction_end end;
    (void)position;
    if (batch->base_offset >= visit->end) return false;
    if (batch->base_offset < visit->from || batch->producer_id < 0) return true;
    producer_state_apply(visit->log->producers, batch, shard_wall_ms(visit->log->store->shard), &end);
    return true;
}

static enum status producers_rebuild(struct log *log, int64_t end, struct arena *arena)
{
    struct visit visit = { .batch = batch_counts, .log = log, .from = log->start, .end = end };
    struct bytes snapshot = BYTES_NULL;
    char path[PATH_SIZE];
    int64_t newest;

    enum status status = snapshots_void(log, end, arena, &newest);
    if (status != STATUS_OK || !log->producers) return status;
    if (newest >= 0) {
        segment_path(log->topic, log->key.partition, newest, ".snapshot", path);
        status = files_load(log->directory->files, log->directory->handle, path, SNAPSHOT_SIZE_MAX, arena,
                            &snapshot.data, &snapshot.size);
        if (status != STATUS_OK) return status;
    }
    struct bytes pending = snapshot_pending(log, newest, &newest);
    if (pending.data) snapshot = pending;

    producer_state_end(log->producers);
    log->producers = producer_state_make(log_heap(log));
    if (snapshot.data &&
        producer_snapshot_read(log->producers, snapshot, shard_wall_ms(log->store->shard)) == STATUS_OK) {
        visit.from = max_of(newest, log->start);
    } else if (snapshot.data) {
        producer_state_end(log->producers);
        log->producers = producer_state_make(log_heap(log));
    }
    for (uint32_t i = 0; log->segments && i < log->segments->count && status == STATUS_OK; i++) {
        struct segment *segment = &log->segments->items[i];
        invariant(segment);
        visit.segment = segment;
        if (segment->limit > visit.from) status = visit_segment(&visit, 0);
    }
    return status;
}

enum status log_state_truncate(struct log *log, int64_t end)
{
    struct segments *segments = log->segments;
    enum status status = STATUS_OK;
    struct arena arena;

    invariant(!log_state_busy(log));
    reader_forget(log);
    if (log->epochs) epochs_truncate_end(log->epochs, end);
    if (!segments) {
        producer_state_end(log->producers);
        log->producers = NULL;
        return STATUS_OK;
    }
    while (segments->abort_count > 0 && segments->aborts[segments->abort_count - 1].last >= end)
        segments->abort_count--;
    while (segments->count > 0 && segments->items[segments->count - 1].base >= end) {
        struct segment *last = &segments->items[segments->count - 1];
        if (last->file >= 0) files_close(log->directory->files, last->file);
        last->file = -1;
        segments_remove(log, segments->count - 1, 1);
    }
    struct segment *last = segments_last(log);
    if (last && last->limit > end) status = segment_truncate(log, last, end);

    arena_init(&arena, log_heap(log), NULL, 0, SNAPSHOT_SIZE_MAX);
    if (status == STATUS_OK) status = producers_rebuild(log, end, &arena);
    arena_reset(&arena);
    return status;
}
