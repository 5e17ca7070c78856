/* engine/log/load_segments.c   Which bytes of a partition directory are its log. Three ways to know a segment, from
 * cheap to sure:
 *
 *     believed   clean stop, not the last one: the file's size; its limit is the next one's base
 *     header     clean stop, the last one: headers from the last index entry to the end of the file
 *     whole      no clean stop and above the recovery point, or .index is missing, or a header did not parse:
 *                every batch's CRC; the log ends before the first bad one
 *
 * Behind a bad batch nothing is believed. Kafka deletes the segments that follow; we rename their .log to .cut, which
 * Kafka ignores. The metadata log is always read whole, and refused when what is bad is not just a torn end: a cut
 * there orphans topics. */
#include "log/load.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "log/segment.h"

enum { OFFSET_ENTRY = 8, TIME_ENTRY = 12 };

enum belief { BELIEVED, HEADER, WHOLE };

static enum belief segment_belief(const struct load_partition *partition, int64_t base, int64_t next)
{
    bool index = load_entry(partition, base, ".index") != NULL;
    if (partition->metadata || !index) return WHOLE;
    if (!partition->epochs_known) return WHOLE;
    if (partition->load->clean) return next < 0 ? HEADER : BELIEVED;
    return next < 0 || next > partition->recovery_point ? WHOLE : BELIEVED;
}

/* The last `size` bytes of a small file; false when there are none. */
static bool last_entry(const struct load_partition *partition, int64_t base, const char *suffix, uint8_t *to,
                       size_t size)
{
    struct files *files = partition->load->directory->files;
    const struct files_entry *entry = load_entry(partition, base, suffix);
    size_t done = 0;
    int file;

    if (!entry || entry->size < size || entry->size % size != 0) return false;
    if (files_open(files, partition->handle, entry->name, FILES_READ, &file) != STATUS_OK) return false;
    enum status status = files_read(files, file, to, size, entry->size - size, &done);
    files_close(files, file);
    return status == STATUS_OK && done == size;
}

/* The largest timestamp without a look at the batches: the last time entry, or when the file was written last. */
static void believed_timestamp(const struct load_partition *partition, struct segment *segment,
                               const struct files_entry *entry)
{
    uint8_t time[TIME_ENTRY];
    if (segment->size == 0) return;

    segment->max_timestamp_ms = entry->modified_ms;
    segment->max_timestamp_offset = segment->limit - 1;
    if (!last_entry(partition, segment->base, ".timeindex", time, sizeof time) || load_i64(time) <= 0) return;
    if (segment->base + load_u32(time + 8) >= segment->limit) return;
    segment->max_timestamp_ms = load_i64(time);
    segment->max_timestamp_offset = segment->base + load_u32(time + 8);
}

/* One batch that was found in order. False: it does not belong here. */
static bool segment_take(struct load_partition *partition, struct segment *segment, const struct batch *batch)
{
    bool fits = batch->base_offset >= segment->limit && batch->last_delta >= 0 &&
                batch_limit(batch) - 1 - segment->base <= INT32_MAX;
    if (!fits) return false;

    if (segment->base_timestamp_ms < 0) segment->base_timestamp_ms = batch->max_timestamp_ms;
    if (batch->max_timestamp_ms > segment->max_timestamp_ms) {
        segment->max_timestamp_ms = batch->max_timestamp_ms;
        segment->max_timestamp_offset = batch_limit(batch) - 1;
    }
    /* Kafka writes its file later, but before a clean stop ends: an epoch that is not in it then is damage. No CRC
     * covers it; who reads the batch finds out. */
    if (!partition->load->clean || !partition->epochs_known)
        epochs_begin(partition->log.epochs, batch->leader_epoch, batch->base_offset);
    segment->limit = batch_limit(batch);
    return true;
}

