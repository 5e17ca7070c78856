/* Receive buffers: few are touched while few are in use, all can be out at once, and a receive that finds none says so
 * and loses nothing. */
#include "ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include "io/uring_engine.h"

enum { SIZE = 4096, COUNT = 128 };

static size_t pages_touched(const struct uring_buffers *buffers)
{
    unsigned char resident[COUNT];
    size_t touched = 0;
    assert_int_equal(mincore(buffers->memory, (size_t)SIZE * COUNT, resident), 0);
    for (unsigned i = 0; i < COUNT; i++) touched += resident[i] & 1;
    return touched;
}

static void send_bytes(struct io *io, int socket, uint8_t byte, size_t size)
{
    uint8_t *bytes = malloc(size);
    memset(bytes, byte, size);
    struct iovec part = { bytes, size };
    struct operation sent = OPERATION;
    io_send(io, &sent.io, socket, &part, 1, 0);
    assert_int_equal(finish(io, &sent), STATUS_OK);
    free(bytes);
}

static void waiting_receives_touch_no_buffer_and_few_in_use_touch_few(void **state)
{
    (void)state;
    struct io *io = ring_open_sized(256, 1024, SIZE, COUNT);
    const struct uring_buffers *buffers = &uring_of(io)->buffers;
    int pair[2];
    connected_pair(io, pair);
    struct operation received = OPERATION;
    io_receive(io, &received.io, pair[0], IO_MANY);
    io_turn(io, 0);
    assert_int_equal(pages_touched(buffers), 0);
    for (unsigned i = 1; i <= 4 * COUNT; i++) {
        send_bytes(io, pair[1], (uint8_t)i, 10);
        await_events(io, &received, i);
        assert_int_equal(received.io.buffer[9], (uint8_t)i);
        io_buffer_give(io, received.io.buffer_index);
    }
    assert_true(pages_touched(buffers) <= COUNT / 4);
    io_cancel(io, &received.io);
    assert_int_equal(finish(io, &received), STATUS_CANCELLED);
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    io_end(io);
}

struct hoarder {
    struct completion io;
    uint16_t taken[2 * COUNT];
    unsigned count;
    size_t size;
    bool busy;
};

static void hoard(struct completion *completion)
{
    struct hoarder *hoarder = container_of(completion, struct hoarder, io);
    if (completion->status == STATUS_BUSY) {
        hoarder->busy = true;
        assert_false(completion->more);
        return;
    }
    if (completion->status == STATUS_CANCELLED) return;
    assert_int_equal(completion->status, STATUS_OK);
    assert_true(hoarder->count < COUNT);
    for (unsigned i = 0; i < hoarder->count; i++) assert_int_not_equal(hoarder->taken[i], completion->buffer_index);
    hoarder->taken[hoarder->count++] = completion->buffer_index;
    hoarder->size += (size_t)completion->result;
}

static void all_buffers_can_be_out_and_then_a_receive_is_busy(void **state)
{
    (void)state;
    for (unsigned many = 0; many < 2; many++) {
        struct io *io = ring_open_sized(64, 1024, SIZE, COUNT);
        int pair[2];
        connected_pair(io, pair);
        struct hoarder hoarder = { .io.resume = hoard };
        size_t total = (size_t)SIZE * (COUNT + 20);
        uint8_t *bytes = calloc(1, total);
        struct iovec part = { bytes, total };
        struct operation sent = OPERATION;
        io_send(io, &sent.io, pair[1], &part, 1, 0);
        for (int i = 0; i < 1000 && !hoarder.busy; i++) {
            if (!hoarder.io.submitted) io_receive(io, &hoarder.io, pair[0], many ? IO_MANY : 0);
            io_turn(io, io->now_ns + 10 * MS);
        }
        assert_true(hoarder.busy);
        assert_int_equal(hoarder.count, uring_of(io)->buffers.count);

        while (hoarder.count > 0) io_buffer_give(io, hoarder.taken[--hoarder.count]);
        while (hoarder.size < total) { /* Nothing was lost. */
            if (!hoarder.io.submitted) io_receive(io, &hoarder.io, pair[0], many ? IO_MANY : 0);
            io_turn(io, io->now_ns + 10 * MS);
            while (hoarder.count > 0) io_buffer_give(io, hoarder.taken[--hoarder.count]);
        }
        assert_int_equal(finish(io, &sent), STATUS_OK);
        io_cancel(io, &hoarder.io);
        while (hoarder.io.submitted) io_turn(io, io->now_ns + 10 * MS);
        close_now(io, pair[0]);
        close_now(io, pair[1]);
        free(bytes);
        io_end(io);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_receives_touch_no_buffer_and_few_in_use_touch_few),
        cmocka_unit_test(all_buffers_can_be_out_and_then_a_receive_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
