/* tests/unit/net/api/walk_test.c   A walk: all of its items once and in order, a portion a step; small ones at once;
 * and how it ends early. */
#include "one_desk.h"

#include "api/walk.h"
#include "conn/connection.h"

enum { ITEMS = 5 * WALK_PORTION / 2 };

static struct connection connection;
static struct request request;

static struct trail {
    struct walk walk;
    uint32_t count, parts; /* of each item, in the second pass */
    uint32_t first, second, opened, ended;
    uint32_t most; /* in a step */
    uint32_t fails_at;
    bool steps_are_dear;
} trail;

static bool trail_begin(struct walk *walk)
{
    walk->count = trail.count;
    return true;
}

static bool first_item(struct walk *walk, uint32_t at, uint32_t part)
{
    assert_int_equal(at, trail.first);
    assert_int_equal(part, 0);
    assert_int_equal(trail.second, 0);
    trail.first++;
    trail.most = max_of(trail.most, walk->spent);
    if (trail.steps_are_dear) walk->spent += WALK_PORTION;
    return trail.first != trail.fails_at;
}

static bool second_open(struct walk *walk, uint32_t at)
{
    assert_int_equal(at, trail.second / trail.parts);
    walk->parts = trail.parts;
    trail.opened++;
    return true;
}

static bool second_item(struct walk *walk, uint32_t at, uint32_t part)
{
    assert_int_equal(trail.first, trail.count);
    assert_int_equal(at * trail.parts + part, trail.second);
    trail.second++;
    trail.most = max_of(trail.most, walk->spent);
    return true;
}

static void trail_end(struct walk *walk)
{
    assert_ptr_equal(walk, &trail.walk);
    trail.ended++;
}

static const struct walk_pass passes[] = {
    { trail_begin, NULL, first_item },
    { trail_begin, second_open, second_item },
    { NULL, NULL, NULL },
};

static void trail_walk(uint32_t count, uint32_t parts)
{
    connection.stage = CONNECTION_OPEN;
    request.shard = desk.node.shards[0];
    request.connection = &connection;
    trail.count = count;
    trail.parts = parts;
    walk_begin(&trail.walk, &request, passes, trail_end);
}

static int fresh(void **state)
{
    (void)state;
    trail = (struct trail){ 0 };
    return 0;
}

static void a_small_one_is_over_at_once(void **state)
{
    (void)state;
    trail_walk(10, 4);
    assert_int_equal(trail.second, 40);
    assert_int_equal(trail.ended, 1);
    assert_int_equal(trail.walk.steps, 1);
    assert_int_equal(trail.walk.status, STATUS_OK);
}

static void nothing_is_a_walk_too(void **state)
{
    (void)state;
    trail_walk(0, 1);
    assert_int_equal(trail.ended, 1);
}

static void a_large_one_takes_a_portion_a_step(void **state)
{
    (void)state;
    trail_walk(ITEMS, 1);
    assert_int_equal(trail.ended, 0);
    assert_true(trail.first <= WALK_PORTION);
    for (int i = 0; i < DESK_TURNS && trail.ended == 0; i++) desk_turn(&desk);
    assert_int_equal(trail.ended, 1);
    assert_int_equal(trail.second, ITEMS);
    assert_true(trail.walk.steps >= 2 * ITEMS / WALK_PORTION);
    assert_true(trail.most <= WALK_PORTION);
}

/* What was found for an item in an earlier step is found again. */
static void an_item_of_many_parts_is_opened_in_each_step(void **state)
{
    (void)state;
    trail_walk(2, ITEMS);
    while (trail.ended == 0) desk_turn(&desk);
    assert_int_equal(trail.second, 2 * ITEMS);
    assert_in_range(trail.opened, trail.walk.steps, trail.walk.steps + 2);
}

