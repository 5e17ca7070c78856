/* tests/unit/net/conn/request_test.c   Slots: from a whole body to an encoded answer, in order, within bounds. */
#include "door_client.h"
#include "door_frames.h"

#include <stdlib.h>

static struct doors doors;
static uint8_t frame[4 << 20], answer[4 << 20];

static void answers_in_order_of_arrival(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_fetch(frame, 1);
    size += frame_fetch(frame + size, 2);
    size += frame_api_versions(frame + size, 0, 3);
    door_send(&doors, client, frame, size);
    assert_int_equal(door_receive(&doors, client, answer, sizeof(answer), 10), -1);
    door_let_go(&doors.calls, 1, 0);
    assert_int_equal(door_receive(&doors, client, answer, sizeof(answer), 10), -1);
    door_let_go(&doors.calls, 0, 0);
    for (int32_t i = 1; i <= 3; i++) {
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
    }
    /* All three left in one send. */
    assert_int_equal(doors_counted(&doors, CONN_METRIC_SENDS, 0), 1);
    doors.calls.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void silence_sends_nothing(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 1, 0, 10);
    size += frame_api_versions(frame + size, 0, 2);
    door_send(&doors, client, frame, size);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 2);
    close(client);
    doors_end(&doors);
}

static void sends_extents_between_the_fields(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 1);

    door_let_go(&doors.calls, 0, DOOR_EXTENT_SIZE);
    ssize_t size = door_answer(&doors, client, answer, sizeof(answer));
    assert_true(size > DOOR_EXTENT_SIZE);
    assert_memory_equal(answer + size - DOOR_EXTENT_SIZE, doors.calls.extent_block->data, DOOR_EXTENT_SIZE);
    doors_turns(&doors, 3);
    assert_int_equal(doors.calls.sent_count, 1);
    doors.calls.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void api_versions_of_an_unknown_version_is_begun(void **state)
{
    (void)state;
    doors_open_plain(&doors);
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
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_produce(frame, 1, 1, 100);
    store_u32(frame, (uint32_t)size - 4 - 50);
    door_send(&doors, client, frame, size - 50);
    assert_true(door_closed_by_us(&doors, client));
    close(client);
    doors_end(&doors);
}

static void asked_and_hung_up(int client, size_t size)
{
    door_send(&doors, client, frame, size);
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ABORTED, 0), 1);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_API), 1);
    assert_int_equal(doors.calls.begun_count, 0);
    close(client);
}

/* Counts that promise more than the frame holds are refused before anything is taken for them. */
static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t place; /* behind the header of a Produce */
        int32_t value;
    } rows[] = { { 8, INT32_MAX }, { 8, 1000000 },    { 8, INT32_MIN }, { 15, INT32_MAX },
                 { 15, -2 },       { 23, INT32_MAX }, { 23, INT32_MIN } };

    for (size_t i = 0; i < array_count(rows); i++) {
        doors_open_plain(&doors);
        int client = door_connect(&doors);
        size_t size = frame_produce(frame, 1, 1, 100);
        store_i32(frame + 15 + rows[i].place, rows[i].value);
        asked_and_hung_up(client, size);
        doors_end(&doors);
    }
}

static void a_client_id_that_leaves_its_frame_is_refused(void **state)
{
    (void)state;
    static const int16_t sizes[] = { INT16_MAX, INT16_MIN, -2, 100 };

    for (size_t i = 0; i < array_count(sizes); i++) {
        doors_open_plain(&doors);
        int client = door_connect(&doors);
        size_t size = frame_fetch(frame, 1);
        store_i16(frame + 12, sizes[i]);
        asked_and_hung_up(client, size);
        doors_end(&doors);
    }
}

/* What was asked before is answered before the connection ends. */
static void an_abort_waits_for_its_turn(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 2);

    request_abort(doors.calls.waiting[1], "as the test wants it");
    doors_turns(&doors, 3);
    door_let_go(&doors.calls, 0, 0);
    doors.calls.waiting_count = 0;
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_int_equal(load_i32(answer), 1);
    assert_true(door_closed_by_us(&doors, client));
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_API), 1);
    close(client);
    doors_end(&doors);
}

static size_t frame_named(const char *name, int16_t size)
{
    (void)frame_begin_at(frame, 18, 0, 1);
    store_i16(frame + 12, size);
    if (size > 0) memcpy(frame + 14, name, (size_t)size);
    return frame_end_at(frame, 14 + (size > 0 ? (size_t)size : 0));
}

