/* engine/io/uring_refused.c   Why there is no ring, for people: one sentence with the cause and one with the remedy.
 * The kernel only gives a number, and gives the same one for a sysctl and for a container's seccomp profile; the sysctl
 * is looked up, and what remains is the profile. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/uring_engine.h"

/* The first byte of kernel.io_uring_disabled (6.6 and newer): '0' all may, '1' the privileged may, '2' nobody may; 0
 * when unknown. */
static char uring_disabled(void)
{
    char level = 0;
    int file = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    if (read(file, &level, 1) != 1) level = 0;
    close(file);
    return level;
}

static const char *refused_by_permission(void)
{
    switch (uring_disabled()) {
    case '2':
        return "io_uring is switched off on this machine (kernel.io_uring_disabled = 2). "
               "Allow it with `sysctl -w kernel.io_uring_disabled=0`, and in /etc/sysctl.d to keep it so.";
    case '1':
        return "io_uring is kept for privileged processes on this machine (kernel.io_uring_disabled = 1). "
               "Put the user of Sluice into the group named by kernel.io_uring_group, give it CAP_SYS_ADMIN, or set "
               "`sysctl -w kernel.io_uring_disabled=0`.";
    default:
        return "A seccomp profile forbids io_uring, as the default profiles of Docker and containerd do. "
               "Start the container with `--security-opt seccomp=unconfined`, or with a profile that allows "
               "io_uring_setup, io_uring_enter and io_uring_register (systemd: SystemCallFilter=@io-uring).";
    }
}

const char *uring_refused(int error)
{
    switch (error) {
    case EPERM:
    case EACCES: return refused_by_permission();
    case ENOSYS:
        return "This kernel has no io_uring, or a seccomp profile hides it. "
               "Sluice needs Linux 6.1 or newer with CONFIG_IO_URING; in a container, allow io_uring_setup, "
               "io_uring_enter and io_uring_register in the seccomp profile.";
    case EINVAL: return "This kernel's io_uring is too old. Sluice needs Linux 6.1 or newer.";
    case ENOMEM:
        return "There is not enough memory for an io_uring, or not enough of it may be locked. "
               "Raise the limit (`ulimit -l unlimited`, LimitMEMLOCK=infinity in systemd, --ulimit memlock=-1 in "
               "Docker), or the memory of the container.";
    case EMFILE:
    case ENFILE:
        return "There are too many open files for an io_uring. Raise the limit (`ulimit -n`, LimitNOFILE in systemd).";
    default:
        return "The kernel refused an io_uring for a reason that Sluice doesn't know; `strace -e io_uring_setup` shows "
               "it.";
    }
}
