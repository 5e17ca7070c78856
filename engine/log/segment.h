/* engine/log/segment.h   The files of one log, in Kafka's formats: `<20-digit base offset>.log` with its sparse indexes, one
 * segment after the other. In memory a log keeps one small struct per segment; an idle log without bytes on disk has none.
 *
 * Who does what: log_append decides at append time into which segment a batch goes (segments_place: rolls by size, time and
 * offset span, as Kafka does) and notes its index entry; the bytes are written later by spill.c, at the position that was given
 * then. A new segment's file is created (name and all) by a job; until `named`, its bytes stay in the WAL and the tail. */
#ifndef ENGINE_LOG_SEGMENT_H
#define ENGINE_LOG_SEGMENT_H

#include <stdint.h>

#include "log/index.h"
#include "log/log.h"

struct job;

struct segment {
    int64_t base;              /* first offset, and the file's name */
    int64_t limit;             /* one past the last offset in it */
    uint64_t size;             /* bytes of batches that belong to it, written yet or not */
    uint64_t written;          /* of these, in the file (spill.c moves it) */
    uint64_t synced;           /* of these, known durable in the file */
    uint64_t allocated;        /* the file's length while it grows in steps; cut to `size` when sealed or stopped */
    int64_t base_timestamp_ms; /* of its first batch: rolling by time */
    int64_t max_timestamp_ms;  /* so far; -1 none */
    int64_t max_timestamp_offset;
    struct index index;
    int file;                  /* -1: not open */
    uint32_t readers;          /* reads in flight on `file` */
    bool named;                /* its name is durable */
    bool sealed;               /* rolled: complete, indexes written */
    bool creating;
};

struct segments {
    struct segment *items;     /* ascending by base */
    uint32_t count, capacity;
    int directory;             /* handle of <topic>-<partition>; -1 until made */
    bool making;
};

/* Where the next batch goes: *position in the last segment; rolls first when the batch does not fit by the log's settings.
 * Called once per appended batch, in order; also notes index entries. */
struct segment *segments_place(struct log *log, const struct batch *batch, uint64_t *position);
/* The segment that holds `offset`, or NULL. */
struct segment *segments_find(const struct log *log, int64_t offset);

#endif
