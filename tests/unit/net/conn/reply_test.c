/* Sending over a kernel of the test's own: what is sent is noted, and the test says when the socket has taken it, when
 * the kernel has let go of its memory, and whether it copied. Everything else is the real ring. */
#include "door_client.h"
#include "door_frames.h"

enum { SENDS_MAX = 16, LARGE = 100000, SMALL = 1000 };

static struct lender {
    struct {
        struct completion *io;
        uint8_t flags;
        bool cancelled;
    } sends[SENDS_MAX];
    uint32_t count;
} lender;

static struct doors doors;
static uint8_t frames[4096];

static void lender_send(struct io *io, struct completion *completion)
{
    (void)io;
    assert_true(lender.count < SENDS_MAX);
    lender.sends[lender.count].io = completion;
    lender.sends[lender.count].cancelled = false;
    lender.sends[lender.count++].flags = completion->flags;
}

static void lender_cancel(struct io *io, struct completion *completion)
{
    for (uint32_t i = 0; i < lender.count; i++) {
        if (lender.sends[i].io != completion) continue;
        lender.sends[i].cancelled = true;
        return;
    }
    doors.ring->cancel(io, completion);
}

/* The socket has taken the whole of a send; the kernel holds its memory. */
static void taken(uint32_t index)
{
    struct completion *io = lender.sends[index].io;
    assert_true(io->submitted);
    io->more = true;
    io->resume(io);
}

static void let_go(uint32_t index, enum status status, bool copied)
{
    struct completion *io = lender.sends[index].io;
    assert_true(io->submitted);
    lender.sends[index].io = NULL;
    io->submitted = io->more = false;
    io->status = status;
    io->copied = copied;
    doors.io->in_flight--;
    io->resume(io);
}

static int open_lending(enum face_zero_copy zero_copy)
{
    doors_make(&doors, 16 << 20);
    lender = (struct lender){ 0 };
    doors.engine.send = lender_send;
    doors.engine.cancel = lender_cancel;
    struct face_settings settings = doors_settings(&doors);
    settings.zero_copy = (uint8_t)zero_copy;
    doors_open(&doors, &settings);
    return door_connect(&doors);
}

static void end(int client)
{
    close(client);
    doors.calls.waiting_count = 0;
    doors_turns(&doors, 5);
    assert_true(list_empty(&doors.face->connections));
    doors_end(&doors);
}

/* Requests that wait, to be let go one by one. */
static void ask(int client, int32_t count)
{
    size_t size = 0;
    for (int32_t i = 0; i < count; i++) size += frame_fetch(frames + size, i);
    door_send(&doors, client, frames, size);
    doors_turns(&doors, 3);
    assert_int_equal(doors.calls.waiting_count, count);
}

static void answer(uint32_t index, uint32_t size)
{
    door_let_go(&doors.calls, index, size);
    doors_turn(&doors);
}

static void the_next_answer_leaves_while_the_kernel_holds_the_last(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 2);
    answer(0, LARGE);
    answer(1, LARGE);
    assert_int_equal(lender.count, 1); /* One send at a time. */
    assert_int_equal(lender.sends[0].flags, IO_ZERO_COPY);
    taken(0);
    assert_int_equal(lender.count, 2);
    assert_int_equal(doors.calls.sent_count, 0); /* The pins stay. */
    assert_true(doors_connection(&doors)->owed > (uint64_t)2 * LARGE);
    taken(1);
    let_go(0, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 1);
    let_go(1, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 2);
    assert_int_equal(doors_connection(&doors)->owed, 0);
    assert_int_equal(doors_connection(&doors)->send_deadline_ns, INT64_MAX);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ZERO_COPY_SENDS, 0), 2);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ZERO_COPY_COPIED, 0), 0);
    end(client);
}

static void notices_may_come_in_any_order(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 3);
    for (uint32_t i = 0; i < 3; i++) {
        answer(i, LARGE);
        taken(i);
    }
    let_go(2, STATUS_OK, false);
    let_go(1, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 0); /* Slots go back from the front. */
    let_go(0, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 3);
    end(client);
}

static void a_notice_may_come_before_the_next_send_is_taken(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 2);
    answer(0, LARGE);
    taken(0);
    answer(1, SMALL);
    assert_int_equal(lender.count, 2);
    assert_int_equal(lender.sends[1].flags, 0); /* Both ways on one socket. */
    let_go(0, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 1);
    let_go(1, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 2);
    end(client);
}

