/* engine/log/state.c   A log's state as one piece: applied batch by batch, saved to bytes, loaded again.
 *
 *     segments u32, times: base i64 | limit i64 | size u64 | base timestamp i64 | max timestamp i64 | its offset i64
 *     | flags u8
 *     aborts   u32, times: producer id i64 | first i64 | last i64 | last stable i64
 *     epochs   u32, times: epoch i32 | start i64
 *     flags u8: the directory is made
 *     producers, as producer_snapshot.c lays them out
 *
 * Index entries are not in it: they are many, and a scan of the one segment that lacks them brings them back
 * (index_file.c). */
#include "log/state.h"

#include "io/files.h"
#include "log/epochs.h"
#include "log/index_file.h"
#include "log/kafka_files.h"
#include "log/producer_state.h"
#include "log/segment.h"

enum { COUNT_SIZE = 4, SEGMENT_SIZE = 49, ABORT_SIZE = 32, EPOCH_SIZE = 12, FLAGS_SIZE = 1 };
enum state_flags { STATE_SEALED = 1, STATE_NAMED = 2, STATE_MADE = 1 };

static uint32_t segment_count(const struct log *log)
{
    return log->segments ? log->segments->count : 0;
}

static uint32_t abort_count(const struct log *log)
{
    return log->segments ? log->segments->abort_count : 0;
}

static uint32_t epoch_count(const struct log *log)
{
    return log->epochs ? log->epochs->count : 0;
}

size_t log_state_size(const struct log *log)
{
    return 3 * COUNT_SIZE + FLAGS_SIZE + SEGMENT_SIZE * (size_t)segment_count(log) +
           ABORT_SIZE * (size_t)abort_count(log) + EPOCH_SIZE * (size_t)epoch_count(log) +
           producer_state_size(log->producers);
}

static uint8_t *segment_save(uint8_t *at, const struct segment *segment)
{
    store_i64(at, segment->base);
    store_i64(at + 8, segment->limit);
    store_u64(at + 16, segment->size);
    store_i64(at + 24, segment->base_timestamp_ms);
    store_i64(at + 32, segment->max_timestamp_ms);
    store_i64(at + 40, segment->max_timestamp_offset);
    at[48] = (uint8_t)((segment->sealed ? STATE_SEALED : 0) | (segment->named ? STATE_NAMED : 0));
    return at + SEGMENT_SIZE;
}

static uint8_t *abort_save(uint8_t *at, const struct abort_entry *entry)
{
    store_i64(at, entry->producer_id);
    store_i64(at + 8, entry->first);
    store_i64(at + 16, entry->last);
    store_i64(at + 24, entry->last_stable);
    return at + ABORT_SIZE;
}

size_t log_state_save(const struct log *log, uint8_t *to)
{
    uint8_t *at = to;

    store_u32(at, segment_count(log));
    at += COUNT_SIZE;
    for (uint32_t i = 0; i < segment_count(log); i++) at = segment_save(at, &log->segments->items[i]);

    store_u32(at, abort_count(log));
    at += COUNT_SIZE;
    for (uint32_t i = 0; i < abort_count(log); i++) at = abort_save(at, &log->segments->aborts[i]);

    store_u32(at, epoch_count(log));
    at += COUNT_SIZE;
    for (uint32_t i = 0; i < epoch_count(log); i++, at += EPOCH_SIZE) {
        store_i32(at, log->epochs->items[i].epoch);
        store_i64(at + 4, log->epochs->items[i].start);
    }

    *at = log->segments && log->segments->made ? STATE_MADE : 0;
    at += FLAGS_SIZE;
    producer_state_write(log->producers, at);
    at += producer_state_size(log->producers);
    invariant((size_t)(at - to) == log_state_size(log));
    return (size_t)(at - to);
}

/* What is left of the saved bytes. */
struct state_reader {
    const uint8_t *at, *limit;
};

/* A count and the room for as many items; false when the bytes end first. */
static bool read_count(struct state_reader *reader, size_t item_size, uint32_t *count)
{
    if (reader->limit - reader->at < COUNT_SIZE) return false;
    *count = load_u32(reader->at);
    reader->at += COUNT_SIZE;
    return *count <= (size_t)(reader->limit - reader->at) / item_size;
}

static enum status segments_load(struct log *log, struct state_reader *reader)
{
    uint32_t count;
    if (!read_count(reader, SEGMENT_SIZE, &count)) return STATUS_MALFORMED;

    for (uint32_t i = 0; i < count; i++, reader->at += SEGMENT_SIZE) {
        const uint8_t *at = reader->at;
        const struct segment *last = segments_last(log);
        int64_t base = load_i64(at), limit = load_i64(at + 8);
        uint64_t size = load_u64(at + 16);
        if (base < (last ? last->limit : 0) || limit < base || size > INT32_MAX) return STATUS_MALFORMED;

        struct segment *segment = segments_add(log, base);
        segment->limit = limit;
        segment->size = segment->written = segment->synced = size;
        segment->base_timestamp_ms = load_i64(at + 24);
        segment->max_timestamp_ms = load_i64(at + 32);
        segment->max_timestamp_offset = load_i64(at + 40);
        segment->sealed = (at[48] & STATE_SEALED) != 0;
        segment->named = (at[48] & STATE_NAMED) != 0;
        segment->index.from = (uint32_t)size;
    }
    return STATUS_OK;
}

static enum status aborts_load(struct log *log, struct state_reader *reader)
{
    uint32_t count;
    if (!read_count(reader, ABORT_SIZE, &count)) return STATUS_MALFORMED;
    if (count > 0 && segment_count(log) == 0) return STATUS_MALFORMED;

