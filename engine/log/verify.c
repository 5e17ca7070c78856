/* engine/log/verify.c   Is a partition directory what it claims to be? Everything that a clean stop promises to Kafka
 * is checked against the batches themselves: sums, offsets, each index entry, times, snapshots, epochs. Nothing is
 * changed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/sink.h"
#include "io/files.h"
#include "log/batch_scan.h"
#include "log/inspect_line.h"
#include "log/inspect_parts.h"
#include "log/kafka_files.h"
#include "log/producer_state.h"

enum { SMALL_FILE_MAX = 256 << 20, OFFSET_ENTRY = 8, TIME_ENTRY = 12 };

struct verify {
    struct inspect *inspect;
    struct arena arena;
    const char *path; /* of the partition directory */
    int handle;
    struct files_entry *entries;
    uint32_t entry_count;
    int64_t next;  /* no batch may begin below */
    int32_t epoch; /* of the batch before */
    struct epochs *epochs;
    bool stopped; /* cleanly: nothing was appended since the files beside the batches were written */
};

/* An index file that is followed while the batches pass. */
struct cursor {
    struct bytes file;
    size_t at;
    bool there;
};

static enum status cursor_open(struct verify *verify, int64_t base, const char *suffix, struct cursor *cursor)
{
    char name[64];
    snprintf(name, sizeof name, "%020" PRId64 "%s", base, suffix);
    *cursor = (struct cursor){ .at = 0 };
    enum status status = files_load(verify->inspect->files, verify->handle, name, SMALL_FILE_MAX, &verify->arena,
                                    &cursor->file.data, &cursor->file.size);
    cursor->there = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The entry that names this batch, if any: its position must be right. */
static void offsets_follow(struct verify *verify, struct cursor *cursor, int64_t base, const struct batch *batch,
                           uint64_t position)
{
    while (cursor->at + OFFSET_ENTRY <= cursor->file.size) {
        int64_t offset = base + load_u32(cursor->file.data + cursor->at);
        uint32_t at = load_u32(cursor->file.data + cursor->at + 4);
        if (offset >= batch_limit(batch)) return;
        if (offset != batch_limit(batch) - 1 || at != position) {
            inspect_fault(verify->inspect, verify->path, offset, "an entry of .index names no batch");
        }
        cursor->at += OFFSET_ENTRY;
    }
}

/* No batch up to the entry's offset may be later than it says, and the one it names must have that time. */
static void times_follow(struct verify *verify, struct cursor *cursor, int64_t base, const struct batch *batch,
                         int64_t latest)
{
    while (cursor->at + TIME_ENTRY <= cursor->file.size) {
        int64_t time = load_i64(cursor->file.data + cursor->at);
        int64_t offset = base + load_u32(cursor->file.data + cursor->at + 8);
        if (offset >= batch_limit(batch)) return;
        if (offset < batch->base_offset || time != batch->max_timestamp_ms || time < latest) {
            inspect_fault(verify->inspect, verify->path, offset, "an entry of .timeindex does not fit its batch");
        }
        cursor->at += TIME_ENTRY;
    }
}

/* The leader epoch stands outside the CRC: epochs only grow, and those that leader-epoch-checkpoint knows begin where
 * it says. Unless Kafka's marker stands beside the partition, a last batch of a later epoch than any in the file can't
 * be told from one that was appended since. */
static void epoch_verify(struct verify *verify, const char *name, const struct batch *batch)
{
    int32_t wanted = epochs_at(verify->epochs, batch->base_offset);
    bool known = wanted >= 0 && (verify->stopped || batch->leader_epoch <= epochs_latest(verify->epochs));

    if (known && batch->leader_epoch != wanted) {
        inspect_fault(verify->inspect, name, batch->base_offset, "the leader epoch is not the one of its offset");
    } else if (batch->leader_epoch < verify->epoch) {
        inspect_fault(verify->inspect, name, batch->base_offset, "the leader epoch is lower than before");
    }
    verify->epoch = max_of(verify->epoch, batch->leader_epoch);
}

static void batch_verify(struct verify *verify, const char *name, int64_t base, const struct batch *batch)
{
    struct inspect *inspect = verify->inspect;
    inspect->batch_count++;
    inspect->byte_count += batch->size;
    if (inspect->progressed) inspect->progressed(inspect);
    if (batch->base_offset < verify->next) inspect_fault(inspect, name, batch->base_offset, "offsets overlap");
    if (batch->base_offset < base) inspect_fault(inspect, name, batch->base_offset, "below the segment's base");
    if (batch->last_delta < 0 || batch_limit(batch) - 1 - base > INT32_MAX) {
        inspect_fault(inspect, name, batch->base_offset, "the last offset is out of bounds");
    }
    epoch_verify(verify, name, batch);
    inspect_records(inspect, name, batch, false);
    verify->next = max_of(verify->next, batch_limit(batch));
}

static enum status segment_verify(struct verify *verify, const struct files_entry *entry, int64_t base)
{
    struct inspect *inspect = verify->inspect;
    struct cursor offsets, times;
    struct batch_scan scan;
    struct batch batch;
    int64_t latest = -1;
    int file;

    verify->next = max_of(verify->next, base);
    enum status status = cursor_open(verify, base, ".index", &offsets);
    if (status == STATUS_OK) status = cursor_open(verify, base, ".timeindex", &times);
    if (status == STATUS_OK) status = files_open(inspect->files, verify->handle, entry->name, FILES_READ, &file);
    if (status != STATUS_OK) return status;

