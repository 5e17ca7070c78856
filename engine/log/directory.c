/* engine/log/directory.c   One log directory, from lock to marker. Who wrote last decides whom we believe:
 *
 *     guard `sluice.open` there     we did, and were not stopped cleanly: root, checkpoints, WAL
 *     no guard                      a clean stop, or Kafka since: Kafka's rules; our files are not believed
 *
 * A start ends in this order, each step durable before the next: WAL chunks and checkpoints of the new incarnation; the
 * root that puts it in force; the guard; the removal of Kafka's clean-shutdown marker. A power cut before the root
 * leaves the old incarnation in force, untouched; without a guard yet, it leaves Kafka's files, untouched. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/files.h"
#include "log/flush.h"
#include "log/kafka_files.h"
#include "log/recovery.h"
#include "log/segment.h"
#include "log/spill.h"
#include "log/state.h"
#include "log/stray.h"
#include "log/wal.h"

void directory_say(const struct directory *directory, const char *format, ...)
{
    char line[512];
    va_list values;

    if (!directory->say) return;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    directory->say(directory->say_context, line);
}

static enum status explain(struct directory *directory, struct arena *arena, enum status status, const char *what,
                           const char **why)
{
    *why = text_format(arena, "%s: %s: %s", directory->path, what, status_text(status)).data;
    return status;
}

/* ---- open ---- */

static enum status directory_reach(struct directory *directory, struct arena *arena, const char **why)
{
    struct files *files = directory->files;
    enum status status = files_open_directory(files, FILES_HERE, directory->path, &directory->handle);

    if (status == STATUS_NOT_FOUND) {
        status = files_make_directory(files, FILES_HERE, directory->path);
        if (status == STATUS_OK || status == STATUS_EXISTS)
            status = files_open_directory(files, FILES_HERE, directory->path, &directory->handle);
    }
    return status == STATUS_OK ? STATUS_OK
                               : explain(directory, arena, status, "the log directory can't be opened", why);
}

static enum status directory_lock(struct directory *directory, struct arena *arena, const char **why)
{
    struct files *files = directory->files;
    enum status status = files_open(files, directory->handle, LOCK_FILE, FILES_WRITE | FILES_CREATE, &directory->lock);

    if (status == STATUS_OK) status = files_lock(files, directory->lock);
    return status == STATUS_OK ? STATUS_OK : explain(directory, arena, status, LOCK_FILE, why);
}

/* The name of the log directory itself is durable before anything in it is. */
static enum status parent_sync(struct directory *directory, struct arena *arena)
{
    struct text path = text_of(directory->path);
    int parent;

    while (path.size > 1 && path.data[path.size - 1] == '/') path.size--;
    while (path.size > 0 && path.data[path.size - 1] != '/') path.size--;
    if (path.size == 0) path = TEXT(".");
    path = text_copy(arena, path);
    if (!path.data) return STATUS_NO_MEMORY;

    enum status status = files_open_directory(directory->files, FILES_HERE, path.data, &parent);
    if (status != STATUS_OK) return status;
    status = files_sync_directory(directory->files, parent);
    files_close(directory->files, parent);
    return status;
}

/* The same engine works without, with the same promises; but it costs more, and people should know. */
static void direct_say(struct directory *directory)
{
    bool works = true;

    if (files_direct_works(directory->files, directory->handle, &works) != STATUS_OK || works) return;
    directory->buffered = true;
    directory_say(directory,
                  "%s: this file system has no O_DIRECT: writes are buffered and synced, which costs more (ext4 and "
                  "XFS have it)",
                  directory->path);
}

static enum status identity_make(struct directory *directory, const struct directory_settings *settings,
                                 struct prng *prng)
{
    struct directory_identity *identity = &directory->identity;

    identity->node = max_of(settings->node, 0);
    identity->directory = uuid_draw(prng);
    if (settings->cluster.data) {
        directory->cluster_size = min_of(settings->cluster.size, sizeof directory->cluster - 1);
        memcpy(directory->cluster, settings->cluster.data, directory->cluster_size);
    } else {
        uuid_print(uuid_draw(prng), directory->cluster);
        directory->cluster_size = UUID_TEXT_SIZE;
    }
    identity->cluster = (struct text){ directory->cluster, directory->cluster_size };
    directory->fresh = true;
    return meta_properties_write(directory->files, directory->handle, directory->heap, identity);
}

static enum status identity_check(struct directory *directory, const struct directory_settings *settings,
                                  struct arena *arena, const char **why)
{
    struct directory_identity *identity = &directory->identity;

