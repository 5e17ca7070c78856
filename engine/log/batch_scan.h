/* engine/log/batch_scan.h   Walks the batches of a segment's file, one after the other, with blocking reads: for
 * jobs, start-up and tools. Either headers only (bodies are skipped over) or whole batches with their CRC. */
#ifndef ENGINE_LOG_BATCH_SCAN_H
#define ENGINE_LOG_BATCH_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "log/batch.h"

struct files;
struct heap;

enum { BATCH_SCAN_WINDOW = 256 << 10 };

struct batch_scan {
    struct files *files;
    struct heap *heap;
    int file;
    bool whole;           /* bodies are read and their CRC is checked */
    uint64_t position;    /* of the batch given last */
    uint64_t next, limit; /* where the next one begins; where the bytes end */
    uint8_t *window;
    size_t window_size, window_used;
    uint64_t window_position;
};

void batch_scan_begin(struct batch_scan *scan, struct files *files, int file, struct heap *heap, uint64_t position,
                      uint64_t limit, bool whole);
/* STATUS_NOT_FOUND: no bytes are left. Otherwise what is wrong with the batch at scan->position: STATUS_TRUNCATED
 * (cut), STATUS_MALFORMED, STATUS_BAD_MAGIC, STATUS_CORRUPT (CRC); or STATUS_IO_ERROR. batch->data is good until the
 * next call, and only BATCH_HEADER_SIZE bytes of it when not `whole`. */
must_check enum status batch_scan_next(struct batch_scan *scan, struct batch *batch);
void batch_scan_end(struct batch_scan *scan);

#endif
