/* The front of the seam: what an operation is when it reaches the engine, on one that only remembers what it was asked;
 * and what may not be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/io.h"

struct asked_io {
    struct io io;
    const char *what;
    struct completion *completion;
    int64_t number; /* of a buffer, a deadline */
};

static void asked(struct io *io, const char *what, struct completion *completion)
{
    struct asked_io *to = container_of(io, struct asked_io, io);
    to->what = what;
    to->completion = completion;
}

#define ASKED(name)                                                        \
    static void asked_##name(struct io *io, struct completion *completion) \
    {                                                                      \
        asked(io, #name, completion);                                      \
    }
ASKED(read)
ASKED(write)
ASKED(accept)
ASKED(receive)
ASKED(receive_exact)
ASKED(send)
ASKED(cancel)
ASKED(close)

static void asked_connect(struct io *io, struct completion *completion, const struct sockaddr_storage *address)
{
    (void)address;
    asked(io, "connect", completion);
}

static void asked_turn(struct io *io, int64_t deadline_ns)
{
    asked(io, "turn", NULL);
    container_of(io, struct asked_io, io)->number = deadline_ns;
}

static void asked_buffer_give(struct io *io, uint16_t index)
{
    asked(io, "buffer_give", NULL);
    container_of(io, struct asked_io, io)->number = index;
}

static const struct io_engine asked_engine = {
    .read = asked_read,
    .write = asked_write,
    .accept = asked_accept,
    .connect = asked_connect,
    .receive = asked_receive,
    .receive_exact = asked_receive_exact,
    .send = asked_send,
    .cancel = asked_cancel,
    .close = asked_close,
    .buffer_give = asked_buffer_give,
    .turn = asked_turn,
};

static void resumed(struct completion *completion)
{
    (void)completion;
}

/* One that was used before: nothing of that may be left. */
static struct completion used(void)
{
    struct completion completion;
    memset(&completion, 0x5a, sizeof completion);
    completion.submitted = false;
    completion.resume = resumed;
    return completion;
}

static void check_begun(const struct asked_io *to, const char *what, const struct completion *completion, int file,
                        uint8_t flags)
{
    assert_string_equal(to->what, what);
    assert_ptr_equal(to->completion, completion);
    assert_true(completion->submitted);
    assert_false(completion->more);
    assert_false(completion->copied);
    assert_int_equal(completion->status, STATUS_OK);
    assert_int_equal(completion->result, 0);
    assert_null(completion->buffer);
    assert_int_equal(completion->tries, 0);
    assert_int_equal(completion->notices, 0);
    assert_null(completion->next);
    assert_int_equal(completion->file, file);
    assert_int_equal(completion->flags, flags);
    assert_int_equal(to->io.in_flight, 1);
}

static void what_is_one_piece_is_its_own_part(void **state)
{
    (void)state;
    uint8_t memory[16];

    for (int kind = 0; kind < 2; kind++) {
        struct asked_io to = { .io.engine = &asked_engine };
        struct completion completion = used();
        if (kind == 0) io_read(&to.io, &completion, 7, memory, sizeof memory, 4096);
        if (kind == 1) io_receive_exact(&to.io, &completion, 7, memory, sizeof memory);
        check_begun(&to, kind == 0 ? "read" : "receive_exact", &completion, 7, 0);
        assert_ptr_equal(completion.parts, &completion.single);
        assert_int_equal(completion.part_count, 1);
        assert_ptr_equal(completion.single.iov_base, memory);
        assert_int_equal(completion.single.iov_len, sizeof memory);
        assert_int_equal(completion.position, kind == 0 ? 4096 : 0);
    }
}

static void parts_stay_the_callers(void **state)
{
    (void)state;
    uint8_t memory[16];

    for (int kind = 0; kind < 2; kind++) {
        struct asked_io to = { .io.engine = &asked_engine };
        struct completion completion = used();
        struct iovec parts[2] = { { memory, 4 }, { memory + 4, 12 } };
        uint8_t flags = kind == 0 ? IO_DURABLE | IO_FLUSH : IO_ZERO_COPY;
        if (kind == 0) io_write(&to.io, &completion, 3, parts, 2, UINT64_C(1) << 40, flags);
        if (kind == 1) io_send(&to.io, &completion, 3, parts, 2, flags);
        check_begun(&to, kind == 0 ? "write" : "send", &completion, 3, flags);
        assert_ptr_equal(completion.parts, parts);
        assert_int_equal(completion.part_count, 2);
        assert_int_equal(completion.position, kind == 0 ? INT64_C(1) << 40 : 0);
    }
}

static void what_has_no_memory_has_no_parts(void **state)
{
    (void)state;
    static const char *const names[] = { "accept", "receive", "connect" };
    struct sockaddr_storage address = { .ss_family = AF_INET };

    for (int kind = 0; kind < 3; kind++) {
        struct asked_io to = { .io.engine = &asked_engine };
        struct completion completion = used();
        if (kind == 0) io_accept(&to.io, &completion, 5, IO_MANY);
        if (kind == 1) io_receive(&to.io, &completion, 5, IO_MANY);
        if (kind == 2) io_connect(&to.io, &completion, &address);
        check_begun(&to, names[kind], &completion, kind == 2 ? -1 : 5, kind == 2 ? 0 : IO_MANY);
        assert_null(completion.parts);
        assert_int_equal(completion.part_count, 0);
    }
}

static void turns_and_buffers_go_through(void **state)
{
    (void)state;
    struct asked_io to = { .io.engine = &asked_engine };

    io_turn(&to.io, INT64_MAX);
    assert_string_equal(to.what, "turn");
    assert_int_equal(to.number, INT64_MAX);
    io_buffer_give(&to.io, 12);
    assert_string_equal(to.what, "buffer_give");
    assert_int_equal(to.number, 12);
    assert_int_equal(to.io.in_flight, 0);
}

enum { TWICE, NOBODY, EMPTY, NOTHING, FLUSH_ALONE, NO_FILE, FAR, WRONG_FLAG, WRONGS };

static void ask_wrongly(int wrong)
{
    struct asked_io to = { .io.engine = &asked_engine };
    struct completion completion = used();
    uint8_t memory[4] = { 0 };
    struct iovec parts[2] = { { memory, 4 }, { memory, 0 } };

    switch (wrong) {
    case TWICE:
        io_receive(&to.io, &completion, 1, 0);
        io_receive(&to.io, &completion, 1, 0);
        break;
    case NOBODY:
        completion.resume = NULL;
        io_receive(&to.io, &completion, 1, 0);
        break;
    case EMPTY: io_write(&to.io, &completion, 1, parts, 2, 0, 0); break;
    case NOTHING: io_read(&to.io, &completion, 1, memory, 0, 0); break;
    case FLUSH_ALONE: io_write(&to.io, &completion, 1, parts, 1, 0, IO_FLUSH); break;
    case NO_FILE: io_read(&to.io, &completion, -1, memory, 4, 0); break;
    case FAR: io_read(&to.io, &completion, 1, memory, 4, UINT64_C(1) << 62); break;
    case WRONG_FLAG: io_receive(&to.io, &completion, 1, IO_DURABLE); break;
    default: break;
    }
}

static void what_may_not_be_asked_ends_the_process(void **state)
{
    (void)state;
    for (int wrong = 0; wrong <= WRONGS; wrong++) {
        int exited;
        pid_t child = fork();
        if (child == 0) {
            (void)!freopen("/dev/null", "w", stderr);
            signal(SIGABRT, SIG_DFL);
            ask_wrongly(wrong);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &exited, 0), child);
        assert_int_equal(WIFEXITED(exited) && WEXITSTATUS(exited) == 0, wrong == WRONGS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_one_piece_is_its_own_part),      cmocka_unit_test(parts_stay_the_callers),
        cmocka_unit_test(what_has_no_memory_has_no_parts),        cmocka_unit_test(turns_and_buffers_go_through),
        cmocka_unit_test(what_may_not_be_asked_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
