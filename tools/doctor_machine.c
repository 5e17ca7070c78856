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
    char may[32], use[32];

    bool good = doctor->planned != STATUS_INVALID;
    const char *shortage = doctor->plan.shortages[SHORTAGE_MEMORY];
    struct finding *finding = doctor_find(doctor,
                                          !good      ? VERDICT_BAD
                                          : shortage ? VERDICT_WARN
                                                     : VERDICT_GOOD,
                                          "memory");
    found(finding, "%s for the node", size_text(may, doctor->platform.memory_size));
    wanted(finding, "enough for the plan");
    if (!good) remedy(finding, "%s", doctor->planned_why);
    if (!good || doctor->planned != STATUS_OK) return;

    wanted(finding, "%s for %u %s (sluice serve --plan)", size_text(use, plan_size(&doctor->plan)),
           doctor->plan.shard_count, doctor->plan.shard_count == 1 ? "shard" : "shards");
    if (shortage) remedy(finding, "%s", shortage);
}

/* Buffers that are locked are registered with the kernel once; what is not allowed costs CPU, not correctness. */
static void locked_memory(struct doctor *doctor)
{
    struct rlimit limit;
    char has[32];

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return;
    bool unlimited = limit.rlim_max == RLIM_INFINITY;
    const char *shortage = doctor->plan.shortages[SHORTAGE_LOCKED];
    struct finding *finding = doctor_find(doctor, shortage ? VERDICT_WARN : VERDICT_GOOD, "memory that may be locked");
    found(finding, "%s%s", unlimited ? "unlimited" : size_text(has, limit.rlim_max),
          !unlimited && doctor->platform.locked_size == 0 ? ", but this user may lock all (CAP_IPC_LOCK)" : "");
    wanted(finding, "as much as the plan's buffers for appending and reading");
    if (shortage) remedy(finding, "%s", shortage);
}

static void descriptors(struct doctor *doctor)
{
    enum { COMFORT = 65536 };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    bool refused = doctor->planned == STATUS_TOO_MANY;
    const char *shortage = doctor->plan.shortages[SHORTAGE_FILES];
    struct finding *finding = doctor_find(doctor,
                                          refused                    ? VERDICT_BAD
                                          : limit.rlim_max < COMFORT ? VERDICT_WARN
                                                                     : VERDICT_GOOD,
                                          "descriptors");
    found(finding, "%llu", (unsigned long long)limit.rlim_max);
    wanted(finding, "%d: one for each connection, several for each partition", COMFORT);
    if (refused || shortage) {
        remedy(finding, "%s", refused ? doctor->planned_why : shortage);
    } else if (limit.rlim_max < COMFORT) {
        remedy(finding, "for many connections or partitions: `ulimit -Hn`, LimitNOFILE=1048576 in systemd, --ulimit "
                        "nofile=1048576 in Docker; the node raises the soft limit itself");
    }
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

/* A guest's core that halts is woken by way of the host, and a durable write wakes it twice; one that polls first is
 * there. perf/README.md has what it makes of acknowledgements. */
static void idle_cores(struct doctor *doctor)
{
    enum { KERNELS_OWN_NS = 200000 };
    char line[LINE_MAX_SIZE];

    if (!line_of("/sys/devices/system/cpu/cpuidle/current_driver", line) || strcmp(line, "haltpoll") != 0) return;
    if (!line_of("/sys/module/haltpoll/parameters/guest_halt_poll_ns", line)) return;
    long polls_ns = strtol(line, NULL, 10);
    struct finding *finding = doctor_find(doctor, polls_ns > 0 ? VERDICT_GOOD : VERDICT_WARN, "idle cores");
    found(finding, "poll for %ld us before they halt", polls_ns / 1000);
    wanted(finding, "%d us, as Linux does by itself in a guest", KERNELS_OWN_NS / 1000);
    if (polls_ns > 0) return;
    remedy(finding,
           "`echo %d >/sys/module/haltpoll/parameters/guest_halt_poll_ns`, and haltpoll.guest_halt_poll_ns=%d on the "
           "kernel's command line to keep it so: acknowledgements come sooner, for more of the host's CPU; or "
           "sluice.poll.us=2000, for this node alone",
           KERNELS_OWN_NS, KERNELS_OWN_NS);
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
    doctor->planned =
        node_plan(&doctor->platform, &doctor->settings, &doctor->plan, &doctor->arena, &doctor->planned_why);
    kernel(doctor);
    ring(doctor);
    memory(doctor);
    locked_memory(doctor);
    descriptors(doctor);
    clock_source(doctor);
    idle_cores(doctor);
    backlog(doctor);
}
