/* tests/unit/net/conn/listener_test.c   Binding, accepting, and the pauses in it: at a limit, at a rate, without
 * files. */
#include "door_client.h"
#include "door_frames.h"

enum { NS_PER_S = 1000000000 };

static struct doors doors;
static uint8_t frame[64], answer[64];

static bool served(int client)
{
    door_send(&doors, client, frame, frame_api_versions(frame, 0, 3));
    return door_answer(&doors, client, answer, sizeof(answer)) > 0;
}

/* Two shards listen on one port: the second is told which the first has got. */
static void shards_share_a_port(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    struct face_listener twice[2] = { doors.listener, doors.listener };
    settings.listeners = twice;
    settings.listener_count = 2;
    assert_int_equal(face_make(&doors.shard, &settings, &doors.face), STATUS_OK);
    uint16_t port = 0;
    assert_int_equal(face_listen(doors.face, 0, &port), STATUS_OK);
    assert_true(port > 0);
    uint16_t again = port;
    assert_int_equal(face_listen(doors.face, 1, &again), STATUS_OK);
    assert_int_equal(again, port);
    assert_int_equal(doors.face->listeners[1].port, port);
    ready_init(&doors.on_closed, doors_closed);
    doors_end(&doors); /* Bound, and never begun. */
}

static void what_can_not_be_bound_is_told(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    struct sockaddr_in elsewhere = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr("192.0.2.1") };
    uint16_t port = 0;

    memcpy(&doors.listener.address, &elsewhere, sizeof(elsewhere));
    assert_int_equal(face_make(&doors.shard, &settings, &doors.face), STATUS_OK);
    assert_int_not_equal(face_listen(doors.face, 0, &port), STATUS_OK);
    assert_int_equal(doors.face->listeners[0].stage, LISTENER_CLOSED);
    ready_init(&doors.on_closed, doors_closed);
    doors_end(&doors);
}

static void both_families_are_served(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

    memcpy(&doors.listener.address, &address, sizeof(address));
    assert_int_equal(face_make(&doors.shard, &settings, &doors.face), STATUS_OK);
    ready_init(&doors.on_closed, doors_closed);
    if (face_listen(doors.face, 0, &doors.port) == STATUS_OK) { /* Else this machine has no IPv6. */
        face_begin(doors.face);
        int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        address.sin6_port = htons(doors.port);
        (void)connect(client, (struct sockaddr *)&address, sizeof(address));
        doors_turns(&doors, 3);
        assert_true(IN6_IS_ADDR_LOOPBACK(&doors_connection(&doors)->peer));
        assert_true(served(client));
        close(client);
    }
    doors_end(&doors);
}

static void takes_no_more_than_its_limit_until_one_leaves(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    doors.admission.connections_max = 2;
    int one = door_connect(&doors), two = door_connect(&doors), three = door_connect(&doors);

    assert_int_equal(doors.face->listeners[0].stage, LISTENER_PAUSED);
    door_send(&doors, three, frame, frame_api_versions(frame, 0, 3));
    assert_int_equal(door_receive(&doors, three, answer, 1, 10), -1);
    close(one);
    assert_true(door_answer(&doors, three, answer, sizeof(answer)) > 0);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ACCEPTED, 0), 3);
    close(two);
    close(three);
    doors_end(&doors);
}

/* The limit is the node's: who left may have been on another shard, which tells nobody. So it looks again by itself. */
static void looks_again_by_itself(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    doors.admission.connections_max = 1;
    int one = door_connect(&doors), two = door_connect(&doors);

    assert_int_equal(doors.face->listeners[0].stage, LISTENER_PAUSED);
    doors.admission.connections_max = 5;
    doors_turns(&doors, 2);
    assert_int_equal(doors.face->listeners[0].stage, LISTENER_PAUSED);
    doors.ahead_ns = NS_PER_S;
    doors_turns(&doors, 2);
    assert_true(served(two));
    close(one);
    close(two);
    doors_end(&doors);
}

/* However long it takes: who waits in the backlog is neither taken nor closed. */
static void who_finds_no_room_waits_for_as_long_as_it_takes(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    doors.admission.connections_max = 1;
    int one = door_connect(&doors), two = door_connect(&doors);

    for (int i = 0; i < 5; i++) {
        doors.ahead_ns += NS_PER_S;
        assert_int_equal(door_receive(&doors, two, answer, 1, 5), -1);
    }
    assert_int_equal(doors_counted(&doors, CONN_METRIC_REFUSED, REFUSAL_NODE_FULL), 0);
    close(one);
    assert_true(served(two));
    close(two);
    doors_end(&doors);
}

static void an_address_with_too_many_is_refused(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    admission_init(&doors.admission, 100, 1, 7, &doors.shard.heap);
    doors_open(&doors, &settings);
    int one = door_connect(&doors), two = door_connect(&doors);

    assert_true(door_closed_by_us(&doors, two));
    close(one);
    close(two);
    doors_turns(&doors, 10);
    int three = door_connect(&doors);
    door_send(&doors, three, frame, frame_api_versions(frame, 0, 3));
    assert_true(door_answer(&doors, three, answer, sizeof(answer)) > 0);
    close(three);
    doors_end(&doors);
}

