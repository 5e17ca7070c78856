/* Aborted transactions: who is told of which, and Kafka's .txnindex. */
#include "loose.h"

#include "base/arena.h"
#include "log/aborted.h"

static void aborted_lists_are_kafkas(void **test)
{
    struct loose *loose = *test;
    struct arena arena;
    struct aborted *aborted;
    uint32_t count;

    arena_init(&arena, &loose->shard.heap, NULL, 0, 4096);
    assert_int_equal(log_aborted(&loose->log, 0, 10, &arena, &aborted, &count), STATUS_OK);
    assert_int_equal(count, 0);
    (void)segments_add(&loose->log, 0);
    segments_abort(&loose->log, (struct abort_entry){ 5, 6, 10, 11 });
    segments_abort(&loose->log, (struct abort_entry){ 6, 12, 17, 18 });
    static const struct {
        int64_t from, to;
        uint32_t count;
    } rows[] = { { 0, 6, 0 }, { 0, 7, 1 }, { 10, 11, 1 }, { 11, 18, 1 }, { 0, 18, 2 }, { 17, 18, 1 }, { 18, 99, 0 } };
    for (size_t i = 0; i < array_count(rows); i++) {
        enum status status = log_aborted(&loose->log, rows[i].from, rows[i].to, &arena, &aborted, &count);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(count, rows[i].count);
    }

    /* Kafka's own bytes: producer 5, data 6..9, marker 10, stable 11. */
    uint8_t wanted[64], made[64];
    struct abort_entry entry = { 5, 6, 10, 11 }, read;
    size_t size = unit_unhex("00000000000000000005000000000000000600000000000000"
                             "0a000000000000000b",
                             wanted);
    assert_int_equal(aborted_file_size(1), size);
    aborted_file_write(&entry, 1, made);
    assert_memory_equal(made, wanted, 34);
    assert_true(aborted_file_entry((struct bytes){ made, 34 }, 0, &read));
    assert_memory_equal(&read, &entry, sizeof read);
    assert_false(aborted_file_entry((struct bytes){ made, 34 }, 1, &read));
    assert_false(aborted_file_entry((struct bytes){ made, 33 }, 0, &read));
    arena_reset(&arena);
}

static void an_entry_that_cannot_be_is_the_end(void **test)
{
    (void)test;
    static const struct {
        size_t place;
        uint8_t byte;
        bool good;
    } rows[] = {
        { 0, 0, true },      /* as it was */
        { 1, 1, false },     /* another version */
        { 10, 0x80, false }, /* a first offset below 0, */
        { 17, 11, false },   /* above the marker's */
        { 17, 10, true },
    };
    const struct abort_entry entry = { 5, 6, 10, 11 };
    struct abort_entry read;
    uint8_t made[34];

    for (size_t i = 0; i < array_count(rows); i++) {
        aborted_file_write(&entry, 1, made);
        made[rows[i].place] = rows[i].byte;
        assert_int_equal(aborted_file_entry((struct bytes){ made, sizeof made }, 0, &read), rows[i].good);
    }
    assert_false(aborted_file_entry((struct bytes){ made, 0 }, 0, &read));
}

/* The list of a long log does not fit into what a request may take. */
static void a_list_without_memory_is_refused(void **test)
{
    struct loose *loose = *test;
    struct arena arena;
    struct aborted *aborted;
    uint32_t count;

    arena_init(&arena, &loose->shard.heap, NULL, 0, 4096);
    (void)segments_add(&loose->log, 0);
    for (int64_t i = 0; i < 1000; i++)
        segments_abort(&loose->log, (struct abort_entry){ i, 2 * i, 2 * i + 1, 2 * i + 2 });
    assert_int_equal(log_aborted(&loose->log, 0, 2000, &arena, &aborted, &count), STATUS_NO_MEMORY);
    assert_int_equal(count, 0);
    assert_int_equal(log_aborted(&loose->log, 100, 120, &arena, &aborted, &count), STATUS_OK);
    assert_int_equal(count, 10);
    assert_int_equal(aborted[0].producer_id, 50);
    assert_int_equal(aborted[9].first_offset, 118);
    segments_forget_aborts(&loose->log, 110);
    assert_int_equal(log_aborted(&loose->log, 100, 120, &arena, &aborted, &count), STATUS_OK);
    assert_int_equal(aborted[0].first_offset, 110);
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_log(aborted_lists_are_kafkas),
        cmocka_unit_test(an_entry_that_cannot_be_is_the_end),
        with_log(a_list_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
