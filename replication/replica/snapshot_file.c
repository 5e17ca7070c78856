/* replication/replica/snapshot_file.c   Names and bytes of snapshots. */
#include "replica/snapshot_file.h"

#include <stdio.h>

#include "base/arena.h"
#include "io/files.h"
#include "log/kafka_files.h"
#include "replica/metadata_batch.h"

#define SUFFIX METADATA_SNAPSHOT_SUFFIX
#define HIDDEN METADATA_SNAPSHOT_HIDDEN

enum { LIST_SIZE_MAX = 16 << 20 };

struct draft_batch {
    struct list_node node;
    struct bytes bytes;
};

/* ---- names ---- */

void snapshot_name(const struct snapshot_id *id, const char *suffix, char name[SNAPSHOT_NAME_SIZE])
{
    int size = snprintf(name, SNAPSHOT_NAME_SIZE, "%020lld-%010d" SUFFIX "%s%s", (long long)id->end, id->epoch,
                        id->hidden ? HIDDEN : "", suffix);
    invariant(id->end >= 0 && id->epoch >= 0 && size > 0 && size < SNAPSHOT_NAME_SIZE);
}

bool snapshot_name_parse(struct text name, struct snapshot_id *id)
{
    struct snapshot_id named = { .size = 0 };

    if (!metadata_snapshot_name_parse(name, &named.end, &named.epoch, &named.hidden)) return false;
    *id = named;
    return true;
}

bool snapshot_name_leftover(struct text name)
{
    return text_ends(name, TEXT(SUFFIX ".part")) || text_ends(name, TEXT(SUFFIX HIDDEN ".part")) ||
           text_ends(name, TEXT(SUFFIX ".deleted"));
}

enum status snapshots_show(struct files *files, int directory, struct heap *heap)
{
    char from[SNAPSHOT_NAME_SIZE], to[SNAPSHOT_NAME_SIZE];
    struct files_entry *entries;
    uint32_t count;
    struct arena arena;
    bool some = false;

    arena_init(&arena, heap, NULL, 0, LIST_SIZE_MAX);
    enum status status = files_list(files, directory, &arena, &entries, &count);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct snapshot_id id;
        if (!snapshot_name_parse(text_of(entries[i].name), &id) || !id.hidden) continue;
        if (!some) status = files_sync_all(files, directory); /* the logs' bytes first */
        if (status != STATUS_OK) break;
        snapshot_name(&id, "", from);
        id.hidden = false;
        snapshot_name(&id, "", to);
        status = files_rename(files, directory, from, to);
        some = true;
    }
    arena_reset(&arena);
    return status == STATUS_OK && some ? files_sync_directory(files, directory) : status;
}

/* ---- writing ---- */

void snapshot_draft_begin(struct snapshot_draft *draft, struct heap *heap, int32_t epoch)
{
    *draft = (struct snapshot_draft){ .heap = heap, .epoch = epoch };
    list_init(&draft->batches);
}

void snapshot_draft_add(struct snapshot_draft *draft, struct bytes bytes)
{
    struct draft_batch *batch = heap_take(draft->heap, sizeof(*batch));
    struct batch header;

    enum status status = batch_read(bytes.data, bytes.size, &header);
    invariant(status == STATUS_OK && header.size == bytes.size);
    batch_stamp((uint8_t *)bytes.data, draft->offset, draft->epoch);
    batch->bytes = bytes;
    list_node_init(&batch->node);
    list_append(&draft->batches, &batch->node);
    draft->offset += header.last_delta + 1;
    draft->size += bytes.size;
}

void snapshot_draft_finish(struct snapshot_draft *draft, int64_t wall_ms)
{
    struct any_control footer;
    control_clear(&footer, CONTROL_SNAPSHOT_FOOTER);
    snapshot_draft_add(draft, control_batch_make(draft->heap, &footer, 1, wall_ms));
}

void snapshot_draft_end(struct snapshot_draft *draft)
{
    if (!draft->heap) return;
    list_each(&draft->batches, node)
    {
        struct draft_batch *batch = container_of(node, struct draft_batch, node);
        heap_give(draft->heap, (void *)batch->bytes.data);
        heap_give(draft->heap, batch);
    }
    *draft = (struct snapshot_draft){ 0 };
}

static enum status draft_fill(const struct snapshot_draft *draft, struct files *files, int file)
{
    uint64_t position = 0;
    enum status status = files_truncate(files, file, 0);
    list_each(&draft->batches, node)
    {
        struct bytes bytes = container_of(node, struct draft_batch, node)->bytes;
        if (status == STATUS_OK) status = files_write(files, file, bytes.data, bytes.size, position, 0);
        position += bytes.size;
    }
    return status == STATUS_OK ? files_sync(files, file) : status;
}

enum status snapshot_draft_write(const struct snapshot_draft *draft, struct files *files, int directory,
                                 const char *name)
{
    char part[SNAPSHOT_NAME_SIZE + sizeof(".part")];
    int file, size = snprintf(part, sizeof(part), "%s.part", name);
    invariant(size > 0 && (size_t)size < sizeof(part));

    enum status status = files_open(files, directory, part, FILES_WRITE | FILES_CREATE, &file);
    if (status != STATUS_OK) return status;
    status = draft_fill(draft, files, file);
    files_close(files, file);
    if (status == STATUS_OK) status = files_rename(files, directory, part, name);
    if (status == STATUS_OK) return files_sync_directory(files, directory);

    enum status removed = files_remove(files, directory, part);
    (void)removed; /* What stays is removed by the next start. */
    return status;
}

/* ---- checking ---- */

static enum status control_of(const struct batch *batch, struct any_control *control, struct arena *arena)
{
    struct record_walk walk;
    struct record record;
    enum status status = STATUS_DAMAGED;

    if (!(batch->attributes & BATCH_CONTROL) || batch->attributes & BATCH_CODEC) return STATUS_DAMAGED;
    record_walk_begin(&walk, batch, (struct bytes){ batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE });
    if (!record_walk_next(&walk, &record, &status) || !record.key.data || !record.value.data) return STATUS_DAMAGED;
    return control_read(record.key, record.value, control, arena);
}

enum status snapshot_check(struct bytes file, int64_t *timestamp_ms, struct arena *arena)
{
    bool finished = false;
    for (size_t at = 0; at < file.size;) {
        struct any_control control = { .type = CONTROL_LEADER_CHANGE };
        struct batch batch;
        if (finished) return STATUS_DAMAGED; /* something behind the footer */

        enum status status = batch_read(file.data + at, file.size - at, &batch);
        if (status == STATUS_OK) status = batch_check_crc(&batch);
        if (status == STATUS_OK && (at == 0 || batch.attributes & BATCH_CONTROL)) {
            status = control_of(&batch, &control, arena);
        }
        if (status != STATUS_OK) return status;
        if (at == 0) {
            if (control.type != CONTROL_SNAPSHOT_HEADER) return STATUS_DAMAGED;
            *timestamp_ms = control.snapshot_header.last_contained_log_timestamp_ms;
        }
        finished = control.type == CONTROL_SNAPSHOT_FOOTER;
        at += batch.size;
    }
    return finished ? STATUS_OK : STATUS_TRUNCATED;
}
