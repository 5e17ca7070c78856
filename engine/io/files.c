/* engine/io/files.c   The front of the blocking seam, and what is built from its calls: loading a small file whole, and
 * replacing one so that after a power cut either the old or the new content stands under the name, never a part and
 * never nothing:
 *
 *     write path.tmp -> sync the file -> rename -> sync the directory
 *
 * The rename is not durable because the bytes are (measured: lost on ext4), hence the last step. */
#include "io/files.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { PATH_SIZE_MAX = 4096 };

enum status files_open(struct files *files, int directory, const char *path, int flags, int *file)
{
    invariant((flags & FILES_DURABLE) == 0);
    invariant((flags & FILES_CREATE) == 0 || (flags & FILES_WRITE) != 0);
    invariant((flags & FILES_EXCLUSIVE) == 0 || (flags & FILES_CREATE) != 0);
    return files->table->open(files, directory, path, flags, file);
}

void files_close(struct files *files, int file)
{
    invariant(file >= 0);
    files->table->close(files, file);
}

enum status files_read(struct files *files, int file, void *memory, size_t size, uint64_t position, size_t *done)
{
    return files->table->read(files, file, memory, size, position, done);
}

enum status files_write(struct files *files, int file, const void *memory, size_t size, uint64_t position, int flags)
{
    invariant((flags & ~FILES_DURABLE) == 0);
    return files->table->write(files, file, memory, size, position, flags);
}

enum status files_sync(struct files *files, int file)
{
    return files->table->sync(files, file);
}

enum status files_truncate(struct files *files, int file, uint64_t size)
{
    return files->table->truncate(files, file, size);
}

enum status files_allocate(struct files *files, int file, uint64_t position, uint64_t size)
{
    invariant(size > 0);
    return files->table->allocate(files, file, position, size);
}

enum status files_size(struct files *files, int file, uint64_t *size)
{
    return files->table->size(files, file, size);
}

enum status files_lock(struct files *files, int file)
{
    return files->table->lock(files, file);
}

enum status files_open_directory(struct files *files, int directory, const char *path, int *opened)
{
    return files->table->open_directory(files, directory, path, opened);
}

enum status files_make_directory(struct files *files, int directory, const char *path)
{
    return files->table->make_directory(files, directory, path);
}

enum status files_sync_directory(struct files *files, int directory)
{
    return files->table->sync_directory(files, directory);
}

enum status files_sync_all(struct files *files, int directory)
{
    return files->table->sync_all(files, directory);
}

enum status files_rename(struct files *files, int directory, const char *from, const char *to)
{
    return files->table->rename(files, directory, from, to);
}

enum status files_remove(struct files *files, int directory, const char *path)
{
    return files->table->remove(files, directory, path);
}

enum status files_remove_directory(struct files *files, int directory, const char *path)
{
    return files->table->remove_directory(files, directory, path);
}

enum status files_entry(struct files *files, int directory, const char *path, struct files_entry *entry)
{
    return files->table->entry(files, directory, path, entry);
}

enum status files_list(struct files *files, int directory, struct arena *arena, struct files_entry **entries,
                       uint32_t *count)
{
    return files->table->list(files, directory, arena, entries, count);
}

enum status files_space(struct files *files, int directory, uint64_t *available, uint64_t *total)
{
    return files->table->space(files, directory, available, total);
}

enum status files_direct_works(struct files *files, int directory, bool *works)
{
    *works = true;
    if (files->table->direct_works == NULL) return STATUS_OK;
    return files->table->direct_works(files, directory, works);
}

static enum status load_opened(struct files *files, int file, size_t size_max, struct arena *arena,
                               const uint8_t **data, size_t *size)
{
    uint64_t file_size;
    enum status status = files_size(files, file, &file_size);
    if (status != STATUS_OK) return status;
    if (file_size > size_max) return STATUS_TOO_LARGE;

    uint8_t *memory = arena_take(arena, file_size + 1);
    if (memory == NULL) return STATUS_NO_MEMORY;
    *size = 0;
    if (file_size > 0) status = files_read(files, file, memory, file_size, 0, size);
    memory[*size] = 0;
    *data = memory;
    return status;
}

enum status files_load(struct files *files, int directory, const char *path, size_t size_max, struct arena *arena,
                       const uint8_t **data, size_t *size)
{
    int file;
    enum status status = files_open(files, directory, path, FILES_READ, &file);
    if (status != STATUS_OK) return status;

    status = load_opened(files, file, size_max, arena, data, size);
    files_close(files, file);
    return status;
}

/* Writes and syncs the new file, under its temporary name. */
static enum status replace_write(struct files *files, int directory, const char *path, const void *data, size_t size)
{
    int file;
    enum status status = files_open(files, directory, path, FILES_WRITE | FILES_CREATE, &file);
    if (status != STATUS_OK) return status;

    status = files_truncate(files, file, 0); /* What an earlier, interrupted replacement left. */
    if (status == STATUS_OK && size > 0) status = files_write(files, file, data, size, 0, 0);
    if (status == STATUS_OK) status = files_sync(files, file);
    files_close(files, file);
    return status;
}

/* Syncs the directory in which `path` stands. */
static enum status replace_sync_name(struct files *files, int directory, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL && directory != FILES_HERE) return files_sync_directory(files, directory);

    char parent[PATH_SIZE_MAX];
    int parent_size = slash == NULL ? 0 : (int)(slash - path);
    if (slash == NULL) {
        (void)snprintf(parent, sizeof parent, ".");
    } else {
        (void)snprintf(parent, sizeof parent, "%.*s/", parent_size, path); /* "/name" stands in "/". */
    }

    int opened;
    enum status status = files_open_directory(files, directory, parent, &opened);
    if (status != STATUS_OK) return status;
    status = files_sync_directory(files, opened);
    files_close(files, opened);
    return status;
}

enum status files_replace(struct files *files, int directory, const char *path, const void *data, size_t size)
{
    char temporary[PATH_SIZE_MAX];
    int printed = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (printed < 0 || (size_t)printed >= sizeof temporary) return STATUS_TOO_LARGE;

    enum status status = replace_write(files, directory, temporary, data, size);
    if (status == STATUS_OK) status = files_rename(files, directory, temporary, path);
    if (status == STATUS_OK) return replace_sync_name(files, directory, path);

    enum status removed = files_remove(files, directory, temporary);
    (void)removed; /* What failed first is the answer; a leftover is overwritten by the next replacement. */
    return status;
}
