/* engine/log/batch_scan.c   A window slides over the file; it grows when one batch is larger than it.
 *
 *     file     ......|position      |next          ...... |limit
 *     window      |window_position .......... + window_used|
 */
#include "log/batch_scan.h"

#include "base/heap.h"
#include "io/files.h"

void batch_scan_begin(struct batch_scan *scan, struct files *files, int file, struct heap *heap, uint64_t position,
                      uint64_t limit, bool whole)
{
    *scan = (struct batch_scan){
        .files = files,
        .heap = heap,
        .file = file,
        .whole = whole,
        .position = position,
        .next = position,
        .limit = limit,
    };
}

void batch_scan_end(struct batch_scan *scan)
{
    heap_give(scan->heap, scan->window);
    scan->window = NULL;
    scan->window_size = scan->window_used = 0;
}

/* Makes the window hold `size` bytes from `next` on. They lie below `limit`. */
static enum status window_cover(struct batch_scan *scan, size_t size)
{
    uint64_t window_limit = scan->window_position + scan->window_used;
    if (scan->next >= scan->window_position && scan->next + size <= window_limit) return STATUS_OK;

    if (scan->window_size < size) {
        scan->window_size = max_of(size, (size_t)BATCH_SCAN_WINDOW);
        scan->window = heap_resize(scan->heap, scan->window, scan->window_size);
    }
    size_t wanted = min_of((uint64_t)scan->window_size, scan->limit - scan->next);
    scan->window_used = 0;
    scan->window_position = scan->next;
    enum status status = files_read(scan->files, scan->file, scan->window, wanted, scan->next, &scan->window_used);
    if (status == STATUS_OK && scan->window_used < size) status = STATUS_TRUNCATED;
    return status;
}

enum status batch_scan_next(struct batch_scan *scan, struct batch *batch)
{
    uint64_t left = scan->limit - scan->next;
    scan->position = scan->next;
    if (left == 0) return STATUS_NOT_FOUND;
    if (left < BATCH_HEADER_SIZE) return STATUS_TRUNCATED;

    enum status status = window_cover(scan, BATCH_HEADER_SIZE);
    if (status != STATUS_OK) return status;
    const uint8_t *data = scan->window + (scan->next - scan->window_position);
    status = batch_read(data, SIZE_MAX, batch);
    if (status != STATUS_OK) return status;
    if (batch->size > left) return STATUS_TRUNCATED;

    if (scan->whole) {
        status = window_cover(scan, batch->size);
        if (status != STATUS_OK) return status;
        batch->data = scan->window + (scan->next - scan->window_position);
        status = batch_check_crc(batch);
        if (status != STATUS_OK) return status;
    }
    scan->next += batch->size;
    return STATUS_OK;
}
