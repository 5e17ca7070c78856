/* engine/log/inspect.c   Files as lines, in the words of Kafka's kafka-dump-log, so that scripts made for it go on
 * working. */
#include "log/inspect_line.h"
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

static const char *time_name(const struct batch *batch)
{
    return batch->attributes & BATCH_APPEND_TIME ? "LogAppendTime" : "CreateTime";
}

static void batch_print(struct inspect *inspect, const struct batch *batch, uint64_t position, bool valid)
{
    bool sequenced = batch->base_sequence >= 0;
    const char *codec = compression_name(batch->attributes & BATCH_CODEC);
    struct inspect_line line = line_begin(inspect, "batch", "");

    line_number(&line, "baseOffset", batch->base_offset);
    line_number(&line, "lastOffset", batch_limit(batch) - 1);
    line_number(&line, "count", batch->record_count);
    line_number(&line, "baseSequence", batch->base_sequence);
    line_number(&line, "lastSequence", sequenced ? batch_last_sequence(batch) : -1);
    line_number(&line, "producerId", batch->producer_id);
    line_number(&line, "producerEpoch", batch->producer_epoch);
    line_number(&line, "partitionLeaderEpoch", batch->leader_epoch);
    line_truth(&line, "isTransactional", batch->attributes & BATCH_TRANSACTIONAL);
    line_truth(&line, "isControl", batch->attributes & BATCH_CONTROL);
    line_optional(&line, "deleteHorizonMs", batch->attributes & BATCH_DELETE_HORIZON, batch->base_timestamp_ms);
    line_number(&line, "position", (int64_t)position);
    line_number(&line, time_name(batch), batch->max_timestamp_ms);
    line_number(&line, "size", batch->size);
    line_number(&line, "magic", 2);
    line_word(&line, "compresscodec", codec ? codec : "unknown");
    line_number(&line, "crc", batch->crc);
    line_truth(&line, "isvalid", valid);
    line_end(&line);
}

static void record_print(struct inspect *inspect, const struct batch *batch, const struct record *record)
{
    bool sequenced = batch->base_sequence >= 0;
    int32_t sequence =
        sequenced ? sequence_add(batch->base_sequence, (int32_t)(record->offset - batch->base_offset)) : -1;
    struct inspect_line line = line_begin(inspect, "record", "| ");
    enum control_type type;
    int32_t epoch;

    line_number(&line, "offset", record->offset);
    line_number(&line, time_name(batch), record->timestamp_ms);
    line_number(&line, "keySize", record->key.data ? (int64_t)record->key.size : -1);
    line_number(&line, "valueSize", record->value.data ? (int64_t)record->value.size : -1);
    line_number(&line, "sequence", sequence);
    line_keys(&line, "headerKeys", record->headers);
    if (!(batch->attributes & BATCH_CONTROL)) {
        line_bytes(&line, "key", record->key);
        line_bytes(&line, "payload", record->value);
    } else if (batch_control(batch, &type, &epoch) == STATUS_OK && type != CONTROL_OTHER) {
        line_word(&line, "endTxnMarker", type == CONTROL_ABORT ? "ABORT" : "COMMIT");
        line_number(&line, "coordinatorEpoch", epoch);
    }
    line_end(&line);
}

/* What is told about a place in a file: "FAULT file at 12: what". */
static void remark(struct inspect *inspect, const char *type, const char *mark, const char *where, int64_t at,
                   const char *what)
{
    if (!inspect->json) {
        sink_format(inspect->out, "%s %s at %" PRId64 ": %s\n", mark, where, at, what);
        return;
    }
    struct inspect_line line = line_begin(inspect, type, "");
    line_word(&line, "file", where);
    line_number(&line, "at", at);
    line_word(&line, "what", what);
    line_end(&line);
}

void inspect_fault(struct inspect *inspect, const char *where, int64_t offset, const char *what)
{
    inspect->fault_count++;
    remark(inspect, "fault", "FAULT", where, offset, what);
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
    /* Compressed payloads are stored as they came: one that can't be decoded is its producer's, and not the log's,
     * fault. */
    bool open = (batch->attributes & BATCH_CODEC) == 0;
    if (status != STATUS_OK && open) inspect_fault(inspect, path, batch->base_offset, "the records do not parse");
    if (status != STATUS_OK && !open) {
        remark(inspect, "note", "NOTE", path, batch->base_offset, "the compressed records can't be opened");
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
            if (inspect->progressed) inspect->progressed(inspect);
            batch_print(inspect, &batch, scan.position, true);
            if (inspect->records) inspect_records(inspect, path, &batch, true);
        }
        if (status != STATUS_NOT_FOUND) inspect_fault(inspect, path, (int64_t)scan.position, status_text(status));
        batch_scan_end(&scan);
    }
    files_close(inspect->files, file);
    return status == STATUS_IO_ERROR ? status : STATUS_OK;
}

static void offsets_print(struct inspect *inspect, const char *path, struct bytes file, int64_t base)
{
    if (file.size == 0 && !inspect->json) sink_format(inspect->out, "%s is empty.\n", path);
    for (size_t at = 0; at + OFFSET_ENTRY <= file.size; at += OFFSET_ENTRY) {
        struct inspect_line line = line_begin(inspect, "index", "");
        line_number(&line, "offset", base + load_u32(file.data + at));
        line_number(&line, "position", load_u32(file.data + at + 4));
        line_end(&line);
    }
}

