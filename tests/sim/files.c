/* tests/sim/files.c   engine/io/files.h over the simulated disk: the same calls, the same statuses as the kernel gives.
 * Every call that changes something is one operation, at which a power cut may fall. */
#include <string.h>

#include "base/arena.h"
#include "sim/inode.h"

struct place {
    struct sim_inode *directory; /* that holds the last name */
    struct sim_inode *inode;     /* that it names, or NULL */
    char name[256];
};

static struct sim_disk *disk_of(struct files *files);
static enum status place_find(struct sim_disk *disk, int directory, const char *path, struct place *place);
static struct sim_inode *directory_of(struct sim_disk *disk, int directory);
static int handle_make(struct sim_disk *disk, struct sim_inode *inode, bool writable, bool direct);
static bool unlucky(struct sim_disk *disk, uint32_t rate, enum sim_fault fault);

static enum status disk_open(struct files *files, int directory, const char *path, int flags, int *file)
{
    struct sim_disk *disk = disk_of(files);
    struct place place;

    enum status status = place_find(disk, directory, path, &place);
    if (status != STATUS_OK) return status;
    if (place.inode) {
        if ((flags & FILES_CREATE) && (flags & FILES_EXCLUSIVE)) return STATUS_EXISTS;
        if (place.inode->directory) return STATUS_INVALID;
    } else {
        if (!(flags & FILES_CREATE)) return STATUS_NOT_FOUND;
        if (unlucky(disk, disk->rates.no_space, SIM_NO_SPACE)) return STATUS_NO_SPACE;
        place.inode = sim_inode_make(disk, false);
        sim_change_make(disk, place.directory, place.name, place.inode, NULL, NULL);
        sim_told(disk->world, path, "create: inode %lu", place.inode->number, 0, 0, 0);
        if (!sim_disk_operate(disk)) return STATUS_IO_ERROR;
    }
    *file = handle_make(disk, place.inode, (flags & (FILES_WRITE | FILES_CREATE)) != 0, (flags & FILES_DIRECT) != 0);
    return STATUS_OK;
}

static void disk_close(struct files *files, int file)
{
    struct sim_disk *disk = disk_of(files);

    sim_disk_close(disk, file);
}

static enum status disk_read(struct files *files, int file, void *memory, size_t size, uint64_t position, size_t *done)
{
    return sim_disk_read(disk_of(files), file, memory, size, position, done);
}

static enum status disk_write(struct files *files, int file, const void *memory, size_t size, uint64_t position,
                              int flags)
{
    struct sim_disk *disk = disk_of(files);
    struct iovec part = { (void *)(uintptr_t)memory, size };
    struct sim_write write;

    if (disk->frozen) return STATUS_IO_ERROR;
    if (size == 0) return STATUS_OK;
    sim_disk_write_begin(disk, &write, file, &part, 1, position, (flags & FILES_DURABLE) != 0);
    enum status status = sim_disk_write_end(disk, &write);
    if (!list_linked(&write.node)) return status;

    /* Frozen in the middle: this write lies on the caller's stack, so what survives of it is decided now. */
    list_remove(&write.node);
    if (sim_chance(&disk->prng, 2, 3)) (void)sim_inode_put(disk, write.inode, position, memory, size, false);
    return status;
}

static enum status disk_sync(struct files *files, int file)
{
    struct sim_disk *disk = disk_of(files);
    struct sim_inode *inode = sim_disk_handle(disk, file)->inode;