/* True when the rest of the file is what a crash leaves: a batch that was not written to its end, or zeros. */
static bool end_is_torn(enum status status, const struct batch_scan *scan)
{
    static const uint8_t zeros[BATCH_HEADER_SIZE];
    uint8_t head[BATCH_HEADER_SIZE];
    size_t done;

    if (status == STATUS_TRUNCATED) return true;
    if (files_read(scan->files, scan->file, head, sizeof head, scan->position, &done) != STATUS_OK) return false;
    if (memcmp(head, zeros, done) == 0) return true;
    struct batch batch;
    return batch_read(head, SIZE_MAX, &batch) == STATUS_OK && scan->position + batch.size >= scan->limit;
}

/* Walks the file from `position` on. *cut: a bad batch ended it. */
static enum status segment_walk(struct load_partition *partition, struct segment *segment, uint64_t position,
                                uint64_t size, bool whole, bool *cut)
{
    struct batch_scan scan;
    struct batch batch;
    bool torn = true;

    *cut = false;
    enum status status = load_scan(partition, segment->base, position, size, whole, &scan);
    if (status != STATUS_OK) return load_fail(partition, status, "can't be opened", segment->base);
    while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
        if (!segment_take(partition, segment, &batch)) {
            status = STATUS_MALFORMED;
            break;
        }
    }
    segment->size = scan.position;
    if (status != STATUS_NOT_FOUND) {
        *cut = true;
        torn = end_is_torn(status, &scan);
    }
    batch_scan_end(&scan);
    files_close(scan.files, scan.file);
    if (status == STATUS_IO_ERROR) return load_fail(partition, status, "can't be read", segment->base);
    if (partition->metadata && !torn)
        return load_fail(partition, STATUS_DAMAGED, "a bad batch in the metadata", segment->base);
    return STATUS_OK;
}

/* Forgets what a walk from the middle found. */
static void segment_reset(struct segment *segment)
{
    segment->limit = segment->base;
    segment->base_timestamp_ms = segment->max_timestamp_ms = -1;
    segment->max_timestamp_offset = segment->base;
}

/* From the last index entry, if it names a batch that ends where it says. False: walk it whole. */
static enum status segment_walk_end(struct load_partition *partition, struct segment *segment,
                                    const struct files_entry *entry, bool *good)
{
    uint8_t index[OFFSET_ENTRY] = { 0 };
    struct batch_scan scan;
    struct batch batch;
    bool cut;

    uint64_t position = 0;
    if (last_entry(partition, segment->base, ".index", index, sizeof index)) position = load_u32(index + 4);
    *good = position <= entry->size;
    if (!*good) return STATUS_OK;

    if (entry->size > 0) {
        enum status status = load_scan(partition, segment->base, 0, entry->size, false, &scan);
        if (status != STATUS_OK) return load_fail(partition, status, "can't be opened", segment->base);
        status = batch_scan_next(&scan, &batch);
        if (status == STATUS_OK) segment->base_timestamp_ms = batch.max_timestamp_ms;
        scan.next = position;
        if (status == STATUS_OK) status = batch_scan_next(&scan, &batch);
        bool named = position == 0 || batch_limit(&batch) - 1 - segment->base == load_u32(index);
        *good = status == STATUS_OK && named;
        batch_scan_end(&scan);
        files_close(scan.files, scan.file);
    }
    if (!*good) return STATUS_OK;

    segment->limit = max_of(segment->base, entry->size > 0 ? batch.base_offset : segment->base);
    int64_t walked_limit = segment->limit;
    enum status status = segment_walk(partition, segment, position, entry->size, false, &cut);
    *good = status == STATUS_OK && !cut && segment->limit >= walked_limit;
    if (!*good || position == 0) return status;

    struct segment known = *segment; /* The time index knows of what lies before the walk. */
    believed_timestamp(partition, &known, entry);
    if (known.max_timestamp_ms >= segment->max_timestamp_ms) {
        segment->max_timestamp_ms = known.max_timestamp_ms;
        segment->max_timestamp_offset = known.max_timestamp_offset;
    }
    return status;
}

