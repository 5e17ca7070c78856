/* tests/unit/net/conn/frame_test.c   From received bytes to whole bodies: what can't be is refused for its own reason,
 * and what finds no room waits unread and goes on. */
#include "door_client.h"
#include "door_frames.h"

enum { NS_PER_S = 1000000000 };

static struct doors doors;
static uint8_t frame[4 << 20], answer[4 << 20];

static void joins_a_frame_that_comes_byte_by_byte(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 5, 1, 300);
    for (size_t i = 0; i < size; i++) door_send(&doors, client, frame + i, 1);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 5);
    assert_int_equal(load_i32(answer + 8), 300);
    close(client);
    doors_end(&doors);
}

static void receives_large_bodies_straight_and_goes_back_to_pieces(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    struct connection *connection = doors_connection(&doors);

    for (int32_t i = 0; i < 3; i++) {
        door_send(&doors, client, frame, frame_produce(frame, i, 1, 1 << 20));
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
        assert_int_equal(load_i32(answer + 8), 1 << 20);
        assert_int_equal(connection->way, RECEIVE_STRAIGHT);
    }
    for (int32_t i = 0; i < 20; i++) {
        door_send(&doors, client, frame, frame_produce(frame, i, 1, 100));
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
    }
    assert_int_equal(connection->way, RECEIVE_PIECES);
    close(client);
    doors_end(&doors);
}

static void refused(int client, enum frame_refusal why)
{
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_FRAMES_REFUSED, why), 1);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_FRAME), 1);
    close(client);
}

static void what_can_not_be_is_closed_for_its_reason(void **state)
{
    (void)state;
    static const struct {
        int32_t length;
        int16_t key, version;
        enum frame_refusal why;
    } rows[] = {
        { 0, 0, 0, FRAME_LENGTH },         { -1, 0, 0, FRAME_LENGTH },   { INT32_MAX, 0, 0, FRAME_LENGTH },
        { INT32_MIN, 0, 0, FRAME_LENGTH }, { 7, 0, 3, FRAME_LENGTH },    { (100 << 20) + 1, 0, 0, FRAME_LENGTH },
        { 20, 999, 0, FRAME_KEY },         { 20, -1, 0, FRAME_KEY },     { 20, 4, 0, FRAME_KEY },
        { 20, 52, 0, FRAME_KEY }, /* served, but not here */
        { 20, 1, 3, FRAME_VERSION },       { 20, 0, 14, FRAME_VERSION }, { 20, 0, 2, FRAME_VERSION },
        { 20, 1, -1, FRAME_VERSION },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        doors_open_plain(&doors);
        int client = door_connect(&doors);
        uint8_t head[8];
        store_i32(head, rows[i].length);
        store_i16(head + 4, rows[i].key);
        store_i16(head + 6, rows[i].version);
        door_send(&doors, client, head, rows[i].why == FRAME_LENGTH ? 4 : 8); /* A bad length needs no more. */
        refused(client, rows[i].why);
        doors_turns(&doors, 3);
        assert_int_equal(memory_used(doors.shard.memory, MEMORY_RECEIVE), 0);
        doors_end(&doors);
    }
}

static void largest_length_is_waited_for_without_memory(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    uint8_t length[4];

    store_i32(length, 100 << 20);
    door_send(&doors, client, length, 4);
    assert_int_equal(door_receive(&doors, client, answer, 1, 10), -1);
    assert_int_equal(memory_used(doors.shard.memory, MEMORY_RECEIVE), 0);
    close(client);
    doors_end(&doors);
}

/* What is held against a frame has nothing to do with those before it. */
static void what_came_before_a_bad_frame_is_answered(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = frame_api_versions(frame, 0, 6);

    store_i32(frame + size, -5);
    door_send(&doors, client, frame, size + 4);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 6);
    refused(client, FRAME_LENGTH);
    doors_end(&doors);
}

static void a_frame_that_is_cut_is_counted(void **state)
{
    (void)state;
    static const size_t cuts[] = { 1, 4, 7, 8, 40, 20000 };

    for (size_t i = 0; i < array_count(cuts); i++) {
        doors_open_plain(&doors);
        int client = door_connect(&doors);
        (void)frame_produce(frame, 1, 1, 100000); /* Straight, from 16 KiB on. */
        door_send(&doors, client, frame, cuts[i]);
        doors_turns(&doors, 3);
        shutdown(client, SHUT_WR);
        refused(client, FRAME_CUT);
        assert_int_equal(doors.calls.begun_count, 0);
        doors_end(&doors);
    }
}

/* Served are lengths from eight on: key, version and correlation id. */
static void the_shortest_frame_is_one_without_a_client(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    (void)frame_begin_at(frame, 18, 99, 4);
    store_i32(frame, 8);
    door_send(&doors, client, frame, 12);
    assert_int_equal(door_answer(&doors, client, answer, sizeof(answer)), 10);
    assert_int_equal(load_i32(answer), 4);
    close(client);
    doors_end(&doors);
}

