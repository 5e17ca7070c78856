/* tests/unit/net/conn/connection_test.c   Frames, order, limits and ends, over real sockets. */
#include "doors.h"

static uint8_t frame[4 << 20], answer[4 << 20];

static struct doors make(void)
{
    return (struct doors){ 0 };
}

static void open_plain(struct doors *doors)
{
    doors_make(doors, 128 << 20);
    struct face_settings settings = doors_settings(doors);
    doors_open(doors, &settings);
}

static void answers_a_request(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_api_versions(frame, 0, 77));
    assert_int_equal(door_answer(&doors, client, answer, sizeof(answer)), 10);
    assert_int_equal(load_i32(answer), 77);
    close(client);
    doors_turns(&doors, 5);
    assert_true(list_empty(&doors.face->connections));
    doors_end(&doors);
}

static void joins_a_frame_that_comes_byte_by_byte(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
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
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);
    struct connection *connection = container_of(list_first(&doors.face->connections), struct connection, node);

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

static void answers_in_order_of_arrival(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_fetch(frame, 1);
    size += frame_fetch(frame + size, 2);
    size += frame_api_versions(frame + size, 0, 3);
    door_send(&doors, client, frame, size);
    assert_int_equal(door_receive(&doors, client, answer, sizeof(answer), 10), -1);
    doors_let_go(&doors, 1, 0);
    assert_int_equal(door_receive(&doors, client, answer, sizeof(answer), 10), -1);
    doors_let_go(&doors, 0, 0);
    for (int32_t i = 1; i <= 3; i++) {
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
    }
    /* All three left in one send. */
    assert_int_equal(metric_read(doors.face->settings.metrics, &doors.face->cells, 1, CONN_METRIC_SENDS, 0), 1);
    doors.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void sends_extents_between_the_fields(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_fetch(frame, 1));
    doors_turns(&doors, 3);
    doors_let_go(&doors, 0, DOOR_EXTENT_SIZE);
    ssize_t size = door_answer(&doors, client, answer, sizeof(answer));
    assert_true(size > DOOR_EXTENT_SIZE);
    assert_memory_equal(answer + size - DOOR_EXTENT_SIZE, doors.extent_block->data, DOOR_EXTENT_SIZE);
    doors_turns(&doors, 3);
    assert_int_equal(doors.sent_count, 1);
    doors.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void silence_sends_nothing(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 1, 0, 10);
    size += frame_api_versions(frame + size, 0, 2);
    door_send(&doors, client, frame, size);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 2);
    close(client);
    doors_end(&doors);
}

static void closes_on_what_can_not_be(void **state)
{
    (void)state;
    static const struct {
        int32_t length;
        int16_t key, version;
    } rows[] = { { 0, 0, 0 },   { -1, 0, 0 },   { INT32_MAX, 0, 0 }, { (100 << 20) + 1, 0, 0 },
                 { 5, 0, 0 },   { 20, 999, 0 }, { 20, -1, 0 },       { 20, 4, 0 },
                 { 20, 52, 0 }, { 20, 1, 3 },   { 20, 0, 14 },       { 20, 0, 2 },
                 { 20, 1, -1 } };
    struct doors doors = make();
    open_plain(&doors);

    for (size_t i = 0; i < array_count(rows); i++) {
        int client = door_connect(&doors);
        uint8_t head[8];
        store_i32(head, rows[i].length);
        store_i16(head + 4, rows[i].key);
        store_i16(head + 6, rows[i].version);
        door_send(&doors, client, head, rows[i].length < 8 ? 4 : 8);
        assert_true(door_closed_by_us(&doors, client));
        close(client);
    }
    doors_turns(&doors, 5);
    assert_int_equal(memory_used(doors.shard.memory, MEMORY_RECEIVE), 0);
    doors_end(&doors);
}

static void largest_length_is_waited_for_without_memory(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);
    uint8_t length[4];

    store_i32(length, 100 << 20);
    door_send(&doors, client, length, 4);
    assert_int_equal(door_receive(&doors, client, answer, 1, 10), -1);
    assert_int_equal(memory_used(doors.shard.memory, MEMORY_RECEIVE), 0);
    close(client);
    doors_end(&doors);
}

static void api_versions_of_an_unknown_version_is_begun(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_api_versions(frame, 127, 9));
    assert_int_equal(door_answer(&doors, client, answer, sizeof(answer)), 10);
    assert_int_equal(load_i16(answer + 4), 35);
    close(client);
    doors_end(&doors);
}

static void a_body_cut_short_inside_its_frame_closes(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 1, 1, 100);
    store_u32(frame, (uint32_t)size - 4 - 50);
    door_send(&doors, client, frame, size - 50);
    assert_true(door_closed_by_us(&doors, client));
    close(client);
    doors_end(&doors);
}

static void a_request_before_the_end_is_answered(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_fetch(frame, 8));
    shutdown(client, SHUT_WR);
    doors_turns(&doors, 5);
    doors_let_go(&doors, 0, 0);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 8);
    assert_true(door_closed_by_us(&doors, client));
    doors.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void a_dead_connection_waits_for_its_requests(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);
    struct linger hard = { 1, 0 };

    door_send(&doors, client, frame, frame_fetch(frame, 8));
    doors_turns(&doors, 3);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(client);
    doors_turns(&doors, 10);
    assert_false(list_empty(&doors.face->connections));
    doors_let_go(&doors, 0, 1000);
    doors_turns(&doors, 5);
    assert_true(list_empty(&doors.face->connections));
    assert_int_equal(doors.sent_count, 1);
    doors.waiting_count = 0;
    doors_end(&doors);
}