static void times_print(struct inspect *inspect, struct bytes file, int64_t base)
{
    for (size_t at = 0; at + TIME_ENTRY <= file.size; at += TIME_ENTRY) {
        struct inspect_line line = line_begin(inspect, "timeindex", "");
        line_number(&line, "timestamp", load_i64(file.data + at));
        line_number(&line, "offset", base + load_u32(file.data + at + 8));
        line_end(&line);
    }
}

static void aborts_print(struct inspect *inspect, struct bytes file)
{
    struct abort_entry entry;
    for (uint32_t i = 0; aborted_file_entry(file, i, &entry); i++) {
        struct inspect_line line = line_begin(inspect, "txnindex", "");
        line_number(&line, "version", 0);
        line_number(&line, "producerId", entry.producer_id);
        line_number(&line, "firstOffset", entry.first);
        line_number(&line, "lastOffset", entry.last);
        line_number(&line, "lastStableOffset", entry.last_stable);
        line_end(&line);
    }
}

static void producer_print(struct inspect *inspect, const struct producer *producer)
{
    struct inspect_line line = line_begin(inspect, "producer", "");

    line_number(&line, "producerId", producer->id);
    line_number(&line, "producerEpoch", producer->epoch);
    line_number(&line, "coordinatorEpoch", producer->coordinator_epoch);
    line_optional(&line, "currentTxnFirstOffset", producer->transaction_first >= 0, producer->transaction_first);
    line_number(&line, "lastTimestamp", producer->timestamp_ms);
    if (producer->batch_count > 0) {
        const struct producer_batch *last = &producer->batches[producer->batch_count - 1];
        int32_t first = (int32_t)(((uint32_t)last->last_sequence - (uint32_t)last->offset_delta) & INT32_MAX);
        line_number(&line, "firstSequence", first);
        line_number(&line, "lastSequence", last->last_sequence);
        line_number(&line, "lastOffset", last->last_offset);
        line_number(&line, "offsetDelta", last->offset_delta);
        line_number(&line, "timestamp", last->timestamp_ms);
    }
    line_end(&line);
}

static void snapshot_print(struct inspect *inspect, const char *path, struct bytes file)
{
    struct producer_state *state = producer_state_make(inspect->heap);
    enum status status = producer_snapshot_read(state, file, 0);

    if (status != STATUS_OK) inspect_fault(inspect, path, 0, status_text(status));
    list_each(&state->recent, node) producer_print(inspect, container_of(node, struct producer, recent));
    producer_state_end(state);
}

static void file_print(struct inspect *inspect, const char *path)
{
    if (!inspect->json) {
        sink_format(inspect->out, "Dumping %s\n", path);
        return;
    }
    struct inspect_line line = line_begin(inspect, "file", "");
    line_word(&line, "path", path);
    line_end(&line);
}

/* Snapshots of the metadata are batches like a segment's; bootstrap.checkpoint too, which says nothing by its name. */
static bool metadata_snapshot(struct text name, int64_t *end, int32_t *epoch)
{
    bool hidden;
    *end = *epoch = 0;
    return text_equal(name, TEXT("bootstrap" METADATA_SNAPSHOT_SUFFIX)) ||
           metadata_snapshot_name_parse(name, end, epoch, &hidden);
}

enum status inspect_file(struct inspect *inspect, const char *path)
{
    static const char *const suffixes[] = { ".index", ".timeindex", ".txnindex", ".snapshot" };
    const char *slash = strrchr(path, '/');
    struct text name = text_of(slash ? slash + 1 : path);
    struct arena arena;
    struct bytes file;
    int64_t base;
    int32_t epoch;
    size_t kind = 0;

    file_print(inspect, path);
    if (segment_name_parse(name, ".log", &base)) {
        if (!inspect->json) sink_format(inspect->out, "Log starting offset: %" PRId64 "\n", base);
        return log_print(inspect, path);
    }
    if (metadata_snapshot(name, &base, &epoch)) {
        if (!inspect->json)
            sink_format(inspect->out, "Snapshot end offset: %" PRId64 ", epoch: %" PRId32 "\n", base, epoch);
        return log_print(inspect, path);
    }
    while (kind < array_count(suffixes) && !segment_name_parse(name, suffixes[kind], &base)) kind++;
    if (kind == array_count(suffixes)) return STATUS_UNSUPPORTED;

    arena_init(&arena, inspect->heap, NULL, 0, SMALL_FILE_MAX);
    enum status status = files_load(inspect->files, FILES_HERE, path, SMALL_FILE_MAX, &arena, &file.data, &file.size);
    if (status == STATUS_OK) {
        if (kind == 0) offsets_print(inspect, path, file, base);
        if (kind == 1) times_print(inspect, file, base);
        if (kind == 2) aborts_print(inspect, file);
        if (kind == 3) snapshot_print(inspect, path, file);
    }
    arena_reset(&arena);
    return status;
}