static void a_body_must_come_at_a_minimum_rate(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 1, 1, 160 << 10); /* ten seconds, and thirty */
    door_send(&doors, client, frame, size - 1);
    doors_turns(&doors, 3);
    doors.ahead_ns = INT64_C(39) * NS_PER_S;
    assert_int_equal(door_receive(&doors, client, answer, 1, 3), -1);
    doors.ahead_ns = INT64_C(42) * NS_PER_S;
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_SLOW_BODY), 1);
    close(client);
    doors_end(&doors);
}

/* The slowest of all: a byte of the head now and then. */
static void a_body_has_time_by_its_size_however_its_head_came(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = frame_produce(frame, 1, 1, 1 << 20);

    door_send(&doors, client, frame, 4); /* Some clients write the length by itself. */
    doors_turns(&doors, 3);
    door_send(&doors, client, frame + 4, 100);
    doors_turns(&doors, 3);
    doors.ahead_ns = INT64_C(60) * NS_PER_S;
    assert_int_equal(door_receive(&doors, client, answer, 1, 5), -1);
    door_send(&doors, client, frame + 104, size - 104);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    close(client);
    doors_end(&doors);
}

static void a_head_that_does_not_end_is_cut_off_too(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    for (int i = 0; i < 3; i++) {
        door_send(&doors, client, frame + 100, 1);
        doors_turns(&doors, 2);
        doors.ahead_ns += INT64_C(9) * NS_PER_S;
    }
    assert_int_equal(door_receive(&doors, client, answer, 1, 3), -1);
    doors.ahead_ns += INT64_C(9) * NS_PER_S;
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_SLOW_BODY), 1);
    close(client);
    doors_end(&doors);
}

static void reads_no_further_than_its_requests_in_flight(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 300; i++) size += frame_fetch(frame + size, i);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 10);
    assert_int_equal(doors.calls.begun_count, 256);
    doors.calls.waiting_count = 0;
    for (uint32_t i = 0; i < 256; i++) door_let_go(&doors.calls, i, 0);
    doors_turns(&doors, 10);
    assert_int_equal(doors.calls.begun_count, 300);
    for (uint32_t i = 0; i < 44; i++) door_let_go(&doors.calls, i, 0);
    doors.calls.waiting_count = 0;
    for (int32_t i = 0; i < 300; i++) {
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
    }
    close(client);
    doors_end(&doors);
}

static void waits_for_memory_and_goes_on(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    doors_open(&doors, &settings);
    struct block *taken = block_take(doors.shard.memory, MEMORY_RECEIVE, 4 << 20);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 3, 1, 100000);
    door_send(&doors, client, frame, 5); /* A frame has begun, and has its deadline. */
    doors_turns(&doors, 2);
    door_send(&doors, client, frame + 5, size - 5);
    assert_int_equal(door_receive(&doors, client, answer, 1, 10), -1);
    doors.ahead_ns = INT64_C(500) * NS_PER_S; /* It is not the client who is slow. */
    assert_int_equal(door_receive(&doors, client, answer, 1, 3), -1);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_STALLED, STALL_MEMORY), 1);
    block_unpin(taken);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer + 8), 100000);
    close(client);
    doors_end(&doors);
}

static void who_waits_for_memory_may_leave(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    doors_open(&doors, &settings);
    struct block *taken = block_take(doors.shard.memory, MEMORY_RECEIVE, 4 << 20);
    int client = door_connect(&doors), next = door_connect(&doors);
    struct linger hard = { 1, 0 };

    size_t size = frame_produce(frame, 3, 1, 100000);
    door_send(&doors, client, frame, size);
    door_send(&doors, next, frame, size);
    doors_turns(&doors, 5);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(client);
    doors_turns(&doors, 5);
    block_unpin(taken);
    assert_true(door_answer(&doors, next, answer, sizeof(answer)) > 0); /* Whoever stands behind has his turn. */
    close(next);
    doors_end(&doors);
}

static void closes_what_memory_can_never_hold(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    doors_open(&doors, &settings);
    int client = door_connect(&doors);

    (void)frame_produce(frame, 3, 1, 10);
    store_u32(frame, 5 << 20);
    door_send(&doors, client, frame, 30);
    assert_true(door_closed_by_us(&doors, client));
    close(client);
    doors_end(&doors);
}

