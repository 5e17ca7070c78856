/* engine/log/inspect.c   Files as lines, in the words of Kafka's kafka-dump-log, so that scripts made for it go on working. */
#include "log/inspect_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/compression.h"
#include "base/heap.h"
#include "base/sink.h"
#include "io/files.h"
#include "log/aborted.h"
#include "log/batch_scan.h"
#include "log/kafka_files.h"
#include "log/producer_state.h"

enum { SMALL_FILE_MAX = 256 << 20, OFFSET_ENTRY = 8, TIME_ENTRY = 12 };

static const char *truth(bool is)
{
    return is ? "true" : "false";
}

static void batch_print(struct inspect *inspect, const struct batch *batch, uint64_t position, bool valid)
{
    bool sequenced = batch->base_sequence >= 0;
    const char *codec = compression_name(batch->attributes & BATCH_CODEC);

    sink_format(inspect->out,
                "baseOffset: %" PRId64 " lastOffset: %" PRId64 " count: %" PRId32 " baseSequence: %" PRId32
                " lastSequence: %" PRId32 " producerId: %" PRId64 " producerEpoch: %d partitionLeaderEpoch: %" PRId32
                " isTransactional: %s isControl: %s ",
                batch->base_offset, batch_limit(batch) - 1, batch->record_count, batch->base_sequence,
                sequenced ? batch_last_sequence(batch) : -1, batch->producer_id, batch->producer_epoch,
                batch->leader_epoch, truth(batch->attributes & BATCH_TRANSACTIONAL),
                truth(batch->attributes & BATCH_CONTROL));
    if (batch->attributes & BATCH_DELETE_HORIZON) {
        sink_format(inspect->out, "deleteHorizonMs: OptionalLong[%" PRId64 "] ", batch->base_timestamp_ms);
    } else {
        sink_put(inspect->out, TEXT("deleteHorizonMs: OptionalLong.empty "));
    }
    sink_format(inspect->out,
                "position: %" PRIu64 " %s: %" PRId64 " size: %" PRIu32 " magic: 2 compresscodec: %s crc: %" PRIu32
                " isvalid: %s\n",
                position, batch->attributes & BATCH_APPEND_TIME ? "LogAppendTime" : "CreateTime",
                batch->max_timestamp_ms, batch->size, codec ? codec : "unknown", batch->crc, truth(valid));
}

static void bytes_print(struct sink *out, const char *name, struct bytes bytes)
{
    if (!bytes.data) return;
    sink_format(out, " %s: ", name);
    sink_put(out, (struct text){ (const char *)bytes.data, bytes.size });
}

/* They were parsed before: nothing in them can be cut. */
static void headers_print(struct sink *out, struct bytes headers)
{
    const uint8_t *at = headers.data, *limit = headers.data + headers.size;
    int32_t count = 0, size = 0;

    sink_put(out, TEXT(" headerKeys: ["));
    at += varint_read_i32(at, limit, &count);
    for (int32_t i = 0; i < count; i++) {
        at += varint_read_i32(at, limit, &size);
        if (i > 0) sink_put(out, TEXT(","));
        sink_put(out, (struct text){ (const char *)at, (size_t)size });
        at += size;
        at += varint_read_i32(at, limit, &size);
        at += max_of(size, 0);
    }
    sink_put(out, TEXT("]"));
}

static void record_print(struct inspect *inspect, const struct batch *batch, const struct record *record)
{
    bool sequenced = batch->base_sequence >= 0;
    int32_t sequence =
        sequenced ? sequence_add(batch->base_sequence, (int32_t)(record->offset - batch->base_offset)) : -1;
    enum control_type type;
    int32_t epoch;

    sink_format(inspect->out,
                "| offset: %" PRId64 " %s: %" PRId64 " keySize: %" PRId64 " valueSize: %" PRId64 " sequence: %" PRId32,
                record->offset, batch->attributes & BATCH_APPEND_TIME ? "LogAppendTime" : "CreateTime",
                record->timestamp_ms, record->key.data ? (int64_t)record->key.size : -1,
                record->value.data ? (int64_t)record->value.size : -1, sequence);
    headers_print(inspect->out, record->headers);
    if (!(batch->attributes & BATCH_CONTROL)) {
        bytes_print(inspect->out, "key", record->key);
        bytes_print(inspect->out, "payload", record->value);
    } else if (batch_control(batch, &type, &epoch) == STATUS_OK && type != CONTROL_OTHER) {
        sink_format(inspect->out, " endTxnMarker: %s coordinatorEpoch: %" PRId32,
                    type == CONTROL_ABORT ? "ABORT" : "COMMIT", epoch);
    }
    sink_put(inspect->out, TEXT("\n"));
}

void inspect_fault(struct inspect *inspect, const char *where, int64_t offset, const char *what)
{
    inspect->fault_count++;
    sink_format(inspect->out, "FAULT %s at %" PRId64 ": %s\n", where, offset, what);
}

void inspect_records(struct inspect *inspect, const char *path, const struct batch *batch, bool print)
{
    struct bytes records;
    struct record_walk walk;
    struct record record;
    void *memory;
    int32_t count = 0;

    enum status status = batch_open(batch, inspect->heap, &records, &memory);
    if (status == STATUS_OK) {
        record_walk_begin(&walk, batch, records);
        while (record_walk_next(&walk, &record, &status)) {
            if (print) record_print(inspect, batch, &record);
            count++;
        }
    }
    inspect->record_count += (uint64_t)count;
    /* Compressed payloads are stored as they came: one that can't be decoded is its producer's, and not the log's, fault. */
    bool open = (batch->attributes & BATCH_CODEC) == 0;
    if (status != STATUS_OK && open) inspect_fault(inspect, path, batch->base_offset, "the records do not parse");
    if (status != STATUS_OK && !open) {
        sink_format(inspect->out, "NOTE %s at %" PRId64 ": the compressed records can't be opened\n", path,
                    batch->base_offset);
    }
    heap_give(inspect->heap, memory);
}

