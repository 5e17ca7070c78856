/* tests/unit/net/conn/face_test.c   The beginning and the end of a shard's net floor, and what it says on the way. */
#include "door_client.h"
#include "door_frames.h"

#include "base/sink.h"
#include "base/trace.h"

static struct doors doors;
static uint8_t frame[4096], answer[4096];

static struct memory_sink said;
static struct trace trace;

static void open_traced(void)
{
    doors_make(&doors, 4 << 20);
    memory_sink_init(&said, &doors.shard.heap, 1 << 16);
    trace = (struct trace){ .sink = &said.sink, .least = TRACE_INFO };
    struct face_settings settings = doors_settings(&doors);
    settings.trace = &trace;
    doors_open(&doors, &settings);
}

static bool said_somewhere(const char *what)
{
    struct text text = memory_sink_text(&said);
    return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

static uint32_t lines_said(void)
{
    struct text text = memory_sink_text(&said);
    uint32_t count = 0;
    for (size_t i = 0; i < text.size; i++) count += text.data[i] == '\n';
    return count;
}

static void an_empty_face_ends_at_once(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    assert_ptr_equal(doors.shard.face, doors.face);
    face_close(doors.face, &doors.on_closed);
    doors_turns(&doors, 5);
    assert_true(doors.closed);
    assert_int_equal(doors.face->stage, FACE_CLOSED);
    assert_false(timer_pending(&doors.face->patience));
    doors_end(&doors);
    assert_null(doors.shard.face);
}

static void what_was_asked_before_the_end_is_answered(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors), idle = door_connect(&doors);

    door_send(&doors, client, frame, frame_fetch(frame, 8));
    doors_turns(&doors, 3);
    face_close(doors.face, &doors.on_closed);
    assert_true(door_closed_by_us(&doors, idle));
    assert_int_equal(doors.calls.given_up_count, 1); /* It is told that it should finish soon. */
    assert_false(doors.closed);
    door_let_go(&doors.calls, 0, 100);
    doors.calls.waiting_count = 0;
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 8);
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_STOPPING), 2);
    close(client);
    close(idle);
    doors_end(&doors);
}

/* A client that reads nothing may not hold up the end. */
static void patience_ends_after_some_seconds(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 30; i++) size += frame_fetch(frame + size, i);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 3);
    for (uint32_t i = 0; i < 30; i++) door_let_go(&doors.calls, i, DOOR_EXTENT_SIZE);
    doors.calls.waiting_count = 0;
    face_close(doors.face, &doors.on_closed);
    doors.ahead_ns = INT64_C(4900000000);
    doors_turns(&doors, 10);
    assert_false(doors.closed);
    doors.ahead_ns = INT64_C(5100000000);
    doors_turns(&doors, 10);
    assert_true(doors.closed);
    assert_int_equal(doors.calls.sent_count, 30); /* Their pins came home all the same. */
    close(client);
    doors_end(&doors);
}

static void nobody_is_taken_while_it_closes(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors), ends[2];

    door_send(&doors, client, frame, frame_fetch(frame, 8));
    doors_turns(&doors, 3);
    face_close(doors.face, &doors.on_closed);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(connection_open(&doors.face->listeners[0], ends[1]), REFUSAL_SHARD_FULL);
    doors_turns(&doors, 3);
    assert_int_equal(recv(ends[0], answer, 1, MSG_DONTWAIT), 0); /* Closed, not forgotten. */
    close(ends[0]);
    close(client);
    doors_end(&doors);
}

static void a_full_shard_closes_who_comes(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.connections_max = 1;
    doors_open(&doors, &settings);
    int client = door_connect(&doors), ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(connection_open(&doors.face->listeners[0], ends[1]), REFUSAL_SHARD_FULL);
    doors_turns(&doors, 3);
    assert_int_equal(recv(ends[0], answer, 1, MSG_DONTWAIT), 0);
    close(ends[0]);
    close(client);
    doors_end(&doors);
}

/* Who floods us with bad frames gets one line, with who he is; the rest is counted. */
static void complaints_are_one_line_for_many(void **state)
{
    (void)state;
    open_traced();
    for (int i = 0; i < 20; i++) {
        int client = door_connect(&doors);
        store_i32(frame, -1);
        door_send(&doors, client, frame, 4);
        assert_true(door_closed_by_us(&doors, client));
        close(client);
    }
    assert_int_equal(doors_counted(&doors, CONN_METRIC_FRAMES_REFUSED, FRAME_LENGTH), 20);
    assert_in_range(lines_said(), 1, 2);
    assert_true(said_somewhere("WARN bad frame: its length can't be (client ::ffff:127.0.0.1:"));
    memory_sink_end(&said);
    doors.face->settings.trace = NULL;
    doors_end(&doors);
}

static void a_complaint_may_be_about_nobody(void **state)
{
    (void)state;
    open_traced();
    face_complain(doors.face, NULL, "accept failed", "no files");
    assert_true(said_somewhere("WARN accept failed: no files (net)\n"));
    memory_sink_end(&said);
    doors.face->settings.trace = NULL; /* Nobody listens. */
    face_complain(doors.face, NULL, "accept failed", "no files");
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_face_ends_at_once),       cmocka_unit_test(what_was_asked_before_the_end_is_answered),
        cmocka_unit_test(patience_ends_after_some_seconds), cmocka_unit_test(nobody_is_taken_while_it_closes),
        cmocka_unit_test(a_full_shard_closes_who_comes),    cmocka_unit_test(complaints_are_one_line_for_many),
        cmocka_unit_test(a_complaint_may_be_about_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
