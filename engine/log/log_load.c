/* engine/log/log_load.c   A whole log as one piece of memory, before any shard runs: the metadata log is read with it,
 * which says what other logs there are to open. First what its segments hold up to the checkpointed end, then what the
 * WAL holds beyond. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/files.h"
#include "log/batch.h"
#include "log/kafka_files.h"
#include "log/recovery.h"

struct loading {
    struct directory *directory;
    const struct log_found *found;
    struct arena *arena;
    const char **why;
    uint8_t *data;
    size_t size, room;
    int64_t next; /* the offset that is expected */
    bool ended;   /* what follows was never promised */
    bool whole;   /* the metadata log: without gaps */
};

static enum status bad_batch(struct loading *loading, const char *where, const char *what)
{
    *loading->why =
        text_format(loading->arena, "%.*s-%d is damaged at offset %lld (%s): %s", TEXT_ARGS(loading->found->topic),
                    loading->found->key.partition, (long long)loading->next, where, what)
            .data;
    return STATUS_DAMAGED;
}

/* Takes the batches at `data` that lie below `limit`; those below `next` are there already. The first may hold the
 * log's start in its middle; each other one begins where the one before ends, or above, in a log that is compacted. One
 * that is there already is in order all the same: a base offset that is wrong, which no checksum covers, would have its
 * batch taken for known. */
static enum status batches_take(struct loading *loading, const uint8_t *data, size_t size, int64_t limit,
                                const char *where)
{
    int64_t behind = 0; /* where the batch before ended */

    for (size_t at = 0; at < size && loading->next < limit;) {
        struct batch batch;
        if (batch_read(data + at, size - at, &batch) != STATUS_OK)
            return bad_batch(loading, where, "not a record batch");
        at += batch.size;
        bool ascends = batch.base_offset >= behind;
        behind = batch_limit(&batch);
        if (ascends && behind <= loading->next) continue;
        bool follows = ascends && (batch.base_offset >= loading->next || loading->size == 0);
        bool gap = batch.base_offset > loading->next;
        if (!follows || (gap && loading->whole))
            return bad_batch(loading, where, "the batch stands under a wrong offset");
        if (batch_check_crc(&batch) != STATUS_OK) return bad_batch(loading, where, "the checksum does not match");
        if (behind > limit) return bad_batch(loading, where, "the batch passes the log's end");

        invariant(loading->size + batch.size <= loading->room);
        memcpy(loading->data + loading->size, batch.data, batch.size);
        loading->size += batch.size;
        loading->next = behind;
    }
    return STATUS_OK;
}

/* The log's segment files in order; sum of their sizes. */
static enum status segments_list(struct loading *loading, struct files_entry **entries, uint32_t *count, size_t *size)
{
    struct directory *directory = loading->directory;
    char path[PATH_SIZE];
    int handle;

    *count = 0;
    *size = 0;
    partition_path(loading->found->topic, loading->found->key.partition, path);
    enum status status = files_open_directory(directory->files, directory->handle, path, &handle);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status != STATUS_OK) return status;
    status = files_list(directory->files, handle, loading->arena, entries, count);
    files_close(directory->files, handle);
    for (uint32_t i = 0; i < *count; i++) *size += (*entries)[i].size;
    return status;
}

static enum status segments_take(struct loading *loading, const struct files_entry *entries, uint32_t count,
                                 int64_t limit)
{
    struct directory *directory = loading->directory;
    enum status status = STATUS_OK;
    const uint8_t *data;
    size_t size;

    for (uint32_t i = 0; i < count && loading->next < limit && status == STATUS_OK; i++) {
        char path[PATH_SIZE];
        int64_t base;
        if (entries[i].directory || !segment_name_parse(text_of(entries[i].name), ".log", &base)) continue;
        if (base >= limit) break;
        segment_path(loading->found->topic, loading->found->key.partition, base, ".log", path);
        status = files_load(directory->files, directory->handle, path, INT32_MAX, loading->arena, &data, &size);
        if (status == STATUS_OK) status = batches_take(loading, data, size, limit, entries[i].name);
    }
    return status;
}

static enum status ranges_take(struct loading *loading, const struct recovered *recovered)
{
    struct recovery *recovery = loading->directory->work;
    enum status status = STATUS_OK;

    for (const struct recovered_range *range = recovered->first; range && status == STATUS_OK; range = range->next) {
        const uint8_t *data;
        if (range->entry.kind == CHUNK_EPOCH) continue;
        status = recovery_range_bytes(recovery, loading->found, range, &data);
        if (status == STATUS_DAMAGED && !range->promised) { /* As restore.c: the log ends here. */
            loading->ended = true;
            return STATUS_OK;
        }
        if (status == STATUS_OK) status = batches_take(loading, data, range->entry.size, range->entry.limit, "WAL");
    }
    return status;
}

enum status log_load(struct directory *directory, const struct log_found *found, struct arena *arena,
                     struct bytes *batches, const char **why)
{
    const struct recovered *recovered = found->open;
    struct loading loading = {
        .directory = directory,
        .found = found,
        .arena = arena,
        .why = why,
        .next = found->start,
        .whole = uuid_equal(found->key.topic, UUID_METADATA_TOPIC),
    };
    struct files_entry *entries = NULL;
    uint32_t count = 0;

    *why = "";
    enum status status = segments_list(&loading, &entries, &count, &loading.room);
    if (status != STATUS_OK) return status;
    for (const struct recovered_range *range = recovered->first; range; range = range->next)
        loading.room += range->entry.size;
    loading.data = arena_take(arena, loading.room);
    if (!loading.data) return STATUS_NO_MEMORY;

    status = segments_take(&loading, entries, count, min_of(recovered->end, recovered->cut));
    if (status == STATUS_OK) status = ranges_take(&loading, recovered);
    if (status == STATUS_OK && !loading.ended && loading.next < found->end)
        status = bad_batch(&loading, "end", "batches are missing");
    *batches = (struct bytes){ loading.data, loading.size };
    return status;
}
