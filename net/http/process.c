/* net/http/process.c   Read from /proc at each scrape; a file that can't be read leaves its lines out. */
#include "http/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/sink.h"

static void write_one(struct sink *sink, const char *name, enum metric_type type, const char *help, double n)
{
    const struct metric row = { .name = name, .type = (uint8_t)type, .help = help };

    metric_write_head(sink, &row);
    sink_format(sink, "%s %.9g\n", name, n);
}

static void write_memory(struct sink *sink)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128];

    if (!file) return;
    if (fgets(line, sizeof(line), file)) { /* "SIZE RESIDENT ...", in pages */
        char *resident = NULL;
        double page = (double)sysconf(_SC_PAGESIZE), size = (double)strtoull(line, &resident, 10);
        write_one(sink, "process_virtual_memory_bytes", METRIC_GAUGE, "address space in use", size * page);
        write_one(sink, "process_resident_memory_bytes", METRIC_GAUGE, "memory in use",
                  (double)strtoull(resident, NULL, 10) * page);
    }
    fclose(file);
}

static void write_cpu(struct sink *sink)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0) return;
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    write_one(sink, "process_cpu_seconds_total", METRIC_COUNTER, "CPU time, of kernel workers too", seconds);
}

static void write_files(struct sink *sink)
{
    DIR *directory = opendir("/proc/self/fd");
    struct rlimit limit;
    int count = -3; /* ., .. and this very directory */

    if (!directory) return;
    while (readdir(directory)) count++;
    closedir(directory);
    write_one(sink, "process_open_fds", METRIC_GAUGE, "open file descriptors", count);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    write_one(sink, "process_max_fds", METRIC_GAUGE, "file descriptors that may be open", (double)limit.rlim_cur);
}

/* Kafka counts the same lines of the same file. */
bool process_disk(int64_t *read_bytes, int64_t *written_bytes)
{
    FILE *file = fopen("/proc/self/io", "re");
    char line[128];

    *read_bytes = *written_bytes = 0;
    if (!file) return false;
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "read_bytes:", 11) == 0) *read_bytes = (int64_t)strtoull(line + 11, NULL, 10);
        if (strncmp(line, "write_bytes:", 12) == 0) *written_bytes = (int64_t)strtoull(line + 12, NULL, 10);
    }
    fclose(file);
    return true;
}

void process_write(struct sink *sink)
{
    write_memory(sink);
    write_cpu(sink);
    write_files(sink);
}
