/* engine/log/recovery.c   What is true after a start that nobody prepared. Each shard's newest checkpoint of the
 * incarnation in force gives the logs' states; the entries of the chunks at or above its cut are applied to them in
 * order:
 *
 *     entry      log          its incarnation   offsets                  outcome
 *     OPEN       unknown      -                 -                        the log exists, empty, from `first` on
 *     OPEN       known        same              -                        nothing
 *     OPEN       known        other             -                        a new life: what was known is void
 *     APPEND     unknown      -                 -                        damage
 *     APPEND     known        other             -                        void
 *     APPEND     known        same              limit <= end             nothing: the state has it
 *     APPEND     known        same              first >= end             a range more; end = limit
 *     APPEND     known        same              otherwise                damage
 *     EXTENT     as APPEND, but it may begin below the end (it was written across the cut); its bytes are read from the
 *                segment when the log is opened, and must match the entry's sum, else damage (with relaxed durability:
 *                else the log ends before it)
 *     TRUNCATE   known        same              first <= end             ranges and state are cut; the new incarnation
 *     START      known        same              -                        start = the larger one
 *     EPOCH      known        same              -                        a range without bytes
 *     DROP       known        same              -                        the log is gone; its files may go
 *     TRUNCATE, START, EPOCH, DROP  unknown, or other incarnation        void
 *
 * No root or no checkpoint of the incarnation in force, with the guard there: damage. The chain of chunks:
 * wal_walk.c. */
#include "log/recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/canary.h"
#include "io/files.h"
#include "log/wal.h"

static bool found_has_key(const void *value, const void *key)
{
    const struct log_found *found = value;
    const struct log_key *wanted = key;
    return uuid_equal(found->key.topic, wanted->topic) && found->key.partition == wanted->partition;
}

struct log_found *recovery_find(struct recovery *recovery, struct log_key key)
{
    return map_find(&recovery->by_key, hash_partition(key.topic, key.partition), &key);
}

struct log_found *recovery_add(struct recovery *recovery, struct log_key key, struct text topic)
{
    struct log_found *found = arena_take(recovery->arena, sizeof *found);
    struct recovered *recovered = arena_take(recovery->arena, sizeof *recovered);
    if (!found || !recovered) return NULL;

    found->key = key;
    found->topic = text_copy(recovery->arena, topic);
    found->leader_epoch = -1;
    found->open = recovered;
    recovered->cut = INT64_MAX;
    if (!found->topic.data) return NULL;
    map_add(&recovery->by_key, hash_partition(key.topic, key.partition), &key, found);
    return found;
}

/* ---- entries ---- */

static enum status damaged(struct recovery *recovery, const struct chunk_entry *entry, const char *what,
                           const char **why)
{
    char topic[UUID_TEXT_SIZE + 1];
    uuid_print(entry->key.topic, topic);
    *why = text_format(recovery->arena,
                       "the write-ahead log is damaged: %s (topic id %s, partition %d, offsets %lld to %lld)", what,
                       topic, entry->key.partition, (long long)entry->first, (long long)entry->limit)
               .data;
    return STATUS_DAMAGED;
}

static void found_forget(struct recovery *recovery, struct log_found *found)
{
    map_remove(&recovery->by_key, hash_partition(found->key.topic, found->key.partition), &found->key);
}

static enum status entry_open(struct recovery *recovery, const struct chunk_entry *entry, const uint8_t *payload)
{
    struct log_found *found = recovery_find(recovery, entry->key);

    if (found && found->incarnation == entry->incarnation) return STATUS_OK;
    if (found) found_forget(recovery, found);
    found = recovery_add(recovery, entry->key, (struct text){ (const char *)payload, entry->size });
    if (!found) return STATUS_NO_MEMORY;
    found->incarnation = entry->incarnation;
    found->leader_epoch = entry->leader_epoch;
    found->start = found->committed = found->end = entry->first;
    ((struct recovered *)found->open)->end = entry->first;
    return STATUS_OK;
}

static enum status range_add(struct recovery *recovery, struct log_found *found, const struct chunk_entry *entry,
                             struct old_wal *wal, uint64_t position)
{
    struct recovered *recovered = found->open;
    struct recovered_range *range = arena_take(recovery->arena, sizeof *range);
    if (!range) return STATUS_NO_MEMORY;

