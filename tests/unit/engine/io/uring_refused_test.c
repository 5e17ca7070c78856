/* Where io_uring is forbidden, people are told the cause and the remedy. A child takes the system call away from itself
 * with a seccomp filter, as container profiles do, and tries. */
#include "ring.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/uring_engine.h"

/* From here on io_uring_setup fails with `error` in this process. */
static bool forbid(int error)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = array_count(rules), .filter = rules };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a child: 0 when the ring was refused with this status and a sentence that has all of the words. */
static int refused_in_child(int error, enum status expected, const char *const words[2])
{
    struct uring_settings settings = {
        .entries = 64, .completion_entries = 256, .receive_buffer_size = 4096, .receive_buffer_count = 64
    };
    struct io *io;
    const char *why = NULL;
    if (!forbid(error)) return 1;
    if (uring_make(&settings, &io, &why) != expected) return 2;
    if (why == NULL) return 3;
    for (int i = 0; i < 2; i++)
        if (strstr(why, words[i]) == NULL) return 4;
    return 0;
}

static void the_sentence_names_cause_and_remedy(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum status status;
        const char *words[2];
    } rows[] = {
        { EPERM, STATUS_DENIED, { "seccomp", "--security-opt" } },
        { ENOSYS, STATUS_UNSUPPORTED, { "6.1", "io_uring_setup" } },
        { EINVAL, STATUS_UNSUPPORTED, { "too old", "6.1" } },
        { ENOMEM, STATUS_NO_MEMORY, { "locked", "LimitMEMLOCK" } },
        { EMFILE, STATUS_TOO_MANY, { "open files", "ulimit -n" } },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(refused_in_child(rows[i].error, rows[i].status, rows[i].words));
        int exited;
        assert_int_equal(waitpid(child, &exited, 0), child);
        assert_true(WIFEXITED(exited));
        assert_int_equal(WEXITSTATUS(exited), 0);
    }
}

static void every_refusal_has_a_sentence(void **state)
{
    (void)state;
    for (int error = 1; error < 140; error++) {
        const char *why = uring_refused(error);
        assert_non_null(why);
        assert_true(strlen(why) > 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sentence_names_cause_and_remedy),
        cmocka_unit_test(every_refusal_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