static void the_first_report_of_a_copy_ends_zero_copy_on_its_connection(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 3);
    answer(0, LARGE);
    taken(0);
    answer(1, LARGE);
    taken(1);
    let_go(0, STATUS_OK, true);
    let_go(1, STATUS_OK, true);
    answer(2, LARGE);
    assert_int_equal(lender.sends[2].flags, 0);
    let_go(2, STATUS_OK, false);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_SENDS, 0), 3);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ZERO_COPY_SENDS, 0), 2);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ZERO_COPY_COPIED, 0), 2);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ZERO_COPY_OFF, 0), 1);
    end(client);
}

static void only_some_is_held_and_the_rest_goes_with_a_copy(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 6);
    for (uint32_t i = 0; i < 4; i++) {
        answer(i, LARGE);
        assert_int_equal(lender.sends[i].flags, IO_ZERO_COPY);
        taken(i);
    }
    answer(4, LARGE);
    assert_int_equal(lender.sends[4].flags, 0);
    let_go(4, STATUS_OK, false);
    for (uint32_t i = 0; i < 4; i++) let_go(i, STATUS_OK, false);
    answer(5, LARGE);
    assert_int_equal(lender.sends[5].flags, IO_ZERO_COPY);
    let_go(5, STATUS_OK, false);
    assert_int_equal(doors.calls.sent_count, 6);
    end(client);
}

static void loopback_is_not_asked_unless_it_is_to_be(void **state)
{
    (void)state;
    static const enum face_zero_copy choices[] = { ZERO_COPY_AUTO, ZERO_COPY_NEVER };
    for (size_t i = 0; i < array_count(choices); i++) {
        int client = open_lending(choices[i]);
        ask(client, 1);
        answer(0, LARGE);
        assert_int_equal(lender.sends[0].flags, 0);
        let_go(0, STATUS_OK, false);
        end(client);
    }
}

static void a_connection_ends_only_when_the_kernel_has_let_go(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 2);
    answer(0, LARGE);
    taken(0);
    answer(1, LARGE);
    connection_close(doors_connection(&doors), END_ERROR);
    doors_turns(&doors, 5);
    assert_true(lender.sends[0].cancelled && lender.sends[1].cancelled);
    let_go(1, STATUS_CANCELLED, false);
    doors_turns(&doors, 5);
    assert_int_equal(doors.calls.sent_count, 0);
    assert_false(list_empty(&doors.face->connections));
    let_go(0, STATUS_OK, false);
    doors_turns(&doors, 5);
    assert_int_equal(doors.calls.sent_count, 2);
    end(client);
}

/* The client has finished: what it is owed has left, and the socket is closed when nothing of it is held any more. */
static void a_client_that_finishes_is_waited_for_too(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 1);
    answer(0, LARGE);
    taken(0);
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    doors_turns(&doors, 5);
    assert_int_equal(doors_connection(&doors)->stage, CONNECTION_DRAINING);
    assert_false(lender.sends[0].cancelled);
    let_go(0, STATUS_OK, false);
    doors_turns(&doors, 5);
    end(client);
}

static void who_does_not_acknowledge_is_cut_off(void **state)
{
    (void)state;
    int client = open_lending(ZERO_COPY_ALWAYS);

    ask(client, 1);
    answer(0, LARGE);
    taken(0);
    doors.ahead_ns = INT64_C(30000000000);
    doors_turns(&doors, 3);
    assert_false(lender.sends[0].cancelled);
    doors.ahead_ns = INT64_C(37000000000); /* 30 s, and a second for each 16 KiB. */
    doors_turns(&doors, 3);
    assert_true(lender.sends[0].cancelled);
    let_go(0, STATUS_OK, false);
    doors_turns(&doors, 3);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_SLOW_READER), 1);
    end(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_answer_leaves_while_the_kernel_holds_the_last),
        cmocka_unit_test(notices_may_come_in_any_order),
        cmocka_unit_test(a_notice_may_come_before_the_next_send_is_taken),
        cmocka_unit_test(the_first_report_of_a_copy_ends_zero_copy_on_its_connection),
        cmocka_unit_test(only_some_is_held_and_the_rest_goes_with_a_copy),
        cmocka_unit_test(loopback_is_not_asked_unless_it_is_to_be),
        cmocka_unit_test(a_connection_ends_only_when_the_kernel_has_let_go),
        cmocka_unit_test(a_client_that_finishes_is_waited_for_too),
        cmocka_unit_test(who_does_not_acknowledge_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
