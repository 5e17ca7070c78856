/* tests/unit/net/api/topics_all_test.c   Every topic once and by name, whatever comes and goes between the steps. */
#include "desk_metadata.h"
#include "one_desk.h"

#include "api/topics_all.h"
#include "conn/connection.h"

enum { TOPICS = 6 };

static struct connection connection;
static struct request request;
static struct uuid ids[TOPICS]; /* b, d, f ... */

static struct tour {
    struct walk walk;
    struct topics_all all;
    char seen[64]; /* the first letters, in order */
    uint32_t parts, gone;
    bool dear, ended; /* each item is a step */
} tour;

static bool tour_begin(struct walk *walk)
{
    walk->count = UINT32_MAX;
    return true;
}

static bool tour_open(struct walk *walk, uint32_t at)
{
    (void)at;
    if (!topics_all_open(&tour.all, walk)) return false;
    if (tour.all.topic) {
        walk->parts = tour.parts;
    } else if (walk->part > 0) {
        tour.gone++;
    }
    return true;
}

static bool tour_take(struct walk *walk, uint32_t at, uint32_t part)
{
    (void)at;
    assert_true(text_equal(tour.all.topic->name, tour.all.name));
    if (part == 0) tour.seen[strlen(tour.seen)] = tour.all.name.data[0];
    if (tour.dear) walk->spent += WALK_PORTION;
    return true;
}

static void tour_end(struct walk *walk)
{
    assert_int_equal(walk->status, STATUS_OK);
    tour.ended = true;
}

static const struct walk_pass passes[] = { { tour_begin, tour_open, tour_take }, { NULL, NULL, NULL } };

static int topics_make(void **state)
{
    (void)state;
    tour = (struct tour){ .parts = 1 };
    connection.stage = CONNECTION_OPEN;
    request.shard = desk.node.shards[0];
    request.face = request.shard->face;
    request.connection = &connection;
    arena_init(&request.arena, &desk.heap, NULL, 0, SIZE_MAX);
    for (int i = 0; i < TOPICS; i++) {
        char name[] = { (char)('b' + 2 * i), 0 };
        ids[i] = desk_topic(&desk, name, 1);
    }
    return 0;
}

static int topics_unmake(void **state)
{
    (void)state;
    const struct image *image = &desk.node.shards[0]->replicas->image;
    while (image->topic_count > 0) desk_remove(&desk, image_topic_from(image, TEXT_NULL)->id);
    arena_reset(&request.arena);
    return 0;
}

static void tour_go(void)
{
    walk_begin(&tour.walk, &request, passes, tour_end);
}

static void tour_whole(const char *seen)
{
    for (int i = 0; i < DESK_TURNS && !tour.ended; i++) desk_turn(&desk);
    assert_true(tour.ended);
    assert_string_equal(tour.seen, seen);
}

static void all_in_their_order(void **state)
{
    (void)state;
    tour_go();
    tour_whole("bdfhjl");
    assert_int_equal(tour.walk.steps, 1);
}

static void from_a_name_on(void **state)
{
    (void)state;
    tour.all.name = TEXT("f");
    tour_go();
    tour_whole("fhjl");
    tour = (struct tour){ .parts = 1, .all = { .name = TEXT("g") }, .dear = true };
    tour_go();
    tour_whole("hjl");
    tour = (struct tour){ .parts = 1, .all = { .name = TEXT("z") } };
    tour_go();
    tour_whole("");
}

/* What comes behind the present one is seen, what comes before it is not; the present one may be gone itself. */
static void topics_come_and_go_between_steps(void **state)
{
    (void)state;
    tour.dear = true;
    tour_go();
    assert_string_equal(tour.seen, "b");
    desk_topic(&desk, "a", 1);
    desk_topic(&desk, "c", 1);
    desk_remove(&desk, ids[0]);
    desk_turn(&desk);
    assert_string_equal(tour.seen, "bc");
    desk_remove(&desk, ids[1]);
    desk_remove(&desk, ids[5]);
    desk_topic(&desk, "m", 1);
    tour_whole("bcfhjm");
}

static void one_of_many_parts_is_found_again_or_gone(void **state)
{
    (void)state;
    tour.parts = 3;
    tour.dear = true;
    tour_go();
    desk_turn(&desk);
    assert_string_equal(tour.seen, "b");
    desk_remove(&desk, ids[0]);
    desk_topic(&desk, "b", 1); /* of that name, but another */
    tour_whole("bbdfhjl");
    assert_int_equal(tour.gone, 1);
}

static void there_may_be_none(void **state)
{
    (void)state;
    topics_unmake(NULL);
    tour_go();
    tour_whole("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_in_their_order, topics_make, topics_unmake),
        cmocka_unit_test_setup_teardown(from_a_name_on, topics_make, topics_unmake),
        cmocka_unit_test_setup_teardown(topics_come_and_go_between_steps, topics_make, topics_unmake),
        cmocka_unit_test_setup_teardown(one_of_many_parts_is_found_again_or_gone, topics_make, topics_unmake),
        cmocka_unit_test_setup_teardown(there_may_be_none, topics_make, topics_unmake),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
