/* The troubles of an operation: what passes is tried again, after a pause and not for ever; what is short is continued;
 * what failed is told once. The kernel can't be ordered to have them, so outcomes are put in by hand. */
#include "ring.h"

#include <errno.h>

#include "io/uring_engine.h"

/* In flight, but not in the ring. */
static void begin_by_hand(struct io *io, struct operation *operation)
{
    operation->io.kind = OPERATION_NOP;
    operation->io.flags = 0;
    operation->io.tries = 0;
    operation->io.submitted = true;
    io->in_flight++;
}

static void a_passing_trouble_is_tried_again_after_a_pause_and_not_in_a_spin(void **state)
{
    (void)state;
    static const int troubles[] = { -EINTR, -EAGAIN, -ENOMEM };
    struct io *io = ring_open();
    for (size_t i = 0; i < array_count(troubles); i++) {
        struct operation first = OPERATION, second = OPERATION;
        begin_by_hand(io, &first);
        begin_by_hand(io, &second);
        int64_t start_ns = io->now_ns;
        uint64_t calls = io->submit_count;
        operation_completed(uring_of(io), &first.io, troubles[i], 0);
        operation_completed(uring_of(io), &second.io, troubles[i], 0);
        assert_false(first.done);
        while (!first.done || !second.done) io_turn(io, INT64_MAX); /* Waits for the pause, not for ever. */
        assert_int_equal(first.io.status, STATUS_OK);
        assert_int_equal(second.io.status, STATUS_OK);
        assert_true(io->now_ns - start_ns >= MS);
        assert_true(io->submit_count - calls <= 4);
    }
    io_end(io);
}

static void a_trouble_that_does_not_pass_is_told_in_the_end(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct operation operation = OPERATION;
    begin_by_hand(io, &operation);
    operation.io.tries = UINT16_MAX;
    operation_completed(uring_of(io), &operation.io, -ENOMEM, 0);
    assert_true(operation.done);
    assert_int_equal(operation.io.status, STATUS_NO_MEMORY);
    io_end(io);
}

static void an_operation_that_waits_for_its_next_try_can_be_cancelled(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    uint8_t bytes[8];
    struct operation exact = OPERATION;
    exact.io.kind = OPERATION_RECEIVE_EXACT;
    exact.io.file = pair[0];
    exact.io.single = (struct iovec){ bytes, sizeof bytes };
    exact.io.parts = &exact.io.single;
    exact.io.part_count = 1;
    exact.io.submitted = true;
    io->in_flight++;
    operation_completed(uring_of(io), &exact.io, -ENOMEM, 0);
    io_cancel(io, &exact.io);
    assert_false(exact.done);
    assert_int_equal(finish(io, &exact), STATUS_CANCELLED);
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    io_end(io);
}

/* A flush that was cancelled because its write was short: the rest is written, and flushed with what came before. */
static void a_short_write_before_its_flush_is_continued(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int file = scratch(0);
    uint8_t *data = pattern(PAGE, 7), *back = calloc(1, PAGE);
    struct operation written = OPERATION, read = OPERATION;
    struct iovec part = { data, PAGE };
    assert_int_equal(files_write(files_kernel(), file, data, 100, 0, 0), STATUS_OK);
    written.io.kind = OPERATION_WRITE;
    written.io.flags = IO_DURABLE | IO_FLUSH;
    written.io.file = file;
    written.io.parts = &part;
    written.io.part_count = 1;
    written.io.submitted = true;
    io->in_flight++;
    operation_written(uring_of(io), &written.io, 100);
    operation_completed(uring_of(io), &written.io, -ECANCELED, 0);
    assert_false(written.done);
    assert_int_equal(finish(io, &written), STATUS_OK);
    io_read(io, &read.io, file, back, PAGE, 0);
    assert_int_equal(finish(io, &read), STATUS_OK);
    assert_memory_equal(data, back, PAGE);

    written = OPERATION; /* And a flush that failed is a failure, once. */
    written.io.kind = OPERATION_WRITE;
    written.io.flags = IO_DURABLE | IO_FLUSH;
    part = (struct iovec){ data, PAGE };
    written.io.parts = &part;
    written.io.part_count = 1;
    written.io.submitted = true;
    io->in_flight++;
    operation_written(uring_of(io), &written.io, (int)PAGE);
    operation_completed(uring_of(io), &written.io, -EIO, 0);
    assert_true(written.done);
    assert_int_equal(written.io.status, STATUS_IO_ERROR);
    close_now(io, file);
    free(data);
    free(back);
    io_end(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passing_trouble_is_tried_again_after_a_pause_and_not_in_a_spin),
        cmocka_unit_test(a_trouble_that_does_not_pass_is_told_in_the_end),
        cmocka_unit_test(an_operation_that_waits_for_its_next_try_can_be_cancelled),
        cmocka_unit_test(a_short_write_before_its_flush_is_continued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