static void what_costs_more_says_so(void **state)
{
    (void)state;
    trail.steps_are_dear = true;
    trail_walk(5, 1);
    while (trail.ended == 0) desk_turn(&desk);
    assert_int_equal(trail.walk.steps, 6); /* the second pass is as cheap as ever */
}

static void it_ends_where_memory_does(void **state)
{
    (void)state;
    trail.fails_at = 3;
    trail_walk(10, 1);
    assert_int_equal(trail.first, 3);
    assert_int_equal(trail.ended, 1);
    assert_int_equal(trail.walk.status, STATUS_NO_MEMORY);
}

static void it_ends_when_its_connection_does(void **state)
{
    (void)state;
    trail_walk(ITEMS, 1);
    uint32_t before = trail.first;
    connection.stage = CONNECTION_JOINING;
    for (int i = 0; i < DESK_TURNS && trail.ended == 0; i++) desk_turn(&desk);
    assert_int_equal(trail.ended, 1);
    assert_int_equal(trail.first, before);
    assert_int_equal(trail.walk.status, STATUS_CLOSED);
}

/* ---- memory ---- */

enum { LARGE_SIZE = 5 << 20, SMALL_SIZE = 100 };

static struct {
    struct walk walk;
    uint8_t *large, *opened, *small;
    bool ended;
} taking;

static bool taking_begin(struct walk *walk)
{
    walk->count = 1;
    taking.large = walk_take(walk, LARGE_SIZE);
    taking.small = walk_take(walk, SMALL_SIZE);
    return taking.large && taking.small;
}

static bool taking_open(struct walk *walk, uint32_t at)
{
    (void)at;
    if (!taking.opened) taking.opened = walk_take(walk, LARGE_SIZE + 1);
    return taking.opened != NULL;
}

static bool zeroes(const uint8_t *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static bool taking_item(struct walk *walk, uint32_t at, uint32_t part)
{
    (void)walk, (void)at, (void)part;
    assert_true(zeroes(taking.large, LARGE_SIZE));
    assert_true(zeroes(taking.opened, LARGE_SIZE + 1));
    assert_true(zeroes(taking.small, SMALL_SIZE));
    return true;
}

static void taking_end(struct walk *walk)
{
    (void)walk;
    taking.ended = true;
}

/* Pages that were never touched are dear. */
static void large_memory_is_cleared_in_steps_before_it_is_used(void **state)
{
    static const struct walk_pass memory_passes[] = { { taking_begin, taking_open, taking_item },
                                                      { NULL, NULL, NULL } };
    (void)state;

    connection.stage = CONNECTION_OPEN;
    request.shard = desk.node.shards[0];
    request.connection = &connection;
    arena_init(&request.arena, &desk.heap, NULL, 0, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        taking.opened = NULL;
        taking.ended = false;
        walk_begin(&taking.walk, &request, memory_passes, taking_end);
        assert_false(taking.ended);
        while (!taking.ended) desk_turn(&desk);
        assert_int_equal(taking.walk.status, STATUS_OK);
        assert_in_range(taking.walk.steps, 2 * LARGE_SIZE / 1024 / WALK_PORTION, 2 * LARGE_SIZE / 1024);
        memset(taking.large, 'x', LARGE_SIZE);
        memset(taking.opened, 'x', LARGE_SIZE);
        arena_reset(&request.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_small_one_is_over_at_once, fresh),
        cmocka_unit_test_setup(nothing_is_a_walk_too, fresh),
        cmocka_unit_test_setup(a_large_one_takes_a_portion_a_step, fresh),
        cmocka_unit_test_setup(an_item_of_many_parts_is_opened_in_each_step, fresh),
        cmocka_unit_test_setup(what_costs_more_says_so, fresh),
        cmocka_unit_test_setup(it_ends_where_memory_does, fresh),
        cmocka_unit_test_setup(it_ends_when_its_connection_does, fresh),
        cmocka_unit_test_setup(large_memory_is_cleared_in_steps_before_it_is_used, fresh),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
