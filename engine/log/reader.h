/* engine/log/reader.h   Reading what has left the tail: files are opened and indexes read by jobs when they are first wanted, pieces come
 * through the cache, batches are proved, extents leave. One reader per store, made when it is first needed. */
#ifndef ENGINE_LOG_READER_H
#define ENGINE_LOG_READER_H

#include "log/cache.h"
#include "log/state.h"

enum {
    READER_PIECES = 4,            /* that one read may hold */
    READER_AHEAD = 3,             /* pieces read ahead of a sequential reader */
    READER_FILES_MAX = 512,       /* open sealed files, per store */
    READER_ENTRIES_MAX = 1 << 18, /* index entries of sealed segments, per store: 6 MiB */
    READER_HINTS = 64,
};

/* Where a sequential reader goes on: saves the walk from the index entry. */
struct reader_hint {
    const struct log *log;
    int64_t base, offset;
    uint64_t position;
};

struct reader {
    struct store *store;
    struct cache cache;
    struct list reads; /* struct cold_read: waiting ones */
    struct list free_reads;
    struct list deaths;               /* log_files_delete that waits for readers */
    uint64_t clock;                   /* for least recently used */
    uint32_t file_count, entry_count; /* of sealed segments: open files, loaded entries; upper bounds */
    struct reader_hint hints[READER_HINTS];
};

struct reader *reader_of(struct store *store);
/* The log's files are in use until the release. */
void reader_hold(struct log *log);
void reader_release(struct log *log);
/* The last release of a deleted log: close.c goes on with its removal. */
void log_files_released(struct log *log);
/* Nothing of what the cache knows of this log is true any more. */
void reader_forget(struct log *log);

/* Begins to open the segment's file, or to read its index, by a job. Waiting reads of the log become ready when it is done. */
void reader_open(struct reader *reader, struct log *log, struct segment *segment);
void reader_index(struct reader *reader, struct log *log, struct segment *segment, bool scan);
/* All reads of this log look again. */
void reader_wake(struct reader *reader, struct log *log);

#endif