    if (disk->frozen) return STATUS_IO_ERROR;
    if (unlucky(disk, disk->rates.sync_error, SIM_SYNC_ERROR)) return STATUS_IO_ERROR;
    if (disk->operations + 1 < disk->crash_at) sim_inode_sync(disk, inode);
    sim_told(disk->world, NULL, "sync: inode %lu size %lu", inode->number, inode->size, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_truncate(struct files *files, int file, uint64_t size)
{
    struct sim_disk *disk = disk_of(files);
    struct sim_handle *handle = sim_disk_handle(disk, file);

    if (disk->frozen) return STATUS_IO_ERROR;
    invariant(handle->writable);
    sim_inode_truncate(disk, handle->inode, size);
    sim_told(disk->world, NULL, "truncate: inode %lu size %lu", handle->inode->number, size, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_allocate(struct files *files, int file, uint64_t position, uint64_t size)
{
    struct sim_disk *disk = disk_of(files);
    struct sim_handle *handle = sim_disk_handle(disk, file);

    if (disk->frozen) return STATUS_IO_ERROR;
    if (size == 0) return STATUS_INVALID;
    invariant(handle->writable);
    if (unlucky(disk, disk->rates.no_space, SIM_NO_SPACE)) return STATUS_NO_SPACE;
    if (!sim_inode_allocate(disk, handle->inode, position, size)) {
        sim_fault(disk->world, SIM_NO_SPACE);
        return STATUS_NO_SPACE;
    }
    sim_told(disk->world, NULL, "allocate: inode %lu position %lu size %lu", handle->inode->number, position, size, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_size(struct files *files, int file, uint64_t *size)
{
    struct sim_disk *disk = disk_of(files);

    if (disk->frozen) return STATUS_IO_ERROR;
    *size = sim_disk_handle(disk, file)->inode->size;
    return STATUS_OK;
}

static enum status disk_lock(struct files *files, int file)
{
    struct sim_disk *disk = disk_of(files);

    if (disk->frozen) return STATUS_IO_ERROR;
    sim_disk_handle(disk, file)->inode->locked = true; /* One process per machine: nobody else holds it. */
    return STATUS_OK;
}

static enum status disk_open_directory(struct files *files, int directory, const char *path, int *opened)
{
    struct sim_disk *disk = disk_of(files);
    struct place place;

    enum status status = place_find(disk, directory, path, &place);
    if (status != STATUS_OK) return status;
    if (!place.inode || !place.inode->directory) return STATUS_NOT_FOUND;
    *opened = handle_make(disk, place.inode, false, false);
    return STATUS_OK;
}

static enum status disk_make_directory(struct files *files, int directory, const char *path)
{
    struct sim_disk *disk = disk_of(files);
    struct place place;

    enum status status = place_find(disk, directory, path, &place);
    if (status != STATUS_OK) return status;
    if (place.inode) return STATUS_EXISTS;
    if (unlucky(disk, disk->rates.no_space, SIM_NO_SPACE)) return STATUS_NO_SPACE;
    struct sim_inode *inode = sim_inode_make(disk, true);
    sim_change_make(disk, place.directory, place.name, inode, NULL, NULL);
    sim_told(disk->world, path, "make directory: inode %lu", inode->number, 0, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_sync_directory(struct files *files, int directory)
{
    struct sim_disk *disk = disk_of(files);
    struct sim_inode *inode = directory_of(disk, directory);

    if (disk->frozen) return STATUS_IO_ERROR;
    if (unlucky(disk, disk->rates.sync_error, SIM_SYNC_ERROR)) return STATUS_IO_ERROR;
    if (disk->operations + 1 < disk->crash_at) sim_names_sync(disk, inode);
    sim_told(disk->world, NULL, "sync directory: inode %lu", inode->number, 0, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_sync_all(struct files *files, int directory)
{
    struct sim_disk *disk = disk_of(files);

    (void)directory;
    if (disk->frozen) return STATUS_IO_ERROR;
    if (unlucky(disk, disk->rates.sync_error, SIM_SYNC_ERROR)) return STATUS_IO_ERROR;
    if (disk->operations + 1 < disk->crash_at) sim_disk_settle(disk);
    sim_told(disk->world, NULL, "sync all", 0, 0, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_rename(struct files *files, int directory, const char *from, const char *to)
{
    struct sim_disk *disk = disk_of(files);
    struct place old, new;

    enum status status = place_find(disk, directory, from, &old);
    if (status == STATUS_OK) status = place_find(disk, directory, to, &new);
    if (status != STATUS_OK) return status;
    if (!old.inode) return STATUS_NOT_FOUND;
    if (new.inode == old.inode) return STATUS_OK;
    if (new.inode &&new.inode->directory != old.inode->directory)
        return new.inode->directory ? STATUS_INVALID : STATUS_NOT_FOUND;
    if (new.inode &&new.inode->directory &&new.inode->names.count) return STATUS_EXISTS;
    sim_change_make(disk, new.directory, new.name, old.inode, old.directory, old.name);
    sim_told(disk->world, to, "rename: inode %lu", old.inode->number, 0, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status name_remove(struct sim_disk *disk, int directory, const char *path, bool of_directory)
{
    struct place place;

    enum status status = place_find(disk, directory, path, &place);
    if (status != STATUS_OK) return status;
    if (!place.inode) return STATUS_NOT_FOUND;
    if (of_directory && !place.inode->directory) return STATUS_NOT_FOUND;
    if (!of_directory && place.inode->directory) return STATUS_INVALID;
    if (place.inode->names.count) return STATUS_EXISTS;
    sim_change_make(disk, place.directory, place.name, NULL, NULL, NULL);
    sim_told(disk->world, path, "remove: inode %lu", place.inode->number, 0, 0, 0);
    return sim_disk_operate(disk) ? STATUS_OK : STATUS_IO_ERROR;
}

static enum status disk_remove(struct files *files, int directory, const char *path)
{
    return name_remove(disk_of(files), directory, path, false);
}

static enum status disk_remove_directory(struct files *files, int directory, const char *path)
{
    return name_remove(disk_of(files), directory, path, true);
}

static void entry_fill(struct files_entry *entry, const char *name, const struct sim_inode *inode)
{
    *entry = (struct files_entry){ name, inode->directory, inode->directory ? 0 : inode->size, inode->modified_ms };
}

static enum status disk_entry(struct files *files, int directory, const char *path, struct files_entry *entry)
{
    struct place place;

    enum status status = place_find(disk_of(files), directory, path, &place);
    if (status != STATUS_OK) return status;
    if (!place.inode) return STATUS_NOT_FOUND;
    entry_fill(entry, path, place.inode);
    return STATUS_OK;
}

static enum status disk_list(struct files *files, int directory, struct arena *arena, struct files_entry **entries,
                             uint32_t *count)
{
    struct sim_disk *disk = disk_of(files);
    struct sim_inode *inode = directory_of(disk, directory);

    if (disk->frozen) return STATUS_IO_ERROR;
    *count = inode->names.count;
    *entries = arena_take(arena, max_of(inode->names.count, 1u) * sizeof **entries);
    if (!*entries) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < *count; i++) {
        struct sim_name *name = &inode->names.items[i];
        const char *copy = arena_copy(arena, name->text, strlen(name->text) + 1);
        if (!copy) return STATUS_NO_MEMORY;
        entry_fill(&(*entries)[i], copy, name->inode);
    }
    return STATUS_OK;
}

static enum status disk_space(struct files *files, int directory, uint64_t *available, uint64_t *total)
{
    struct sim_disk *disk = disk_of(files);

    (void)directory_of(disk, directory);
    if (disk->frozen) return STATUS_IO_ERROR;
    *available = (disk->blocks_max - min_of(disk->blocks, disk->blocks_max)) * SIM_BLOCK;
    *total = disk->blocks_max * SIM_BLOCK;
    return STATUS_OK;
}

/* clang-format off */
const struct files_table sim_files_table = {
    .open = disk_open,                     .close = disk_close,
    .read = disk_read,                     .write = disk_write,
    .sync = disk_sync,                     .truncate = disk_truncate,
    .allocate = disk_allocate,             .size = disk_size,
    .lock = disk_lock,                     .open_directory = disk_open_directory,
    .make_directory = disk_make_directory, .sync_directory = disk_sync_directory, .sync_all = disk_sync_all,
    .rename = disk_rename,                 .remove = disk_remove,
    .remove_directory = disk_remove_directory,
    .entry = disk_entry,                   .list = disk_list,
    .space = disk_space,
};
/* clang-format on */

static struct sim_disk *disk_of(struct files *files)
{
    return container_of(files, struct sim_disk, files);
}

static struct sim_inode *directory_of(struct sim_disk *disk, int directory)
{
    if (directory == FILES_HERE) return disk->root;
    struct sim_inode *inode = sim_disk_handle(disk, directory)->inode;
    invariant(inode->directory);
    return inode;
}

/* Walks to the directory of the last name. The disk has one tree; FILES_HERE and absolute paths begin at its root. */
static enum status place_find(struct sim_disk *disk, int directory, const char *path, struct place *place)
{
    if (disk->frozen) return STATUS_IO_ERROR;
    struct sim_inode *at = path[0] == '/' ? disk->root : directory_of(disk, directory);
    *place = (struct place){ .directory = at, .inode = at };

    while (*path) {
        size_t size = strcspn(path, "/");
        bool skip = size == 0 || (size == 1 && path[0] == '.');
        if (!skip) {
            if (!place->inode || !place->inode->directory) return STATUS_NOT_FOUND;
            if (size >= sizeof place->name) return STATUS_TOO_LARGE;
            memcpy(place->name, path, size);
            place->name[size] = 0;
            place->directory = place->inode;
            place->inode = sim_names_find(&place->directory->names, place->name);
        }
        path += size + (path[size] == '/');
    }
    return STATUS_OK;
}

static int handle_make(struct sim_disk *disk, struct sim_inode *inode, bool writable, bool direct)
{
    if (disk->handle_count == disk->handle_room) {
        disk->handle_room = disk->handle_room ? disk->handle_room * 2 : 64;
        disk->handles = heap_resize(&disk->world->heap, disk->handles, disk->handle_room * sizeof *disk->handles);
    }
    disk->handles[disk->handle_count] = (struct sim_handle){ inode, writable, direct };
    disk->handles_open++;
    return SIM_FILE_FIRST + (int)disk->handle_count++;
}

static bool unlucky(struct sim_disk *disk, uint32_t rate, enum sim_fault fault)
{
    if (!sim_chance(&disk->prng, rate, 1000000)) return false;
    sim_fault(disk->world, fault);
    return true;
}