static enum status segment_load(struct load_partition *partition, const struct files_entry *entry, int64_t base,
                                int64_t next)
{
    struct segment *segment = segments_add(&partition->log, base);
    enum belief belief = segment_belief(partition, base, next);
    enum status status = STATUS_OK;

    segment->named = true;
    if (belief == BELIEVED) {
        segment->limit = next;
        segment->size = entry->size;
        segment->sealed = load_entry(partition, base, ".timeindex") != NULL;
        believed_timestamp(partition, segment, entry);
    }
    if (belief == HEADER) {
        bool good;
        status = segment_walk_end(partition, segment, entry, &good);
        if (status == STATUS_OK && !good) {
            segment_reset(segment);
            belief = WHOLE;
        }
    }
    if (status == STATUS_OK && belief == WHOLE) {
        if (entry->size > 0) partition->walked = true;
        status = segment_walk(partition, segment, 0, entry->size, true, &partition->cut);
    }
    segment->written = segment->synced = segment->size;
    return status;
}

/* A segment behind a bad batch. */
static enum status segment_set_aside(struct load_partition *partition, const char *name)
{
    struct arena *arena = partition->load->arena;
    struct text aside = text_format(arena, "%s.cut", name);
    if (!aside.data) return STATUS_NO_MEMORY;

    enum status status = files_rename(partition->load->directory->files, partition->handle, name, aside.data);
    if (status == STATUS_OK) {
        directory_say(partition->load->directory, "%.*s-%d/%s is set aside as %s: a batch before it is damaged",
                      TEXT_ARGS(partition->log.topic), partition->log.key.partition, name, aside.data);
    }
    return status;
}

/* The base of the next segment file behind entry `i`; -1: it is the last. */
static int64_t next_base(const struct load_partition *partition, uint32_t i)
{
    for (uint32_t next = i + 1; next < partition->entry_count; next++) {
        int64_t base;
        if (segment_name_parse(text_of(partition->entries[next].name), ".log", &base)) return base;
    }
    return -1;
}

/* A clean stop leaves the recovery point at the log's end. A log that is shorter has lost what was acknowledged, and is
 * not quietly cut: whoever removes the marker has it opened by the rules of a crash. In one that is longer a base
 * offset is wrong, which no checksum covers. */
static enum status end_is_kept(struct load_partition *partition)
{
    const struct segment *last = segments_last(&partition->log);
    int64_t end = last ? last->limit : 0, point = partition->recovery_point;

    if (!partition->load->clean || point < 0 || end == point) return STATUS_OK;
    if (end > point)
        return load_fail(partition, STATUS_DAMAGED, "the log ends above the recovery point of its clean stop", end);
    return load_fail(
        partition, STATUS_DAMAGED,
        "the log ends before the recovery point of its clean stop; without .kafka_cleanshutdown it is cut there",
        last ? last->base : 0);
}

enum status load_segments(struct load_partition *partition)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < partition->entry_count && status == STATUS_OK; i++) {
        const struct files_entry *entry = &partition->entries[i];
        int64_t base;
        if (entry->directory || !segment_name_parse(text_of(entry->name), ".log", &base)) continue;

        const struct segment *last = segments_last(&partition->log);
        if (last && last->limit > base) partition->cut = true;
        if (partition->cut && last) {
            if (partition->load->clean && base < partition->recovery_point) break;
            if (partition->metadata) return load_fail(partition, STATUS_DAMAGED, "follows a bad batch", base);
            status = segment_set_aside(partition, entry->name);
            continue;
        }
        if (entry->size > INT32_MAX) return load_fail(partition, STATUS_DAMAGED, "is larger than 2 GiB", base);
        status = segment_load(partition, entry, base, next_base(partition, i));
    }
    return status == STATUS_OK ? end_is_kept(partition) : status;
}
