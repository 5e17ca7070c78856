/* The probe answers, chooses the faster way, and leaves nothing behind. An engine with invented times stands in for
 * devices. */
#include "ring.h"

#include "io/flush_probe.h"

struct device {
    struct io io;
    int64_t durable_ns, flush_ns;
    unsigned fails_after; /* writes; 0: never */
    unsigned writes;
    struct completion *pending;
};

static void device_write(struct io *io, struct completion *completion)
{
    container_of(io, struct device, io)->pending = completion;
}

static void device_turn(struct io *io, int64_t deadline_ns)
{
    (void)deadline_ns;
    struct device *device = container_of(io, struct device, io);
    struct completion *completion = device->pending;
    if (completion == NULL) return;
    io->now_ns += (completion->flags & IO_FLUSH) != 0 ? device->flush_ns : device->durable_ns;
    device->pending = NULL;
    device->writes++;
    completion->status = device->fails_after != 0 && device->writes > device->fails_after ? STATUS_IO_ERROR : STATUS_OK;
    completion->submitted = false;
    io->in_flight--;
    completion->resume(completion);
}

static const struct io_engine device_engine = { .write = device_write, .turn = device_turn };

static void a_flush_is_chosen_only_when_it_is_clearly_faster(void **state)
{
    (void)state;
    static const struct {
        int64_t durable_ns, flush_ns;
        uint8_t flags;
    } rows[] = {
        { 11000, 17000, IO_DURABLE },                 /* A drive with power-loss protection. */
        { 123000, 114000, IO_DURABLE },               /* No FUA: the same within noise. */
        { 4018000, 1676000, IO_DURABLE | IO_FLUSH },  /* A consumer drive. */
        { 60000000, 20000000, IO_DURABLE | IO_FLUSH } /* Spinning: fewer rounds. */
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct device device = { .io.engine = &device_engine,
                                 .durable_ns = rows[i].durable_ns,
                                 .flush_ns = rows[i].flush_ns };
        struct flush_probe probe;
        assert_int_equal(flush_probe(&device.io, files_kernel(), FILES_HERE, &probe), STATUS_OK);
        assert_int_equal(probe.flags, rows[i].flags);
        assert_int_equal(probe.durable_ns, rows[i].durable_ns);
        assert_int_equal(probe.flush_ns, rows[i].flush_ns);
        assert_true(device.io.now_ns < 500 * MS);
    }
}

static void a_device_that_fails_is_not_judged(void **state)
{
    (void)state;
    for (unsigned writes = 1; writes < 6; writes++) {
        struct device device = { .io.engine = &device_engine, .durable_ns = 1, .flush_ns = 1, .fails_after = writes };
        struct flush_probe probe;
        assert_int_equal(flush_probe(&device.io, files_kernel(), FILES_HERE, &probe), STATUS_IO_ERROR);
    }
}

static void a_real_device_is_judged_and_nothing_is_left(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct flush_probe probe;
    struct files_entry entry;
    assert_int_equal(flush_probe(io, files_kernel(), FILES_HERE, &probe), STATUS_OK);
    assert_true(probe.durable_ns > 0 && probe.flush_ns > 0);
    assert_true((probe.flags & IO_DURABLE) != 0);
    assert_int_equal(files_entry(files_kernel(), FILES_HERE, ".flush-probe", &entry), STATUS_NOT_FOUND);
    io_end(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flush_is_chosen_only_when_it_is_clearly_faster),
        cmocka_unit_test(a_device_that_fails_is_not_judged),
        cmocka_unit_test(a_real_device_is_judged_and_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
