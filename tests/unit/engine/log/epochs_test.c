/* Leader epochs: what Kafka's cache answers, at every border. */
#include "unit.h"

#include "log/epochs.h"

static void check(const struct epochs *epochs, int32_t asked, enum status wanted, int32_t epoch, int64_t end)
{
    int32_t found = asked;
    int64_t found_end = -1;
    assert_int_equal(epochs_end_offset(epochs, 100, &found, &found_end), wanted);
    if (wanted != STATUS_OK) return;
    assert_int_equal(found, epoch);
    assert_int_equal(found_end, end);
}

static void answers_the_end_of_an_epoch(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);
    struct epochs *epochs = epochs_make(&heap);

    check(NULL, 0, STATUS_NOT_FOUND, 0, 0);
    check(NULL, -5, STATUS_NOT_FOUND, 0, 0);
    check(epochs, 0, STATUS_NOT_FOUND, 0, 0);
    assert_true(epochs_begin(epochs, 2, 10));
    assert_true(epochs_begin(epochs, 5, 40));
    assert_false(epochs_begin(epochs, 5, 60));
    assert_false(epochs_begin(epochs, 4, 60));
    check(epochs, -1, STATUS_NOT_FOUND, 0, 0);
    check(epochs, -5, STATUS_OK, -5, 10);
    check(epochs, 1, STATUS_OK, 1, 10); /* Older than all that is known. */
    check(epochs, 2, STATUS_OK, 2, 40);
    check(epochs, 3, STATUS_OK, 2, 40);
    check(epochs, 5, STATUS_OK, 5, 100);
    check(epochs, 6, STATUS_NOT_FOUND, 0, 0);
    assert_int_equal(epochs_at(epochs, 9), -1);
    assert_int_equal(epochs_at(epochs, 10), 2);
    assert_int_equal(epochs_at(epochs, 39), 2);
    assert_int_equal(epochs_at(epochs, 40), 5);
    epochs_end(epochs);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void an_epoch_without_records_gives_its_place_away(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);
    struct epochs *epochs = epochs_make(&heap);
    epochs_begin(epochs, 1, 0);
    epochs_begin(epochs, 2, 50);
    epochs_begin(epochs, 3, 50);
    assert_int_equal(epochs->count, 2);
    assert_int_equal(epochs->items[1].epoch, 3);
    epochs_end(epochs);
    heap_end(&heap);
}

static void truncations_cut_both_ends(void **state)
{
    (void)state;
    struct heap heap;
    heap_init(&heap);
    struct epochs *epochs = epochs_make(&heap);
    for (int i = 0; i < 5; i++) epochs_begin(epochs, i, (int64_t)10 * i);

    epochs_truncate_end(epochs, 41);
    assert_int_equal(epochs->count, 5);
    epochs_truncate_end(epochs, 40);
    assert_int_equal(epochs->count, 4);
    epochs_truncate_start(epochs, 15);
    assert_int_equal(epochs->count, 3);
    assert_int_equal(epochs->items[0].epoch, 1);
    assert_int_equal(epochs->items[0].start, 15);
    epochs_truncate_start(epochs, 20);
    assert_int_equal(epochs->items[0].epoch, 2);
    assert_int_equal(epochs->items[0].start, 20);
    epochs_truncate_start(epochs, 5);
    assert_int_equal(epochs->items[0].start, 20);
    epochs_end(epochs);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_the_end_of_an_epoch),
        cmocka_unit_test(an_epoch_without_records_gives_its_place_away),
        cmocka_unit_test(truncations_cut_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
