/* engine/log/load_partition.c   One partition directory becomes a log's state.
 *
 *     names       *.deleted, *.cleaned removed; an interrupted *.swap completed (compaction's last step)
 *     identity    partition.metadata; without it the log is nobody's, but for the metadata log
 *     segments    load_segments.c: sizes, log end, largest timestamps
 *     epochs      leader-epoch-checkpoint, or the batches' own
 *     start       max(first segment, log-start checkpoint); high watermark clamped to [start, end]
 *     producers   load_producers.c: the newest valid snapshot, then the batches behind it */
#include "log/load.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "log/recovery.h"
#include "log/segment.h"
#include "log/state.h"

enum { SUFFIX_SIZE_MAX = 24 };

enum status load_fail(struct load_partition *partition, enum status status, const char *what, int64_t base)
{
    struct text text =
        text_format(partition->load->arena, "%.*s-%" PRId32 ": segment %" PRId64 ": %s (%s)",
                    TEXT_ARGS(partition->log.topic), partition->log.key.partition, base, what, status_text(status));
    *partition->load->why = text.data ? text.data : "no memory for the reason";
    return status;
}

const struct files_entry *load_entry(const struct load_partition *partition, int64_t base, const char *suffix)
{
    for (uint32_t i = 0; i < partition->entry_count; i++) {
        int64_t found;
        if (segment_name_parse(text_of(partition->entries[i].name), suffix, &found) && found == base) {
            return &partition->entries[i];
        }
    }
    return NULL;
}

enum status load_scan(struct load_partition *partition, int64_t base, uint64_t position, uint64_t size, bool whole,
                      struct batch_scan *scan)
{
    struct directory *directory = partition->load->directory;
    char path[PATH_SIZE];
    int file;

    segment_path(partition->log.topic, partition->log.key.partition, base, ".log", path);
    enum status status = files_open(directory->files, directory->handle, path, FILES_READ, &file);
    if (status == STATUS_OK) {
        batch_scan_begin(scan, directory->files, file, directory->heap, position, size, whole);
    }
    return status;
}

/* ---- names ---- */

/* The offsets that a swapped-in segment covers: what else lies in them was replaced by it. */
static enum status swap_cover(struct load_partition *partition, int64_t base)
{
    struct files *files = partition->load->directory->files;
    const struct files_entry *entry = load_entry(partition, base, ".log.swap");
    struct batch_scan scan;
    struct batch batch;
    int64_t limit = base, other;
    int file;

    enum status status = files_open(files, partition->handle, entry->name, FILES_READ, &file);
    if (status != STATUS_OK) return status;
    batch_scan_begin(&scan, files, file, partition->load->directory->heap, 0, entry->size, false);
    while ((status = batch_scan_next(&scan, &batch)) == STATUS_OK) limit = batch_limit(&batch);
    batch_scan_end(&scan);
    files_close(files, file);
    if (status != STATUS_NOT_FOUND) return load_fail(partition, STATUS_DAMAGED, "an interrupted swap is cut", base);

    status = STATUS_OK;
    for (uint32_t i = 0; i < partition->entry_count && status == STATUS_OK; i++) {
        const char *name = partition->entries[i].name;
        if (!segment_name_parse(text_of(name), ".log", &other) || other < base || other >= limit) continue;
        status = files_remove(files, partition->handle, name);
    }
    return status;
}

static enum status swap_complete(struct load_partition *partition, const char *name)
{
    struct arena *arena = partition->load->arena;
    struct text wanted = text_copy(arena, (struct text){ name, strlen(name) - 5 });
    struct files *files = partition->load->directory->files;
    enum status status = STATUS_OK;
    int64_t base;

    if (!wanted.data) return STATUS_NO_MEMORY;
    if (segment_name_parse(text_of(name), ".log.swap", &base)) status = swap_cover(partition, base);
    return status == STATUS_OK ? files_rename(files, partition->handle, name, wanted.data) : status;
}

static enum status names_settle(struct load_partition *partition, bool *changed)
{
    struct files *files = partition->load->directory->files;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < partition->entry_count && status == STATUS_OK; i++) {
        const char *name = partition->entries[i].name;
        if (partition->entries[i].directory) continue;

        if (text_ends(text_of(name), TEXT(".deleted")) || text_ends(text_of(name), TEXT(".cleaned"))) {
            status = files_remove(files, partition->handle, name);
            *changed = true;
        } else if (text_ends(text_of(name), TEXT(".swap"))) {
            status = swap_complete(partition, name);
            *changed = true;
        }
    }
    return status;
}

static enum status names_list(struct load_partition *partition)
{
    struct files *files = partition->load->directory->files;
    struct arena *arena = partition->load->arena;
    bool changed = false;

    enum status status = files_list(files, partition->handle, arena, &partition->entries, &partition->entry_count);
    if (status == STATUS_OK) status = names_settle(partition, &changed);
    if (status == STATUS_OK && changed) {
        status = files_list(files, partition->handle, arena, &partition->entries, &partition->entry_count);
    }
    return status;
}

/* ---- identity, epochs, offsets ---- */

static enum status load_identity(struct load_partition *partition)
{
    struct load *load = partition->load;
    struct log *log = &partition->log;

