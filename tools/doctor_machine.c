/* tools/doctor_machine.c   The kernel, io_uring, memory and limits. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "io/uring.h"

enum { LINE_MAX_SIZE = 256 };

static void kernel(struct doctor *doctor)
{
    enum { MAJOR = 6, MINOR = 1 };
    struct utsname names;
    char *end;

    if (uname(&names) != 0) return;
    long major = strtol(names.release, &end, 10), minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    bool new = major > MAJOR || (major == MAJOR && minor >= MINOR);
    struct finding *finding = doctor_find(doctor, new ? VERDICT_GOOD : VERDICT_BAD, "kernel");
    found(finding, "%s %s", names.sysname, names.release);
    wanted(finding, "%d.%d or newer", MAJOR, MINOR);
    if (!new) remedy(finding, "install a newer kernel: Debian 12, Ubuntu 24.04 and later have one");
}

static void ring(struct doctor *doctor)
{
    const struct uring_settings settings = {
        .entries = 64,
        .completion_entries = 256,
        .receive_buffer_size = 4096,
        .receive_buffer_count = 8,
    };
    const char *why = "";

    enum status status = uring_make(&settings, &doctor->io, &why);
    struct finding *finding = doctor_find(doctor, status == STATUS_OK ? VERDICT_GOOD : VERDICT_BAD, "io_uring");
    found(finding, "%s", status == STATUS_OK ? "works" : "refused");
    wanted(finding, "allowed");
    if (status == STATUS_OK) return;
    doctor->io = NULL;
    remedy(finding, "%s", why);
}

static const char *size_text(char text[32], uint64_t size)
{
    if (size >= (uint64_t)1 << 40)
        snprintf(text, 32, "%.1f TiB", (double)size / (double)((uint64_t)1 << 40));
    else if (size >= 1 << 30)
        snprintf(text, 32, "%.1f GiB", (double)size / (1 << 30));
    else
        snprintf(text, 32, "%.0f MiB", (double)size / (1 << 20));
    return text;
}

static uint64_t plan_size(const struct plan *plan)
{
    uint64_t size = 0;

    for (unsigned i = 0; i < MEMORY_BUDGETS; i++) {
        size += plan->data.budget[i] * plan->shard_count + plan->replication.budget[i];
    }
    return size;
}

static void memory(struct doctor *doctor)
{
    const char *why = "";
    char may[32], use[32];

    enum status status = node_plan(&doctor->platform, &doctor->settings, &doctor->plan, &doctor->arena, &why);
    doctor->has_plan = status == STATUS_OK;
    struct finding *finding = doctor_find(doctor, doctor->has_plan ? VERDICT_GOOD : VERDICT_BAD, "memory");
    found(finding, "%s for the node", size_text(may, doctor->platform.memory_size));
    wanted(finding, "enough for the plan");
    if (!doctor->has_plan) {
        remedy(finding, "%s", why);
        return;
    }
    wanted(finding, "%s for %u shards (sluice serve --plan)", size_text(use, plan_size(&doctor->plan)),
           doctor->plan.shard_count);
}

/* Buffers that are locked are enrolled with the kernel once; what is not allowed costs CPU, not correctness. */
static void locked_memory(struct doctor *doctor)
{
    struct rlimit limit;
    char has[32], need[32];
    uint64_t size = 0;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return;
    if (doctor->has_plan) size = plan_size(&doctor->plan);
    bool free = geteuid() == 0 || limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= size;
    struct finding *finding = doctor_find(doctor, free ? VERDICT_GOOD : VERDICT_WARN, "memory that may be locked");
    found(finding, "%s", limit.rlim_max == RLIM_INFINITY ? "unlimited" : size_text(has, limit.rlim_max));
    if (geteuid() == 0 && limit.rlim_max != RLIM_INFINITY) found(finding, "%s, but this is root", has);
    wanted(finding, "%s", size_text(need, size));
    if (free) return;
    remedy(finding,
           "buffers go without being registered, which costs CPU. `ulimit -l unlimited`, LimitMEMLOCK=infinity in "
           "systemd, --ulimit memlock=-1 in Docker");
}

static void descriptors(struct doctor *doctor)
{
    enum { LEAST = 1024, COMFORT = 65536 };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    enum verdict verdict = limit.rlim_max < LEAST     ? VERDICT_BAD
                           : limit.rlim_max < COMFORT ? VERDICT_WARN
                                                      : VERDICT_GOOD;
    struct finding *finding = doctor_find(doctor, verdict, "descriptors");
    found(finding, "%llu", (unsigned long long)limit.rlim_max);
    wanted(finding, "%d: one for each connection, several for each partition", COMFORT);
    if (verdict == VERDICT_GOOD) return;
    remedy(finding,
           "`ulimit -Hn`, LimitNOFILE=1048576 in systemd, --ulimit nofile=1048576 in Docker; the node raises the "
           "soft limit itself");
}

/* ---- what the kernel says in files ---- */

static bool line_of(const char *path, char line[LINE_MAX_SIZE])
{
    FILE *file = fopen(path, "re");

    if (!file) return false;
    bool got = fgets(line, LINE_MAX_SIZE, file) != NULL;
    fclose(file);
    if (got) line[strcspn(line, "\n")] = 0;
    return got;
}

/* A clock that is not read in user space costs a system call for each look. */
static void clock_source(struct doctor *doctor)
{
    char line[LINE_MAX_SIZE];

    if (!line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource", line)) return;
    bool slow = strcmp(line, "hpet") == 0 || strcmp(line, "acpi_pm") == 0 || strcmp(line, "xen") == 0;
    struct finding *finding = doctor_find(doctor, slow ? VERDICT_WARN : VERDICT_GOOD, "clock source");
    found(finding, "%s", line);
    wanted(finding, "one that is read without a system call: tsc, kvm-clock, arch_sys_counter");
    if (slow) remedy(finding, "clocksource=tsc on the kernel's command line, where the machine's tsc is stable");
}

static void backlog(struct doctor *doctor)
{
    char line[LINE_MAX_SIZE];
    int32_t asked = doctor->settings.values.listen_backlog;

    if (!line_of("/proc/sys/net/core/somaxconn", line)) return;
    long most = strtol(line, NULL, 10);
    bool enough = most >= asked;
    struct finding *finding = doctor_find(doctor, enough ? VERDICT_GOOD : VERDICT_WARN, "waiting connections");
    found(finding, "net.core.somaxconn %ld", most);
    wanted(finding, "socket.listen.backlog.size %d", asked);
    if (!enough) remedy(finding, "`sysctl -w net.core.somaxconn=%d`, and in /etc/sysctl.d to keep it so", asked);
}

void doctor_machine(struct doctor *doctor)
{
    kernel(doctor);
    ring(doctor);
    memory(doctor);
    locked_memory(doctor);
    descriptors(doctor);
    clock_source(doctor);
    backlog(doctor);
}