/* A client is known by the last name it gave; none, or an empty one, changes nothing. */
static void a_client_keeps_its_name(void **state)
{
    (void)state;
    static const char long_name[] = "0123456789abcdef0123456789abcdefghij";
    static const struct {
        const char *name;
        int16_t size;
        const char *shown;
    } rows[] = {
        { NULL, -1, "" },        { "alice", 5, "alice" },
        { "", 0, "alice" },      { NULL, -1, "alice" },
        { "al", 2, "al" }, /* the beginning of the one before */
        { "alice", 5, "alice" }, { long_name, 36, "0123456789abcdef0123456789abcde" },
        { "bob", 3, "bob" },
    };

    doors_open_plain(&doors);
    int client = door_connect(&doors);
    const struct connection_traffic *traffic = &doors_connection(&doors)->traffic;
    for (size_t i = 0; i < array_count(rows); i++) {
        door_send(&doors, client, frame, frame_named(rows[i].name, rows[i].size));
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_string_equal(traffic->client, rows[i].shown);
        assert_int_equal(traffic->requests, i + 1);
    }
    assert_int_equal(doors_counted(&doors, CONN_METRIC_REQUESTS, 18), array_count(rows));
    close(client);
    doors_end(&doors);
}

/* A slot is one block for request, body and answer; what does not fit lies beside it and goes back with it. */
static void a_slot_is_used_again(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 1);

    const struct slot *slot = slot_of(doors.calls.waiting[0]);
    uint32_t generation = slot->generation;
    assert_int_equal(doors.face->slot_count, 1);
    door_let_go(&doors.calls, 0, 0);
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    doors_turns(&doors, 3);
    assert_int_equal(doors.face->slot_count, 0);

    door_send(&doors, client, frame, frame_fetch(frame, 2));
    doors_turns(&doors, 3);
    assert_ptr_equal(slot_of(doors.calls.waiting[1]), slot);
    assert_int_equal(slot->generation, generation + 1);
    assert_int_equal(doors.calls.waiting[1]->times.answered, 0);
    assert_null(doors.calls.waiting[1]->work);
    door_let_go(&doors.calls, 1, 0);
    doors.calls.waiting_count = 0;
    close(client);
    doors_end(&doors);
}

static void answer_rows(struct request *request, int32_t count)
{
    struct fetch_partition_answer *rows = calloc((size_t)count, sizeof(*rows));
    struct fetch_topic_answer topic = { .name = TEXT("t"), .partitions = { rows, count } };
    struct fetch_answer whole = { .topics = { &topic, 1 } };

    for (int32_t i = 0; i < count; i++) rows[i].index = i;
    request_answer(request, &whole, NULL, 0, NULL);
    free(rows);
}

/* At each size around the guess and the end of the slot, and far beyond both. */
static void answers_of_every_size_are_whole(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    for (int32_t count = 0; count < 90000; count = count < 120 ? count + 1 : count * 3) {
        door_send(&doors, client, frame, frame_fetch(frame, count));
        doors_turns(&doors, 2);
        answer_rows(doors.calls.waiting[0], count);
        doors.calls.waiting_count = 0;
        ssize_t size = door_answer(&doors, client, answer, sizeof(answer));
        assert_int_equal(load_i32(answer), count);
        assert_int_equal(load_i32(answer + 4 + 4 + 4 + 3), count); /* throttle, topics, name */
        assert_int_equal(size, 4 + 4 + 4 + 3 + 4 + (ssize_t)count * (4 + 2 + 8 + 8 + 4 + 4));
        for (int32_t i = 0; i < count; i++) assert_int_equal(load_i32(answer + 19 + (size_t)i * 30), i);
    }
    close(client);
    doors_end(&doors);
}

/* ---- large bodies ---- */

/* Fetch v4 of `count` partitions. */
static size_t frame_fetch_many(uint8_t *at, int32_t correlation, int32_t count)
{
    size_t size = frame_fetch(at, correlation) - 4;

    store_i32(at + size, 1);
    store_i16(at + size + 4, 1);
    at[size + 6] = 't';
    store_i32(at + size + 7, count);
    for (int32_t i = 0; i < count; i++) store_i32(at + size + 11 + (size_t)i * 16, i);
    return frame_end_at(at, size + 11 + (size_t)count * 16);
}

/* Fetch v4 of `count` topics of some partitions each: an array that is found while others are read. */
enum { DEEP_PARTITIONS = 16 };

static size_t frame_fetch_deep(uint8_t *at, int32_t count)
{
    size_t size = frame_fetch(at, 1) - 4;

    store_i32(at + size, count);
    size += 4;
    for (int32_t i = 0; i < count; i++) {
        store_i16(at + size, 1);
        at[size + 2] = 't';
        store_i32(at + size + 3, DEEP_PARTITIONS);
        memset(at + size + 7, 0, (size_t)DEEP_PARTITIONS * 16);
        size += 7 + (size_t)DEEP_PARTITIONS * 16;
    }
    return frame_end_at(at, size);
}

