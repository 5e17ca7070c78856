/* engine/log/index_file.c   Kafka puts an entry every 4 KiB; we keep one every `spacing`, so that a segment of 1 GiB
 * costs 96 KiB of memory and not 5 MiB. A time entry belongs to the last offset entry at or above its offset: both
 * were written together. */
#include "log/index_file.h"

#include "base/arena.h"
#include "base/bytes.h"
#include "base/heap.h"
#include "log/batch_scan.h"
#include "log/kafka_files.h"

enum { OFFSET_ENTRY = 8, TIME_ENTRY = 12, INDEX_FILE_SIZE_MAX = 64 << 20 };

static void source_path(const struct index_source *source, const char *suffix, char path[PATH_SIZE])
{
    segment_path(source->topic, source->partition, source->base, suffix, path);
}

/* A scan, up to the batch before the one that was read last. */
struct scanned {
    const struct index_source *source;
    int64_t limit; /* of the batches that stand where their offsets say */
    struct index_entry running;
};

/* One batch, when the offset at which the next one begins is known: no checksum covers a base offset, and one that
 * is wrong must not misplace others. A batch that overlaps its neighbours has no entry; who reads it finds out. */
static void scanned_note(struct scanned *scanned, struct index *index, struct heap *heap, const struct batch *batch,
                         uint32_t position, int64_t next)
{
    struct index_entry *running = &scanned->running;
    bool good = batch->size > 0 && batch->last_delta >= 0 && batch->base_offset >= scanned->limit &&
                batch_limit(batch) <= next && batch_limit(batch) - 1 - scanned->source->base <= UINT32_MAX;

    if (!good) {
        index->since += batch->size;
        return;
    }
    scanned->limit = batch_limit(batch);
    running->offset = (uint32_t)(scanned->limit - 1 - scanned->source->base);
    running->position = position;
    if (batch->max_timestamp_ms > running->max_timestamp_ms) {
        running->max_timestamp_ms = batch->max_timestamp_ms;
        running->timestamp_offset = running->offset;
    }
    index_note(index, heap, scanned->source->spacing, batch->size, *running);
}

enum status index_file_scan(const struct index_source *source, struct heap *heap, struct index *index)
{
    char path[PATH_SIZE];
    int file;
    struct batch_scan scan;
    struct scanned scanned = { .source = source, .limit = source->base, .running.max_timestamp_ms = -1 };
    struct batch batch, before = { .size = 0 };
    uint32_t position = 0;

    source_path(source, ".log", path);
    enum status status = files_open(source->files, source->directory, path, FILES_READ, &file);
    if (status != STATUS_OK) return status;

    *index = (struct index){ .from = 0 };
    batch_scan_begin(&scan, source->files, file, heap, 0, source->size, false);
    while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
        scanned_note(&scanned, index, heap, &before, position, batch.base_offset);
        before = batch;
        position = (uint32_t)scan.position;
    }
    scanned_note(&scanned, index, heap, &before, position, source->limit);
    batch_scan_end(&scan);
    files_close(source->files, file);
    return status == STATUS_IO_ERROR ? status : STATUS_OK;
}

static enum status index_load(const struct index_source *source, const char *suffix, struct arena *arena,
                              struct bytes *bytes)
{
    char path[PATH_SIZE];
    source_path(source, suffix, path);
    return files_load(source->files, source->directory, path, INDEX_FILE_SIZE_MAX, arena, &bytes->data, &bytes->size);
}

/* Every spacing'th entry of .index; false when it can't be right. */
static bool offsets_read(const struct index_source *source, struct bytes offsets, struct heap *heap,
                         struct index *index)
{
    int64_t last_offset = -1, last_position = -1;

    if (offsets.size % OFFSET_ENTRY != 0) return false;
    index->since = source->spacing + 1;
    for (size_t at = 0; at < offsets.size; at += OFFSET_ENTRY) {
        uint32_t offset = load_u32(offsets.data + at), position = load_u32(offsets.data + at + 4);
        if (offset <= last_offset || position <= last_position) return false;
        if (position >= source->size || source->base + offset >= source->limit) return false;

        uint32_t step = last_position < 0 ? 0 : (uint32_t)(position - last_position);
        index->since += step;
        index_note(index, heap, source->spacing, 0,
                   (struct index_entry){ .max_timestamp_ms = -1, .offset = offset, .position = position });
        last_offset = offset;
        last_position = position;
    }
    return true;
}

/* Gives each entry the largest timestamp up to it; false when the times can't be right. */
static bool times_read(struct bytes times, struct index *index)
{
    int64_t latest = -1;
    uint32_t latest_offset = 0, entry = 0;

    if (times.size % TIME_ENTRY != 0) return false;
    for (size_t at = 0; at <= times.size; at += TIME_ENTRY) {
        bool end = at == times.size;
        int64_t timestamp = end ? INT64_MAX : load_i64(times.data + at);
        uint32_t offset = end ? UINT32_MAX : load_u32(times.data + at + 8);
        if (timestamp <= latest || offset < latest_offset) return false;

        for (; entry < index->count && (end || index->entries[entry].offset < offset); entry++) {
            index->entries[entry].max_timestamp_ms = latest;
            index->entries[entry].timestamp_offset = latest_offset;
        }
        latest = timestamp;
        latest_offset = offset;
    }
    return true;
}

enum status index_file_read(const struct index_source *source, struct heap *heap, struct index *index)
{
    struct arena arena;
    struct bytes offsets, times;

    *index = (struct index){ .from = 0 };
    arena_init(&arena, heap, NULL, 0, (size_t)2 * INDEX_FILE_SIZE_MAX);
    bool good = source->believed && index_load(source, ".index", &arena, &offsets) == STATUS_OK &&
                index_load(source, ".timeindex", &arena, &times) == STATUS_OK &&
                offsets_read(source, offsets, heap, index) && times_read(times, index);
    arena_reset(&arena);
    if (good) return STATUS_OK;

    index_end(index, heap);
    return index_file_scan(source, heap, index);
}
