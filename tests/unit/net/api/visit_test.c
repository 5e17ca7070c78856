/* tests/unit/net/api/visit_test.c   Each row is looked at once, on the shard of its partition, in portions. */
#include "one_desk.h"

#include "api/visit.h"
#include "api/walk.h"

enum { ROWS = 5 * WALK_PORTION / 2 };

struct row {
    struct visit_row visit;
    struct shard *seen;
    uint32_t order;
};

static struct request request;
static struct visit visit;
static struct row rows[ROWS];
static uint32_t looked, joined, cost;

static uint32_t row_look(struct visit_row *at, struct shard *owner)
{
    struct row *row = container_of(at, struct row, visit);
    assert_null(row->seen);
    row->seen = owner;
    row->order = looked++;
    return cost;
}

static void all_joined(struct visit *at)
{
    assert_ptr_equal(at, &visit);
    joined++;
}

static int fresh(void **state)
{
    (void)state;
    request.shard = desk.node.shards[0];
    arena_init(&request.arena, &desk.heap, NULL, 0, SIZE_MAX);
    memset(rows, 0, sizeof(rows));
    looked = joined = 0;
    cost = 1;
    assert_true(visit_begin(&visit, &request, row_look, all_joined));
    return 0;
}

static int over(void **state)
{
    (void)state;
    arena_reset(&request.arena);
    return 0;
}

static void go(uint32_t count, uint32_t shards)
{
    for (uint32_t i = 0; i < count; i++) visit_add(&visit, i % shards, &rows[i].visit);
    visit_go(&visit);
}

static void turns_until_joined(void)
{
    for (int i = 0; i < DESK_TURNS && joined == 0; i++) desk_turn(&desk);
    assert_int_equal(joined, 1);
}

static void few_of_ours_are_looked_at_at_once(void **state)
{
    (void)state;
    go(10, 1);
    assert_int_equal(joined, 1);
    for (uint32_t i = 0; i < 10; i++) assert_int_equal(rows[i].order, i);
}

static void nobody_to_visit_is_joined_too(void **state)
{
    (void)state;
    go(0, 1);
    assert_int_equal(joined, 1);
}

static void each_is_looked_at_where_it_lives(void **state)
{
    (void)state;
    go(ROWS, 2);
    assert_int_equal(looked, WALK_PORTION); /* of ours, in this step */
    turns_until_joined();
    assert_int_equal(looked, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) assert_ptr_equal(rows[i].seen, desk.node.shards[i % 2]);
}

static void many_take_a_portion_a_step(void **state)
{
    (void)state;
    go(ROWS, 1);
    assert_int_equal(looked, WALK_PORTION);
    assert_int_equal(joined, 0);
    desk_turn(&desk);
    assert_int_equal(looked, 2 * WALK_PORTION);
    turns_until_joined();
    assert_int_equal(looked, ROWS);
}

static void what_costs_more_ends_a_step_earlier(void **state)
{
    (void)state;
    cost = WALK_PORTION;
    go(3, 1);
    assert_int_equal(looked, 1);
    turns_until_joined();
    assert_int_equal(looked, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_of_ours_are_looked_at_at_once, fresh, over),
        cmocka_unit_test_setup_teardown(nobody_to_visit_is_joined_too, fresh, over),
        cmocka_unit_test_setup_teardown(each_is_looked_at_where_it_lives, fresh, over),
        cmocka_unit_test_setup_teardown(many_take_a_portion_a_step, fresh, over),
        cmocka_unit_test_setup_teardown(what_costs_more_ends_a_step_earlier, fresh, over),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