/* Until its body is whole, and being decoded. */
static void turn_until_reading(int client, size_t size)
{
    door_send(&doors, client, frame, size);
    for (int i = 0; i < 100 && !doors_connection(&doors)->reading; i++) doors_turn(&doors);
    assert_non_null(doors_connection(&doors)->reading);
    assert_int_equal(doors_connection(&doors)->reading->stage, SLOT_READING);
    assert_int_equal(doors.calls.begun_count, 0);
}

static void turn_while_reading(void)
{
    for (int i = 0; i < 1000 && doors_connection(&doors)->reading; i++) doors_turn(&doors);
    assert_null(doors_connection(&doors)->reading);
}

static void turn_until_gone(void)
{
    for (int i = 0; i < 1000 && !list_empty(&doors.face->connections); i++) doors_turn(&doors);
    assert_true(list_empty(&doors.face->connections));
    assert_int_equal(doors.face->slot_count, 0);
    assert_int_equal(doors.face->held, 0);
}

static void a_large_body_is_decoded_in_steps_and_whole(void **state)
{
    (void)state;
    enum { PARTITIONS = 50000 };
    doors_open_plain(&doors);
    int client = door_connect(&doors), turns = 0;

    turn_until_reading(client, frame_fetch_many(frame, 1, PARTITIONS));
    for (; doors_connection(&doors)->reading; turns++) doors_turn(&doors);
    assert_in_range(turns, 5, 200);
    assert_int_equal(doors.calls.begun_count, 1);
    const struct fetch_ask *ask = doors.calls.waiting[0]->ask;
    assert_int_equal(ask->topics.count, 1);
    assert_int_equal(ask->topics.items[0].partitions.count, PARTITIONS);
    for (int32_t i = 0; i < PARTITIONS; i++) assert_int_equal(ask->topics.items[0].partitions.items[i].index, i);
    door_let_go(&doors.calls, 0, 0);
    doors.calls.waiting_count = 0;
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    close(client);
    doors_end(&doors);
}

/* Others are served between the steps; its own connection's next one is not. */
static void behind_a_large_body_nothing_begins(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int other = door_connect(&doors), client = door_connect(&doors);

    size_t size = frame_fetch_many(frame, 1, 100000);
    size += frame_fetch_many(frame + size, 2, 100000);
    size += frame_fetch(frame + size, 3);
    door_send(&doors, client, frame, size);
    assert_int_equal(doors.calls.begun_count, 0);
    assert_int_equal(send(other, frame, frame_api_versions(frame, 0, 7), 0), 14 + 1);
    assert_int_equal(door_receive(&doors, other, answer, sizeof(answer), 10) > 0, true);
    assert_int_equal(doors.calls.begun_count, 0);

    for (int i = 0; i < 1000 && doors.calls.begun_count < 3; i++) doors_turn(&doors);
    assert_int_equal(doors.calls.begun_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(doors.calls.waiting[i]->correlation, i + 1);
        door_let_go(&doors.calls, i, 0);
    }
    doors.calls.waiting_count = 0;
    assert_true(doors_counted(&doors, CONN_METRIC_STALLED, STALL_READING) >= 2);
    for (int32_t i = 1; i <= 3; i++) {
        assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
        assert_int_equal(load_i32(answer), i);
    }
    close(client);
    close(other);
    doors_end(&doors);
}

static void a_connection_that_dies_ends_its_decoding(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    turn_until_reading(client, frame_fetch_many(frame, 1, 100000));
    connection_close(doors_connection(&doors), END_ERROR);
    turn_until_gone();
    assert_int_equal(doors.calls.begun_count, 0);
    close(client);
    doors_end(&doors);
}

/* It was sent whole, so it is begun; and told that nobody may be there to hear its answer. */
static void a_client_that_has_finished_is_still_served(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    turn_until_reading(client, frame_fetch_many(frame, 1, 100000));
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    turn_while_reading();
    assert_int_equal(doors.calls.begun_count, 1);
    assert_int_equal(doors.calls.given_up_count, 1);
    door_let_go(&doors.calls, 0, 0);
    doors.calls.waiting_count = 0;
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    assert_true(door_closed_by_us(&doors, client));
    close(client);
    doors_end(&doors);
}

static void a_large_body_that_ends_too_early_closes(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    size_t size = frame_fetch_deep(frame, 5000);
    store_i32(frame + size - (size_t)DEEP_PARTITIONS * 16 - 4, DEEP_PARTITIONS + 1); /* the last count */
    turn_until_reading(client, size);
    turn_until_gone();
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ABORTED, 0), 1);
    assert_int_equal(doors.calls.begun_count, 0);
    close(client);
    doors_end(&doors);
}