    range->entry = *entry;
    range->wal = wal;
    range->position = position;
    range->found = found;
    range->limit = entry->limit;
    range->promised = recovery->promised;
    if (recovery->last) {
        recovery->last->next_in_wal = range;
    } else {
        recovery->first = range;
    }
    recovery->last = range;
    if (recovered->last) {
        recovered->last->next = range;
    } else {
        recovered->first = range;
    }
    recovered->last = range;
    found->end = entry->limit;
    found->leader_epoch = max_of(found->leader_epoch, entry->leader_epoch);
    return STATUS_OK;
}

static enum status entry_append(struct recovery *recovery, struct log_found *found, const struct chunk_entry *entry,
                                struct old_wal *wal, uint64_t position, const char **why)
{
    if (entry->limit <= found->end) return STATUS_OK;
    if (entry->first < found->end && entry->kind == CHUNK_APPEND)
        return damaged(recovery, entry, "an append overlaps the one before", why);
    return range_add(recovery, found, entry, wal, position);
}

static void entry_truncate(struct log_found *found, const struct chunk_entry *entry)
{
    struct recovered *recovered = found->open;
    struct recovered_range *range = recovered->first, *last = NULL;

    found->incarnation = (uint64_t)entry->limit;
    if (entry->first >= found->end) return;

    for (; range && range->entry.first < entry->first; range = range->next) last = range;
    for (; range; range = range->next) range->cut = true;
    if (last) {
        last->next = NULL;
        last->entry.limit = min_of(last->entry.limit, entry->first);
    } else {
        recovered->first = NULL;
    }
    recovered->last = last;
    if (entry->first < recovered->end) recovered->cut = min_of(recovered->cut, entry->first);
    found->end = entry->first;
    found->committed = min_of(found->committed, found->end);
}

static enum status entry_drop(struct recovery *recovery, struct log_found *found, const struct chunk_entry *entry)
{
    if (CANARY(CANARY_TOPIC_RESURRECTED)) return STATUS_OK;
    if (entry->limit < 0) { /* Set aside by stray.c: its files stay. */
        found_forget(recovery, found);
        return STATUS_OK;
    }
    struct dropped *dropped = arena_take(recovery->arena, sizeof *dropped);
    if (!dropped) return STATUS_NO_MEMORY;

    *dropped = (struct dropped){ .next = recovery->dropped, .key = found->key, .topic = found->topic };
    recovery->dropped = dropped;
    found_forget(recovery, found);
    return STATUS_OK;
}

enum status recovery_entry(struct recovery *recovery, const struct chunk_entry *entry, const uint8_t *payload,
                           struct old_wal *wal, uint64_t payload_position, const char **why)
{
    if (entry->kind == CHUNK_OPEN) return entry_open(recovery, entry, payload);

    struct log_found *found = recovery_find(recovery, entry->key);
    bool bytes = entry->kind == CHUNK_APPEND || entry->kind == CHUNK_EXTENT;
    if (!found && bytes) return damaged(recovery, entry, "an append names a log that was never made", why);
    if (!found || found->incarnation != entry->incarnation) return STATUS_OK;

    switch (entry->kind) {
    case CHUNK_APPEND:
    case CHUNK_EXTENT: return entry_append(recovery, found, entry, wal, payload_position, why);
    case CHUNK_TRUNCATE: entry_truncate(found, entry); return STATUS_OK;
    case CHUNK_START: found->start = max_of(found->start, entry->first); return STATUS_OK;
    case CHUNK_EPOCH: return range_add(recovery, found, entry, wal, payload_position);
    case CHUNK_DROP: return entry_drop(recovery, found, entry);
    default: return damaged(recovery, entry, "an entry of unknown kind", why);
    }
}

/* ---- checkpoints ---- */

/* As much of the file as its header tells of: the rest is of a larger one that stood there. What can't be whole is
 * nothing. */
static enum status slot_read(struct recovery *recovery, int file, struct bytes *slot)
{
    struct files *files = recovery->directory->files;
    struct checkpoint_header header;
    uint8_t block[CHUNK_BLOCK];
    uint64_t file_size;
    size_t size;

    *slot = BYTES_NULL;
    enum status status = files_size(files, file, &file_size);
    if (status == STATUS_OK) status = files_read(files, file, block, sizeof block, 0, &size);
    if (status != STATUS_OK) return status;
    if (checkpoint_read_header((struct bytes){ block, size }, &header) != STATUS_OK) return STATUS_OK;
    if (file_size < size || file_size - size < header.body_size) return STATUS_OK;

