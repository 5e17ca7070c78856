/* engine/log/restore.c   What recovery found becomes live again. log_open loads a log's state and notes it for the
 * first checkpoint of the new incarnation; when all are open, the ranges that the old WAL holds beyond are appended:
 * same offsets, same places in the segments, new WAL. So any number of shards will do, and no segment is touched.
 * Nothing of the old incarnation is overwritten before the root is switched. */
#include "log/recovery.h"

#include <limits.h>
#include <string.h>

#include "io/files.h"
#include "log/flush.h"
#include "log/kafka_files.h"
#include "log/segment.h"
#include "log/spill.h"
#include "log/state.h"
#include "log/tail.h"
#include "log/wal.h"

/* Where a batch goes was decided when it was first appended; no rule of today may decide otherwise. */
static const struct log_settings REPLAY = {
    .segment_bytes = INT32_MAX,
    .segment_ms = INT64_MAX,
    .retention_ms = -1,
    .retention_bytes = -1,
    .timestamp_before_max_ms = INT64_MAX,
    .timestamp_after_max_ms = INT64_MAX,
    .index_interval_bytes = 4096,
    .message_bytes_max = INT32_MAX,
};

/* Room in the tail at any price: what is gathered goes to the WAL, what stands in the way to its segments. */
static enum status restore_make_room(struct store *store)
{
    enum status status = flush_now(store->flush);
    if (status != STATUS_OK) return status;

    list_each(&store->gathers->blocks, node)
    {
        struct gather *gather = container_of(node, struct gather, node);
        list_each(&gather->tails, place)
        {
            struct tail *tail = container_of(place, struct tail, node);
            status = spill_now(store->spill, tail->log);
            if (status != STATUS_OK) return status;
            (void)tail_leave(store->tails, tail, gather);
        }
        gather_release(store->gathers, gather);
    }
    return STATUS_OK;
}

/* Batches of one range, back where they were. */
static enum status replay_batches(struct log *log, const struct recovered_range *range, const uint8_t *data)
{
    const struct chunk_entry *entry = &range->entry;
    const struct segment *last = segments_last(log);
    struct batch batch;

    if (last && last->base != entry->segment) log->segments->roll = true;
    /* What was truncated away may be overwritten by half: it is not looked at. */
    for (size_t at = 0; at < entry->size && log->end < entry->limit; at += batch.size) {
        enum status status = batch_read(data + at, entry->size - at, &batch);
        if (status != STATUS_OK) return STATUS_DAMAGED;
        if (batch.base_offset < log->end) continue; /* The state has it. */

        uint8_t *to = gather_room(log->store->gathers, batch.size);
        if (!to) {
            status = restore_make_room(log->store);
            if (status != STATUS_OK) return status;
            to = gather_room(log->store->gathers, batch.size);
            if (!to) return STATUS_NO_MEMORY;
        }
        memcpy(to, batch.data, batch.size);
        log_join(log, to, batch.size, APPEND_REPLICA, NULL);
    }
    return STATUS_OK;
}

static enum status replay_epoch(struct log *log, int32_t epoch)
{
    if (!gather_entry_room(log->store->gathers, 0)) {
        enum status status = restore_make_room(log->store);
        if (status != STATUS_OK) return status;
    }
    return log_begin_epoch(log, epoch);
}

/* Batches of an extent that a truncation has shortened: what lay behind may be overwritten, so its sum says nothing any
 * more. */
static enum status extent_prefix(const uint8_t *data, size_t size, const struct chunk_entry *entry)
{
    struct batch batch;
    uint32_t crc;
    size_t at = 0;

    while (at < size && batch_read(data + at, size - at, &batch) == STATUS_OK && batch_limit(&batch) <= entry->limit)
        at += batch.size;
    return chunk_sum_batches(data, at, entry->first, entry->limit, &crc);
}

/* Whole blocks from the segment, the rest from the WAL, together in recovery->joined. */
static enum status extent_join(struct recovery *recovery, const struct log_found *found,
                               const struct recovered_range *range)
{
    const struct chunk_entry *entry = &range->entry;
    struct directory *directory = recovery->directory;
    uint32_t rest = chunk_extent_rest(entry->segment_position, entry->size);
    char path[PATH_SIZE];
    const uint8_t *data;
    int file;

    recovery->joined = heap_resize(recovery->heap, recovery->joined, entry->size);
    enum status status = window_read(&recovery->window, range->wal->file, range->position, rest, &data);
    if (status != STATUS_OK) return status;
    memcpy(recovery->joined + entry->size - rest, data, rest);
    if (rest == entry->size) return STATUS_OK;

    segment_path(found->topic, found->key.partition, entry->segment, ".log", path);
    status = files_open(directory->files, directory->handle, path, FILES_READ | FILES_DIRECT, &file);
    if (status != STATUS_OK) return status;
    uint64_t wanted = entry->size - rest, length;
    status = files_size(directory->files, file, &length);
    if (status == STATUS_OK && entry->limit < range->limit) { /* The file may have been cut with the log. */
        memset(recovery->joined, 0, wanted);
        wanted = min_of(wanted, length - min_of(length, entry->segment_position));
    }
    recovery->window.file = -1; /* A handle's number may come again. */
    if (status == STATUS_OK && wanted > 0)
        status = window_read(&recovery->window, file, entry->segment_position, wanted, &data);
    if (status == STATUS_OK && wanted > 0) memcpy(recovery->joined, data, wanted);
    recovery->window.file = -1;
    files_close(directory->files, file);
    return status;
}