/* What others hold is looked at again before each step. */
static void memory_may_end_in_the_middle_of_a_body(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    size_t size = frame_fetch_deep(frame, 5000), taken = doors.face->settings.requests_size;

    turn_until_reading(client, size);
    doors_turns(&doors, 3);
    assert_non_null(doors_connection(&doors)->reading);
    assert_true(doors.face->held > 0);
    doors.face->held += taken;
    turn_while_reading();
    doors.face->held -= taken;
    turn_until_gone();
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ABORTED, 0), 1);
    assert_int_equal(doors_counted(&doors, CONN_METRIC_CLOSED, END_API), 1);
    assert_int_equal(doors.calls.begun_count, 0);
    close(client);
    doors_end(&doors);
}

/* A shard that stops lets it come to its end. */
static void a_face_closes_in_the_middle_of_a_body(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    turn_until_reading(client, frame_fetch_many(frame, 1, 100000));
    face_close(doors.face, &doors.on_closed);
    turn_while_reading();
    assert_int_equal(doors.calls.begun_count, 1);
    assert_int_equal(doors.calls.given_up_count, 1);
    close(client);
    doors_end(&doors);
}

static void records_are_no_large_body(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);

    door_send(&doors, client, frame, frame_produce(frame, 1, 1, 3 << 20));
    for (int i = 0; i < 1000 && doors.calls.begun_count == 0; i++) {
        assert_null(doors_connection(&doors)->reading);
        doors_turn(&doors);
    }
    assert_true(door_answer(&doors, client, answer, sizeof(answer)) > 0);
    close(client);
    doors_end(&doors);
}

/* ---- memory ---- */

static void requests_that_wait_hold_a_bounded_amount_of_memory(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    enum { PARTITIONS = 200000, MANY = 32 };
    int client = door_connect(&doors), other = door_connect(&doors);
    size_t size = frame_fetch_many(frame, 1, PARTITIONS);

    for (int32_t i = 0; i < MANY && doors.calls.begun_count == (uint32_t)i; i++) {
        door_send(&doors, client, frame, size);
        doors_turns(&doors, 3);
        turn_while_reading();
    }
    assert_true(doors.calls.begun_count > 2 && doors.calls.begun_count < MANY);
    assert_true(doors.face->held > 200 << 20 && doors.face->held <= 257 << 20);

    door_send(&doors, other, frame, frame_api_versions(frame, 0, 7)); /* Who wants little gets it. */
    assert_true(door_answer(&doors, other, answer, sizeof(answer)) > 0);
    for (uint32_t i = 0; i < doors.calls.waiting_count; i++) door_let_go(&doors.calls, i, 0);
    doors.calls.waiting_count = 0;
    doors_turns(&doors, 10);
    assert_int_equal(doors.face->held, 0);
    close(client);
    close(other);
    doors_end(&doors);
}

/* An answer that finds no memory ends its connection: there is nothing else to say it with. */
static void without_memory_for_its_answer_a_connection_ends(void **state)
{
    (void)state;
    int client = doors_open_waiting(&doors, 1);

    struct request *request = doors.calls.waiting[0];
    struct block *taken = block_take(doors.shard.memory, MEMORY_ANSWER, 4 << 20);
    request->arena.size_max = 0;
    answer_rows(request, 10000);
    doors.calls.waiting_count = 0;
    assert_true(door_closed_by_us(&doors, client));
    block_unpin(taken);
    close(client);
    doors_turns(&doors, 3);
    assert_true(list_empty(&doors.face->connections));
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_order_of_arrival),
        cmocka_unit_test(silence_sends_nothing),
        cmocka_unit_test(sends_extents_between_the_fields),
        cmocka_unit_test(api_versions_of_an_unknown_version_is_begun),
        cmocka_unit_test(a_body_cut_short_inside_its_frame_closes),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(a_client_id_that_leaves_its_frame_is_refused),
        cmocka_unit_test(an_abort_waits_for_its_turn),
        cmocka_unit_test(a_client_keeps_its_name),
        cmocka_unit_test(a_slot_is_used_again),
        cmocka_unit_test(answers_of_every_size_are_whole),
        cmocka_unit_test(a_large_body_is_decoded_in_steps_and_whole),
        cmocka_unit_test(behind_a_large_body_nothing_begins),
        cmocka_unit_test(a_connection_that_dies_ends_its_decoding),
        cmocka_unit_test(a_client_that_has_finished_is_still_served),
        cmocka_unit_test(a_large_body_that_ends_too_early_closes),
        cmocka_unit_test(memory_may_end_in_the_middle_of_a_body),
        cmocka_unit_test(a_face_closes_in_the_middle_of_a_body),
        cmocka_unit_test(records_are_no_large_body),
        cmocka_unit_test(requests_that_wait_hold_a_bounded_amount_of_memory),
        cmocka_unit_test(without_memory_for_its_answer_a_connection_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
