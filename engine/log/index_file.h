/* engine/log/index_file.h   A segment's index from its files: read from .index and .timeindex where they can be
 * believed, else by a scan of the batches' headers. Blocks: jobs and start-up. */
#ifndef ENGINE_LOG_INDEX_FILE_H
#define ENGINE_LOG_INDEX_FILE_H

#include "base/text.h"
#include "io/files.h"
#include "log/index.h"

/* Which segment; values only, so that a job may hold them. */
struct index_source {
    struct files *files;
    int directory;
    struct text topic;
    int32_t partition;
    int64_t base, limit;
    uint64_t size; /* of its batches, in the file */
    uint32_t spacing;
    bool believed; /* sealed: the files were written whole */
};

/* The entries are in the heap. STATUS_OK also when the scan met a bad batch: it then covers what lies before it. */
must_check enum status index_file_read(const struct index_source *source, struct heap *heap, struct index *index);
/* By a scan alone, when a believed index turned out to be wrong. */
must_check enum status index_file_scan(const struct index_source *source, struct heap *heap, struct index *index);

#endif
