/* engine/io/files.h   The seam for what blocks: names, directories, sizes, syncs, and whole small files. Called at
 * start-up and from jobs (helper threads), never from a shard's loop. Two implementations: files_kernel() and the
 * simulated disk of tests/sim. Files that are opened here may be read and written through io.h as well.
 *
 * What is durable when: bytes after files_sync or a FILES_DURABLE write; a name (creation, rename, removal) only after
 * files_sync_directory of the directory that holds it. A failed sync is never retried by anyone. */
#ifndef ENGINE_IO_FILES_H
#define ENGINE_IO_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/status.h"

struct arena;
struct files;

enum files_flags {
    FILES_READ = 0,
    FILES_WRITE = 1,     /* and read */
    FILES_CREATE = 2,    /* if it does not exist */
    FILES_EXCLUSIVE = 4, /* with CREATE: STATUS_EXISTS if it does */
    FILES_DIRECT = 8,    /* O_DIRECT: memory, positions and sizes in multiples of 4096. Buffered where the file
                          * system has no O_DIRECT (files_direct_works tells), with the same promises */
    FILES_DURABLE = 16,  /* files_write: on the device when it returns */
};

struct files_entry {
    const char *name;
    bool directory;
    uint64_t size;
    int64_t modified_ms;
};

struct files_table {
    enum status (*open)(struct files *files, int directory, const char *path, int flags, int *file);
    void (*close)(struct files *files, int file);
    enum status (*read)(struct files *files, int file, void *memory, size_t size, uint64_t position, size_t *done);
    enum status (*write)(struct files *files, int file, const void *memory, size_t size, uint64_t position, int flags);
    enum status (*sync)(struct files *files, int file);
    enum status (*truncate)(struct files *files, int file, uint64_t size);
    enum status (*allocate)(struct files *files, int file, uint64_t position, uint64_t size);
    enum status (*size)(struct files *files, int file, uint64_t *size);
    enum status (*lock)(struct files *files, int file);
    enum status (*open_directory)(struct files *files, int directory, const char *path, int *opened);
    enum status (*make_directory)(struct files *files, int directory, const char *path);
    enum status (*sync_directory)(struct files *files, int directory);
    enum status (*sync_all)(struct files *files, int directory);
    enum status (*rename)(struct files *files, int directory, const char *from, const char *to);
    enum status (*remove)(struct files *files, int directory, const char *path);
    enum status (*remove_directory)(struct files *files, int directory, const char *path);
    enum status (*entry)(struct files *files, int directory, const char *path, struct files_entry *entry);
    enum status (*list)(struct files *files, int directory, struct arena *arena, struct files_entry **entries,
                        uint32_t *count);
    enum status (*space)(struct files *files, int directory, uint64_t *available, uint64_t *total);
    enum status (*direct_works)(struct files *files, int directory, bool *works); /* NULL: always */
};

/* The head of each implementation's own struct. */
struct files {
    const struct files_table *table;
};

enum { FILES_HERE = -100 }; /* as `directory`: paths are relative to the working directory, or absolute */

/* The kernel's file system. No state; one for the process will do. */
struct files *files_kernel(void);

/* `directory` is a handle of files_open_directory or FILES_HERE; handles are closed by files_close. */
must_check enum status files_open(struct files *files, int directory, const char *path, int flags, int *file);
void files_close(struct files *files, int file);
/* *done < size only at the end of the file. */
must_check enum status files_read(struct files *files, int file, void *memory, size_t size, uint64_t position,
                                  size_t *done);
/* Whole or failed. flags: FILES_DURABLE. */
must_check enum status files_write(struct files *files, int file, const void *memory, size_t size, uint64_t position,
                                   int flags);
must_check enum status files_sync(struct files *files, int file);
must_check enum status files_truncate(struct files *files, int file, uint64_t size);
/* Takes space inside the file's size, growing it when needed (fallocate mode 0); reads as zeros. */
must_check enum status files_allocate(struct files *files, int file, uint64_t position, uint64_t size);
must_check enum status files_size(struct files *files, int file, uint64_t *size);
/* An exclusive POSIX lock on the whole file, as Kafka's .lock: STATUS_LOCKED when another process holds it. */
must_check enum status files_lock(struct files *files, int file);
must_check enum status files_open_directory(struct files *files, int directory, const char *path, int *opened);
/* STATUS_EXISTS when it is there already. */
must_check enum status files_make_directory(struct files *files, int directory, const char *path);
must_check enum status files_sync_directory(struct files *files, int directory);
/* Bytes and names of everything on the file system that holds the directory, other programs' too: one wait instead of
 * thousands. */
must_check enum status files_sync_all(struct files *files, int directory);
must_check enum status files_rename(struct files *files, int directory, const char *from, const char *to);
must_check enum status files_remove(struct files *files, int directory, const char *path);
must_check enum status files_remove_directory(struct files *files, int directory, const char *path);
must_check enum status files_entry(struct files *files, int directory, const char *path, struct files_entry *entry);
/* All entries but . and .., sorted by name, in the arena; size and time of files only. */
must_check enum status files_list(struct files *files, int directory, struct arena *arena, struct files_entry **entries,
                                  uint32_t *count);
/* Bytes of the file system that holds the directory. */
must_check enum status files_space(struct files *files, int directory, uint64_t *available, uint64_t *total);

/* Whether FILES_DIRECT has its effect on files of this directory. Makes and removes a file in it to find out. Where it
 * has none, the node works in a degraded mode, which its owner says once. */
must_check enum status files_direct_works(struct files *files, int directory, bool *works);

/* Built from the calls above: */
/* The whole file in the arena, followed by a NUL that is not counted. STATUS_TOO_LARGE above size_max. */
must_check enum status files_load(struct files *files, int directory, const char *path, size_t size_max,
                                  struct arena *arena, const uint8_t **data, size_t *size);
/* Replaces `path` for good: writes path.tmp, syncs it, renames it, syncs the directory. */
must_check enum status files_replace(struct files *files, int directory, const char *path, const void *data,
                                     size_t size);

#endif
