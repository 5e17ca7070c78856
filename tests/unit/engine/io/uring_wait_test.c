/* How a turn waits: when it looks, when it naps, when it sleeps; and that what comes ends each of them. */
#include "ring.h"

#include "../../monotonic.h"

enum { POLL_NS = 5 * 1000000, NAP_NS = 2 * 1000000, NAPS = 16, TRIES = 1000 };

static struct io *waiting_ring(int64_t poll_ns, int64_t nap_ns)
{
    struct uring_settings settings = { .entries = 64,
                                       .completion_entries = 256,
                                       .receive_buffer_size = 4096,
                                       .receive_buffer_count = 64,
                                       .poll_ns = poll_ns,
                                       .nap_ns = nap_ns };
    struct io *io;
    const char *why;
    assert_int_equal(uring_make(&settings, &io, &why), STATUS_OK);
    io_turn(io, 0); /* Submits the engine's own read of its eventfd. */
    return io;
}

/* What one turn did. */
struct waited {
    int64_t took_ns;
    uint64_t calls, naps, polled_ns;
};

static struct waited wait_for(struct io *io, int64_t wait_ns)
{
    struct waited before = { monotonic_ns(), io->submit_count, io->nap_count, io->polled_ns };
    io_turn(io, before.took_ns + wait_ns);
    return (struct waited){ monotonic_ns() - before.took_ns, io->submit_count - before.calls,
                            io->nap_count - before.naps, io->polled_ns - before.polled_ns };
}

/* Two waits in a row that were short, whatever else the machine does. */
static void wait_shortly(struct io *io, int64_t limit_ns)
{
    int short_ones = 0;
    for (int tries = 0; tries < TRIES; tries++) {
        short_ones = wait_for(io, limit_ns / 5).took_ns < limit_ns ? short_ones + 1 : 0;
        if (short_ones == 2) return;
    }
    fail_msg("the machine has no %lld us", (long long)(limit_ns / 1000));
}

/* A wait that was short is looked through the next time; one that was long is slept through from then on. */
static void a_wait_that_may_be_short_is_looked_through(void **state)
{
    (void)state;
    struct io *io = waiting_ring(POLL_NS, 0);
    struct waited looked = { .calls = 1 };
    for (int tries = 0; tries < TRIES && looked.calls > 0; tries++) {
        wait_shortly(io, POLL_NS);
        looked = wait_for(io, POLL_NS / 5);
    }
    assert_int_equal(looked.calls, 0); /* Never slept. */
    assert_true(looked.polled_ns > 0);

    wait_shortly(io, POLL_NS);
    looked = wait_for(io, 40 * (int64_t)POLL_NS); /* Looks as long as it may, then sleeps. */
    assert_int_equal(looked.calls, 1);
    assert_true(looked.polled_ns >= POLL_NS);
    looked = wait_for(io, POLL_NS / 5);
    assert_int_equal(looked.polled_ns, 0); /* The last one was long. */
    assert_int_equal(looked.calls, 1);
    io_end(io);
}

static void a_durable_write_is_looked_for_whatever_came_before(void **state)
{
    (void)state;
    struct io *io = waiting_ring(POLL_NS, 0);
    (void)wait_for(io, 4 * (int64_t)POLL_NS);
    uint64_t polled_ns = io->polled_ns;

    int file = scratch(0);
    uint8_t *data = pattern(PAGE, 1);
    struct iovec part = { data, PAGE };
    struct operation plain = OPERATION, durable = OPERATION;
    io_write(io, &plain.io, file, &part, 1, 0, 0);
    assert_int_equal(finish(io, &plain), STATUS_OK);
    assert_int_equal(io->polled_ns, polled_ns);
    part = (struct iovec){ data, PAGE };
    io_write(io, &durable.io, file, &part, 1, 0, IO_DURABLE);
    assert_int_equal(finish(io, &durable), STATUS_OK);
    assert_true(io->polled_ns > polled_ns);
    close_now(io, file);
    free(data);
    io_end(io);
}

static void who_waited_shortly_naps_until_the_deadline(void **state)
{
    (void)state;
    struct io *io = waiting_ring(0, NAP_NS);
    struct waited napped = { 0 };
    for (int tries = 0; tries < TRIES && napped.naps < 4; tries++) {
        wait_shortly(io, NAPS * (int64_t)NAP_NS);
        napped = wait_for(io, 8 * (int64_t)NAP_NS);
        assert_true(napped.naps <= 9); /* None is much shorter than it should be. */
        assert_true(napped.took_ns >= 8 * (int64_t)NAP_NS);
        assert_int_equal(napped.calls, napped.naps);
    }
    assert_true(napped.naps >= 4);
    io_end(io);
}

static void who_naps_in_vain_sleeps_and_does_not_nap_again(void **state)
{
    (void)state;
    struct io *io = waiting_ring(0, NAP_NS);
    wait_shortly(io, NAPS * (int64_t)NAP_NS);
    struct waited waited = wait_for(io, 50 * (int64_t)NAP_NS);
    assert_in_range(waited.naps, 1, NAPS + 1);
    assert_true(waited.took_ns >= 50 * (int64_t)NAP_NS);
    assert_int_equal(waited.calls, waited.naps + 1);

    waited = wait_for(io, 8 * (int64_t)NAP_NS);
    assert_int_equal(waited.naps, 0);
    assert_int_equal(waited.calls, 1);
    io_end(io);
}

static void who_waits_for_less_than_a_nap_sets_no_timer(void **state)
{
    (void)state;
    struct io *io = waiting_ring(0, NAP_NS);
    wait_shortly(io, NAP_NS);
    struct waited waited = wait_for(io, 8 * (int64_t)NAP_NS);
    assert_int_equal(waited.naps, 0);
    assert_int_equal(waited.calls, 1);

    (void)wait_for(io, NAP_NS / 5); /* One of two was longer. */
    for (int tries = 0; tries < TRIES && waited.naps == 0; tries++) waited = wait_for(io, 8 * (int64_t)NAP_NS);
    assert_true(waited.naps > 0);
    io_end(io);
}

static void without_naps_a_wait_is_one_sleep(void **state)
{
    (void)state;
    struct io *io = waiting_ring(0, 0);
    for (int i = 0; i < 3; i++) {
        struct waited waited = wait_for(io, 2 * MS);
        assert_int_equal(waited.calls, 1);
        assert_int_equal(waited.naps + waited.polled_ns, 0);
    }
    io_end(io);
}

static void what_comes_ends_the_naps(void **state)
{
    (void)state;
    struct io *io = waiting_ring(0, 500 * MS);
    (void)wait_for(io, 600 * MS);
    io_poke_outside(io);
    struct waited waited = wait_for(io, PATIENCE_NS);
    assert_true(waited.took_ns < PATIENCE_NS / 2);
    assert_int_equal(waited.naps, 1);
    io_end(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_that_may_be_short_is_looked_through),
        cmocka_unit_test(a_durable_write_is_looked_for_whatever_came_before),
        cmocka_unit_test(who_waited_shortly_naps_until_the_deadline),
        cmocka_unit_test(who_naps_in_vain_sleeps_and_does_not_nap_again),
        cmocka_unit_test(who_waits_for_less_than_a_nap_sets_no_timer),
        cmocka_unit_test(without_naps_a_wait_is_one_sleep),
        cmocka_unit_test(what_comes_ends_the_naps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