    if (settings->node >= 0 && identity->node != settings->node) {
        *why =
            text_format(arena, "%s belongs to node %d, not to node %d", directory->path, identity->node, settings->node)
                .data;
        return STATUS_MISMATCH;
    }
    if (settings->cluster.data && !text_equal(settings->cluster, identity->cluster)) {
        *why = text_format(arena, "%s belongs to cluster %.*s, not to %.*s", directory->path,
                           TEXT_ARGS(identity->cluster), TEXT_ARGS(settings->cluster))
                   .data;
        return STATUS_MISMATCH;
    }
    directory->cluster_size = min_of(identity->cluster.size, sizeof directory->cluster - 1);
    memcpy(directory->cluster, identity->cluster.data, directory->cluster_size);
    identity->cluster = (struct text){ directory->cluster, directory->cluster_size };
    return STATUS_OK;
}

static enum status directory_identify(struct directory *directory, const struct directory_settings *settings,
                                      struct prng *prng, struct arena *arena, const char **why)
{
    enum status status = meta_properties_read(directory->files, directory->handle, arena, &directory->identity, why);

    if (status == STATUS_NOT_FOUND) {
        struct files_entry entry;
        if (files_entry(directory->files, directory->handle, GUARD_NAME, &entry) == STATUS_OK)
            return explain(directory, arena, STATUS_DAMAGED, "there is data here, but no meta.properties", why);
        status = parent_sync(directory, arena);
        if (status == STATUS_OK) status = identity_make(directory, settings, prng);
        return status == STATUS_OK ? STATUS_OK : explain(directory, arena, status, "meta.properties", why);
    }
    if (status == STATUS_OK) status = identity_check(directory, settings, arena, why);
    return status;
}

enum status directory_open(struct files *files, const struct directory_settings *settings, struct heap *heap,
                           struct arena *arena, struct directory **opened, const char **why)
{
    struct directory *directory = heap_take(heap, sizeof *directory);
    struct files_entry entry;
    struct prng prng;

    prng_seed(&prng, settings->seed);
    directory->files = files;
    directory->heap = heap;
    directory->path = settings->path;
    directory->handle = directory->lock = -1;
    directory->relaxed = settings->relaxed;
    directory->clean_epoch = -1;
    directory->incarnation = prng_u64(&prng) | 1;
    directory->reserve_size = settings->reserve_size;
    directory->say = settings->say;
    directory->say_context = settings->say_context;
    *why = "";

    enum status status = directory_reach(directory, arena, why);
    if (status == STATUS_OK) status = directory_lock(directory, arena, why);
    if (status == STATUS_OK) status = directory_identify(directory, settings, &prng, arena, why);
    if (status == STATUS_OK)
        status = clean_marker_read(files, directory->handle, arena, &directory->clean, &directory->clean_epoch);
    if (status == STATUS_OK) {
        directory->guarded = files_entry(files, directory->handle, GUARD_NAME, &entry) == STATUS_OK;
        if (directory->guarded) directory->clean = false;
        direct_say(directory);
        *opened = directory;
        return STATUS_OK;
    }
    if (!(*why)[0]) (void)explain(directory, arena, status, "the log directory can't be used", why);
    directory_abandon(directory);
    return status;
}

/* ---- recover ---- */

static void found_list(struct directory *directory, struct recovery *recovery)
{
    directory->found = arena_take(recovery->arena, max_of(recovery->by_key.count, 1U) * sizeof directory->found[0]);
    directory->found_count = 0;
    if (!directory->found) return;
    map_each(&recovery->by_key, struct log_found, found) directory->found[directory->found_count++] = *found;
}

enum status directory_recover(struct directory *directory, struct arena *arena, const char **why)
{
    struct recovery *recovery = heap_take(directory->heap, sizeof *recovery);

    *why = "";
    directory->work = recovery;
    recovery->directory = directory;
    recovery->arena = &recovery->memory;
    arena_init(&recovery->memory, directory->heap, NULL, 0, SIZE_MAX);
    recovery->heap = directory->heap;
    recovery->guarded = directory->guarded;
    window_init(&recovery->window, directory->files, directory->heap);

