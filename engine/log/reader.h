/* engine/log/reader.h   Reading what has left the tail: files are opened and indexes read by jobs when they are first
 * wanted, pieces come through the cache, batches are proved, extents leave. One reader per store, made when it is
 * first needed. */
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

/* Who waits for a log's file or index. */
struct reader_wait {
    struct list_node node;
    struct log *log;
    struct ready *ready;
};

struct reader {
    struct store *store;
    struct cache cache;
    struct list reads; /* struct cold_read: waiting ones */
    struct list waits; /* struct reader_wait */
    struct list free_reads;
    uint64_t clock;                   /* for least recently used */
    uint32_t file_count, entry_count; /* open files, and loaded entries of sealed segments; upper bounds */
    uint32_t files_max, entries_max;
    struct reader_hint hints[READER_HINTS];
};

struct reader *reader_of(struct store *store);
/* A job will open one more segment to write to it: closes others when that makes too many. */
void reader_admit(struct reader *reader, struct segment *segment);
/* The log's files are in use until the release. */
void reader_hold(struct log *log);
void reader_release(struct log *log);
/* The last release of a deleted log: close.c goes on with its removal. */
void log_files_released(struct log *log);
/* Nothing of what the cache knows of this log is true any more. */
void reader_forget(struct log *log);

/* Begins to open the segment's file, or to read its index, by a job; `wait` becomes ready when any such job of the
 * log is done: look at segment->failed, then again at what was wanted. `scan`: the index files turned out to be
 * wrong. */
void reader_open(struct reader *reader, struct log *log, struct segment *segment, struct reader_wait *wait);
void reader_index(struct reader *reader, struct log *log, struct segment *segment, bool scan, struct reader_wait *wait);
/* All that wait for this log look again. */
void reader_wake(struct reader *reader, struct log *log);

#endif
