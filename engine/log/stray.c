/* engine/log/stray.c   Logs that the start found and nobody opened. What nobody knows is set aside, never deleted: its
 * last bytes are written to its segments, then its directory is renamed `<topic>-<partition>.<32 hex>-stray`, as Kafka
 * does it. Only a log whose removal was seen, in the metadata (forgotten) or in the WAL (dropped), loses its files, and
 * only after a look at the topic id that its directory names: a topic may have been made again under the same name.
 * What is to go is renamed -delete here, and goes while the node serves (sweep.c). */
#include <string.h>

#include "base/map.h"
#include "base/prng.h"
#include "io/files.h"
#include "log/flush.h"
#include "log/gather.h"
#include "log/kafka_files.h"
#include "log/recovery.h"
#include "log/segment_files.h"
#include "log/spill.h"
#include "log/state.h"
#include "log/stray.h"
#include "log/sweep.h"
#include "log/upkeep.h"

/* Nothing of it is ever appended again; whatever the topic's configs were is unknown. */
static const struct log_settings STRAY_SETTINGS = {
    .segment_bytes = INT32_MAX,
    .segment_ms = INT64_MAX,
    .retention_ms = -1,
    .retention_bytes = -1,
    .index_interval_bytes = 4096,
    .message_bytes_max = INT32_MAX,
};

/* The log is in the first checkpoint and its bytes in the WAL by then; this entry, with `limit` -1, takes it out
 * again. */
static enum status stray_enter(struct store *store, struct log *log)
{
    if (!gather_entry_room(store->gathers, 0)) return STATUS_NO_MEMORY;
    struct chunk_entry entry = {
        .kind = CHUNK_DROP, .key = log->key, .incarnation = log->incarnation, .first = log->end, .limit = -1
    };
    draft_add(store->gathers, &entry, NULL, 0);
    return STATUS_OK;
}

static enum status stray_open(struct store *store, const struct log_found *found)
{
    struct log *log;
    enum status status = log_open(store, found, found->key, found->topic, &STRAY_SETTINGS, &log);

    if (status == STATUS_OK) ((struct recovered *)found->open)->stray = true;
    return status;
}

