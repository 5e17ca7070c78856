/* The window of a cold read over pieces that stand in memory: where bytes are, across the border of two pieces, and
 * what is summed and what is not any more. */
#include "unit.h"

#include "log/cold_read.h"

enum { PIECES = 3, FIRST = 2, LAST_SIZE = 1000 };

/* The pieces 2, 3 and 4 of a segment, the last one cut. */
struct seen {
    struct cold_read cold;
    struct piece pieces[PIECES];
    struct block blocks[PIECES];
    uint8_t *bytes;
};

static const uint64_t start = (uint64_t)FIRST * CACHE_PIECE;

static int seen_begin(void **state)
{
    static struct seen seen;

    seen = (struct seen){ .cold = { .first_piece = FIRST, .piece_count = PIECES, .position = start } };
    seen.bytes = calloc(PIECES, CACHE_PIECE);
    for (uint32_t i = 0; i < PIECES; i++) {
        seen.blocks[i] = (struct block){ .data = seen.bytes + (size_t)i * CACHE_PIECE, .size = CACHE_PIECE };
        seen.pieces[i] = (struct piece){
            .number = FIRST + i, .size = i + 1 < PIECES ? CACHE_PIECE : LAST_SIZE, .users = 1, .block = &seen.blocks[i]
        };
        seen.cold.pieces[i] = &seen.pieces[i];
    }
    *state = &seen;
    return 0;
}

static int seen_end(void **state)
{
    free(((struct seen *)*state)->bytes);
    return 0;
}

static void its_limit_is_that_of_its_last_piece(void **state)
{
    struct seen *seen = *state;

    assert_int_equal(cold_window_limit(&seen->cold), start + 2 * (uint64_t)CACHE_PIECE + LAST_SIZE);
    seen->cold.piece_count = 1;
    assert_int_equal(cold_window_limit(&seen->cold), start + CACHE_PIECE);
    seen->cold.piece_count = 0;
    assert_int_equal(cold_window_limit(&seen->cold), start);
}

static void what_is_looked_at_ends_with_its_piece(void **state)
{
    struct seen *seen = *state;
    struct piece *piece;
    uint32_t size = 100;

    assert_ptr_equal(cold_window_at(&seen->cold, start, &size, &piece), seen->bytes);
    assert_ptr_equal(piece, &seen->pieces[0]);
    assert_int_equal(size, 100);
    assert_ptr_equal(cold_window_at(&seen->cold, start + CACHE_PIECE - 1, &size, &piece),
                     seen->bytes + CACHE_PIECE - 1);
    assert_int_equal(size, 1);
    size = CACHE_PIECE;
    assert_ptr_equal(cold_window_at(&seen->cold, start + CACHE_PIECE, &size, &piece), seen->bytes + CACHE_PIECE);
    assert_ptr_equal(piece, &seen->pieces[1]);
    assert_int_equal(size, CACHE_PIECE);
    (void)cold_window_at(&seen->cold, start + 2 * (uint64_t)CACHE_PIECE + 1, &size, &piece);
    assert_int_equal(size, LAST_SIZE - 1);
}

static void a_copy_goes_across_borders(void **state)
{
    struct seen *seen = *state;
    static uint8_t copy[CACHE_PIECE + 20];

    for (size_t i = 0; i < (size_t)PIECES * CACHE_PIECE; i++) seen->bytes[i] = (uint8_t)(i * 7 + i / 251);
    cold_window_copy(&seen->cold, start + CACHE_PIECE - 10, copy, sizeof copy);
    assert_memory_equal(copy, seen->bytes + CACHE_PIECE - 10, sizeof copy);
}

/* A batch of `size` bytes so that its first `before` stand in the first piece. */
static struct batch batch_across(struct seen *seen, uint32_t before)
{
    static uint8_t memory[8192];
    struct batch_builder builder;
    struct batch batch;
    static const uint8_t value[3000];

    batch_begin(&builder, memory, sizeof memory, 0, 1700000000000);
    batch_add(&builder, BYTES_NULL, (struct bytes){ value, sizeof value }, 1700000000000);
    struct bytes bytes = batch_end(&builder);
    assert_int_equal(batch_read(bytes.data, bytes.size, &batch), STATUS_OK);
    seen->cold.position = start + CACHE_PIECE - before;
    memcpy(seen->bytes + CACHE_PIECE - before, bytes.data, bytes.size);
    return batch;
}

