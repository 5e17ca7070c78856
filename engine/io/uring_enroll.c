/* engine/io/uring_enroll.c   Memory that the kernel has pinned and mapped once, so that large reads, writes and
 * zero-copy sends from it need not do that each time. The table in the kernel is sparse and filled as memory is
 * enrolled; ours says which index holds an address. When the kernel refuses (memlock limits it without CAP_IPC_LOCK),
 * we stop asking: it costs speed only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/errors.h"
#include "io/uring_engine.h"

enum { REGION_MAX = 4096, REGION_SIZE_MAX = 1 << 30 };

/* The kernel's table (and ours) is made by the first enrolment: most rings of a small node never need it. */
static enum status regions_open(struct uring *uring)
{
    struct uring_regions *regions = &uring->regions;
    if (regions->table) return STATUS_OK;

    int failed = io_uring_register_buffers_sparse(&uring->ring, REGION_MAX);
    if (failed) return error_status(-failed);
    regions->rows = calloc(REGION_MAX, sizeof *regions->rows);
    invariant(regions->rows != NULL);
    regions->table = true;
    return STATUS_OK;
}

static void region_insert(struct uring_regions *regions, struct uring_region region)
{
    uint32_t place = regions->count;
    while (place > 0 && regions->rows[place - 1].start > region.start) place--;

    struct uring_region *row = &regions->rows[place];
    memmove(row + 1, row, (regions->count - place) * sizeof *row);
    *row = region;
    regions->count++;
}

enum status uring_enroll(struct io *io, void *memory, size_t size)
{
    struct uring *uring = uring_of(io);
    struct uring_regions *regions = &uring->regions;
    invariant(memory != NULL && size > 0 && size <= REGION_SIZE_MAX);

    if (regions->closed) return STATUS_NO_MEMORY;
    enum status status = regions_open(uring);
    if (status == STATUS_OK && regions->count == REGION_MAX) status = STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        struct iovec part = { .iov_base = memory, .iov_len = size };
        int done = io_uring_register_buffers_update_tag(&uring->ring, regions->count, &part, NULL, 1);
        if (done < 0) status = error_status(-done);
    }
    if (status != STATUS_OK) {
        regions->closed = true;
        return status;
    }

    region_insert(regions, (struct uring_region){ .start = (uintptr_t)memory,
                                                  .limit = (uintptr_t)memory + size,
                                                  .index = (uint16_t)regions->count });
    return STATUS_OK;
}

int uring_region_find(const struct uring *uring, const void *memory, size_t size)
{
    const struct uring_regions *regions = &uring->regions;
    uintptr_t start = (uintptr_t)memory;

    uint32_t low = 0, high = regions->count; /* The first row that starts after `start` lies in [low, high]. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (regions->rows[middle].start <= start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || start + size > regions->rows[low - 1].limit) return -1;
    return regions->rows[low - 1].index;
}

void uring_regions_end(struct uring *uring)
{
    free(uring->regions.rows);
}
