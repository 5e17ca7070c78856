/* perf/raw_write.c   What the device itself takes: 4 KiB O_DIRECT overwrites with RWF_DSYNC of written blocks, one at a
 * time.
 *
 *     raw_write FILE COUNT [RATE]    prints p50 and p99 in microseconds as JSON
 *
 * RATE: so many per second, each begun at its time; else back to back. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/histogram.h"
#include "load.h"

enum { BLOCK = 4096, BLOCKS = 256 };

static void sleep_until(int64_t ns)
{
    struct timespec until = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) continue;
}

int main(int count, char **arguments)
{
    struct histogram latency;
    uint8_t *block = aligned_alloc(BLOCK, BLOCK);

    if (count < 3 || !block) load_die("usage: raw_write FILE COUNT [RATE]");
    int file = open(arguments[1], O_RDWR | O_CREAT | O_DIRECT, 0644);
    if (file < 0) load_die("cannot open %s", arguments[1]);
    memset(block, 7, BLOCK);
    for (int i = 0; i < BLOCKS; i++) {
        if (pwrite(file, block, BLOCK, (off_t)i * BLOCK) != BLOCK) load_die("write failed");
    }
    fsync(file);
    histogram_init(&latency);
    long writes = strtol(arguments[2], NULL, 10), rate = count > 3 ? strtol(arguments[3], NULL, 10) : 0;
    int64_t start_ns = load_now_ns();
    for (int64_t i = 0; i < writes; i++) {
        struct iovec part = { block, BLOCK };
        if (rate > 0) sleep_until(start_ns + i * 1000000000 / rate);
        int64_t begun_ns = load_now_ns();
        if (pwritev2(file, &part, 1, (off_t)(i % BLOCKS) * BLOCK, RWF_DSYNC) != BLOCK) load_die("write failed");
        histogram_record(&latency, (uint64_t)(load_now_ns() - begun_ns));
    }
    printf("{\"p50_us\":%.1f,\"p99_us\":%.1f}\n", (double)histogram_percentile(&latency, 50) / 1e3,
           (double)histogram_percentile(&latency, 99) / 1e3);
    return 0;
}
