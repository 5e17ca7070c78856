/* engine/log/inspect.h   What `sluice log dump` and `sluice log verify` print: the files of a partition directory,
 * read only, with no node running on them. Everything is told to a sink; what is wrong is counted. */
#ifndef ENGINE_LOG_INSPECT_H
#define ENGINE_LOG_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/status.h"
#include "log/batch.h"

struct files;
struct heap;
struct sink;

struct inspect {
    struct files *files;
    struct heap *heap;
    struct sink *out;
    bool records; /* print each record, also inside compressed batches */
    bool json;    /* an object per line, instead of kafka-dump-log's words */
    uint64_t batch_count, record_count, byte_count;
    void (*progressed)(struct inspect *inspect); /* after each batch, where it is set */
    uint64_t fault_count; /* each was printed as a line that begins with "FAULT", or as an object of type "fault" */
};

/* One file by its suffix: .log, .index, .timeindex, .txnindex, .snapshot. STATUS_UNSUPPORTED: another one. */
must_check enum status inspect_file(struct inspect *inspect, const char *path);
/* Checks a partition directory: every batch's CRC and records, offsets without overlap, indexes that point at
 * batches, times that agree, snapshots whose sum is right. */
must_check enum status inspect_partition(struct inspect *inspect, const char *path);
/* Checks every partition directory of a log directory. */
must_check enum status inspect_directory(struct inspect *inspect, const char *path);

/* The records of a batch, uncompressed, in the heap (heap_give(memory) when it isn't NULL). STATUS_CORRUPT,
 * STATUS_TOO_LARGE. */
must_check enum status batch_open(const struct batch *batch, struct heap *heap, struct bytes *records, void **memory);
/* The same with a bound for what comes out. */
must_check enum status batch_open_within(const struct batch *batch, size_t size_max, struct heap *heap,
                                         struct bytes *records, void **memory);

#endif