    uint8_t *memory = arena_take(recovery->arena, size + header.body_size);
    if (!memory) return STATUS_NO_MEMORY;
    status = files_read(files, file, memory, size + header.body_size, 0, &size);
    *slot = (struct bytes){ memory, size };
    return status;
}

static enum status slot_load(struct recovery *recovery, uint32_t shard, uint32_t number, struct bytes *slot)
{
    const struct directory *directory = recovery->directory;
    char name[64];
    int file;

    checkpoint_file_name(shard, number, name);
    enum status status = files_open(directory->files, directory->handle, name, FILES_READ, &file);
    if (status != STATUS_OK) return status;
    status = slot_read(recovery, file, slot);
    files_close(directory->files, file);
    return status;
}

/* The newest whole slot of the incarnation in force. */
static enum status shard_checkpoint(struct recovery *recovery, uint32_t shard, struct bytes *file,
                                    struct checkpoint_header *header, const char **why)
{
    const struct directory *directory = recovery->directory;
    bool found = false;

    for (uint32_t slot = 0; slot < CHECKPOINT_SLOTS; slot++) {
        struct checkpoint_header read;
        struct bytes bytes;

        enum status status = slot_load(recovery, shard, slot, &bytes);
        if (status == STATUS_NOT_FOUND) continue;
        if (status != STATUS_OK) return status;
        if (checkpoint_read(bytes, &read) != STATUS_OK) continue;
        if (read.incarnation != recovery->root.incarnation || read.shard != shard) continue;
        if (!uuid_equal(read.directory, directory->identity.directory)) continue;
        if (found && read.sequence < header->sequence) continue;
        found = true;
        *header = read;
        *file = bytes;
        recovery->slot_in_force[shard] = slot;
    }
    if (found) return STATUS_OK;
    *why = text_format(recovery->arena, "the checkpoint of shard %u is missing or damaged in both of its files", shard)
               .data;
    return STATUS_DAMAGED;
}

static enum status records_read(struct recovery *recovery, struct bytes file, const struct checkpoint_header *header,
                                const char **why)
{
    struct checkpoint_record record;

    for (size_t at = 0; checkpoint_next(file, header, &at, &record);) {
        if (recovery_find(recovery, record.key)) {
            *why = text_format(recovery->arena, "the checkpoints of two shards hold partition %.*s-%d",
                               TEXT_ARGS(record.topic), record.key.partition)
                       .data;
            return STATUS_DAMAGED;
        }
        struct log_found *found = recovery_add(recovery, record.key, record.topic);
        if (!found) return STATUS_NO_MEMORY;
        struct recovered *recovered = found->open;
        found->incarnation = record.incarnation;
        found->start = record.start;
        found->committed = record.committed;
        found->end = recovered->end = record.end;
        found->leader_epoch = record.leader_epoch;
        recovered->state = record.state;
    }
    return STATUS_OK;
}

/* ---- files ---- */

/* `sluice-wal-<shard>-<number>` */
static bool wal_name_parse(const char *name, uint32_t *shard, uint32_t *number)
{
    struct text text = text_of(name), prefix = TEXT("sluice-wal-");
    int64_t first, second;

    if (!text_starts(text, prefix)) return false;
    text = (struct text){ text.data + prefix.size, text.size - prefix.size };
    struct text left = text_cut(&text, '-');
    if (!text_to_i64(left, &first) || !text_to_i64(text, &second)) return false;
    if (first < 0 || second < 0 || first >= UINT32_MAX || second >= UINT32_MAX) return false;
    *shard = (uint32_t)first;
    *number = (uint32_t)second;
    return true;
}

static enum status old_wal_open(struct recovery *recovery, struct old_wal *wal, const struct files_entry *entry)
{
    struct directory *directory = recovery->directory;
    const uint8_t *block;

    snprintf(wal->name, sizeof wal->name, "%s", entry->name);
    wal->size = entry->size;
    enum status status =
        files_open(directory->files, directory->handle, entry->name, FILES_WRITE | FILES_DIRECT, &wal->file);
    if (status != STATUS_OK) return status;
    recovery->wal_count++;
    status = window_read(&recovery->window, wal->file, 0, CHUNK_BLOCK, &block);
    if (status == STATUS_TRUNCATED) return STATUS_OK; /* Too short to hold anything. */
    if (status == STATUS_OK && chunk_read_header(block, &wal->first) != STATUS_OK)
        wal->first = (struct chunk_header){ .sequence = 0 };
    return status;
}

