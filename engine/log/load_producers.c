/* engine/log/load_producers.c   The producers and aborted transactions of a log that is being loaded: the newest
 * snapshot that is valid and not past the log's end, then the batches behind it, one by one. A snapshot of the log's
 * end, as a clean stop leaves it, makes that nothing. Where a log has no snapshot, Kafka begins with empty state; we
 * read the log, and know its duplicates. */
#include <string.h>

#include "base/arena.h"
#include "log/aborted.h"
#include "log/load.h"
#include "log/producer_state.h"
#include "log/segment.h"

enum { SNAPSHOT_SIZE_MAX = 256 << 20 };

/* The newest good one; *from is where it ends. */
static enum status snapshot_load(struct load_partition *partition, int64_t *from)
{
    struct load *load = partition->load;
    struct log *log = &partition->log;

    *from = log->start;
    for (uint32_t i = partition->entry_count; i > 0; i--) {
        const char *name = partition->entries[i - 1].name;
        struct bytes bytes;
        int64_t offset;
        if (!segment_name_parse(text_of(name), ".snapshot", &offset) || offset > log->end) continue;

        enum status status = files_load(load->directory->files, partition->handle, name, SNAPSHOT_SIZE_MAX, load->arena,
                                        &bytes.data, &bytes.size);
        if (status == STATUS_IO_ERROR || status == STATUS_NO_MEMORY) return status;
        log->producers = producer_state_make(log_heap(log));
        if (status == STATUS_OK && producer_snapshot_read(log->producers, bytes, 0) == STATUS_OK) {
            *from = max_of(offset, log->start);
            partition->pictured = offset == log->end;
            return STATUS_OK;
        }
        producer_state_end(log->producers); /* Kafka takes the next older one too. */
        log->producers = NULL;
    }
    log->producers = producer_state_make(log_heap(log));
    return STATUS_OK;
}

/* What the segments' .txnindex files say of markers below `from`. */
static enum status aborts_load(struct load_partition *partition, int64_t from)
{
    struct load *load = partition->load;
    struct log *log = &partition->log;

    for (uint32_t i = 0; log->segments && i < log->segments->count; i++) {
        const struct files_entry *file = load_entry(partition, log->segments->items[i].base, ".txnindex");
        struct bytes bytes;
        struct abort_entry entry;
        if (!file) continue;

        enum status status = files_load(load->directory->files, partition->handle, file->name, SNAPSHOT_SIZE_MAX,
                                        load->arena, &bytes.data, &bytes.size);
        if (status != STATUS_OK)
            return load_fail(partition, status, "its .txnindex can't be read", log->segments->items[i].base);
        for (uint32_t n = 0; aborted_file_entry(bytes, n, &entry); n++) {
            uint32_t count = log->segments->abort_count;
            bool grows = count == 0 || log->segments->aborts[count - 1].last < entry.last;
            if (entry.last < from && grows) segments_abort(log, entry);
        }
    }
    return STATUS_OK;
}

static void batch_apply(struct log *log, const struct batch *batch)
{
    struct transaction_end end;
    producer_state_apply(log->producers, batch, 0, &end);
    if (end.ended && end.aborted) {
        segments_abort(log, (struct abort_entry){ end.producer_id, end.first, end.last, end.last_stable });
    }
}

/* Applies the batches of one segment from `from` on, the one that holds it too, as Kafka does: a log's start may lie
 * inside a batch. Only a marker's body is needed, but bodies are read with their header. */
static enum status segment_apply(struct load_partition *partition, const struct segment *segment, int64_t from)
{
    struct batch_scan scan;
    struct batch batch;

    enum status status = load_scan(partition, segment->base, 0, segment->size, true, &scan);
    if (status != STATUS_OK) return load_fail(partition, status, "can't be opened", segment->base);
    while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) {
        if (batch_limit(&batch) > from && batch.producer_id >= 0) batch_apply(&partition->log, &batch);
    }
    batch_scan_end(&scan);
    files_close(scan.files, scan.file);
    /* A believed segment may hold a bad batch: reads will tell. Here it ends what can be known. */
    if (status == STATUS_IO_ERROR) return load_fail(partition, status, "can't be read", segment->base);
    return STATUS_OK;
}

enum status load_producers(struct load_partition *partition)
{
    struct log *log = &partition->log;
    int64_t from;

    enum status status = snapshot_load(partition, &from);
    if (status == STATUS_OK) status = aborts_load(partition, from);
    for (uint32_t i = 0; status == STATUS_OK && log->segments && i < log->segments->count; i++) {
        const struct segment *segment = &log->segments->items[i];
        if (segment->limit > from) status = segment_apply(partition, segment, from);
    }
    return status;
}
