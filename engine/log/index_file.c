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

enum status index_file_scan(const struct index_source *source, struct heap *heap, struct index *index)
{
    char path[PATH_SIZE];
    int file;
    struct batch_scan scan;
    struct batch batch;
    struct index_entry running = { .max_timestamp_ms = -1 };

    source_path(source, ".log", path);
    enum status status = files_open(source->files, source->directory, path, FILES_READ, &file);
    if (status != STATUS_OK) return status;

    *index = (struct index){ .from = 0 };
    batch_scan_begin(&scan, source->files, file, heap, 0, source->size, false);
    while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
        int64_t last = batch_limit(&batch) - 1 - source->base;
        if (last < 0 || last > UINT32_MAX) break;
        running.offset = (uint32_t)last;
        running.position = (uint32_t)scan.position;
        if (batch.max_timestamp_ms > running.max_timestamp_ms) {
            running.max_timestamp_ms = batch.max_timestamp_ms;
            running.timestamp_offset = running.offset;
        }
        index_note(index, heap, source->spacing, batch.size, running);
    }
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