enum status recovery_list_wals(struct recovery *recovery)
{
    struct directory *directory = recovery->directory;
    struct files_entry *entries;
    uint32_t count;
    enum status status = files_list(directory->files, directory->handle, recovery->arena, &entries, &count);
    if (status != STATUS_OK) return status;

    recovery->wals = arena_take(recovery->arena, max_of(count, 1U) * sizeof recovery->wals[0]);
    recovery->half_made = arena_take(recovery->arena, max_of(count, 1U) * sizeof recovery->half_made[0]);
    if (!recovery->wals || !recovery->half_made) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct old_wal *wal = &recovery->wals[recovery->wal_count];
        struct text name = text_of(entries[i].name);
        if (!entries[i].directory && text_starts(name, TEXT("sluice-wal-")) && text_ends(name, TEXT(".new")))
            recovery->half_made[recovery->half_made_count++] = entries[i].name;
        if (entries[i].directory || !wal_name_parse(entries[i].name, &wal->shard, &wal->number)) continue;
        status = old_wal_open(recovery, wal, &entries[i]);
    }
    return status;
}

/* A WAL file gets its name when all of it is there, and never changes its size: a shorter one has lost chunks whose
 * absence could be taken for the end of the chain. */
static enum status wals_are_whole(const struct recovery *recovery, const char **why)
{
    for (uint32_t i = 0; i < recovery->wal_count; i++) {
        const struct old_wal *wal = &recovery->wals[i];
        if (wal->size > 0 && wal->size % WAL_ZEROS_SIZE == 0) continue;
        struct text text = text_format(recovery->arena, "%s is damaged: it has been cut to %llu bytes", wal->name,
                                       (unsigned long long)wal->size);
        *why = text.data;
        return STATUS_DAMAGED;
    }
    return STATUS_OK;
}

/* All is read. A slot that says more is committed than there is, of one moment, is no crash's doing. Its start may be
 * of a later one (checkpoint_amend): then as much was committed; and with relaxed durability what it cut off may be
 * lost with all that came after, which leaves an empty log. */
static enum status found_settle(struct recovery *recovery, struct log_found *found, const char **why)
{
    if (found->committed <= found->end) {
        found->start = min_of(found->start, found->end);
        found->committed = max_of(found->committed, found->start);
        return STATUS_OK;
    }
    *why = text_format(
               recovery->arena, "partition %.*s-%d is damaged: it ends at offset %lld, and was committed up to %lld",
               TEXT_ARGS(found->topic), found->key.partition, (long long)found->end, (long long)found->committed)
               .data;
    return STATUS_DAMAGED;
}

enum status recovery_read(struct recovery *recovery, const char **why)
{
    map_init(&recovery->by_key, recovery->heap, found_has_key);
    enum status status = recovery_list_wals(recovery);
    if (status != STATUS_OK || !recovery->guarded) return status;

    status = wals_are_whole(recovery, why);
    if (status != STATUS_OK) return status;

    if (recovery->root.sequence == 0) {
        *why = "the directory was not stopped cleanly and " ROOT_FILE " is missing, damaged, or of another release";
        return STATUS_DAMAGED;
    }
    recovery->slot_in_force = arena_take(recovery->arena, (recovery->root.shard_count + 1) * sizeof(uint32_t));
    struct checkpoint_header *headers = arena_take(recovery->arena, (recovery->root.shard_count + 1) * sizeof *headers);
    if (!recovery->slot_in_force || !headers) return STATUS_NO_MEMORY;

    for (uint32_t shard = 0; shard < recovery->root.shard_count && status == STATUS_OK; shard++) {
        struct bytes file;
        status = shard_checkpoint(recovery, shard, &file, &headers[shard], why);
        if (status == STATUS_OK) status = records_read(recovery, file, &headers[shard], why);
    }
    for (uint32_t shard = 0; shard < recovery->root.shard_count && status == STATUS_OK; shard++)
        status = wal_walk(recovery, &headers[shard], why);
    map_each(&recovery->by_key, struct log_found, found)
    {
        if (status == STATUS_OK) status = found_settle(recovery, found, why);
    }
    return status;
}

void recovery_end(struct recovery *recovery)
{
    for (uint32_t i = 0; i < recovery->wal_count; i++)
        if (recovery->wals[i].file >= 0) files_close(recovery->directory->files, recovery->wals[i].file);
    heap_give(recovery->heap, recovery->joined);
    window_end(&recovery->window);
    map_end(&recovery->by_key);
    arena_reset(&recovery->memory);
}