enum status recovery_range_bytes(struct recovery *recovery, const struct log_found *found,
                                 const struct recovered_range *range, const uint8_t **data)
{
    const struct chunk_entry *entry = &range->entry;
    uint32_t crc;

    if (entry->kind == CHUNK_APPEND)
        return window_read(&recovery->window, range->wal->file, range->position, entry->size, data);

    enum status status = extent_join(recovery, found, range);
    if (status == STATUS_NOT_FOUND || status == STATUS_TRUNCATED) return STATUS_DAMAGED;
    if (status != STATUS_OK) return status;
    *data = recovery->joined;
    if (entry->limit < range->limit) {
        status = extent_prefix(*data, entry->size, entry);
    } else {
        status = chunk_sum_batches(*data, entry->size, entry->first, entry->limit, &crc);
        if (status == STATUS_OK && crc != entry->crc) status = STATUS_CORRUPT;
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_DAMAGED;
}

enum status recovery_restore(struct log *log, const struct log_found *found)
{
    struct recovered *recovered = found->open;
    enum status status = STATUS_OK;

    log->incarnation = found->incarnation;
    log->opened = true;
    log->start = found->start;
    log->end = min_of(recovered->end, recovered->cut);
    if (recovered->state.data) status = log_state_load(log, recovered->state);
    if (status == STATUS_OK && recovered->cut < recovered->end) status = log_state_truncate(log, recovered->cut);
    if (status != STATUS_OK) return status;
    if (recovered->closed) log_state_closed(log);

    log->leader_epoch = log_epoch_at(log, INT64_MAX);
    log->committed.at = min_of(found->committed, log->end);
    log->durable.at = log->end;
    log->last_stable = min_of(log->committed.at, log_state_first_unstable(log, log->committed.at));
    checkpoint_add(&log->store->checkpoint->image, log);
    recovered->opened = true;
    recovered->log = log;
    return STATUS_OK;
}

/* An extent's bytes go the way of all appends, so that nothing depends on where they were. What a start has to do for
 * extents is bounded as the WAL is (checkpoint_wanted). */
static enum status replay_range(struct recovery *recovery, struct log *log, const struct recovered_range *range)
{
    const uint8_t *data;

    if (range->entry.kind == CHUNK_EPOCH) return replay_epoch(log, range->entry.leader_epoch);
    enum status status = recovery_range_bytes(recovery, range->found, range, &data);
    return status == STATUS_OK ? replay_batches(log, range, data) : status;
}

static enum status replay_failed(struct recovery *recovery, const struct log_found *found, enum status status,
                                 const char **why)
{
    const struct log *log = ((struct recovered *)found->open)->log;

    *why = text_format(recovery->arena, "%.*s-%d: what the write-ahead log holds from offset %lld on: %s",
                       TEXT_ARGS(found->topic), found->key.partition, (long long)log->end, status_text(status))
               .data;
    return status;
}

/* With relaxed durability everything from `start` on may be lost: then the log is empty, and goes on where it ends. */
static void replay_end(struct log *log)
{
    if (log->end < log->start) {
        log->start = log->end;
        checkpoint_amend(&log->store->checkpoint->image, log);
    }
    log_state_raised(log); /* Since its state was saved, or above what was appended again. */
}

enum status recovery_replay(struct recovery *recovery, const char **why)
{
    const struct directory *directory = recovery->directory;

    for (const struct recovered_range *range = recovery->first; range; range = range->next_in_wal) {
        struct recovered *recovered = range->found->open;
        struct log *log = recovered->log;
        if (!log || range->cut || recovered->ended) continue;

        const struct log_settings *settings = log->settings;
        log->settings = &REPLAY;
        enum status status = replay_range(recovery, log, range);
        log->settings = settings;
        recovered->ended = status == STATUS_DAMAGED && !range->promised; /* Nobody was promised that it is there. */
        if (status != STATUS_OK && !recovered->ended) return replay_failed(recovery, range->found, status, why);
    }
    for (uint32_t i = 0; i < directory->found_count; i++) {
        const struct log_found *found = &directory->found[i];
        const struct recovered *recovered = found->open;
        if (!recovered->log) continue;
        if (!recovered->ended && recovered->log->end != found->end)
            return replay_failed(recovery, found, STATUS_DAMAGED, why);
        replay_end(recovered->log);
    }
    return STATUS_OK;
}

enum status recovery_adopt_wal(struct directory *directory, struct store *store)
{
    struct recovery *recovery = directory->work;
    uint32_t shard = store->shard->index;

    for (uint32_t i = 0; i < recovery->wal_count; i++) {
        const struct old_wal *wal = &recovery->wals[i];
        if (wal->shard == shard) store->wal->next_number = max_of(store->wal->next_number, wal->number + 1);
    }
    if (recovery->guarded && shard < recovery->root.shard_count)
        store->checkpoint->slot = (recovery->slot_in_force[shard] + 1) % CHECKPOINT_SLOTS;
    store->checkpoint->resume = (struct checkpoint_resume){ .sequence = 1, .number = WAL_NUMBER_NONE };
    store->checkpoint->cut = 1;
    return STATUS_OK;
}