static void a_batch_is_proved_wherever_the_border_lies(void **state)
{
    struct seen *seen = *state;

    for (uint32_t before = 1; before <= 100; before++) { /* Through the header, and beyond it. */
        struct batch batch = batch_across(seen, before);
        for (int i = 0; i < 2; i++) seen->pieces[i].proved = seen->pieces[i].proved_limit = 0;
        seen->bytes[CACHE_PIECE - before + batch.size - 1] ^= 1;
        assert_false(cold_window_proved(&seen->cold, &batch));
        assert_int_equal(seen->pieces[0].proved_limit, 0);
        seen->bytes[CACHE_PIECE - before + batch.size - 1] ^= 1;
        assert_true(cold_window_proved(&seen->cold, &batch));
        assert_int_equal(seen->pieces[0].proved, CACHE_PIECE - before);
        assert_int_equal(seen->pieces[0].proved_limit, CACHE_PIECE);
        assert_int_equal(seen->pieces[1].proved, 0);
        assert_int_equal(seen->pieces[1].proved_limit, batch.size - before);
    }
}

static void what_was_proved_once_is_not_summed_again(void **state)
{
    struct seen *seen = *state;
    struct batch batch = batch_across(seen, 500);

    assert_true(cold_window_proved(&seen->cold, &batch));
    batch.crc ^= 1; /* Nobody looks. */
    assert_true(cold_window_proved(&seen->cold, &batch));
    seen->pieces[1].proved_limit--; /* A byte of it was not: all of it is summed. */
    assert_false(cold_window_proved(&seen->cold, &batch));
    batch.crc ^= 1;
    assert_true(cold_window_proved(&seen->cold, &batch));
}

static void it_reads_while_a_piece_does_and_fails_with_the_first_that_failed(void **state)
{
    struct seen *seen = *state;

    assert_false(cold_window_reading(&seen->cold));
    assert_int_equal(cold_window_status(&seen->cold), STATUS_OK);
    seen->pieces[2].reading = true;
    assert_true(cold_window_reading(&seen->cold));
    seen->pieces[1].status = STATUS_TRUNCATED;
    seen->pieces[2].status = STATUS_IO_ERROR;
    assert_int_equal(cold_window_status(&seen->cold), STATUS_TRUNCATED);
    seen->cold.piece_count = 1;
    assert_false(cold_window_reading(&seen->cold));
    assert_int_equal(cold_window_status(&seen->cold), STATUS_OK);
}

static void pieces_that_end_at_the_position_are_spent(void **state)
{
    struct seen *seen = *state;
    struct cache cache;

    list_init(&cache.recent);
    list_init(&cache.spent);
    for (uint32_t i = 0; i < PIECES; i++) {
        seen->pieces[i].cache = &cache;
        list_node_init(&seen->pieces[i].recent);
        list_append(&cache.recent, &seen->pieces[i].recent);
    }
    seen->cold.position = start + 2 * (uint64_t)CACHE_PIECE - 1;
    cold_window_spent(&seen->cold);
    assert_ptr_equal(list_first(&cache.spent), &seen->pieces[0].recent);
    assert_ptr_equal(list_last(&cache.spent), &seen->pieces[0].recent);
    seen->cold.position++;
    cold_window_spent(&seen->cold);
    assert_ptr_equal(list_last(&cache.spent), &seen->pieces[1].recent);
    assert_ptr_equal(list_first(&cache.recent), &seen->pieces[2].recent);
    seen->cold.position += LAST_SIZE;
    cold_window_spent(&seen->cold);
    assert_true(list_empty(&cache.recent));
}

#define with_window(test) cmocka_unit_test_setup_teardown(test, seen_begin, seen_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_window(its_limit_is_that_of_its_last_piece),
        with_window(what_is_looked_at_ends_with_its_piece),
        with_window(a_copy_goes_across_borders),
        with_window(a_batch_is_proved_wherever_the_border_lies),
        with_window(what_was_proved_once_is_not_summed_again),
        with_window(it_reads_while_a_piece_does_and_fails_with_the_first_that_failed),
        with_window(pieces_that_end_at_the_position_are_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
