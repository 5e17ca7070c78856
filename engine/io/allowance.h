/* engine/io/allowance.h   How much of the machine this process may use. What the machine has and what a process may
 * take differ: control groups (containers, systemd), affinity and resource limits stand in between. */
#ifndef ENGINE_IO_ALLOWANCE_H
#define ENGINE_IO_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

struct allowance {
    uint64_t memory_size;  /* bytes: the machine's, or less */
    bool memory_of_group;  /* a control group sets it, so it is meant for this program; else others share it */
    uint32_t core_count;   /* by affinity, and by the quota of a control group, rounded up; at least 1 */
    uint64_t file_count;   /* descriptors, once the soft limit is raised to the hard one; UINT64_MAX: no limit */
    uint64_t locked_size;  /* bytes of memory that may be locked; UINT64_MAX: no limit */
    bool locked_unlimited; /* by privilege (CAP_IPC_LOCK): locked_size does not count */
};

/* `root`: "" for the machine itself; tests have trees of their own, below which proc/self and sys/fs/cgroup stand. */
void allowance_read(const char *root, struct allowance *allowance);

#endif