static enum status log_print(struct inspect *inspect, const char *path)
{
    struct batch_scan scan;
    struct batch batch;
    uint64_t size;
    int file;

    enum status status = files_open(inspect->files, FILES_HERE, path, FILES_READ, &file);
    if (status != STATUS_OK) return status;
    status = files_size(inspect->files, file, &size);
    if (status == STATUS_OK) {
        batch_scan_begin(&scan, inspect->files, file, inspect->heap, 0, size, true);
        while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
            inspect->batch_count++;
            inspect->byte_count += batch.size;
            batch_print(inspect, &batch, scan.position, true);
            if (inspect->records) inspect_records(inspect, path, &batch, true);
        }
        if (status != STATUS_NOT_FOUND) inspect_fault(inspect, path, (int64_t)scan.position, status_text(status));
        batch_scan_end(&scan);
    }
    files_close(inspect->files, file);
    return status == STATUS_IO_ERROR ? status : STATUS_OK;
}

static void offsets_print(struct inspect *inspect, struct bytes file, int64_t base)
{
    for (size_t at = 0; at + OFFSET_ENTRY <= file.size; at += OFFSET_ENTRY) {
        sink_format(inspect->out, "offset: %" PRId64 " position: %" PRIu32 "\n", base + load_u32(file.data + at),
                    load_u32(file.data + at + 4));
    }
}

static void times_print(struct inspect *inspect, struct bytes file, int64_t base)
{
    for (size_t at = 0; at + TIME_ENTRY <= file.size; at += TIME_ENTRY) {
        sink_format(inspect->out, "timestamp: %" PRId64 " offset: %" PRId64 "\n", load_i64(file.data + at),
                    base + load_u32(file.data + at + 8));
    }
}

static void aborts_print(struct inspect *inspect, struct bytes file)
{
    struct abort_entry entry;
    for (uint32_t i = 0; aborted_file_entry(file, i, &entry); i++) {
        sink_format(inspect->out,
                    "version: 0 producerId: %" PRId64 " firstOffset: %" PRId64 " lastOffset: %" PRId64
                    " lastStableOffset: %" PRId64 "\n",
                    entry.producer_id, entry.first, entry.last, entry.last_stable);
    }
}

static void producer_print(struct inspect *inspect, const struct producer *producer)
{
    sink_format(inspect->out,
                "producerId: %" PRId64 " producerEpoch: %d coordinatorEpoch: %" PRId32 " currentTxnFirstOffset: ",
                producer->id, producer->epoch, producer->coordinator_epoch);
    if (producer->transaction_first >= 0) {
        sink_format(inspect->out, "OptionalLong[%" PRId64 "]", producer->transaction_first);
    } else {
        sink_put(inspect->out, TEXT("OptionalLong.empty"));
    }
    sink_format(inspect->out, " lastTimestamp: %" PRId64 " ", producer->timestamp_ms);
    if (producer->batch_count > 0) {
        const struct producer_batch *last = &producer->batches[producer->batch_count - 1];
        int32_t first = (int32_t)(((uint32_t)last->last_sequence - (uint32_t)last->offset_delta) & INT32_MAX);
        sink_format(inspect->out,
                    "firstSequence: %" PRId32 " lastSequence: %" PRId32 " lastOffset: %" PRId64 " offsetDelta: %" PRId32
                    " timestamp: %" PRId64,
                    first, last->last_sequence, last->last_offset, last->offset_delta, last->timestamp_ms);
    }
    sink_put(inspect->out, TEXT("\n"));
}

static void snapshot_print(struct inspect *inspect, const char *path, struct bytes file)
{
    struct producer_state *state = producer_state_make(inspect->heap);
    enum status status = producer_snapshot_read(state, file, 0);

    if (status != STATUS_OK) inspect_fault(inspect, path, 0, status_text(status));
    list_each(&state->recent, node) producer_print(inspect, container_of(node, struct producer, recent));
    producer_state_end(state);
}

enum status inspect_file(struct inspect *inspect, const char *path)
{
    static const char *const suffixes[] = { ".index", ".timeindex", ".txnindex", ".snapshot" };
    const char *slash = strrchr(path, '/');
    struct text name = text_of(slash ? slash + 1 : path);
    struct arena arena;
    struct bytes file;
    int64_t base;
    size_t kind = 0;

    sink_format(inspect->out, "Dumping %s\n", path);
    if (segment_name_parse(name, ".log", &base)) {
        sink_format(inspect->out, "Log starting offset: %" PRId64 "\n", base);
        return log_print(inspect, path);
    }
    while (kind < array_count(suffixes) && !segment_name_parse(name, suffixes[kind], &base)) kind++;
    if (kind == array_count(suffixes)) return STATUS_UNSUPPORTED;

    arena_init(&arena, inspect->heap, NULL, 0, SMALL_FILE_MAX);
    enum status status = files_load(inspect->files, FILES_HERE, path, SMALL_FILE_MAX, &arena, &file.data, &file.size);
    if (status == STATUS_OK) {
        if (kind == 0) offsets_print(inspect, file, base);
        if (kind == 1) times_print(inspect, file, base);
        if (kind == 2) aborts_print(inspect, file);
        if (kind == 3) snapshot_print(inspect, path, file);
    }
    arena_reset(&arena);
    return status;
}