    enum status status = root_read(directory->files, directory->handle, &recovery->root);
    if (status == STATUS_NOT_FOUND) {
        recovery->root.sequence = 0;
        status = STATUS_OK;
    }
    if (status == STATUS_OK) status = recovery_read(recovery, why);
    if (status == STATUS_OK && recovery->guarded) {
        found_list(directory, recovery);
        if (!directory->found) status = STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK && !recovery->guarded && !directory->fresh)
        status = load_directory(directory, &recovery->memory, why);
    if (status != STATUS_OK && !(*why)[0]) (void)explain(directory, arena, status, "recovery", why);
    if (status != STATUS_OK) *why = text_copy(arena, text_of(*why)).data;
    return status;
}

void directory_forget(struct directory *directory, struct log_key key)
{
    for (uint32_t i = 0; i < directory->found_count; i++) {
        struct log_found *found = &directory->found[i];
        if (uuid_equal(found->key.topic, key.topic) && found->key.partition == key.partition)
            ((struct recovered *)found->open)->forgotten = true;
    }
}

/* ---- begin ---- */

/* The file that the shard's chain begins in: where something stands already, an old one that is there to be adopted, or
 * a new one, small, so that a fresh node starts at once. */
static enum status wal_begin(const struct recovery *recovery, struct store *store, uint32_t *number)
{
    struct wal *wal = store->wal;

    *number = wal->first_number;
    for (uint32_t i = 0; i < recovery->wal_count && *number == WAL_NUMBER_NONE; i++) {
        const struct old_wal *old = &recovery->wals[i];
        if (old->shard == store->shard->index && wal_wants(wal, old->size)) *number = old->number;
    }
    if (*number != WAL_NUMBER_NONE) return STATUS_OK;
    enum status status = wal_make_now(wal, WAL_FIRST_SIZE);
    if (status == STATUS_OK) *number = wal->files[0].number;
    return status;
}

/* Everything gathered is in the new WAL, and each shard's first checkpoint is written. */
static enum status stores_write(const struct recovery *recovery, struct store **stores, uint32_t store_count)
{
    for (uint32_t i = 0; i < store_count; i++) {
        struct checkpoint *checkpoint = stores[i]->checkpoint;
        enum status status = flush_now(stores[i]->flush);
        if (status == STATUS_OK) status = wal_begin(recovery, stores[i], &checkpoint->resume.number);
        if (status == STATUS_OK) status = checkpoint_write_now(checkpoint);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static enum status guard_make(struct directory *directory)
{
    enum status status = files_make_directory(directory->files, directory->handle, GUARD_NAME);
    if (status == STATUS_EXISTS) status = STATUS_OK;
    return status == STATUS_OK ? files_sync_directory(directory->files, directory->handle) : status;
}

static enum status root_switch(struct directory *directory, uint32_t store_count)
{
    struct recovery *recovery = directory->work;
    struct root root = {
        .directory = directory->identity.directory,
        .sequence = recovery->root.sequence + 1,
        .incarnation = directory->incarnation,
        .shard_count = store_count,
    };
    return root_write(directory->files, directory->handle, &root);
}

/* Whether another start, right now, would lack room for what this one wrote (upkeep.c keeps it free otherwise). */
static enum status room_is_short(struct directory *directory, struct store **stores, uint32_t store_count, bool *is)
{
    uint64_t available, total, owed = 0;
    enum status status = files_space(directory->files, directory->handle, &available, &total);

    for (uint32_t i = 0; i < store_count; i++) owed += wal_used(stores[i]->wal);
    *is = status == STATUS_OK && available < directory->reserve_size + owed;
    return status;
}

/* The old WAL's files go to the shard of their number, as far as it wants them and there is room; the others go. */
static enum status old_wals_settle(struct directory *directory, struct store **stores, uint32_t store_count)
{
    struct recovery *recovery = directory->work;
    bool is_short;

    for (uint32_t i = 0; i < recovery->wal_count; i++) {
        struct old_wal *wal = &recovery->wals[i];
        enum status status = room_is_short(directory, stores, store_count, &is_short);
        if (status != STATUS_OK) return status;
        if (wal->shard < store_count && !is_short && wal_wants(stores[wal->shard]->wal, wal->size)) {
            wal_adopt(stores[wal->shard]->wal, wal->file, wal->number, wal->size);
        } else {
            files_close(directory->files, wal->file);
            wal->file = -1;
            status = files_remove(directory->files, directory->handle, wal->name);
            if (status != STATUS_OK && status != STATUS_NOT_FOUND) return status;
        }
        wal->file = -1;
    }
    return STATUS_OK;
}

static enum status half_made_remove(struct directory *directory)
{
    const struct recovery *recovery = directory->work;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < recovery->half_made_count && status == STATUS_OK; i++) {
        status = files_remove(directory->files, directory->handle, recovery->half_made[i]);
        if (status == STATUS_NOT_FOUND) status = STATUS_OK; /* Its number was given again meanwhile. */
    }
    return status;
}

enum status directory_begin(struct directory *directory, struct store **stores, uint32_t store_count,
                            struct arena *arena, const char **why)
{
    struct recovery *recovery = directory->work;