enum status strays_open(struct directory *directory, struct store *store)
{
    for (uint32_t i = 0; i < directory->found_count; i++) {
        const struct log_found *found = &directory->found[i];
        const struct recovered *recovered = found->open;
        if (recovered->opened || recovered->forgotten) continue;
        if (!recovered->first) continue; /* Its segments hold it all. */
        enum status status = stray_open(store, found);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static enum status stray_write(struct store *store, struct log *log)
{
    enum status status = spill_now(store->spill, log);

    for (uint32_t i = 0; log->segments && i < log->segments->count && status == STATUS_OK; i++)
        status = segment_sync_now(log, log->segments->items[i].base);
    if (status == STATUS_OK) status = stray_enter(store, log);
    if (status == STATUS_OK) status = flush_now(store->flush); /* No mark refers to the log any more. */
    if (status == STATUS_OK) log_close_now(log);
    return status;
}

enum status strays_write(struct directory *directory, struct store *store)
{
    for (uint32_t i = 0; i < directory->found_count; i++) {
        struct recovered *recovered = directory->found[i].open;
        if (!recovered->stray) continue;
        enum status status = stray_write(store, recovered->log);
        if (status != STATUS_OK) return status;
        recovered->log = NULL;
    }
    return STATUS_OK;
}

/* True when the partition's directory is there and says that it belongs to this topic. */
static bool directory_is_of(struct directory *directory, struct text topic, struct log_key key)
{
    struct uuid owner;

    return partition_directory_owner(directory->files, directory->handle, topic, key.partition, &owner) == STATUS_OK &&
           uuid_equal(owner, key.topic);
}

static struct uuid unique_draw(const struct directory *directory)
{
    struct prng prng;
    struct uuid unique;

    prng_seed(&prng, directory->incarnation);
    prng_fill(&prng, unique.byte, sizeof unique.byte);
    return unique;
}

/* The topic id says whose it was; a directory of it may have been set aside before. */
static enum status stray_rename(struct directory *directory, struct text topic, struct log_key key)
{
    char from[PATH_SIZE], to[PATH_SIZE];

    partition_path(topic, key.partition, from);
    partition_path_marked(topic, key.partition, key.topic, "stray", to);
    enum status status = files_rename(directory->files, directory->handle, from, to);
    if (status == STATUS_EXISTS) {
        partition_path_marked(topic, key.partition, unique_draw(directory), "stray", to);
        status = files_rename(directory->files, directory->handle, from, to);
    }
    if (status == STATUS_OK) {
        directory_say(directory, "%s is set aside as %s: the metadata has no partition of that topic id", from, to);
    }
    return status;
}

/* Another log may get this name at once; the files themselves have time (sweep.c). */
static enum status removed_rename(struct directory *directory, struct text topic, struct log_key key)
{
    char from[PATH_SIZE], to[PATH_SIZE];

    partition_path(topic, key.partition, from);
    partition_path_marked(topic, key.partition, key.topic, "delete", to);
    enum status status = files_rename(directory->files, directory->handle, from, to);
    bool unnamed = status == STATUS_NO_SPACE || status == STATUS_EXISTS;
    return unnamed ? directory_remove_all(directory->files, directory->handle, from) : status;
}

enum status strays_settle(struct directory *directory)
{
    const struct recovery *recovery = directory->work;
    enum status status = STATUS_OK;
    bool changed = false;

    for (uint32_t i = 0; i < directory->found_count && status == STATUS_OK; i++) {
        const struct log_found *found = &directory->found[i];
        const struct recovered *recovered = found->open;
        if (recovered->opened && !recovered->stray) continue;
        if (!directory_is_of(directory, found->topic, found->key)) continue;
        status = recovered->forgotten ? removed_rename(directory, found->topic, found->key)
                                      : stray_rename(directory, found->topic, found->key);
        changed = true;
    }
    for (struct dropped *dropped = recovery->dropped; dropped && status == STATUS_OK; dropped = dropped->next) {
        if (!directory_is_of(directory, dropped->topic, dropped->key)) continue;
        status = removed_rename(directory, dropped->topic, dropped->key);
        changed = true;
    }
    return status == STATUS_OK && changed ? files_sync_directory(directory->files, directory->handle) : status;
}

/* ---- directories that are nobody's ----
 * Of a log that no checkpoint knows any more, whose removal, or setting aside, a power cut ended; or that can't say
 * whose it is. */

struct log_name {
    struct text topic;
    int32_t partition;
};

static bool log_has_name(const void *value, const void *key)
{
    const struct log *log = value;
    const struct log_name *name = key;
    return log->key.partition == name->partition && text_equal(log->topic, name->topic);
}

static uint64_t name_hash(const struct log_name *name)
{
    return hash_join(text_hash(name->topic), (uint64_t)name->partition);
}

static void names_take(struct map *names, const struct store *store)
{
    list_each(&store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        const struct log_name name = { log->topic, log->key.partition };
        if (!map_find(names, name_hash(&name), &name)) map_add(names, name_hash(&name), &name, log);
    }
}

enum status stray_set_aside(struct directory *directory, const char *name, const struct partition_name *parsed)
{
    char to[PATH_SIZE];
    partition_path_marked(parsed->topic, parsed->partition, unique_draw(directory), "stray", to);
    enum status status = files_rename(directory->files, directory->handle, name, to);
    if (status == STATUS_OK) {
        directory_say(directory, "%s is set aside as %s: it has no partition.metadata that names its topic", name, to);
    }
    return status;
}

/* One name of the log directory. *changed: it was another one before. */
static enum status name_settle(struct directory *directory, struct store *first, const struct map *names,
                               const struct files_entry *entry, bool *changed)
{
    struct partition_name parsed;
    struct uuid owner;

    if (!entry->directory || !partition_name_parse(text_of(entry->name), &parsed)) return STATUS_OK;
    if (parsed.kind == PARTITION_DELETED) sweep_add(first->sweep, entry->name, 0);
    const struct log_name name = { parsed.topic, parsed.partition };
    if (parsed.kind != PARTITION_LIVE || map_find(names, name_hash(&name), &name)) return STATUS_OK;

    enum status status =
        partition_directory_owner(directory->files, directory->handle, parsed.topic, parsed.partition, &owner);
    bool nameless = status == STATUS_DAMAGED || status == STATUS_NOT_FOUND;
    if (status != STATUS_OK && !nameless) return status == STATUS_IO_ERROR ? status : STATUS_OK;
    *changed = true;
    if (nameless) return stray_set_aside(directory, entry->name, &parsed);
    return stray_rename(directory, parsed.topic, (struct log_key){ .topic = owner, .partition = parsed.partition });
}

enum status stray_names_settle(struct directory *directory, struct store **stores, uint32_t store_count)
{
    const struct recovery *recovery = directory->work;
    struct files_entry *entries;
    struct map names;
    uint32_t count;
    bool changed = false;

    enum status status = files_list(directory->files, directory->handle, recovery->arena, &entries, &count);
    if (status != STATUS_OK) return status;
    map_init(&names, directory->heap, log_has_name);
    for (uint32_t i = 0; i < store_count; i++) names_take(&names, stores[i]);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = name_settle(directory, stores[0], &names, &entries[i], &changed);
    map_end(&names);
    return status == STATUS_OK && changed ? files_sync_directory(directory->files, directory->handle) : status;
}

/* ---- room for the start ---- */

enum status strays_make_room(struct directory *directory)
{
    const struct recovery *recovery = directory->work;
    uint64_t available, total;
    struct files_entry *entries;
    struct partition_name parsed;
    uint32_t count;

    enum status status = files_space(directory->files, directory->handle, &available, &total);
    if (status != STATUS_OK || available >= directory->reserve_size + UPKEEP_ROOM) return status;
    status = files_list(directory->files, directory->handle, recovery->arena, &entries, &count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!entries[i].directory || !partition_name_parse(text_of(entries[i].name), &parsed)) continue;
        if (parsed.kind != PARTITION_DELETED) continue;
        status = directory_remove_all(directory->files, directory->handle, entries[i].name);
    }
    return status;
}
