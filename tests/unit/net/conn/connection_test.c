/* tests/unit/net/conn/connection_test.c   The life of a connection: who it is, how it ends, what it waits for before it
 * is freed. */
#include "door_client.h"
#include "door_frames.h"

enum { NS_PER_S = 1000000000 };

static struct doors doors;
static uint8_t frame[4 << 20], answer[4 << 20];

static void answers_a_request(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_api_versions(frame, 0, 77));
    assert_int_equal(door_answer(&doors, client, answer, sizeof(answer)), 10);
    assert_int_equal(load_i32(answer), 77);
    close(client);
    doors_turns(&doors, 5);
    assert_true(list_empty(&doors.face->connections));
    doors_end(&doors);
}

static void a_client_is_known_by_address_and_port(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    struct sockaddr_in name;
    socklen_t size = sizeof(name);

    assert_int_equal(getsockname(client, (struct sockaddr *)&name, &size), 0);
    const struct connection *connection = doors_connection(&doors);
    assert_true(IN6_IS_ADDR_V4MAPPED(&connection->peer));
    assert_memory_equal(&connection->peer.s6_addr[12], &name.sin_addr, 4);
    assert_int_equal(connection->peer_port, ntohs(name.sin_port));
    assert_true(connection->copies); /* Loopback: the kernel would copy anyway. */
    close(client);
    doors_end(&doors);
}

static void a_request_before_the_end_is_answered(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_fetch(frame, 8));
    shutdown(client, SHUT_WR);
    doors_turns(&doors, 5);
    door_let_go(&doors.calls, 0, 0);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 8);
    assert_true(door_closed_by_us(&doors, client));
    doors.calls.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void a_dead_connection_waits_for_its_requests(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 1);
    struct linger hard = { 1, 0 };

    setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(client);
    doors_turns(&doors, 10);
    assert_false(list_empty(&doors.face->connections));
    door_let_go(&doors.calls, 0, 1000);
    doors_turns(&doors, 5);
    assert_true(list_empty(&doors.face->connections));
    assert_int_equal(doors.calls.sent_count, 1);
    doors.calls.waiting_count = 0;
    doors_end(&doors);
}

/* Who waits for long is told that nobody listens any more. */
static void requests_of_a_dead_connection_are_told_to_give_up(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 2);

    door_let_go(&doors.calls, 1, 0);
    doors_turns(&doors, 3);
    assert_int_equal(doors.calls.given_up_count, 0);
    close(client);
    doors_turns(&doors, 10);
    assert_int_equal(doors.calls.given_up_count, 1); /* Not the one that is answered. */
    door_let_go(&doors.calls, 0, 0);
    doors.calls.waiting_count = 0;
    doors_turns(&doors, 5);
    assert_true(list_empty(&doors.face->connections));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_CLIENT), 1);
    doors_end(&doors);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    doors_connection(&doors)->active_ns += INT64_C(10) * NS_PER_S; /* Its last request was later than its beginning. */
    doors.ahead_ns = INT64_C(605) * NS_PER_S;
    assert_int_equal(door_receive(&doors, client, answer, 1, 3), -1);
    doors.ahead_ns = INT64_C(611) * NS_PER_S;
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_IDLE), 1);
    doors_turns(&doors, 3);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_OPEN, 0), 0);
    close(client);
    doors_end(&doors);
}

static void a_request_under_way_is_not_idleness(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 1);

    doors.ahead_ns = INT64_C(3600) * NS_PER_S;
    assert_int_equal(door_receive(&doors, client, answer, 1, 5), -1);
    door_let_go(&doors.calls, 0, 0);
    doors.calls.waiting_count = 0;
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    close(client);
    doors_end(&doors);
}

static void who_got_no_answer_is_idle_from_then_on(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 1);

    doors.ahead_ns = INT64_C(605) * NS_PER_S; /* The time passes while the request is under way. */
    assert_int_equal(door_receive(&doors, client, answer, 1, 5), -1);
    request_silence(doors.calls.waiting[0]);
    doors.calls.waiting_count = 0;
    doors_turns(&doors, 3);
    doors.ahead_ns += INT64_C(605) * NS_PER_S;
    assert_true(door_closed_by_us(&doors, client));
    close(client);
    doors_end(&doors);
}

/* -1, or as long as can be said. */
static void nobody_is_idle_where_there_is_no_limit(void **state)
{
    (void)state;
    static const int64_t limits[] = { -1, INT64_MAX };

    for (size_t i = 0; i < array_count(limits); i++) {
        doors_make(&doors, 4 << 20);
        struct face_settings settings = doors_settings(&doors);
        settings.idle_ms = limits[i];
        doors_open(&doors, &settings);
        int client = door_connect(&doors);

        doors.ahead_ns = INT64_C(1000000) * NS_PER_S;
        assert_int_equal(door_receive(&doors, client, answer, 1, 5), -1);
        close(client);
        doors_end(&doors);
    }
}

/* Room is what both the shard and the node have left. */
static void room_is_the_smaller_of_two(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.connections_max = 3;
    doors_open(&doors, &settings);
    int client = door_connect(&doors);

    assert_int_equal(connection_room(doors.face), 2);
    admission_change(&doors.admission, 2, UINT32_MAX);
    assert_int_equal(connection_room(doors.face), 1);
    admission_change(&doors.admission, 0, UINT32_MAX); /* Below what is there: it stays, nobody comes. */
    assert_int_equal(connection_room(doors.face), 0);
    close(client);
    doors_end(&doors);
}

static void a_reader_that_never_reads_holds_a_bounded_number_of_answers(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 40; i++) size += frame_fetch(frame + size, i);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 5);
    assert_int_equal(doors.calls.begun_count, 40);
    for (uint32_t i = 0; i < 40; i++) door_let_go(&doors.calls, i, DOOR_EXTENT_SIZE);
    doors.calls.waiting_count = 0;
    doors_turns(&doors, 10);
    door_send(&doors, client, frame, frame_fetch(frame, 99));
    doors_turns(&doors, 10);
    assert_int_equal(doors.calls.begun_count, 40); /* Nothing more is taken from one who owes us his ears. */

    struct connection *connection = doors_connection(&doors);
    connection->send_deadline_ns = doors.io->now_ns;
    connection->timer.deadline_ns = 0;
    timer_set(&doors.shard.timers, &connection->timer, doors.io->now_ns);
    doors_turns(&doors, 20);
    assert_true(list_empty(&doors.face->connections));
    assert_int_equal(doors.calls.sent_count, 40);
    close(client);
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_request),
        cmocka_unit_test(a_client_is_known_by_address_and_port),
        cmocka_unit_test(a_request_before_the_end_is_answered),
        cmocka_unit_test(a_dead_connection_waits_for_its_requests),
        cmocka_unit_test(requests_of_a_dead_connection_are_told_to_give_up),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(a_request_under_way_is_not_idleness),
        cmocka_unit_test(who_got_no_answer_is_idle_from_then_on),
        cmocka_unit_test(nobody_is_idle_where_there_is_no_limit),
        cmocka_unit_test(room_is_the_smaller_of_two),
        cmocka_unit_test(a_reader_that_never_reads_holds_a_bounded_number_of_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