static void reads_no_further_than_its_requests_in_flight(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 300; i++) size += frame_fetch(frame + size, i);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 10);
    assert_int_equal(doors.begun_count, 256);
    doors.waiting_count = 0;
    for (uint32_t i = 0; i < 256; i++) doors_let_go(&doors, i, 0);
    doors_turns(&doors, 10);
    assert_int_equal(doors.begun_count, 300);
    for (uint32_t i = 0; i < 44; i++) doors_let_go(&doors, i, 0);
    doors.waiting_count = 0;
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
    struct doors doors = make();
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    doors_open(&doors, &settings);
    struct block *taken = block_take(doors.shard.memory, MEMORY_RECEIVE, 4 << 20);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 3, 1, 100000);
    door_send(&doors, client, frame, size);
    assert_int_equal(door_receive(&doors, client, answer, 1, 10), -1);
    block_unpin(taken);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer + 8), 100000);
    close(client);
    doors_end(&doors);
}

static void closes_what_memory_can_never_hold(void **state)
{
    (void)state;
    struct doors doors = make();
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

static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct doors doors = make();
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.idle_ms = 30;
    doors_open(&doors, &settings);
    int client = door_connect(&doors);

    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(metric_read(doors.face->settings.metrics, &doors.face->cells, 1, CONN_METRIC_CLOSED, END_IDLE), 1);
    close(client);
    doors_end(&doors);
}

static void takes_no_more_than_its_limit_until_one_leaves(void **state)
{
    (void)state;
    struct doors doors = make();
    doors_make(&doors, 4 << 20);
    struct face_settings settings = doors_settings(&doors);
    doors.admission.connections_max = 2;
    doors_open(&doors, &settings);
    int one = door_connect(&doors), two = door_connect(&doors), three = door_connect(&doors);

    door_send(&doors, three, frame, frame_api_versions(frame, 0, 3));
    assert_int_equal(door_receive(&doors, three, answer, 1, 10), -1);
    close(one);
    assert_true(door_answer(&doors, three, answer, sizeof(answer)) > 0);
    close(two);
    close(three);
    doors_end(&doors);
}

static void an_address_with_too_many_is_refused(void **state)
{
    (void)state;
    struct doors doors = make();
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
    struct doors doors = make();
    open_plain(&doors);
    int clients[13];
    doors_turns(&doors, 2);
    admission_change_rate(&doors.admission, 1);
    int64_t begun_ns = doors.io->now_ns;

    for (size_t i = 0; i < array_count(clients); i++) {
        clients[i] = door_connect(&doors);
        doors_turns(&doors, 3);
        door_send(&doors, clients[i], frame, frame_api_versions(frame, 0, (int32_t)i));
        if (i < 11) assert_true(door_answer(&doors, clients[i], answer, sizeof(answer)) > 0);
    }
    close(clients[0]);
    doors_turns(&doors, 10);
    assert_int_equal(door_receive(&doors, clients[11], answer, 1, 10), -1); /* Not when somebody leaves, either. */
    while (doors.io->now_ns < begun_ns + 950000000) doors_turn(&doors);
    assert_int_equal(door_receive(&doors, clients[11], answer, 1, 1), -1);
    while (doors.io->now_ns < begun_ns + 2500000000) doors_turn(&doors);
    assert_true(door_answer(&doors, clients[11], answer, sizeof(answer)) > 0);
    for (size_t i = 1; i < array_count(clients); i++) close(clients[i]);
    doors_end(&doors);
}

static void a_reader_that_never_reads_holds_a_bounded_number_of_answers(void **state)
{
    (void)state;
    struct doors doors = make();
    open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = 0;

    for (int32_t i = 0; i < 40; i++) size += frame_fetch(frame + size, i);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 5);
    assert_int_equal(doors.begun_count, 40);
    for (uint32_t i = 0; i < 40; i++) doors_let_go(&doors, i, DOOR_EXTENT_SIZE);
    doors.waiting_count = 0;
    doors_turns(&doors, 10);
    door_send(&doors, client, frame, frame_fetch(frame, 99));
    doors_turns(&doors, 10);
    assert_int_equal(doors.begun_count, 40); /* Nothing more is taken from one who owes us his ears. */

    struct connection *connection = container_of(list_first(&doors.face->connections), struct connection, node);
    connection->send_deadline_ns = doors.io->now_ns;
    connection->timer.deadline_ns = 0;
    timer_set(&doors.shard.timers, &connection->timer, doors.io->now_ns);
    doors_turns(&doors, 20);
    assert_true(list_empty(&doors.face->connections));
    assert_int_equal(doors.sent_count, 40);
    close(client);
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_request),
        cmocka_unit_test(joins_a_frame_that_comes_byte_by_byte),
        cmocka_unit_test(receives_large_bodies_straight_and_goes_back_to_pieces),
        cmocka_unit_test(answers_in_order_of_arrival),
        cmocka_unit_test(sends_extents_between_the_fields),
        cmocka_unit_test(silence_sends_nothing),
        cmocka_unit_test(closes_on_what_can_not_be),
        cmocka_unit_test(largest_length_is_waited_for_without_memory),
        cmocka_unit_test(api_versions_of_an_unknown_version_is_begun),
        cmocka_unit_test(a_body_cut_short_inside_its_frame_closes),
        cmocka_unit_test(a_request_before_the_end_is_answered),
        cmocka_unit_test(a_dead_connection_waits_for_its_requests),
        cmocka_unit_test(reads_no_further_than_its_requests_in_flight),
        cmocka_unit_test(waits_for_memory_and_goes_on),
        cmocka_unit_test(closes_what_memory_can_never_hold),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(takes_no_more_than_its_limit_until_one_leaves),
        cmocka_unit_test(an_address_with_too_many_is_refused),
        cmocka_unit_test(who_comes_too_fast_waits),
        cmocka_unit_test(a_reader_that_never_reads_holds_a_bounded_number_of_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
