/* Recovery's read-ahead: whatever is asked for comes, a walk takes few reads and a look here and there small ones, and
 * what a failed read left is not believed. */
#include "bytes_file.h"

#include "base/prng.h"
#include "log/recovery.h"

enum { FILE_SIZE = (10 << 20) + 777, LOOK = 64 << 10 };

struct fixture {
    struct bytes_file file;
    struct heap heap;
    struct window window;
    uint8_t *data, *other;
};

static void begin(struct fixture *fixture)
{
    heap_init(&fixture->heap);
    fixture->data = heap_take(&fixture->heap, FILE_SIZE);
    fixture->other = heap_take(&fixture->heap, FILE_SIZE);
    for (size_t i = 0; i < FILE_SIZE; i++) {
        fixture->data[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
        fixture->other[i] = (uint8_t)~fixture->data[i];
    }
    bytes_file_init(&fixture->file, fixture->data, FILE_SIZE);
    fixture->file.data[1] = fixture->other;
    fixture->file.aligned = true;
    window_init(&fixture->window, &fixture->file.files, &fixture->heap);
}

static void end(struct fixture *fixture)
{
    window_end(&fixture->window);
    heap_give(&fixture->heap, fixture->data);
    heap_give(&fixture->heap, fixture->other);
    assert_int_equal(fixture->heap.live_count, 0);
    heap_end(&fixture->heap);
}

static void look(struct fixture *fixture, int file, uint64_t position, size_t size)
{
    const uint8_t *data;
    assert_int_equal(window_read(&fixture->window, file, position, size, &data), STATUS_OK);
    assert_memory_equal(data, (file ? fixture->other : fixture->data) + position, size);
}

static void whatever_is_asked_for_comes(void **state)
{
    (void)state;
    struct fixture fixture;
    struct prng prng;

    begin(&fixture);
    prng_seed(&prng, 7);
    for (int i = 0; i < 300; i++) {
        size_t size = 1 + (size_t)prng_below(&prng, i % 10 ? 20000 : 5 << 20);
        look(&fixture, i % 3 == 0, prng_below(&prng, FILE_SIZE - size), size);
    }
    look(&fixture, 0, FILE_SIZE - 1, 1);
    look(&fixture, 0, 0, FILE_SIZE);
    end(&fixture);
}

static void a_walk_takes_few_reads(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    for (uint64_t position = 0; position + 999 < 8 << 20; position += 999) look(&fixture, 0, position, 999);
    assert_in_range(fixture.file.read_count, 2, 10); /* 64 KiB, and twice as much each time up to 4 MiB. */
    assert_in_range(fixture.file.read_bytes, 8 << 20, 13 << 20);
    end(&fixture);
}

static void a_look_here_and_there_is_small(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture);
    for (uint64_t i = 0; i < 20; i++) look(&fixture, 0, i * 7 % 20 * (400 << 10), 100);
    assert_int_equal(fixture.file.read_count, 20);
    assert_int_equal(fixture.file.read_most, LOOK);
    look(&fixture, 1, 500, 100); /* Of another file it is another place. */
    assert_int_equal(fixture.file.read_most, LOOK);
    end(&fixture);
}

static void past_the_end_is_told(void **state)
{
    (void)state;
    struct fixture fixture;
    const uint8_t *data;

    begin(&fixture);
    assert_int_equal(window_read(&fixture.window, 0, FILE_SIZE - 1, 2, &data), STATUS_TRUNCATED);
    assert_int_equal(window_read(&fixture.window, 0, FILE_SIZE + 5000, 1, &data), STATUS_TRUNCATED);
    look(&fixture, 0, FILE_SIZE - 1, 1);
    end(&fixture);
}

static void after_a_failed_read_nothing_is_believed(void **state)
{
    (void)state;
    struct fixture fixture;
    const uint8_t *data;

    begin(&fixture);
    look(&fixture, 0, 0, 100);
    fixture.file.status = STATUS_IO_ERROR;
    assert_int_equal(window_read(&fixture.window, 0, 5 << 20, 100, &data), STATUS_IO_ERROR);
    fixture.file.status = STATUS_OK;
    unsigned before = fixture.file.read_count;
    look(&fixture, 0, 0, 100); /* It stood in the window before. */
    look(&fixture, 0, 5 << 20, 100);
    assert_int_equal(fixture.file.read_count, before + 2);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_asked_for_comes),
        cmocka_unit_test(a_walk_takes_few_reads),
        cmocka_unit_test(a_look_here_and_there_is_small),
        cmocka_unit_test(past_the_end_is_told),
        cmocka_unit_test(after_a_failed_read_nothing_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
