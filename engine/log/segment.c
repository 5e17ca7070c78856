/* engine/log/segment.c   The table of a log's segments, and where the next batch goes. No file is touched here.
 *
 * Invariants: items ascend, items[i].limit <= items[i + 1].base; written <= size, synced <= written; only the last
 * one grows.
 * Kafka rolls before a batch when (each was seen on a real broker):
 *     - the segment has bytes and the batch does not fit in segment.bytes,
 *     - it has bytes and the batch's timestamp is more than segment.ms after that of the segment's first batch,
 *       less a jitter of its own, so that segments begun together are not rolled (and deleted) together,
 *     - its index is as large as segment.index.bytes allows (ours, which has fewer entries than Kafka's),
 *     - the batch's last offset is 2^31 or more above the segment's base (relative offsets are 32 bits). */
#include "log/segment.h"

#include <string.h>

#include "base/heap.h"
#include "base/map.h"
#include "log/batch.h"
#include "log/producer_state.h"
#include "log/store.h"

enum { SEGMENT_SIZE_MAX = INT32_MAX }; /* Positions in an index are 32 bits. */
enum { SNAPSHOT_SHARE = 8 };           /* Snapshots are at most this part of the bytes that were rolled. */

struct heap *log_heap(const struct log *log)
{
    return log->store ? &log->store->shard->heap : log->directory->heap;
}

uint64_t segments_size(const struct log *log)
{
    uint64_t size = 0;
    for (uint32_t i = 0; log->segments && i < log->segments->count; i++) size += log->segments->items[i].size;
    return size;
}

struct segment *segments_add(struct log *log, int64_t base)
{
    if (!log->segments) log->segments = heap_take(log_heap(log), sizeof *log->segments);

    struct segments *segments = log->segments;
    struct segment *last = segments_last(log);
    invariant(!last || last->limit <= base);

    if (segments->count == segments->capacity) {
        segments->capacity = segments->capacity == 0 ? 1 : segments->capacity * 2;
        segments->items = heap_resize(log_heap(log), segments->items, segments->capacity * sizeof *segments->items);
    }
    struct segment *segment = &segments->items[segments->count++];
    invariant(segment);
    *segment = (struct segment){
        .base = base,
        .limit = base,
        .base_timestamp_ms = -1,
        .max_timestamp_ms = -1,
        .max_timestamp_offset = base,
        .file = -1,
    };
    return segment;
}

static void segment_end(struct log *log, struct segment *segment)
{
    invariant(segment->file < 0);
    index_end(&segment->index, log_heap(log));
    heap_give(log_heap(log), segment->snapshot);
    segment->snapshot = NULL;
}

void segments_remove(struct log *log, uint32_t first, uint32_t count)
{
    struct segments *segments = log->segments;
    invariant(first + count <= segments->count);

    for (uint32_t i = 0; i < count; i++) segment_end(log, &segments->items[first + i]);
    segments->count -= count;
    memmove(segments->items + first, segments->items + first + count,
            (segments->count - first) * sizeof *segments->items);
}

void segments_end(struct log *log)
{
    if (!log->segments) return;
    segments_remove(log, 0, log->segments->count);
    heap_give(log_heap(log), log->segments->items);
    heap_give(log_heap(log), log->segments->aborts);
    heap_give(log_heap(log), log->segments);
    log->segments = NULL;
}

/* Drawn once for each segment by its name, so that it is the same after a restart: Kafka draws anew. */
static int64_t segment_jitter_ms(const struct log *log, const struct segment *segment)
{
    int64_t most = min_of(log->settings->segment_jitter_ms, log->settings->segment_ms);
    if (most <= 0) return 0;
    uint64_t drawn = hash_join(hash_partition(log->key.topic, log->key.partition), (uint64_t)segment->base);
    return (int64_t)(drawn % (uint64_t)most);
}

static uint32_t spacing_of(const struct log *log)
{
    return index_spacing(log->settings->index_interval_bytes, log->settings->segment_bytes);
}

static bool segment_index_full(const struct log *log, const struct segment *segment)
{
    if (log->settings->index_bytes_max == 0) return false;
    uint32_t unread = segment->index.from / spacing_of(log); /* What a restart left to be read again. */
    return segment->index.count + unread >= index_entries_max(log->settings->index_bytes_max);
}

