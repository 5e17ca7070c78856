/* engine/io/flush_probe.c   Overwrites one written block in both ways by turns, so that a device that gets slower or
 * faster meanwhile does so for both, and compares the medians. Time is the engine's, so the simulator's answer is the
 * same for the same seed. */
#include "io/flush_probe.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 9, ROUNDS_MIN = 3, BLOCK = 4096, ENOUGH_NS = 100000000 };

#define PROBE_NAME ".flush-probe"

static void probe_resume(struct completion *completion)
{
    (void)completion; /* Looked at by its loop. */
}

static enum status timed_write(struct io *io, int file, uint8_t *block, uint8_t flags, int64_t *spent_ns)
{
    struct completion completion = { .resume = probe_resume };
    struct iovec part = { .iov_base = block, .iov_len = BLOCK };

    io_turn(io, 0); /* Reads the clock. */
    int64_t start_ns = io->now_ns;
    io_write(io, &completion, file, &part, 1, 0, flags);
    while (completion.submitted) io_turn(io, INT64_MAX);
    *spent_ns = io->now_ns - start_ns;
    return completion.status;
}

static int compare_ns(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t median(int64_t *times, unsigned count)
{
    qsort(times, count, sizeof times[0], compare_ns);
    return times[count / 2];
}

static enum status probe_file(struct io *io, int file, struct flush_probe *probe)
{
    _Alignas(BLOCK) uint8_t block[BLOCK];
    int64_t durable_ns[ROUNDS], flush_ns[ROUNDS], spent_ns = 0;
    unsigned count = 0;

    memset(block, 0x5a, sizeof block);
    enum status status =
        timed_write(io, file, block, IO_DURABLE | IO_FLUSH, &spent_ns); /* The first allocates: not counted. */
    for (spent_ns = 0; status == STATUS_OK && count < ROUNDS; count++) {
        if (count >= ROUNDS_MIN && spent_ns > ENOUGH_NS) break;
        status = timed_write(io, file, block, IO_DURABLE, &durable_ns[count]);
        if (status != STATUS_OK) break;
        status = timed_write(io, file, block, IO_DURABLE | IO_FLUSH, &flush_ns[count]);
        spent_ns += durable_ns[count] + flush_ns[count];
    }
    if (status != STATUS_OK) return status;

    probe->durable_ns = median(durable_ns, count);
    probe->flush_ns = median(flush_ns, count);
    bool flush = probe->flush_ns + probe->flush_ns / 2 < probe->durable_ns;
    probe->flags = flush ? IO_DURABLE | IO_FLUSH : IO_DURABLE;
    return STATUS_OK;
}

enum status flush_probe(struct io *io, struct files *files, int directory, struct flush_probe *probe)
{
    int file;
    enum status status = files_open(files, directory, PROBE_NAME, FILES_WRITE | FILES_CREATE | FILES_DIRECT, &file);
    if (status != STATUS_OK) return status;

    status = files_remove(files, directory, PROBE_NAME);
    if (status == STATUS_OK) status = probe_file(io, file, probe);
    files_close(files, file);
    return status;
}
