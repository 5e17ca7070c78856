/* Operations: whole or failed, each resumes as often as it must and never after its end. Sockets on loopback, files in
 * the working directory (of the build, on a real file system). */
#include "ring.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#define BULK ((size_t)16 << 20) /* more than the buffers of a connection may grow to */

static void write_and_read_back(int file_flags, uint8_t write_flags)
{
    struct io *io = ring_open();
    int file = scratch(file_flags);
    uint8_t *data = pattern(3 * PAGE, 1), *back = aligned_alloc(PAGE, 3 * PAGE);
    struct iovec parts[2] = { { data, PAGE }, { data + PAGE, 2 * PAGE } };
    struct operation written = OPERATION, read = OPERATION;

    io_write(io, &written.io, file, parts, 2, PAGE, write_flags);
    assert_int_equal(finish(io, &written), STATUS_OK);
    io_read(io, &read.io, file, back, 3 * PAGE, PAGE);
    assert_int_equal(finish(io, &read), STATUS_OK);
    assert_memory_equal(data, back, 3 * PAGE);
    assert_int_equal(read.io.result, 0);

    struct iovec single = { data, PAGE };
    written = read = OPERATION;
    io_write(io, &written.io, file, &single, 1, 0, write_flags);
    assert_int_equal(finish(io, &written), STATUS_OK);
    io_read(io, &read.io, file, back, PAGE, 0);
    assert_int_equal(finish(io, &read), STATUS_OK);
    assert_memory_equal(data, back, PAGE);
    close_now(io, file);
    free(data);
    free(back);
    io_end(io);
}

static void what_was_written_is_read_back_in_every_way(void **state)
{
    (void)state;
    write_and_read_back(0, 0);
    write_and_read_back(0, IO_DURABLE);
    write_and_read_back(FILES_DIRECT, 0);
    write_and_read_back(FILES_DIRECT, IO_DURABLE);
    write_and_read_back(FILES_DIRECT, IO_DURABLE | IO_FLUSH);
    write_and_read_back(0, IO_DURABLE | IO_FLUSH);
}

static void a_read_behind_the_end_is_truncated(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int file = scratch(0);
    uint8_t data[100] = { 7 };
    assert_int_equal(files_write(files_kernel(), file, data, 60, 0, 0), STATUS_OK);
    struct operation read = OPERATION;
    io_read(io, &read.io, file, data, 100, 0);
    assert_int_equal(finish(io, &read), STATUS_TRUNCATED);
    close_now(io, file);
    io_end(io);
}

static void a_write_of_more_parts_than_the_kernel_takes_is_whole(void **state)
{
    (void)state;
    const uint32_t part_count = 3000;
    const size_t size = part_count * (size_t)8;
    struct io *io = ring_open();
    int file = scratch(0);
    uint8_t *data = pattern(size, 2), *back = malloc(size);
    struct iovec *parts = calloc(part_count, sizeof *parts);
    for (unsigned flags = 0; flags < 2; flags++) {
        struct operation written = OPERATION, read = OPERATION;
        for (size_t i = 0; i < part_count; i++) parts[i] = (struct iovec){ data + i * 8, 8 };
        io_write(io, &written.io, file, parts, part_count, flags, flags ? IO_DURABLE | IO_FLUSH : 0);
        assert_int_equal(finish(io, &written), STATUS_OK);
        io_read(io, &read.io, file, back, size, flags);
        assert_int_equal(finish(io, &read), STATUS_OK);
        assert_memory_equal(data, back, size);
    }
    close_now(io, file);
    free(parts);
    free(data);
    free(back);
    io_end(io);
}

static void a_write_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    struct io *io = ring_open();
    uint8_t byte = 1;
    int file;
    assert_int_equal(files_open(files_kernel(), FILES_HERE, "/proc/self/exe", FILES_READ, &file), STATUS_OK);
    for (unsigned flags = 0; flags < 2; flags++) {
        struct iovec part = { &byte, 1 };
        struct operation written = OPERATION;
        io_write(io, &written.io, file, &part, 1, 0, flags ? IO_DURABLE | IO_FLUSH : IO_DURABLE);
        assert_int_equal(finish(io, &written), STATUS_INVALID); /* EBADF: not open for writing. */
    }
    close_now(io, file);
    io_end(io);
}

