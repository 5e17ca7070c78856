/* tools/machine.c   What the kernel says of the machine, and the production engines behind the seams. */
#include "machine.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/allowance.h"
#include "io/files.h"
#include "io/uring.h"
#include "shard/jobs.h"

static enum status make_io(struct node_platform *platform, const struct plan *plan, uint32_t shard, struct io **io,
                           const char **why)
{
    struct uring_settings settings = {
        .entries = plan->ring_entries,
        .completion_entries = plan->completion_entries,
        .receive_buffer_size = plan->receive_buffer_size,
        .receive_buffer_count = plan->receive_buffer_count,
        .poll_ns = shard < plan->shard_count ? plan->poll_ns : 0,
        .nap_ns = shard < plan->shard_count ? plan->nap_ns : 0,
    };

    (void)platform;
    return uring_make(&settings, io, why);
}

static enum status make_jobs(struct node_platform *platform, uint32_t thread_count, struct jobs **jobs)
{
    (void)platform;
    return jobs_threads_make(thread_count, jobs);
}

/* Unless sluice.memory says otherwise, a node takes up to this part of what it may use. Of a machine: there are other
 * programs, and sockets in the kernel. What a control group allows was meant for this program. */
enum { SHARE_OF_MACHINE = 4, SHARE_OF_GROUP = 2 };

/* A socket that doesn't share its port can be bound only where nobody listens. */
static bool somebody_listens(const struct sockaddr_storage *address)
{
    int yes = 1, no = 0;
    int probe = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (probe < 0) return false;
    (void)setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (address->ss_family == AF_INET6) (void)setsockopt(probe, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    bool taken = bind(probe, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == EADDRINUSE;
    close(probe);
    return taken;
}

/* The kernel takes a ring apart some time after its process was killed, and until then its sockets listen. */
static bool port_taken(struct node_platform *platform, const struct sockaddr_storage *address)
{
    enum { TRIES = 1000, TRY_NS = 2000000 };

    (void)platform;
    for (int i = 0; i < TRIES && somebody_listens(address); i++) {
        const struct timespec pause = { .tv_nsec = TRY_NS };
        if (i + 1 == TRIES) return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

void machine_platform(struct node_platform *platform)
{
    struct allowance allowance;
    struct timespec now;

    allowance_read("", &allowance);
    clock_gettime(CLOCK_REALTIME, &now);
    platform->files = files_kernel();
    platform->make_io = make_io;
    platform->make_jobs = make_jobs;
    platform->port_taken = port_taken;
    platform->wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (getrandom(&platform->seed, sizeof(platform->seed), 0) != (ssize_t)sizeof(platform->seed)) {
        platform->seed = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)getpid();
    }
    platform->memory_size = allowance.memory_size / (allowance.memory_of_group ? SHARE_OF_GROUP : SHARE_OF_MACHINE);
    platform->core_count = allowance.core_count;
    platform->file_count = allowance.file_count == UINT64_MAX ? 0 : allowance.file_count;
    bool lock_all = allowance.locked_unlimited || allowance.locked_size == UINT64_MAX;
    platform->locked_size = lock_all ? 0 : max_of(allowance.locked_size, UINT64_C(1));
    platform->threads = true;
}