/* One request is everybody's right; more only where the shard has slots left. */
static void waits_for_a_slot_and_goes_on(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.requests_max = 2;
    doors_open(&doors, &settings);
    int greedy = door_connect(&doors), modest = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 4; i++) size += frame_fetch(frame + size, i);
    door_send(&doors, greedy, frame, size);
    doors_turns(&doors, 5);
    assert_int_equal(doors.calls.begun_count, 2);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_STALLED, STALL_SLOTS), 1);
    door_send(&doors, modest, frame, frame_api_versions(frame, 0, 9));
    assert_true(door_answer(&doors, modest, answer, sizeof(answer)) > 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(doors.calls.begun_count, min_of(2 + i, 4u));
        door_let_go(&doors.calls, i, 0);
        assert_true(door_answer(&doors, greedy, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
        doors_turns(&doors, 5);
    }
    doors.calls.waiting_count = 0;
    close(greedy);
    close(modest);
    doors_end(&doors);
}

/* Who waits for a slot has the next one that anybody gives back. */
static void a_slot_of_another_connection_will_do(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.requests_max = 2;
    doors_open(&doors, &settings);
    int one = door_connect(&doors), other = door_connect(&doors);
    size_t size = frame_fetch(frame, 1);

    door_send(&doors, other, frame, size);
    size += frame_fetch(frame + size, 2);
    door_send(&doors, one, frame, size);
    doors_turns(&doors, 5);
    assert_int_equal(doors.calls.begun_count, 2);
    door_let_go(&doors.calls, 0, 0);
    doors_turns(&doors, 5);
    assert_int_equal(doors.calls.begun_count, 3);
    door_let_go(&doors.calls, 1, 0);
    door_let_go(&doors.calls, 2, 0);
    doors.calls.waiting_count = 0;
    close(one);
    close(other);
    doors_end(&doors);
}

/* What had arrived before the socket was left alone is kept and eaten first, whole and in order. */
static void who_has_no_request_gets_one_before_those_who_wait_for_more(void **state)
{
    (void)state;
    doors_make(&doors, 128 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.requests_max = 1;
    doors_open(&doors, &settings);
    int clients[3];

    for (int32_t i = 0; i < 3; i++) {
        clients[i] = door_connect(&doors);
        size_t size = frame_fetch(frame, 1);
        if (i > 0) size += frame_fetch(frame + size, 2);
        door_send(&doors, clients[i], frame, size);
        doors_turns(&doors, 3);
    }
    assert_int_equal(doors.calls.begun_count, 3); /* The second and the third have one each, and wait for another, */
    door_let_go(&doors.calls, 2, 0);
    doors_turns(&doors, 10);
    assert_int_equal(doors.calls.begun_count, 4); /* which nobody may have who has one, but who has none. */
    for (int32_t i = 0; i < 3; i++) close(clients[i]);
    doors.calls.waiting[2] = doors.calls.waiting[3];
    doors.calls.waiting_count = 3;
    doors_end(&doors);
}

static void what_came_meanwhile_is_eaten_first(void **state)
{
    (void)state;
    enum { ASKS = 600 };
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 256; i++) size += frame_fetch(frame + size, i);
    for (int32_t i = 256; i < ASKS; i++) size += frame_produce(frame + size, i, 1, 600);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 5);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_STALLED, STALL_IN_FLIGHT), 1);
    assert_non_null(doors_connection(&doors)->stash);
    doors.calls.waiting_count = 0;
    for (uint32_t i = 0; i < 256; i++) door_let_go(&doors.calls, i, 0);
    for (int32_t i = 0; i < ASKS; i++) {
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
        if (i >= 256) assert_int_equal(load_i32(answer + 8), 600);
    }
    assert_null(doors_connection(&doors)->stash);
    close(client);
    doors_end(&doors);
}

static void what_came_meanwhile_is_eaten_also_when_its_client_has_finished(void **state)
{
    (void)state;
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.requests_max = 1;
    doors_open(&doors, &settings);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 3; i++) size += frame_fetch(frame + size, i);
    assert_int_equal(send(client, frame, size, 0), size); /* All of it, and the end, in one turn. */
    shutdown(client, SHUT_WR);
    for (uint32_t i = 0; i < 3; i++) {
        doors_turns(&doors, 5);
        assert_int_equal(doors.calls.begun_count, i + 1);
        door_let_go(&doors.calls, i, 0);
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
    }
    doors.calls.waiting_count = 0;
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_CLIENT), 1);
    close(client);
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_a_frame_that_comes_byte_by_byte),
        cmocka_unit_test(receives_large_bodies_straight_and_goes_back_to_pieces),
        cmocka_unit_test(what_can_not_be_is_closed_for_its_reason),
        cmocka_unit_test(largest_length_is_waited_for_without_memory),
        cmocka_unit_test(what_came_before_a_bad_frame_is_answered),
        cmocka_unit_test(a_frame_that_is_cut_is_counted),
        cmocka_unit_test(the_shortest_frame_is_one_without_a_client),
        cmocka_unit_test(a_body_must_come_at_a_minimum_rate),
        cmocka_unit_test(a_body_has_time_by_its_size_however_its_head_came),
        cmocka_unit_test(a_head_that_does_not_end_is_cut_off_too),
        cmocka_unit_test(reads_no_further_than_its_requests_in_flight),
        cmocka_unit_test(waits_for_memory_and_goes_on),
        cmocka_unit_test(who_waits_for_memory_may_leave),
        cmocka_unit_test(closes_what_memory_can_never_hold),
        cmocka_unit_test(waits_for_a_slot_and_goes_on),
        cmocka_unit_test(a_slot_of_another_connection_will_do),
        cmocka_unit_test(who_has_no_request_gets_one_before_those_who_wait_for_more),
        cmocka_unit_test(what_came_meanwhile_is_eaten_first),
        cmocka_unit_test(what_came_meanwhile_is_eaten_also_when_its_client_has_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
