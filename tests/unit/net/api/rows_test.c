/* tests/unit/net/api/rows_test.c   Rows that grow beyond their room are the same rows. */
#include "one_desk.h"

#include "api/rows.h"
#include "base/codec.h"

struct row {
    int number, zero;
};

static void each_is_cleared_and_stays_whatever_the_room(void **state)
{
    (void)state;
    static const uint32_t rooms[] = { 0, 1, 15, 16, 17, 1000 };

    for (size_t i = 0; i < array_count(rooms); i++) {
        ARRAY_OF(struct row) answer;
        struct rows rows;
        assert_true(rows_begin(&rows, &desk.messages, &answer, sizeof(struct row), rooms[i]));
        assert_int_equal(answer.count, 0);
        for (int n = 0; n < 100; n++) {
            struct row *row = rows_add(&rows);
            assert_int_equal(row->zero, 0);
            *row = (struct row){ n, 0 };
            assert_int_equal(answer.count, n + 1);
        }
        for (int n = 0; n < 100; n++) assert_int_equal(answer.items[n].number, n);
    }
}

static void memory_ends(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct arena arena;
    ARRAY_OF(struct row) answer;
    struct rows rows;

    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    assert_false(rows_begin(&rows, &arena, &answer, sizeof(struct row), 100));
    assert_true(rows_begin(&rows, &arena, &answer, sizeof(struct row), 4));
    int count = 0;
    while (rows_add(&rows)) count++;
    assert_int_equal(answer.count, count);
    assert_in_range(count, 4, 28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_cleared_and_stays_whatever_the_room),
        cmocka_unit_test(memory_ends),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
