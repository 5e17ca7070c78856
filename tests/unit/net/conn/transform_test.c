/* tests/unit/net/conn/transform_test.c   The seam between socket and frames: the identity changes nothing and copies
 * nothing; one that changes the bytes sees each of them once, and nothing goes past it. */
#include "door_client.h"
#include "door_frames.h"

enum { KEY = 0x5a };

static struct doors doors;
static uint8_t frame[1 << 20], answer[2 << 20], sealed[2 << 20];
static size_t opened_size;

static struct bytes mask_open(void *state, struct bytes arrived)
{
    uint8_t *data = (uint8_t *)(uintptr_t)arrived.data;

    (void)state;
    opened_size += arrived.size;
    for (size_t i = 0; i < arrived.size; i++) data[i] ^= KEY;
    return arrived;
}

/* All parts into one, in memory of its own: what lies in the tail may not be changed. */
static uint32_t mask_seal(void *state, struct iovec *parts, uint32_t count)
{
    size_t size = 0;

    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *part = parts[i].iov_base;
        assert_true(size + parts[i].iov_len <= sizeof(sealed));
        for (size_t j = 0; j < parts[i].iov_len; j++) sealed[size++] = part[j] ^ KEY;
    }
    parts[0] = (struct iovec){ sealed, size };
    return 1;
}

static const struct transform mask = { "mask", false, mask_open, mask_seal };

static int open_masked(void)
{
    doors_make(&doors, 16 << 20);
    struct face_settings settings = doors_settings(&doors);
    settings.zero_copy = ZERO_COPY_ALWAYS;
    doors_open(&doors, &settings);
    int client = door_connect(&doors);
    doors_connection(&doors)->transform = &mask;
    opened_size = 0;
    return client;
}

static void masked(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) data[i] ^= KEY;
}

static ssize_t answer_masked(int client)
{
    size_t have = 0, wanted = 4;

    while (have < wanted) {
        ssize_t got = door_receive(&doors, client, answer + have, wanted - have, 300);
        if (got <= 0) return -1;
        masked(answer + have, (size_t)got);
        have += (size_t)got;
        if (have == 4) wanted = 4 + load_u32(answer);
    }
    return (ssize_t)have;
}

static void the_identity_is_the_same_bytes_in_the_same_place(void **state)
{
    (void)state;
    struct bytes arrived = { frame, 100 };
    struct iovec parts[2] = { { frame, 10 }, { answer, 20 } };

    struct bytes opened = transform_identity.open(NULL, arrived);
    assert_ptr_equal(opened.data, frame);
    assert_int_equal(opened.size, 100);
    assert_int_equal(transform_identity.seal(NULL, parts, 2), 2);
    assert_ptr_equal(parts[0].iov_base, frame);
    assert_int_equal(parts[1].iov_len, 20);
    assert_true(transform_identity.straight);
}

static void a_plain_connection_has_the_identity(void **state)
{
    (void)state;
    doors_open_plain(&doors);
    int client = door_connect(&doors);
    assert_ptr_equal(doors_connection(&doors)->transform, &transform_identity);
    close(client);
    doors_end(&doors);
}

/* A body large enough to be received straight passes through `open` all the same, each byte of it once. */
static void every_byte_passes_through_it(void **state)
{
    (void)state;
    int client = open_masked();
    static const uint32_t sizes[] = { 1, 1000, 16 << 10, 900 << 10 };

    size_t sent = 0;
    for (size_t i = 0; i < array_count(sizes); i++) {
        size_t size = frame_produce(frame, (int32_t)i, 1, sizes[i]);
        masked(frame, size);
        door_send(&doors, client, frame, size);
        sent += size;
        assert_true(answer_masked(client) > 0);
        assert_int_equal(load_i32(answer + 4), i);
        assert_int_equal(load_i32(answer + 12), sizes[i]);
        assert_int_equal(doors_connection(&doors)->way, RECEIVE_PIECES);
    }
    assert_int_equal(opened_size, sent);
    close(client);
    doors_end(&doors);
}

/* Records are pinned memory that others read: they are sealed in a copy, and never sent from where they lie. */
static void what_is_sent_is_sealed_and_never_sent_in_place(void **state)
{
    (void)state;
    int client = open_masked();
    size_t size = frame_fetch(frame, 1);

    masked(frame, size);
    door_send(&doors, client, frame, size);
    doors_turns(&doors, 3);
    door_let_go(&doors.calls, 0, DOOR_EXTENT_SIZE);
    doors.calls.waiting_count = 0;
    ssize_t got = answer_masked(client);
    assert_true(got > DOOR_EXTENT_SIZE);
    assert_memory_equal(answer + got - DOOR_EXTENT_SIZE, doors.calls.extent_block->data, DOOR_EXTENT_SIZE);
    for (uint32_t i = 0; i < DOOR_EXTENT_SIZE; i++) {
        assert_int_equal(doors.calls.extent_block->data[i], (uint8_t)(i * 31 + (i >> 8)));
    }
    assert_int_equal(doors_counted(&doors, CONN_METRIC_ZERO_COPY_SENDS, 0), 0);
    doors_turns(&doors, 3);
    assert_int_equal(doors_connection(&doors)->owed, 0);
    assert_int_equal(doors.calls.sent_count, 1);
    close(client);
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_is_the_same_bytes_in_the_same_place),
        cmocka_unit_test(a_plain_connection_has_the_identity),
        cmocka_unit_test(every_byte_passes_through_it),
        cmocka_unit_test(what_is_sent_is_sealed_and_never_sent_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