/* Ten may come at once; the eleventh is served too, and then nobody is taken for a second. */
static void who_comes_too_fast_waits(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int clients[13];
    doors_turns(&doors, 2);
    admission_change_rate(&doors.admission, 1);

    for (size_t i = 0; i < array_count(clients); i++) {
        clients[i] = door_connect(&doors);
        if (i < 11) assert_true(served(clients[i]));
    }
    door_send(&doors, clients[11], frame, frame_api_versions(frame, 0, 3));
    close(clients[0]);
    doors_turns(&doors, 10);
    assert_int_equal(door_receive(&doors, clients[11], answer, 1, 5), -1); /* Not when somebody leaves, either. */
    doors.ahead_ns = NS_PER_S / 2;
    assert_int_equal(door_receive(&doors, clients[11], answer, 1, 5), -1);
    doors.ahead_ns = NS_PER_S + NS_PER_S / 2;
    assert_true(door_answer(&doors, clients[11], answer, sizeof(answer)) > 0);
    for (size_t i = 1; i < array_count(clients); i++) close(clients[i]);
    doors_end(&doors);
}

/* Those whom the kernel had dealt out already when the pause began are served, and paid for by a longer pause. */
static void a_crowd_at_once_makes_the_pause_longer(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int clients[15], last = -1;
    doors_turns(&doors, 2);
    admission_change_rate(&doors.admission, 1);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(doors.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    for (size_t i = 0; i < array_count(clients); i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(clients[i], (struct sockaddr *)&address, sizeof(address));
    }
    doors_turns(&doors, 5);
    assert_int_equal(doors.face->listeners[0].stage, LISTENER_PAUSED);
    int64_t taken = doors_counted(&doors, CONN_METRIC_ACCEPTED, 0);
    assert_true(taken > 11);
    doors.ahead_ns = NS_PER_S + NS_PER_S / 2; /* Enough for the first of them who was too fast. */
    doors_turns(&doors, 5);
    doors.ahead_ns = INT64_C(20) * NS_PER_S;
    doors_turns(&doors, 5);
    last = door_connect(&doors);
    assert_true(served(last));
    for (size_t i = 0; i < array_count(clients); i++) close(clients[i]);
    close(last);
    doors_end(&doors);
}

/* ---- an accept that fails ---- */

static struct completion *accepting;

static void accept_noted(struct io *io, struct completion *completion)
{
    (void)io;
    accepting = completion;
}

static void cancel_noted(struct io *io, struct completion *completion)
{
    if (completion != accepting) doors.ring->cancel(io, completion);
}

static void accept_ends(enum status status)
{
    struct completion *io = accepting;

    accepting = NULL;
    io->submitted = io->more = false;
    io->status = status;
    doors.io->in_flight--;
    io->resume(io);
}

static void open_deaf(void)
{
    doors_make(&doors, 4 << 20);
    doors.engine.accept = accept_noted;
    doors.engine.cancel = cancel_noted;
    struct face_settings settings = doors_settings(&doors);
    doors_open(&doors, &settings);
    assert_non_null(accepting);
}

/* Too many open files: nothing to do but to wait, and to say so. */
static void an_accept_that_fails_is_tried_again_later(void **state)
{
    (void)state;
    open_deaf();
    accept_ends(STATUS_TOO_MANY);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_REFUSED, REFUSAL_NO_FILES), 1);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_REFUSED, REFUSAL_ACCEPT), 0);
    doors_turns(&doors, 3);
    assert_null(accepting); /* It does not spin. */
    doors.ahead_ns = NS_PER_S;
    doors_turns(&doors, 3);
    assert_non_null(accepting);
    accept_ends(STATUS_NO_MEMORY); /* That is not the limit of files. */
    assert_int_equal(doors_counted(&doors, CONN_METRIC_REFUSED, REFUSAL_NO_FILES), 1);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_REFUSED, REFUSAL_ACCEPT), 1);
    doors.ahead_ns += NS_PER_S;
    doors_turns(&doors, 3);
    assert_non_null(accepting);
    doors.engine.cancel = doors.ring->cancel;
    face_close(doors.face, &doors.on_closed);
    accept_ends(STATUS_CANCELLED);
    doors_end(&doors);
}

/* The kernel may end an accept that goes on without a fault: it is begun anew. */
static void an_accept_that_ends_is_begun_again(void **state)
{
    (void)state;
    open_deaf();
    accept_ends(STATUS_CANCELLED);
    assert_non_null(accepting);
    face_close(doors.face, &doors.on_closed);
    doors_turns(&doors, 2);
    assert_false(doors.closed); /* Joined first, closed then. */
    accept_ends(STATUS_CANCELLED);
    doors_end(&doors);
}

static void a_pause_ends_with_its_face(void **state)
{
    (void)state;
    open_deaf();
    accept_ends(STATUS_TOO_MANY);
    assert_true(timer_pending(&doors.face->listeners[0].pause));
    face_close(doors.face, &doors.on_closed);
    assert_false(timer_pending(&doors.face->listeners[0].pause));
    doors_end(&doors);
    assert_null(accepting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_share_a_port),
        cmocka_unit_test(what_can_not_be_bound_is_told),
        cmocka_unit_test(both_families_are_served),
        cmocka_unit_test(takes_no_more_than_its_limit_until_one_leaves),
        cmocka_unit_test(looks_again_by_itself),
        cmocka_unit_test(who_finds_no_room_waits_for_as_long_as_it_takes),
        cmocka_unit_test(an_address_with_too_many_is_refused),
        cmocka_unit_test(who_comes_too_fast_waits),
        cmocka_unit_test(a_crowd_at_once_makes_the_pause_longer),
        cmocka_unit_test(an_accept_that_fails_is_tried_again_later),
        cmocka_unit_test(an_accept_that_ends_is_begun_again),
        cmocka_unit_test(a_pause_ends_with_its_face),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