static bool segment_takes(const struct log *log, const struct segment *segment, const struct batch *batch)
{
    int64_t last_offset = batch->base_offset + batch->last_delta;
    if (last_offset - segment->base > INT32_MAX) return false;
    if (segment->sealed) return false; /* A truncation ended exactly where a segment does. */
    if (segment->size == 0) return true;
    if (log->segments->roll) return false;

    uint64_t size_max = (uint64_t)min_of(log->settings->segment_bytes, (int64_t)SEGMENT_SIZE_MAX);
    if (segment->size + batch->size > size_max) return false;
    if (segment_index_full(log, segment)) return false;

    bool dated = segment->base_timestamp_ms >= 0 && batch->max_timestamp_ms >= 0;
    int64_t age_max_ms = log->settings->segment_ms - segment_jitter_ms(log, segment);
    return !dated || batch->max_timestamp_ms - segment->base_timestamp_ms <= age_max_ms;
}

/* The producers as they are where the old segment ends: recovery by Kafka, and truncation, begin there. Without it they
 * begin at the one before and read the batches between, so many producers are not pictured for the sake of few bytes:
 * a roll for each batch would otherwise keep, and write, hundreds of KiB for it. */
static void segment_keep_snapshot(struct log *log, struct segment *segment)
{
    size_t size = producer_snapshot_size(log->producers);

    log->segments->bare += segment->size;
    if (log->segments->bare < SNAPSHOT_SHARE * (uint64_t)size) return;
    log->segments->bare = 0;
    segment->snapshot = heap_take(log_heap(log), size);
    segment->snapshot_size = (uint32_t)size;
    producer_snapshot_write(log->producers, segment->snapshot);
}

struct segment *segments_place(struct log *log, const struct batch *batch, uint32_t *position)
{
    struct segment *segment = segments_last(log);
    if (segment) segment->closed = false;
    if (!segment || !segment_takes(log, segment, batch)) {
        uint32_t entries = segment ? segment->index.count : 0;
        if (segment) segment_keep_snapshot(log, segment);
        segment = segments_add(log, batch->base_offset);
        index_reserve(&segment->index, log_heap(log), entries);
        log->segments->roll = false;
    }
    invariant(batch->base_offset >= segment->limit);
    invariant(!segment->sealed);

    int64_t last_offset = batch_limit(batch) - 1;
    if (segment->size == 0) segment->base_timestamp_ms = batch->max_timestamp_ms;
    if (batch->max_timestamp_ms > segment->max_timestamp_ms) {
        segment->max_timestamp_ms = batch->max_timestamp_ms;
        segment->max_timestamp_offset = last_offset;
    }
    index_note(&segment->index, log_heap(log), spacing_of(log), batch->size,
               (struct index_entry){
                   .max_timestamp_ms = segment->max_timestamp_ms,
                   .timestamp_offset = (uint32_t)(segment->max_timestamp_offset - segment->base),
                   .offset = (uint32_t)(last_offset - segment->base),
                   .position = (uint32_t)segment->size,
               });

    *position = (uint32_t)segment->size;
    segment->size += batch->size;
    segment->limit = last_offset + 1;
    return segment;
}

/* The first item whose limit is above `offset`; count when there is none. */
static uint32_t segments_above(const struct segments *segments, int64_t offset)
{
    uint32_t low = 0, high = segments->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (segments->items[middle].limit <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct segment *segments_find(const struct log *log, int64_t offset)
{
    if (!log->segments) return NULL;
    uint32_t found = segments_above(log->segments, offset);
    return found < log->segments->count ? &log->segments->items[found] : NULL;
}

struct segment *segments_at(const struct log *log, int64_t base)
{
    uint32_t low = 0, high = log->segments ? log->segments->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (log->segments->items[middle].base < base) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = log->segments && low < log->segments->count && log->segments->items[low].base == base;
    return found ? &log->segments->items[low] : NULL;
}

void segments_abort(struct log *log, struct abort_entry entry)
{
    struct segments *segments = log->segments;
    invariant(segments && segments->count > 0);
    invariant(segments->abort_count == 0 || segments->aborts[segments->abort_count - 1].last < entry.last);

    if (segments->abort_count == segments->abort_capacity) {
        segments->abort_capacity = max_of(4u, segments->abort_capacity * 2);
        segments->aborts =
            heap_resize(log_heap(log), segments->aborts, segments->abort_capacity * sizeof *segments->aborts);
    }
    segments->aborts[segments->abort_count++] = entry;
}

void segments_forget_aborts(struct log *log, int64_t start)
{
    struct segments *segments = log->segments;
    uint32_t below = 0;
    while (below < segments->abort_count && segments->aborts[below].last < start) below++;
    if (below == 0) return; /* There may be no array at all. */
    segments->abort_count -= below;
    memmove(segments->aborts, segments->aborts + below, segments->abort_count * sizeof *segments->aborts);
}