    batch_scan_begin(&scan, inspect->files, file, inspect->heap, 0, entry->size, true);
    while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
        batch_verify(verify, entry->name, base, &batch);
        latest = max_of(latest, batch.max_timestamp_ms);
        offsets_follow(verify, &offsets, base, &batch, scan.position);
        times_follow(verify, &times, base, &batch, latest);
    }
    if (status != STATUS_NOT_FOUND) inspect_fault(inspect, entry->name, (int64_t)scan.position, status_text(status));
    batch_scan_end(&scan);
    files_close(inspect->files, file);

    if (!offsets.there) inspect_fault(inspect, entry->name, base, "there is no .index");
    if (offsets.at != offsets.file.size)
        inspect_fault(inspect, entry->name, base, "the .index passes the segment's end");
    if (times.at != times.file.size)
        inspect_fault(inspect, entry->name, base, "the .timeindex passes the segment's end");
    return status == STATUS_IO_ERROR ? status : STATUS_OK;
}

static enum status snapshot_verify(struct verify *verify, const struct files_entry *entry)
{
    struct inspect *inspect = verify->inspect;
    struct bytes file;
    enum status status =
        files_load(inspect->files, verify->handle, entry->name, SMALL_FILE_MAX, &verify->arena, &file.data, &file.size);
    if (status != STATUS_OK) return status;

    struct producer_state *state = producer_state_make(inspect->heap);
    status = producer_snapshot_read(state, file, 0);
    if (status != STATUS_OK) inspect_fault(inspect, entry->name, 0, status_text(status));
    producer_state_end(state);
    return STATUS_OK;
}

static enum status names_verify(struct verify *verify)
{
    struct inspect *inspect = verify->inspect;
    const char *why = "";
    struct uuid topic;
    int64_t base;

    verify->epochs = epochs_make(inspect->heap);
    verify->epoch = -1;
    struct files_entry marker;
    verify->stopped = files_entry(inspect->files, verify->handle, "../" CLEAN_MARKER_FILE, &marker) == STATUS_OK;
    enum status epochs_status =
        epochs_file_read(inspect->files, verify->handle, EPOCHS_FILE, &verify->arena, verify->epochs, &why);
    if (epochs_status != STATUS_OK) inspect_fault(inspect, verify->path, 0, "no valid leader-epoch-checkpoint");

    enum status status =
        files_list(inspect->files, verify->handle, &verify->arena, &verify->entries, &verify->entry_count);
    for (uint32_t i = 0; status == STATUS_OK && i < verify->entry_count; i++) {
        const struct files_entry *entry = &verify->entries[i];
        if (segment_name_parse(text_of(entry->name), ".log", &base)) status = segment_verify(verify, entry, base);
        if (segment_name_parse(text_of(entry->name), ".snapshot", &base)) status = snapshot_verify(verify, entry);
    }
    epochs_end(verify->epochs);
    if (status != STATUS_OK) return status;

    status = partition_file_read(inspect->files, verify->handle, PARTITION_FILE, &verify->arena, &topic, &why);
    if (status != STATUS_OK) inspect_fault(inspect, verify->path, 0, "no valid partition.metadata");
    return STATUS_OK;
}

static void summary_print(const struct verify *verify, uint64_t batches, uint64_t faults)
{
    if (!verify->inspect->json) {
        sink_format(verify->inspect->out, "%s: %" PRIu64 " batches up to offset %" PRId64 ", %" PRIu64 " faults\n",
                    verify->path, batches, verify->next, faults);
        return;
    }
    struct inspect_line line = line_begin(verify->inspect, "partition", "");
    line_word(&line, "path", verify->path);
    line_number(&line, "batches", (int64_t)batches);
    line_number(&line, "endOffset", verify->next);
    line_number(&line, "faults", (int64_t)faults);
    line_end(&line);
}

enum status inspect_partition(struct inspect *inspect, const char *path)
{
    struct verify verify = { .inspect = inspect, .path = path };
    uint64_t faults = inspect->fault_count, batches = inspect->batch_count;

    enum status status = files_open_directory(inspect->files, FILES_HERE, path, &verify.handle);
    if (status != STATUS_OK) return status;
    arena_init(&verify.arena, inspect->heap, NULL, 0, (size_t)4 << 30);
    status = names_verify(&verify);
    arena_reset(&verify.arena);
    files_close(inspect->files, verify.handle);
    summary_print(&verify, inspect->batch_count - batches, inspect->fault_count - faults);
    return status;
}

enum status inspect_directory(struct inspect *inspect, const char *path)
{
    struct files_entry *entries;
    struct partition_name name;
    struct arena arena;
    uint32_t count;
    int handle;

    enum status status = files_open_directory(inspect->files, FILES_HERE, path, &handle);
    if (status != STATUS_OK) return status;
    arena_init(&arena, inspect->heap, NULL, 0, SMALL_FILE_MAX);
    status = files_list(inspect->files, handle, &arena, &entries, &count);
    files_close(inspect->files, handle);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        if (!entries[i].directory || !partition_name_parse(text_of(entries[i].name), &name)) continue;
        if (name.kind != PARTITION_LIVE) continue;
        struct text joined = text_format(&arena, "%s/%s", path, entries[i].name);
        status = joined.data ? inspect_partition(inspect, joined.data) : STATUS_NO_MEMORY;
    }
    arena_reset(&arena);
    return status;
}
