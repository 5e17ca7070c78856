/* engine/io/files_list.c   What stands in a directory: one entry, or all of them sorted by name, so that two starts on
 * the same directory see the same order. Names that vanish between the listing and the look at them are left out. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/errors.h"
#include "io/files_kernel.h"

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, LIST_ROOM_FIRST = 64 };

struct listing {
    struct arena *arena;
    struct files_entry *entries;
    uint32_t count, room;
};

enum status files_kernel_entry(struct files *files, int directory, const char *path, struct files_entry *entry)
{
    (void)files;
    struct stat found;
    if (fstatat(directory, path, &found, 0) < 0) return error_status(errno);

    entry->name = path;
    entry->directory = S_ISDIR(found.st_mode);
    entry->size = (uint64_t)found.st_size;
    entry->modified_ms = (int64_t)found.st_mtim.tv_sec * MS_PER_S + found.st_mtim.tv_nsec / NS_PER_MS;
    return STATUS_OK;
}

static enum status listing_grow(struct listing *listing)
{
    uint32_t room = listing->room == 0 ? LIST_ROOM_FIRST : listing->room * 2;
    struct files_entry *entries = arena_take(listing->arena, room * sizeof *entries);
    if (entries == NULL) return STATUS_NO_MEMORY;

    if (listing->count > 0) memcpy(entries, listing->entries, listing->count * sizeof *entries);
    listing->entries = entries;
    listing->room = room;
    return STATUS_OK;
}

/* Of a directory the name is all that is asked for: a log directory holds thousands, and each look costs. */
static enum status listing_add(struct listing *listing, struct files *files, int directory, const struct dirent *found)
{
    const char *name = found->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return STATUS_OK;

    struct files_entry entry = { .directory = true };
    enum status status = found->d_type == DT_DIR ? STATUS_OK : files_kernel_entry(files, directory, name, &entry);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status != STATUS_OK) return status;
    if (listing->count == listing->room) {
        status = listing_grow(listing);
        if (status != STATUS_OK) return status;
    }

    entry.name = arena_copy(listing->arena, name, strlen(name) + 1);
    if (entry.name == NULL) return STATUS_NO_MEMORY;
    listing->entries[listing->count++] = entry;
    return STATUS_OK;
}

static int entry_compare(const void *a, const void *b)
{
    return strcmp(((const struct files_entry *)a)->name, ((const struct files_entry *)b)->name);
}

enum status files_kernel_list(struct files *files, int directory, struct arena *arena, struct files_entry **entries,
                              uint32_t *count)
{
    /* A handle of its own, since reading a directory moves the handle's place. */
    int handle;
    enum status status = files_kernel_open_directory(files, directory, ".", &handle);
    if (status != STATUS_OK) return status;
    DIR *stream = fdopendir(handle);
    if (stream == NULL) {
        status = error_status(errno);
        close(handle);
        return status;
    }

    struct listing listing = { .arena = arena };
    while (status == STATUS_OK) {
        errno = 0;
        const struct dirent *found = readdir(stream);
        if (found == NULL) {
            status = error_status(errno);
            break;
        }
        status = listing_add(&listing, files, handle, found);
    }
    closedir(stream);
    if (status != STATUS_OK) return status;

    if (listing.count > 1) qsort(listing.entries, listing.count, sizeof *listing.entries, entry_compare);
    *entries = listing.entries;
    *count = listing.count;
    return STATUS_OK;
}
