/* tests/platform/without.c   without WHAT... -- PROGRAM [ARGUMENT]...   Runs a program on a machine that lacks
 * something, as seccomp filters of containers make them, so that no mount, no sysctl and no other kernel is needed.
 *
 *     io_uring=EPERM     the system calls of io_uring fail so (also ENOSYS: hidden, ENOMEM: too little may be locked)
 *     o_direct           no file takes O_DIRECT, as on file systems that have none */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOT_RUN = 127 };

/* The lower half of a system call's argument on little-endian machines, which are all that Sluice runs on. */
#define ARGUMENT(index) (offsetof(struct seccomp_data, args) + (index) * sizeof(unsigned long long))
#define LOAD(place)     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (place))
#define FAIL(error)     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)(error)&SECCOMP_RET_DATA))
#define ALLOW           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* Goes on with the next rule when the loaded word is `value`, else skips `others` rules. */
#define IF(value, others) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (others))

static void filter(struct sock_filter *rules, size_t count)
{
    struct sock_fprog program = { .len = (unsigned short)count, .filter = rules };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
        return;
    perror("without: no seccomp filter");
    exit(NOT_RUN);
}

static void without_io_uring(int error)
{
    struct sock_filter rules[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        IF(SYS_io_uring_setup, 1),
        FAIL(error),
        IF(SYS_io_uring_enter, 1),
        FAIL(error),
        IF(SYS_io_uring_register, 1),
        FAIL(error),
        ALLOW,
    };
    filter(rules, sizeof rules / sizeof rules[0]);
}

/* Opened with the flag, and given it later. */
static void without_o_direct(void)
{
    struct sock_filter rules[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        IF(SYS_openat, 3),
        LOAD(ARGUMENT(2)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_DIRECT, 0, 1),
        FAIL(EINVAL),
        LOAD(offsetof(struct seccomp_data, nr)),
        IF(SYS_fcntl, 5),
        LOAD(ARGUMENT(1)),
        IF(F_SETFL, 3),
        LOAD(ARGUMENT(2)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_DIRECT, 0, 1),
        FAIL(EINVAL),
        ALLOW,
    };
    filter(rules, sizeof rules / sizeof rules[0]);
}

static int missing(const char *what)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {
        { "io_uring=EPERM", EPERM },
        { "io_uring=ENOSYS", ENOSYS },
        { "io_uring=ENOMEM", ENOMEM },
    };

    if (strcmp(what, "o_direct") == 0) {
        without_o_direct();
        return 1;
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strcmp(what, errors[i].name) != 0) continue;
        without_io_uring(errors[i].error);
        return 1;
    }
    return 0;
}

int main(int count, char **arguments)
{
    int i = 1;

    while (i < count && missing(arguments[i])) i++;
    if (i + 1 >= count || strcmp(arguments[i], "--") != 0) {
        fputs("usage: without io_uring=EPERM|ENOSYS|ENOMEM|o_direct... -- PROGRAM [ARGUMENT]...\n", stderr);
        return NOT_RUN;
    }
    execvp(arguments[i + 1], &arguments[i + 1]);
    perror(arguments[i + 1]);
    return NOT_RUN;
}
