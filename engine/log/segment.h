/* engine/log/segment.h   The files of one log, in Kafka's formats: `<20-digit base offset>.log` with its sparse
 * indexes, one segment after the other. In memory a log keeps one small struct per segment; an idle log without bytes
 * on disk has none.
 *
 * Who does what: log_append decides at append time into which segment a batch goes (segments_place: rolls by size,
 * time and offset span, as Kafka does) and notes its index entry; the bytes are written later by spill.c, at the
 * position that was given then. A new segment's file is created (name and all) by a job; until `named`, its bytes
 * stay in the WAL and the tail.
 *
 *     placed into --roll--> complete --spill--> written --segment_sync--> sealed --retention--> .deleted --> gone */
#ifndef ENGINE_LOG_SEGMENT_H
#define ENGINE_LOG_SEGMENT_H

#include <stdint.h>

#include "base/status.h"
#include "log/index.h"
#include "log/log.h"

struct segment_work;

struct segment {
    int64_t base;                 /* first offset, and the file's name */
    int64_t limit;                /* one past the last offset in it */
    uint64_t size;                /* bytes of batches that belong to it, written yet or not */
    uint64_t written;             /* of these, in the file (spill.c moves it) */
    uint64_t synced;              /* of these, known durable in the file */
    uint64_t allocated;           /* the file's length while it grows in steps; cut to `size` when sealed or stopped */
    uint64_t border;              /* where the last step began: the kernel hands a write across it to a worker */
    int64_t base_timestamp_ms;    /* the maximum timestamp of its first batch: rolling by time */
    int64_t max_timestamp_ms;     /* so far; -1 none */
    int64_t max_timestamp_offset; /* last offset of the first batch that has it */
    struct index index;
    uint8_t *snapshot; /* of the producers at `limit`, taken when it was rolled; until sealed; or NULL */
    uint32_t snapshot_size;
    uint32_t readers;       /* reads in flight on `file` */
    uint64_t used;          /* when it was last read: which file and index go first */
    int file;               /* -1: not open; for reading and writing while not sealed, direct */
    bool named;             /* its name is durable */
    bool sealed;            /* rolled: complete, cut, indexes written */
    bool closed;            /* the last one: its files are as a clean stop left them, the producers' snapshot, too */
    bool opening, indexing; /* a job opens its file, reads its index */
    enum status failed;     /* how the last of these jobs ended */
};

/* Up to where one write that begins at `position` goes. */
static inline uint64_t segment_run_limit(const struct segment *segment, uint64_t position)
{
    return position < segment->border && segment->border < segment->allocated ? segment->border : segment->allocated;
}

/* A transaction that was aborted, as in .txnindex. */
struct abort_entry {
    int64_t producer_id;
    int64_t first, last; /* first offset of its data; offset of the marker */
    int64_t last_stable; /* right after the marker */
};

struct segments {
    struct segment *items; /* ascending by base */
    uint32_t count, capacity;
    struct abort_entry *aborts; /* ascending by last */
    uint32_t abort_count, abort_capacity;
    uint32_t waiting;             /* reads and jobs that hold on to the log's files */
    int64_t expired;              /* a start that is durable, or about to be: what lies below may go (retention.c) */
    struct segment_work *removal; /* log_files_delete, while something is waiting */
    uint32_t pieces;              /* of its files in the read cache */
    uint64_t bare;                /* bytes of segments that were rolled without a snapshot since the last one */
    int64_t cut; /* of the last truncation, in entry sequences: nothing is placed before it is durable */
    bool made;   /* the directory <topic>-<partition> and its partition.metadata are durable */
    bool roll;   /* the next batch begins a new segment whatever the settings say */
};

/* Where the next batch goes: *position in the last segment; rolls first when the batch does not fit by the log's
 * settings. Called once per appended batch, in order; also notes index entries. */
struct segment *segments_place(struct log *log, const struct batch *batch, uint32_t *position);
/* The segment that holds `offset`, or (a gap) the next one above it; NULL: none. */
struct segment *segments_find(const struct log *log, int64_t offset);
/* The segment that begins exactly at `base`, or NULL. */
struct segment *segments_at(const struct log *log, int64_t base);
static inline struct segment *segments_last(const struct log *log)
{
    return log->segments && log->segments->count > 0 ? &log->segments->items[log->segments->count - 1] : NULL;
}

/* Bytes of batches in all segments, written yet or not: what Kafka calls the size of a log. */
uint64_t segments_size(const struct log *log);

/* Where the log's tables live: with its shard, or, while a directory is only being read, with the directory. */
struct heap *log_heap(const struct log *log);
/* An empty one behind the last, as segments_place does it; for those who read a directory. The log gets its
 * `segments` if it has none. */
struct segment *segments_add(struct log *log, int64_t base);
/* Forgets items [first, first + count), whose files are closed. */
void segments_remove(struct log *log, uint32_t first, uint32_t count);
void segments_end(struct log *log);
/* A transaction was aborted; its marker is in the last segment. */
void segments_abort(struct log *log, struct abort_entry entry);
/* Those whose markers lie below `start`. */
void segments_forget_aborts(struct log *log, int64_t start);

#endif
