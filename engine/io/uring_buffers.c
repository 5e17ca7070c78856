/* engine/io/uring_buffers.c   The buffers behind io_receive: one group, mapped into the kernel (5.19), from which it
 * picks a buffer when bytes have come. The kernel takes them in turn, so every buffer it was ever given gets touched;
 * therefore it is given few, and more only when it ran short.
 *
 *     fresh --(kernel short)--> free, with the kernel --(bytes)--> taken, with a caller --(give)--> free
 */
#include <sys/mman.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/uring_engine.h"

enum { FREE_FIRST = 16, BUFFER_COUNT_MAX = 32768, PAGE_SIZE_MIN = 4096 };

static size_t ring_size(const struct uring_buffers *buffers)
{
    return round_up(buffers->count * sizeof(struct io_uring_buf), (size_t)PAGE_SIZE_MIN);
}

static size_t memory_size(const struct uring_buffers *buffers)
{
    return round_up((size_t)buffers->size * buffers->count, (size_t)PAGE_SIZE_MIN);
}

static uint8_t *buffer_at(const struct uring_buffers *buffers, uint32_t index)
{
    return buffers->memory + (size_t)index * buffers->size;
}

static void buffer_to_kernel(struct uring_buffers *buffers, uint32_t index)
{
    invariant(buffers->free < buffers->count);
    io_uring_buf_ring_add(buffers->ring, buffer_at(buffers, index), buffers->size, (uint16_t)index,
                          io_uring_buf_ring_mask(buffers->count), 0);
    io_uring_buf_ring_advance(buffers->ring, 1);
    buffers->free++;
}

static void fresh_to_kernel(struct uring_buffers *buffers)
{
    while (buffers->free < buffers->free_min && buffers->fresh < buffers->count)
        buffer_to_kernel(buffers, buffers->fresh++);
}

enum status uring_buffers_make(struct uring *uring, uint32_t size, uint32_t count)
{
    struct uring_buffers *buffers = &uring->buffers;
    invariant(size > 0 && count > 0 && count <= BUFFER_COUNT_MAX && (count & (count - 1)) == 0);

    buffers->size = size;
    buffers->count = count;
    buffers->free_min = min_of(count, (uint32_t)FREE_FIRST);
    buffers->ring = mmap(NULL, ring_size(buffers), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffers->ring == MAP_FAILED) return STATUS_NO_MEMORY;
    buffers->memory =
        mmap(NULL, memory_size(buffers), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (buffers->memory == MAP_FAILED) goto fail_memory;
    (void)madvise(buffers->memory, memory_size(buffers), MADV_NOHUGEPAGE); /* Touching one is not touching 2 MiB. */

    io_uring_buf_ring_init(buffers->ring);
    struct io_uring_buf_reg group = { .ring_addr = (uint64_t)(uintptr_t)buffers->ring, .ring_entries = count };
    int failed = io_uring_register_buf_ring(&uring->ring, &group, 0);
    if (failed) goto fail_register;
    fresh_to_kernel(buffers);
    return STATUS_OK;

fail_register:
    munmap(buffers->memory, memory_size(buffers));
fail_memory:
    munmap(buffers->ring, ring_size(buffers));
    return STATUS_NO_MEMORY;
}

/* After the ring's end, so that the kernel writes no more. */
void uring_buffers_end(struct uring *uring)
{
    struct uring_buffers *buffers = &uring->buffers;
    munmap(buffers->memory, memory_size(buffers));
    munmap(buffers->ring, ring_size(buffers));
}

const uint8_t *uring_buffer_taken(struct uring *uring, uint16_t index)
{
    struct uring_buffers *buffers = &uring->buffers;
    invariant(index < buffers->fresh && buffers->free > 0);

    buffers->free--;
    fresh_to_kernel(buffers);
    return buffer_at(buffers, index);
}

void uring_buffer_give(struct io *io, uint16_t index)
{
    struct uring_buffers *buffers = &uring_of(io)->buffers;
    invariant(index < buffers->fresh);
    buffer_to_kernel(buffers, index);
}

bool uring_buffers_refill(struct uring *uring)
{
    struct uring_buffers *buffers = &uring->buffers;
    buffers->free_min = min_of(buffers->count, buffers->free_min * 2);
    fresh_to_kernel(buffers);
    return buffers->free > 0;
}