    int64_t above = -1;
    for (uint32_t i = 0; i < count; i++, reader->at += ABORT_SIZE) {
        struct abort_entry entry = {
            .producer_id = load_i64(reader->at),
            .first = load_i64(reader->at + 8),
            .last = load_i64(reader->at + 16),
            .last_stable = load_i64(reader->at + 24),
        };
        if (entry.last <= above) return STATUS_MALFORMED;
        above = entry.last;
        segments_abort(log, entry);
    }
    return STATUS_OK;
}

static enum status epochs_load(struct log *log, struct state_reader *reader)
{
    uint32_t count;
    if (!read_count(reader, EPOCH_SIZE, &count)) return STATUS_MALFORMED;

    for (uint32_t i = 0; i < count; i++, reader->at += EPOCH_SIZE) {
        int32_t epoch = load_i32(reader->at);
        int64_t start = load_i64(reader->at + 4);
        if (epoch <= epochs_latest(log->epochs) || start < 0) return STATUS_MALFORMED;
        if (!log->epochs) log->epochs = epochs_make(log_heap(log));
        epochs_begin(log->epochs, epoch, start);
    }
    return STATUS_OK;
}

static enum status producers_load(struct log *log, struct state_reader *reader)
{
    static const uint8_t none[2 * COUNT_SIZE];
    struct bytes saved = { reader->at, (size_t)(reader->limit - reader->at) };

    if (saved.size == sizeof none && memcmp(saved.data, none, sizeof none) == 0) return STATUS_OK;
    log->producers = producer_state_make(log_heap(log));
    return producer_state_read(log->producers, saved, shard_wall_ms(log->store->shard));
}

static bool segment_file_gone(const struct log *log, const struct segment *segment)
{
    struct files_entry entry;
    char path[PATH_SIZE];

    segment_path(log->topic, log->key.partition, segment->base, ".log", path);
    return files_entry(log->directory->files, log->directory->handle, path, &entry) == STATUS_NOT_FOUND;
}

/* Retention may have removed files below the start after the state was saved. The last segment may have grown beyond
 * the start since then, as the WAL will show; only its file tells. */
static void state_forget_expired(struct log *log)
{
    const struct segments *segments = log->segments;
    uint32_t count = 0;

    while (count < segments->count && segments->items[count].limit <= log->start) {
        if (count + 1 == segments->count && !segment_file_gone(log, &segments->items[count])) break;
        count++;
    }
    segments_remove(log, 0, count);
    segments_forget_aborts(log, log->start);
}

enum status log_state_load(struct log *log, struct bytes saved)
{
    struct state_reader reader = { saved.data, saved.data + saved.size };
    invariant(!log->segments && !log->epochs && !log->producers);

    enum status status = segments_load(log, &reader);
    if (status == STATUS_OK) status = aborts_load(log, &reader);
    if (status == STATUS_OK) status = epochs_load(log, &reader);
    if (status == STATUS_OK && reader.at == reader.limit) status = STATUS_MALFORMED;
    if (status == STATUS_OK) {
        if (log->segments) log->segments->made = (*reader.at & STATE_MADE) != 0;
        reader.at += FLAGS_SIZE;
        status = producers_load(log, &reader);
    }
    if (status != STATUS_OK) log_state_end(log);
    if (status == STATUS_OK && log->segments) state_forget_expired(log);
    return status;
}

void log_state_closed(struct log *log)
{
    struct segment *last = segments_last(log);
    if (!last) return;
    last->closed = true;
    if (log->epochs) epochs_keep(log->epochs);
}

void log_state_end(struct log *log)
{
    for (uint32_t i = 0; i < segment_count(log); i++) {
        struct segment *segment = &log->segments->items[i];
        invariant(segment->readers == 0);
        if (segment->file >= 0) files_close(log->directory->files, segment->file);
        segment->file = -1;
    }
    segments_end(log);
    epochs_end(log->epochs);
    producer_state_end(log->producers);
    log->epochs = NULL;
    log->producers = NULL;
}

void log_state_apply(struct log *log, const struct batch *batch, enum append_origin origin)
{
    (void)origin;
    if (batch->leader_epoch > epochs_latest(log->epochs)) {
        if (!log->epochs) log->epochs = epochs_make(log_heap(log));
        epochs_begin(log->epochs, batch->leader_epoch, batch->base_offset);
    }
    if (batch->producer_id < 0) return;

    struct transaction_end end;
    if (!log->producers) log->producers = producer_state_make(log_heap(log));
    producer_state_apply(log->producers, batch, shard_wall_ms(log->store->shard), &end);
    if (end.ended && end.aborted) {
        segments_abort(log, (struct abort_entry){ end.producer_id, end.first, end.last, end.last_stable });
    }
}

enum status log_state_check(const struct log *log, const struct batch *batch, struct log_append *append)
{
    struct producer_batch original;
    enum status status = producer_state_check(log->producers, batch, &original);
    if (status != STATUS_DUPLICATE) return status;

    append->duplicate = true;
    append->limit = original.last_offset + 1;
    append->first = original.last_offset - original.offset_delta;
    append->append_time_ms = original.timestamp_ms; /* Also where producers tell the time: as Kafka does. */
    return STATUS_OK;
}

void log_state_begin_epoch(struct log *log, int32_t epoch)
{
    if (!log->epochs) log->epochs = epochs_make(log_heap(log));
    epochs_begin(log->epochs, epoch, log->end);
}

void log_state_raised(struct log *log)
{
    if (log->epochs) epochs_truncate_start(log->epochs, log->start);
}

int64_t log_state_first_unstable(const struct log *log, int64_t committed)
{
    int64_t first = log->producers ? producer_state_commit(log->producers, committed) : INT64_MAX;
    return max_of(first, log->start);
}

int64_t log_size(const struct log *log)
{
    return (int64_t)segments_size(log);
}