    partition->metadata = text_equal(log->topic, TEXT("__cluster_metadata")) && log->key.partition == 0;
    enum status status = partition_file_read(load->directory->files, partition->handle, PARTITION_FILE, load->arena,
                                             &log->key.topic, load->why);
    if (status == STATUS_NOT_FOUND && partition->metadata) {
        log->key.topic = UUID_METADATA_TOPIC;
        return STATUS_OK;
    }
    if (status == STATUS_DAMAGED) { /* Kafka ends at that. */
        struct text text =
            text_format(load->arena, "%.*s-%" PRId32 "/%s", TEXT_ARGS(log->topic), log->key.partition, *load->why);
        *load->why = text.data ? text.data : "no memory for the reason";
    }
    return status;
}

static enum status load_epochs(struct load_partition *partition)
{
    struct load *load = partition->load;
    struct log *log = &partition->log;

    log->epochs = epochs_make(log_heap(log));
    enum status status =
        epochs_file_read(load->directory->files, partition->handle, EPOCHS_FILE, load->arena, log->epochs, load->why);
    if (status == STATUS_OK) epochs_keep(log->epochs);
    if (status == STATUS_NOT_FOUND) status = STATUS_OK;
    partition->epochs_known = log->epochs->count > 0;
    return status;
}

static int64_t line_offset(const struct checkpoint_line *lines, uint32_t count, const struct log *log, int64_t fallback)
{
    for (uint32_t i = 0; i < count; i++) {
        if (lines[i].partition == log->key.partition && text_equal(lines[i].topic, log->topic)) return lines[i].offset;
    }
    return fallback;
}

static void load_offsets(struct load_partition *partition, struct log_found *found)
{
    const struct load *load = partition->load;
    struct log *log = &partition->log;
    int64_t first = log->segments && log->segments->count > 0 ? log->segments->items[0].base : 0;
    int64_t end = segments_last(log) ? segments_last(log)->limit : 0;

    found->start = max_of(first, line_offset(load->starts, load->start_count, log, 0));
    found->end = max_of(end, found->start);
    int64_t mark = line_offset(load->marks, load->mark_count, log, 0);
    found->committed = min_of(max_of(mark, found->start), found->end);
    if (found->start > end && log->segments) { /* Kafka: all segments go, an empty log begins at that start. */
        segments_remove(log, 0, log->segments->count);
        log->segments->abort_count = 0;
    }
    if (log->epochs->count > 0) {
        epochs_truncate_end(log->epochs, found->end + 1);
        epochs_truncate_start(log->epochs, found->start);
    }
    found->leader_epoch = epochs_latest(log->epochs);
}

/* Whether a clean stop would write nothing else than what stands here. */
static bool load_is_closed(const struct load_partition *partition)
{
    const struct log *log = &partition->log;
    const struct segment *last = segments_last(log);
    bool whole = partition->load->clean && !partition->cut && !partition->walked && log->epochs->kept;

    if (!whole || !last || last->limit != log->end) return false;
    if (!load_entry(partition, last->base, ".index") || !load_entry(partition, last->base, ".timeindex")) return false;
    for (uint32_t i = 0; i + 1 < log->segments->count; i++) {
        const struct segment *segment = &log->segments->items[i];
        if (!segment->sealed || segment->limit <= log->start) return false; /* What lies below the start is swept. */
    }
    return log->end == 0 || partition->pictured;
}

static enum status load_save(struct load_partition *partition, struct log_found *found)
{
    struct arena *arena = partition->load->arena;
    struct log *log = &partition->log;
    struct recovered *recovered = arena_take(arena, sizeof *recovered);
    uint8_t *state = arena_take(arena, log_state_size(log));
    struct text topic = text_copy(arena, log->topic);

    if (!recovered || !state || !topic.data) return STATUS_NO_MEMORY;
    size_t size = log_state_save(log, state);
    *recovered = (struct recovered){
        .state = { state, size }, .end = found->end, .cut = INT64_MAX, .closed = load_is_closed(partition)
    };
    found->key = log->key;
    found->topic = topic;
    found->incarnation = partition->load->directory->incarnation;
    found->open = recovered;
    return STATUS_OK;
}

static enum status load_read(struct load_partition *partition, struct log_found *found)
{
    struct load *load = partition->load;
    struct log *log = &partition->log;

    enum status status = names_list(partition);
    if (status == STATUS_OK) status = load_identity(partition);
    if (status != STATUS_OK) return status; /* NOT_FOUND: Kafka would call it -stray. We leave it as it is. */

    partition->recovery_point = line_offset(load->points, load->point_count, log, -1);
    if (partition->metadata) partition->recovery_point = -1;
    status = load_epochs(partition);
    if (status == STATUS_OK) status = load_segments(partition);
    if (status != STATUS_OK) return status;

    if (log->segments) log->segments->made = true;
    load_offsets(partition, found);
    log->start = found->start;
    log->end = found->end;
    status = load_producers(partition);
    return status == STATUS_OK ? load_save(partition, found) : status;
}

enum status load_partition(struct load *load, const char *name, const struct partition_name *parsed,
                           struct log_found *found)
{
    struct directory *directory = load->directory;
    struct load_partition partition = {
        .load = load,
        .log = { .directory = directory, .topic = parsed->topic, .key.partition = parsed->partition },
    };

    enum status status = files_open_directory(directory->files, directory->handle, name, &partition.handle);
    if (status != STATUS_OK) return status;
    status = load_read(&partition, found);
    if (partition.log.segments || partition.log.epochs || partition.log.producers) log_state_end(&partition.log);
    files_close(directory->files, partition.handle);
    return status;
}