static void a_connection_carries_bytes_both_ways(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    for (int side = 0; side < 2; side++) {
        int no_delay = 0;
        socklen_t size = sizeof no_delay;
        assert_int_equal(getsockopt(pair[side], IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
        assert_true(no_delay);

        struct operation sent = OPERATION, received = OPERATION;
        struct iovec part = { "hello", 5 };
        io_receive(io, &received.io, pair[1 - side], 0);
        io_send(io, &sent.io, pair[side], &part, 1, 0);
        assert_int_equal(finish(io, &sent), STATUS_OK);
        assert_int_equal(finish(io, &received), STATUS_OK);
        assert_int_equal(received.io.result, 5);
        assert_memory_equal(received.io.buffer, "hello", 5);
        io_buffer_give(io, received.io.buffer_index);
    }
    struct sockaddr_storage ours, theirs;
    assert_int_equal(io_name(io, pair[0], true, &theirs), STATUS_OK);
    assert_int_equal(io_name(io, pair[1], false, &ours), STATUS_OK);
    assert_memory_equal(&ours, &theirs, sizeof(struct sockaddr_in));
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    io_end(io);
}

/* Far more than the socket buffers hold, so that both ends are continued. */
static void bulk_is_sent_and_received_whole(uint8_t flags, unsigned part_count)
{
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    uint8_t *data = pattern(BULK, 3), *back = malloc(BULK);
    struct iovec *parts = calloc(part_count, sizeof *parts);
    size_t each = BULK / part_count;
    for (unsigned i = 0; i < part_count; i++)
        parts[i] = (struct iovec){ data + i * each, i + 1 < part_count ? each : BULK - i * each };

    struct operation sent = OPERATION, received = OPERATION;
    io_send(io, &sent.io, pair[0], parts, part_count, flags);
    for (int i = 0; i < 10; i++) io_turn(io, io->now_ns + MS); /* Fills the socket and stands. */
    assert_false(sent.done);
    io_receive_exact(io, &received.io, pair[1], back, BULK);
    assert_int_equal(finish(io, &received), STATUS_OK);
    assert_int_equal(finish(io, &sent), STATUS_OK);
    assert_memory_equal(data, back, BULK);
    bool large = (flags & IO_ZERO_COPY) != 0 && each >= IO_ZERO_COPY_PART_MIN;
    assert_int_equal(sent.io.copied, large); /* Loopback always copies, and says so. */
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    free(parts);
    free(data);
    free(back);
    io_end(io);
}

static void bulk_is_whole(void **state)
{
    (void)state;
    bulk_is_sent_and_received_whole(0, 1);
    bulk_is_sent_and_received_whole(0, 7);
    bulk_is_sent_and_received_whole(0, 5000); /* More than IOV_MAX. */
}

static void bulk_is_whole_without_a_copy(void **state)
{
    (void)state;
    bulk_is_sent_and_received_whole(IO_ZERO_COPY, 1);
    bulk_is_sent_and_received_whole(IO_ZERO_COPY, 7);
    bulk_is_sent_and_received_whole(IO_ZERO_COPY, 5000);
}

static void a_zero_copy_send_from_enrolled_memory_is_whole(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    uint8_t *data = pattern(64 * PAGE, 4), *back = malloc(64 * PAGE);
    enroll_or_skip(io, data, 64 * PAGE);
    struct iovec part = { data, 64 * PAGE };
    struct operation sent = OPERATION, received = OPERATION;
    io_receive_exact(io, &received.io, pair[1], back, 64 * PAGE);
    io_send(io, &sent.io, pair[0], &part, 1, IO_ZERO_COPY);
    assert_int_equal(finish(io, &received), STATUS_OK);
    assert_int_equal(finish(io, &sent), STATUS_OK);
    assert_memory_equal(data, back, 64 * PAGE);
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    free(back);
    io_end(io);
    free(data);
}

/* Small parts between large ones, enrolled and not: in order, whatever way each goes. */
static void a_zero_copy_send_of_mixed_parts_is_whole(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    uint8_t *data = pattern(BULK, 6), *back = malloc(BULK);
    enroll_or_skip(io, data, BULK / 2);
    static const size_t sizes[] = { 10, 700000, 3, 5000, 16384, 16383, 1, 1500000, 900000, 20000, 7 };
    struct iovec parts[array_count(sizes)];
    size_t size = 0;
    for (size_t i = 0; i < array_count(sizes); size += sizes[i++]) parts[i] = (struct iovec){ data + size, sizes[i] };
    struct operation sent = OPERATION, received = OPERATION;
    io_receive_exact(io, &received.io, pair[1], back, size);
    io_send(io, &sent.io, pair[0], parts, array_count(sizes), IO_ZERO_COPY);
    assert_int_equal(finish(io, &received), STATUS_OK);
    assert_int_equal(finish(io, &sent), STATUS_OK);
    assert_true(sent.events <= 2);
    assert_memory_equal(data, back, size);
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    free(back);
    io_end(io);
    free(data);
}

/* The peer's window takes it all at once, and nobody there reads: the kernel holds what it was lent until the bytes are
 * read or the connection ends, and the socket carries on meanwhile. */
static void the_next_send_need_not_wait_for_the_kernel_to_let_go(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    uint8_t *data = pattern(32 * PAGE, 9), back[33 * PAGE];
    struct iovec first = { data, 32 * PAGE }, next = { data, PAGE };
    struct operation held = OPERATION, sent = OPERATION, received = OPERATION;

    io_send(io, &held.io, pair[0], &first, 1, IO_ZERO_COPY);
    await_events(io, &held, 1);
    assert_int_equal(held.io.status, STATUS_OK);
    io_send(io, &sent.io, pair[0], &next, 1, 0);
    assert_int_equal(finish(io, &sent), STATUS_OK);
    io_receive_exact(io, &received.io, pair[1], back, sizeof back);
    assert_int_equal(finish(io, &received), STATUS_OK);
    assert_int_equal(finish(io, &held), STATUS_OK);
    assert_true(held.events <= 2);
    assert_memory_equal(back, data, 32 * PAGE);
    assert_memory_equal(back + 32 * PAGE, data, PAGE);
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    free(data);
    io_end(io);
}

static void a_zero_copy_send_to_a_closed_peer_fails_once(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    close_now(io, pair[1]);
    uint8_t *data = pattern(BULK, 5);
    struct iovec part = { data, BULK };
    struct operation sent = OPERATION;
    io_send(io, &sent.io, pair[0], &part, 1, IO_ZERO_COPY);
    assert_int_equal(finish(io, &sent), STATUS_CLOSED);
    close_now(io, pair[0]);
    free(data);
    io_end(io);
}

/* The peer reads nothing, so the kernel would hold the memory until it gives the connection up, minutes after the
 * close. */
static void a_cancelled_zero_copy_send_lets_go_of_its_memory_at_once(void **state)
{
    (void)state;
    struct io *io = ring_open();
    for (int whole = 0; whole < 2; whole++) {
        int pair[2];
        connected_pair(io, pair);
        uint8_t *data = pattern(BULK, 8);
        struct iovec part = { data, whole ? 100 * PAGE : BULK };
        struct operation sent = OPERATION;
        io_send(io, &sent.io, pair[0], &part, 1, IO_ZERO_COPY);
        for (int i = 0; i < 10; i++) io_turn(io, io->now_ns + MS);
        int64_t start_ns = io->now_ns;
        io_cancel(io, &sent.io);
        (void)finish(io, &sent);
        assert_true(io->now_ns - start_ns < 1000 * MS);
        close_now(io, pair[0]);
        close_now(io, pair[1]);
        free(data);
    }
    io_end(io);
}

static void a_send_to_a_closed_peer_fails_without_a_signal(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    close_now(io, pair[1]);
    uint8_t *data = pattern(BULK, 5);
    struct iovec part = { data, BULK };
    struct operation sent = OPERATION;
    io_send(io, &sent.io, pair[0], &part, 1, 0);
    assert_int_equal(finish(io, &sent), STATUS_CLOSED);
    close_now(io, pair[0]);
    free(data);
    io_end(io);
}

static void a_receive_learns_that_the_peer_has_finished(void **state)
{
    (void)state;
    struct io *io = ring_open();
    for (unsigned many = 0; many < 2; many++) {
        int pair[2];
        connected_pair(io, pair);
        struct operation received = OPERATION, exact = OPERATION;
        uint8_t bytes[8];
        io_receive(io, &received.io, pair[0], many ? IO_MANY : 0);
        io_turn(io, 0);
        close_now(io, pair[1]);
        assert_int_equal(finish(io, &received), STATUS_CLOSED);
        assert_int_equal(received.events, 1);
        io_receive_exact(io, &exact.io, pair[0], bytes, sizeof bytes);
        assert_int_equal(finish(io, &exact), STATUS_CLOSED);
        close_now(io, pair[0]);
    }
    io_end(io);
}

static void an_exact_receive_that_gets_only_a_part_is_closed(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    struct operation sent = OPERATION, exact = OPERATION;
    struct iovec part = { "abc", 3 };
    uint8_t bytes[8];
    io_receive_exact(io, &exact.io, pair[0], bytes, sizeof bytes);
    io_send(io, &sent.io, pair[1], &part, 1, 0);
    assert_int_equal(finish(io, &sent), STATUS_OK);
    assert_false(exact.done);
    close_now(io, pair[1]);
    assert_int_equal(finish(io, &exact), STATUS_CLOSED);
    close_now(io, pair[0]);
    io_end(io);
}

static void many_receives_are_one_operation(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    struct operation received = OPERATION;
    io_receive(io, &received.io, pair[0], IO_MANY);
    for (unsigned i = 1; i <= 20; i++) {
        struct operation sent = OPERATION;
        uint8_t bytes[20] = { 0 };
        struct iovec part = { bytes, i };
        io_send(io, &sent.io, pair[1], &part, 1, 0);
        assert_int_equal(finish(io, &sent), STATUS_OK);
        await_events(io, &received, i);
        assert_int_equal(received.io.result, i);
        assert_true(received.io.more);
        io_buffer_give(io, received.io.buffer_index);
    }
    io_cancel(io, &received.io);
    assert_int_equal(finish(io, &received), STATUS_CANCELLED);
    assert_int_equal(received.events, 21);
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    io_end(io);
}

static void many_accepts_are_one_operation(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct sockaddr_storage address;
    int listener = listen_here(io, &address);
    struct operation accepted = OPERATION;
    io_accept(io, &accepted.io, listener, IO_MANY);
    for (unsigned i = 0; i < 10; i++) {
        struct operation connected = OPERATION;
        io_connect(io, &connected.io, &address);
        assert_int_equal(finish(io, &connected), STATUS_OK);
        await_events(io, &accepted, i + 1);
        close_now(io, (int)accepted.results[i]);
        close_now(io, (int)connected.io.result);
    }
    io_cancel(io, &accepted.io);
    io_cancel(io, &accepted.io); /* Twice is once. */
    assert_int_equal(finish(io, &accepted), STATUS_CANCELLED);
    close_now(io, listener);
    io_end(io);
}

static void a_connection_that_is_refused_is_closed(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct sockaddr_storage address;
    int listener = listen_here(io, &address);
    close_now(io, listener);
    struct operation connected = OPERATION;
    io_connect(io, &connected.io, &address);
    assert_int_equal(finish(io, &connected), STATUS_CLOSED);
    address.ss_family = AF_UNIX + 1000; /* No socket of this kind can be made at all. */
    connected = OPERATION;
    io_connect(io, &connected.io, &address);
    assert_false(connected.done);
    assert_int_equal(finish(io, &connected), STATUS_UNSUPPORTED);
    io_end(io);
}

static void every_waiting_operation_can_be_cancelled(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    uint8_t bytes[8], *data = pattern(BULK, 6);
    struct iovec part = { data, BULK };
    struct operation receive = OPERATION, exact = OPERATION, sent = OPERATION;

    io_receive(io, &receive.io, pair[0], 0);
    io_cancel(io, &receive.io); /* Before it was even submitted. */
    assert_int_equal(finish(io, &receive), STATUS_CANCELLED);
    io_receive_exact(io, &exact.io, pair[0], bytes, sizeof bytes);
    io_turn(io, 0);
    io_cancel(io, &exact.io);
    assert_int_equal(finish(io, &exact), STATUS_CANCELLED);
    io_send(io, &sent.io, pair[0], &part, 1, 0); /* Nobody reads: it has sent a part when the cancel comes. */
    for (int i = 0; i < 10; i++) io_turn(io, io->now_ns + MS);
    io_cancel(io, &sent.io);
    assert_int_equal(finish(io, &sent), STATUS_CANCELLED);
    assert_true(part.iov_len < BULK);
    io_cancel(io, &sent.io); /* After the end: nothing. */
    close_now(io, pair[0]);
    close_now(io, pair[1]);
    free(data);
    io_end(io);
}

static void a_close_ends_what_still_waits_on_the_socket(void **state)
{
    (void)state;
    struct io *io = ring_open();
    int pair[2];
    connected_pair(io, pair);
    struct operation receive = OPERATION;
    io_receive(io, &receive.io, pair[0], IO_MANY);
    io_turn(io, 0);
    io_cancel(io, &receive.io);
    close_now(io, pair[0]);
    assert_int_not_equal(finish(io, &receive), STATUS_OK);
    close_now(io, pair[1]);
    io_end(io);
}

/* A completion queue of 16 and fifty connections: the kernel stops multishot operations when the queue is full, and we
 * arm them again. */
static void many_events_at_once_are_not_lost(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    struct io *io = ring_open_sized(8, 16, 4096, 64), *other = ring_open_sized(256, 1024, 4096, 64);
    struct sockaddr_storage address;
    int listener = listen_here(io, &address);
    struct operation accepted = OPERATION, connected[COUNT], received[COUNT], sent[COUNT];
    struct iovec parts[COUNT];
    io_accept(io, &accepted.io, listener, IO_MANY);
    io_turn(io, 0);
    for (unsigned i = 0; i < COUNT; i++) {
        connected[i] = OPERATION;
        io_connect(other, &connected[i].io, &address);
    }
    for (unsigned i = 0; i < COUNT; i++) assert_int_equal(finish(other, &connected[i]), STATUS_OK);
    await_events(io, &accepted, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        received[i] = OPERATION;
        io_receive(io, &received[i].io, (int)accepted.results[i], IO_MANY);
    }
    io_turn(io, 0);
    for (unsigned round = 1; round <= 5; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            sent[i] = OPERATION;
            parts[i] = (struct iovec){ "x", 1 };
            io_send(other, &sent[i].io, (int)connected[i].io.result, &parts[i], 1, 0);
        }
        for (unsigned i = 0; i < COUNT; i++) assert_int_equal(finish(other, &sent[i]), STATUS_OK);
        for (unsigned i = 0; i < COUNT; i++) {
            await_events(io, &received[i], round);
            assert_int_equal(received[i].io.status, STATUS_OK);
            io_buffer_give(io, received[i].io.buffer_index);
        }
    }
    for (unsigned i = 0; i < COUNT; i++) {
        close_now(other, (int)connected[i].io.result);
        assert_int_equal(finish(io, &received[i]), STATUS_CLOSED);
        close_now(io, (int)accepted.results[i]);
    }
    io_cancel(io, &accepted.io);
    assert_int_equal(finish(io, &accepted), STATUS_CANCELLED);
    close_now(io, listener);
    io_end(io);
    io_end(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back_in_every_way),
        cmocka_unit_test(a_read_behind_the_end_is_truncated),
        cmocka_unit_test(a_write_of_more_parts_than_the_kernel_takes_is_whole),
        cmocka_unit_test(a_write_that_cannot_be_is_an_error),
        cmocka_unit_test(a_connection_carries_bytes_both_ways),
        cmocka_unit_test(bulk_is_whole),
        cmocka_unit_test(bulk_is_whole_without_a_copy),
        cmocka_unit_test(a_zero_copy_send_from_enrolled_memory_is_whole),
        cmocka_unit_test(a_zero_copy_send_of_mixed_parts_is_whole),
        cmocka_unit_test(the_next_send_need_not_wait_for_the_kernel_to_let_go),
        cmocka_unit_test(a_zero_copy_send_to_a_closed_peer_fails_once),
        cmocka_unit_test(a_cancelled_zero_copy_send_lets_go_of_its_memory_at_once),
        cmocka_unit_test(a_send_to_a_closed_peer_fails_without_a_signal),
        cmocka_unit_test(a_receive_learns_that_the_peer_has_finished),
        cmocka_unit_test(an_exact_receive_that_gets_only_a_part_is_closed),
        cmocka_unit_test(many_receives_are_one_operation),
        cmocka_unit_test(many_accepts_are_one_operation),
        cmocka_unit_test(a_connection_that_is_refused_is_closed),
        cmocka_unit_test(every_waiting_operation_can_be_cancelled),
        cmocka_unit_test(a_close_ends_what_still_waits_on_the_socket),
        cmocka_unit_test(many_events_at_once_are_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