    *why = "";
    for (uint32_t i = 0; i < store_count; i++) invariant(stores[i]->shard->index == i && stores[i]->starting);
    enum status status = strays_make_room(directory);
    if (status == STATUS_OK) status = strays_open(directory, stores[0]);
    if (status == STATUS_OK) status = recovery_replay(recovery, why);
    if (status == STATUS_OK) status = strays_write(directory, stores[0]);
    if (status == STATUS_OK) status = stores_write(recovery, stores, store_count);
    if (status == STATUS_OK) status = root_switch(directory, store_count);
    if (status == STATUS_OK) status = guard_make(directory);
    if (status == STATUS_OK) status = clean_marker_remove(directory->files, directory->handle);
    if (status == STATUS_OK) status = strays_settle(directory);
    if (status == STATUS_OK) status = stray_names_settle(directory, stores, store_count);
    if (status == STATUS_OK) status = old_wals_settle(directory, stores, store_count);
    if (status == STATUS_OK) status = half_made_remove(directory);
    if (status != STATUS_OK && (*why)[0]) *why = text_copy(arena, text_of(*why)).data;
    if (status != STATUS_OK && (*why)[0]) return status;
    if (status != STATUS_OK) return explain(directory, arena, status, "the start could not be made durable", why);

    directory->guarded = true;
    directory->found_count = 0;
    directory->found = NULL;
    recovery_end(recovery);
    heap_give(directory->heap, recovery);
    directory->work = NULL;
    for (uint32_t i = 0; i < store_count; i++) {
        if (!stores[i]->wal->current) wal_begin_in(stores[i]->wal, stores[i]->checkpoint->resume.number);
        stores[i]->starting = false;
    }
    return STATUS_OK;
}

/* ---- close ---- */

enum { ROOT_LIST_SIZE_MAX = 1 << 30 }; /* a name for each partition; taken as needed */

/* WAL, checkpoints and root are void from now on, so they go; a leftover would only be ignored. */
static enum status own_files_remove(struct directory *directory, struct arena *arena)
{
    struct files_entry *entries;
    uint32_t count;
    struct text prefix = TEXT("sluice-");

    enum status status = files_list(directory->files, directory->handle, arena, &entries, &count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (entries[i].directory || !text_starts(text_of(entries[i].name), prefix)) continue;
        status = files_remove(directory->files, directory->handle, entries[i].name);
    }
    return status;
}

static enum status guard_remove(struct directory *directory)
{
    enum status status = files_remove_directory(directory->files, directory->handle, GUARD_NAME);
    if (status == STATUS_NOT_FOUND) status = STATUS_OK;
    return status == STATUS_OK ? files_sync_directory(directory->files, directory->handle) : status;
}

enum status directory_close(struct directory *directory, int64_t broker_epoch)
{
    enum status status = atomic_load(&directory->failed) ? STATUS_OFFLINE : STATUS_OK;
    struct arena arena;

    arena_init(&arena, directory->heap, NULL, 0, ROOT_LIST_SIZE_MAX);
    if (status == STATUS_OK && directory->unsynced) status = files_sync_all(directory->files, directory->handle);
    if (status == STATUS_OK) status = directory_write_checkpoints(directory);
    if (status == STATUS_OK) status = guard_remove(directory);
    if (status == STATUS_OK) status = own_files_remove(directory, &arena);
    if (status == STATUS_OK) status = clean_marker_write(directory->files, directory->handle, broker_epoch);
    if (status == STATUS_OK) status = files_remove(directory->files, directory->handle, LOCK_FILE);
    arena_reset(&arena);
    directory_abandon(directory);
    return status;
}

void directory_abandon(struct directory *directory)
{
    struct recovery *recovery = directory->work;

    if (recovery) {
        recovery_end(recovery);
        heap_give(directory->heap, recovery);
    }
    if (directory->lock >= 0) files_close(directory->files, directory->lock);
    if (directory->handle >= 0) files_close(directory->files, directory->handle);
    heap_give(directory->heap, directory);
}
