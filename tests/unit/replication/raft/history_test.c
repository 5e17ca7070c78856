/* Where terms begin, where they end, and what is left after a cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "raft/history.h"

static void assert_end(const struct history *history, int32_t asked, int32_t term, int64_t offset)
{
    struct position found = history_find(history, asked, 100);
    assert_int_equal(found.term, term);
    assert_int_equal(found.offset, offset);
}

static void the_largest_term_up_to_the_asked_one_is_found(void **state)
{
    (void)state;
    struct heap heap;
    struct history history;
    heap_init(&heap);
    history_init(&history, &heap);
    assert_end(&history, 3, -1, 0);
    history_note(&history, 2, 0);
    history_note(&history, 2, 10);
    history_note(&history, 5, 40);
    history_note(&history, 6, 70);
    assert_int_equal(history.count, 3);
    assert_end(&history, 1, -1, 0);
    assert_end(&history, 2, 2, 40);
    assert_end(&history, 4, 2, 40);
    assert_end(&history, 5, 5, 70);
    assert_end(&history, 9, 6, 100);

    history_cut(&history, 70);
    assert_end(&history, 9, 5, 100);
    history_cut(&history, 0);
    assert_int_equal(history.count, 0);
    history_end(&history);
    assert_int_equal(heap.live_count, 0);
}

static void a_term_without_records_leaves_no_trace(void **state)
{
    (void)state;
    struct heap heap;
    struct history history;
    heap_init(&heap);
    history_init(&history, &heap);
    history_note(&history, 1, 0);
    history_note(&history, 2, 5);
    history_note(&history, 3, 5);
    assert_int_equal(history.count, 2);
    assert_end(&history, 2, 1, 5);
    history_end(&history);
}

static void positions_compare_by_term_first(void **state)
{
    (void)state;
    assert_true(position_compare((struct position){ 10, 1 }, (struct position){ 2, 2 }) < 0);
    assert_true(position_compare((struct position){ 10, 2 }, (struct position){ 2, 2 }) > 0);
    assert_int_equal(position_compare((struct position){ 2, 2 }, (struct position){ 2, 2 }), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_term_up_to_the_asked_one_is_found),
        cmocka_unit_test(a_term_without_records_leaves_no_trace),
        cmocka_unit_test(positions_compare_by_term_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
