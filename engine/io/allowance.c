/* engine/io/allowance.c   Control groups limit by the strictest of a group and all that it lies in, so each is looked
 * at, from the group that /proc/self/cgroup names up to the root. In a container that name is often one of the
 * machine outside and does not exist; the container's own limits then stand at the root.
 *
 *     version 2    0::/system.slice/sluice.service        /sys/fs/cgroup{,/unified}/GROUP/memory.max, cpu.max
 *     version 1    9:memory:/docker/4f53                  /sys/fs/cgroup/memory/GROUP/memory.limit_in_bytes
 *                  4:cpu,cpuacct:/docker/4f53             /sys/fs/cgroup/cpu/GROUP/cpu.cfs_quota_us, ..period_us */
#include "io/allowance.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"

enum { LINE_SIZE = PATH_MAX + 128, CAPABILITY_IPC_LOCK = 14 };

static bool first_line(const char *folder, const char *name, char line[LINE_SIZE])
{
    char path[LINE_SIZE];
    int printed = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = printed > 0 && (size_t)printed < sizeof path ? fopen(path, "re") : NULL;

    if (!file) return false;
    bool got = fgets(line, LINE_SIZE, file) != NULL;
    fclose(file);
    return got;
}

static void memory_limit(const char *folder, const char *name, struct allowance *allowance)
{
    char line[LINE_SIZE], *end;

    if (!first_line(folder, name, line)) return;
    uint64_t limit = strtoull(line, &end, 10);
    if (end == line || limit >= allowance->memory_size) return; /* "max", or as good as that */
    allowance->memory_size = limit;
    allowance->memory_of_group = true;
}

static void cores_limit(int64_t quota, int64_t period, struct allowance *allowance)
{
    if (quota <= 0 || period <= 0) return;
    uint64_t cores = ((uint64_t)quota + (uint64_t)period - 1) / (uint64_t)period;
    allowance->core_count = (uint32_t)min_of(cores, (uint64_t)allowance->core_count);
}

static void memory_v1(const char *folder, struct allowance *allowance)
{
    memory_limit(folder, "memory.limit_in_bytes", allowance);
}

static void cores_v1(const char *folder, struct allowance *allowance)
{
    char quota[LINE_SIZE], period[LINE_SIZE];

    if (!first_line(folder, "cpu.cfs_quota_us", quota) || !first_line(folder, "cpu.cfs_period_us", period)) return;
    cores_limit(strtoll(quota, NULL, 10), strtoll(period, NULL, 10), allowance);
}

static void both_v2(const char *folder, struct allowance *allowance)
{
    char line[LINE_SIZE], *period;

    memory_limit(folder, "memory.max", allowance);
    if (!first_line(folder, "cpu.max", line)) return;
    int64_t quota = strtoll(line, &period, 10); /* "max 100000": nothing is read, and 0 is no limit */
    cores_limit(quota, strtoll(period, NULL, 10), allowance);
}

/* The group and all above it, the root included. `group` begins with a slash. `read_one` is given a folder without a
 * slash at its end. */
static void groups_read(const char *root, const char *mount, const char *group,
                        void (*read_one)(const char *folder, struct allowance *allowance), struct allowance *allowance)
{
    char folder[LINE_SIZE];
    int base = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", root, mount);
    int printed = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s%s", root, mount, group);

    if (base < 0 || printed < base || (size_t)printed >= sizeof folder) return;
    for (char *end = folder + printed; end >= folder + base; end--) {
        if (*end != '/' && *end != 0) continue;
        *end = 0;
        read_one(folder, allowance);
    }
}

static bool names_controller(const char *list, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, size) == 0 && (at[size] == ',' || at[size] == 0)) return true;
    }
    return false;
}

static void control_groups(const char *root, struct allowance *allowance)
{
    char path[LINE_SIZE], line[LINE_SIZE];
    int printed = snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = printed > 0 && (size_t)printed < sizeof path ? fopen(path, "re") : NULL;

    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group || group[1] != '/') continue;
        *controllers++ = 0;
        *group++ = 0;
        group[strcspn(group, "\n")] = 0;
        if (*controllers == 0) {
            groups_read(root, "", group, both_v2, allowance);
            groups_read(root, "/unified", group, both_v2, allowance);
        }
        if (names_controller(controllers, "memory")) groups_read(root, "/memory", group, memory_v1, allowance);
        if (names_controller(controllers, "cpu")) groups_read(root, "/cpu", group, cores_v1, allowance);
    }
    fclose(file);
}

static bool may_lock_all(const char *root)
{
    char path[LINE_SIZE], line[LINE_SIZE];
    int printed = snprintf(path, sizeof path, "%s/proc/self/status", root);
    FILE *file = printed > 0 && (size_t)printed < sizeof path ? fopen(path, "re") : NULL;
    uint64_t effective = 0;

    if (!file) return false;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "CapEff:", 7) == 0) effective = strtoull(line + 7, NULL, 16);
    }
    fclose(file);
    return (effective >> CAPABILITY_IPC_LOCK & 1) != 0;
}

/* The hard limit: the soft one is raised to it by whoever needs more. */
static uint64_t hard_limit(int resource)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return UINT64_MAX;
    return limit.rlim_max;
}

void allowance_read(const char *root, struct allowance *allowance)
{
    cpu_set_t cores;

    *allowance = (struct allowance){
        .memory_size = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
        .core_count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? (uint32_t)CPU_COUNT(&cores) : 1,
        .file_count = hard_limit(RLIMIT_NOFILE),
        .locked_size = hard_limit(RLIMIT_MEMLOCK),
        .locked_unlimited = may_lock_all(root),
    };
    control_groups(root, allowance);
    allowance->core_count = max_of(allowance->core_count, 1U);
}
