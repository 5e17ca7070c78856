/* The ring: one system call per turn and none for nothing, deadlines, pokes from both kinds of thread, more operations
 * than fit. */
#include "ring.h"

#include "../../monotonic.h"

#include <pthread.h>

static void a_turn_with_nothing_to_do_and_a_past_deadline_costs_no_system_call(void **state)
{
    (void)state;
    struct io *io = ring_open();
    io_turn(io, 0); /* Submits the engine's own read of its eventfd. */
    uint64_t calls = io->submit_count;
    for (int i = 0; i < 100; i++) io_turn(io, 0);
    assert_int_equal(io->submit_count, calls);
    io_end(io);
}

static void a_turn_with_operations_costs_one_system_call(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct operation operations[32];
    io_turn(io, 0);
    uint64_t calls = io->submit_count;
    for (unsigned i = 0; i < array_count(operations); i++) {
        operations[i] = OPERATION;
        uring_nop(io, &operations[i].io);
        assert_false(operations[i].done); /* Never from inside the begin. */
    }
    assert_int_equal(io->in_flight, array_count(operations));
    io_turn(io, INT64_MAX);
    assert_int_equal(io->submit_count, calls + 1);
    for (unsigned i = 0; i < array_count(operations); i++) assert_true(operations[i].done);
    assert_int_equal(io->in_flight, 0);
    io_end(io);
}

static void a_turn_waits_until_the_deadline(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int64_t start = monotonic_ns();
    uint64_t calls = io->submit_count;
    io_turn(io, start + 20 * MS);
    assert_true(monotonic_ns() >= start + 20 * MS);
    assert_true(io->now_ns >= start + 20 * MS);
    assert_int_equal(io->submit_count, calls + 1);
    io_end(io);
}

static void more_operations_than_entries_are_submitted_on_the_way(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct io *io =
        ring_open_sized(8, 16, 4096, 8); /* The completion queue overflows too: the kernel keeps what is over. */
    struct operation *operations = calloc(COUNT, sizeof *operations);
    for (unsigned i = 0; i < COUNT; i++) {
        operations[i] = OPERATION;
        uring_nop(io, &operations[i].io);
    }
    for (unsigned i = 0; i < COUNT; i++) assert_int_equal(finish(io, &operations[i]), STATUS_OK);
    assert_int_equal(io->in_flight, 0);
    free(operations);
    io_end(io);
}

static void *poke_later(void *argument)
{
    struct timespec pause = { .tv_nsec = 20 * MS };
    nanosleep(&pause, NULL);
    io_poke_outside(argument);
    return NULL;
}

static void a_poke_from_outside_ends_the_wait_again_and_again(void **state)
{
    (void)state;
    struct io *io = ring_open();
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        int64_t start = monotonic_ns();
        assert_int_equal(pthread_create(&thread, NULL, poke_later, io), 0);
        io_turn(io, start + PATIENCE_NS);
        assert_true(monotonic_ns() < start + PATIENCE_NS / 2);
        pthread_join(thread, NULL);
    }
    io_end(io);
}

static void a_poke_from_outside_before_the_wait_is_not_lost(void **state)
{
    (void)state;
    struct io *io = ring_open();
    io_turn(io, 0);
    io_poke_outside(io);
    int64_t start = monotonic_ns();
    io_turn(io, start + PATIENCE_NS);
    assert_true(monotonic_ns() < start + PATIENCE_NS / 2);
    io_end(io);
}

struct poker {
    struct io *target;
    int64_t pause_ns;
};

static void *poke_from_a_ring(void *argument)
{
    struct poker *poker = argument;
    struct io *io = ring_open();
    struct timespec pause = { .tv_nsec = poker->pause_ns };
    nanosleep(&pause, NULL);
    io_poke(io, poker->target);
    io_turn(io, 0); /* Submits it. */
    io_end(io);
    return NULL;
}

static void a_poke_from_another_ring_ends_the_wait(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct poker poker = { .target = io, .pause_ns = 20 * MS };
    pthread_t thread;
    int64_t start = monotonic_ns();
    assert_int_equal(pthread_create(&thread, NULL, poke_from_a_ring, &poker), 0);
    io_turn(io, start + PATIENCE_NS);
    assert_true(monotonic_ns() < start + PATIENCE_NS / 2);
    pthread_join(thread, NULL);

    poker.pause_ns = 0; /* And one that comes before the wait. */
    assert_int_equal(pthread_create(&thread, NULL, poke_from_a_ring, &poker), 0);
    pthread_join(thread, NULL);
    start = monotonic_ns();
    io_turn(io, start + PATIENCE_NS);
    assert_true(monotonic_ns() < start + PATIENCE_NS / 2);
    io_end(io);
}

static void the_clocks_are_those_of_the_turn(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int64_t before = io->now_ns;
    assert_true(before > 0 && io->wall_ms > INT64_C(1600000000000));
    io_turn(io, 0);
    assert_true(io->now_ns >= before);
    io_end(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_with_nothing_to_do_and_a_past_deadline_costs_no_system_call),
        cmocka_unit_test(a_turn_with_operations_costs_one_system_call),
        cmocka_unit_test(a_turn_waits_until_the_deadline),
        cmocka_unit_test(more_operations_than_entries_are_submitted_on_the_way),
        cmocka_unit_test(a_poke_from_outside_ends_the_wait_again_and_again),
        cmocka_unit_test(a_poke_from_outside_before_the_wait_is_not_lost),
        cmocka_unit_test(a_poke_from_another_ring_ends_the_wait),
        cmocka_unit_test(the_clocks_are_those_of_the_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
