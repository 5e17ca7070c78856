/* tests/unit/net/api/route_test.c   Splitting by owner and joining again; and pins that find their way home. */
#include "desk_metadata.h"
#include "one_desk.h"

#include "api/route.h"
#include "shard/memory.h"

enum { PARTS = 5 };

static struct journey {
    struct route route;
    struct route_part parts[PARTS];
    struct shard *seen[PARTS]; /* on which shard each has been */
    uint32_t returned, joined, arrived;
    bool hold; /* they stay where they are */
} journey;

static void part_arrive(struct route_part *part, struct shard *owner)
{
    journey.seen[part - journey.parts] = owner;
    journey.arrived++;
    if (!journey.hold) route_return(part, owner);
}

static void part_returned(struct route *route, struct route_part *part)
{
    assert_ptr_equal(route, &journey.route);
    assert_ptr_equal(part->route, route);
    journey.returned++;
}

static void journey_joined(struct route *route)
{
    assert_ptr_equal(route, &journey.route);
    journey.joined++;
}

static void begin_journey(void)
{
    journey = (struct journey){ 0 };
    route_begin(&journey.route, desk.node.shards[0], journey_joined);
    journey.route.returned = part_returned;
}

static void turns(void)
{
    for (int i = 0; i < 20; i++) desk_turn(&desk);
}

/* Parts at home arrive at once, others by mail; the route is joined once, when it is released and the last is home. */
static void parts_go_to_their_owners_and_come_home(void **state)
{
    (void)state;
    begin_journey();
    for (uint32_t i = 0; i < PARTS; i++) route_send(&journey.route, &journey.parts[i], i % 2, part_arrive);
    assert_int_equal(journey.arrived, 3); /* Those at home. */
    assert_int_equal(journey.returned, 3);
    route_release(&journey.route);
    assert_int_equal(journey.joined, 0);
    turns();
    assert_int_equal(journey.joined, 1);
    assert_int_equal(journey.returned, PARTS);
    for (uint32_t i = 0; i < PARTS; i++) assert_ptr_equal(journey.seen[i], desk.node.shards[i % 2]);
}

/* While it is still being split nothing is joined, although every part so far is home. */
static void who_begins_holds_it_open(void **state)
{
    (void)state;
    begin_journey();
    route_send(&journey.route, &journey.parts[0], 1, part_arrive);
    turns();
    assert_int_equal(journey.returned, 1);
    assert_int_equal(journey.joined, 0);
    route_send(&journey.route, &journey.parts[1], 0, part_arrive);
    assert_int_equal(journey.joined, 0);
    route_release(&journey.route);
    assert_int_equal(journey.joined, 1);
}

static void the_last_one_home_joins(void **state)
{
    (void)state;
    begin_journey();
    journey.hold = true;
    for (uint32_t i = 0; i < 2; i++) route_send(&journey.route, &journey.parts[i], i, part_arrive);
    route_release(&journey.route);
    turns();
    assert_int_equal(journey.arrived, 2);
    route_return(&journey.parts[1], desk.node.shards[1]);
    turns();
    assert_int_equal(journey.joined, 0);
    route_return(&journey.parts[0], desk.node.shards[0]);
    assert_int_equal(journey.joined, 1);
}

static void places_are_looked_up_within_bounds(void **state)
{
    (void)state;
    static const int32_t wrong[] = { -1, 3, INT32_MAX, INT32_MIN };
    const struct apis *apis = desk.node.shards[0]->face->apis;
    struct uuid id = desk_topic(&desk, "t", 3);

    for (int32_t i = 0; i < 3; i++) {
        struct route_place place = route_by_name(apis, TEXT("t"), i);
        assert_non_null(place.partition);
        assert_in_range(place.owner, 0, 1);
        assert_int_equal(place.owner, route_by_id(apis, id, i).owner);
    }
    for (size_t i = 0; i < array_count(wrong); i++) {
        assert_non_null(route_by_name(apis, TEXT("t"), wrong[i]).topic);
        assert_null(route_by_name(apis, TEXT("t"), wrong[i]).partition);
    }
    assert_null(route_by_name(apis, TEXT("x"), 0).topic);
    assert_null(route_by_id(apis, UUID_NONE, 0).topic);
    assert_null(route_in(NULL, 0).partition);
}

/* More than an envelope holds, of both shards in turn; each pin is given back once, on the shard of its block. */
static void pins_go_home(void **state)
{
    (void)state;
    enum { PINS = 200 };
    struct apis *apis = desk.node.shards[0]->face->apis;
    struct block *blocks[2];
    struct extent extents[PINS];

    for (uint32_t i = 0; i < 2; i++) blocks[i] = block_take(desk.node.shards[i]->memory, MEMORY_TAIL, 4096);
    for (int round = 0; round < 2; round++) { /* The second with envelopes that have been home. */
        for (uint32_t i = 0; i < PINS; i++) {
            struct block *block = blocks[i < 140 ? 1 : i % 2];
            extents[i] = (struct extent){ block->data, 1, block };
            block_pin(block);
        }
        route_unpin(apis, extents, PINS);
        turns();
        for (uint32_t i = 0; i < 2; i++) assert_int_equal(blocks[i]->pins, 1);
    }
    size_t used = memory_used(desk.node.shards[1]->memory, MEMORY_TAIL);
    for (uint32_t i = 0; i < 2; i++) block_unpin(blocks[i]);
    assert_true(memory_used(desk.node.shards[1]->memory, MEMORY_TAIL) < used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_go_to_their_owners_and_come_home),
        cmocka_unit_test(who_begins_holds_it_open),
        cmocka_unit_test(the_last_one_home_joins),
        cmocka_unit_test(places_are_looked_up_within_bounds),
        cmocka_unit_test(pins_go_home),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
