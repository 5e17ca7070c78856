/* Topics are created and deleted: the rules that need no log, at their borders. All words as they reach a client:
 * net/node/calls_test.c. */
#include "deciding.h"

#include <stdlib.h>
#include <time.h>

static struct deciding deciding;
static char rooms[8][CONTROLLER_WHY_MAX];

enum { PORTION = 500 };

static int begin(void **state)
{
    (void)state;
    deciding_init(&deciding);
    take_broker(&deciding, 1, false);
    take_broker(&deciding, 2, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    deciding_end(&deciding);
    return 0;
}

static enum status create_all(struct topic_create *creates, uint32_t count, bool validate_only)
{
    struct controller_call call = {
        .kind = CONTROLLER_CREATE_TOPICS, .creates = creates, .create_count = count, .validate_only = validate_only
    };
    for (uint32_t i = 0; i < count; i++) creates[i].room = rooms[i];
    decide_all(&deciding, &call);
    return call.status;
}

static void created(struct topic_create create, enum status expected, const char *words)
{
    assert_int_equal(create_all(&create, 1, false), STATUS_OK);
    assert_told(create.status, create.why, expected, words);
    if (expected != STATUS_OK) assert_int_equal(deciding.list.count, 0);
}

#define CREATE(text, partitions, replicas, ...) \
    ((struct topic_create){                     \
        .name = TEXT(text), .partition_count = (partitions), .replication_factor = (replicas), __VA_ARGS__ })

/* ---- names ---- */

static void a_name_may_have_249_plain_characters(void **state)
{
    (void)state;
    char name[251], room[CONTROLLER_WHY_MAX];
    struct text why;

    memset(name, 'x', 250);
    assert_int_equal(topic_name_check((struct text){ name, 249 }, room, &why), STATUS_OK);
    assert_int_equal(topic_name_check((struct text){ name, 250 }, room, &why), STATUS_INVALID_TOPIC);
    assert_int_equal(topic_name_check(TEXT("azAZ09._-"), room, &why), STATUS_OK);
    assert_int_equal(topic_name_check(TEXT("..."), room, &why), STATUS_OK);
    const char *const wrong[] = { "", ".", "..", "a b", "a/b", "a\x7f", "\xc3\xa4", "a:b", "a@b", "a[b", "a`b", "a{b" };
    for (uint32_t i = 0; i < array_count(wrong); i++) {
        assert_int_equal(topic_name_check(text_of(wrong[i]), room, &why), STATUS_INVALID_TOPIC);
    }
    assert_int_equal(topic_name_check((struct text){ "a\0b", 3 }, room, &why), STATUS_INVALID_TOPIC);
}

static void a_name_that_differs_in_dots_alone_is_taken(void **state)
{
    (void)state;
    take_topic(&deciding, "a.b_c", 1);
    created(CREATE("a_b.c", 1, 1), STATUS_INVALID_TOPIC, "Topic 'a_b.c' collides with existing topic: a.b_c");
    created(CREATE("a.b_c", 1, 1), STATUS_EXISTS, "Topic 'a.b_c' already exists.");
    created(CREATE("a.b_cc", 1, 1), STATUS_OK, "");
    created(CREATE("a-b_c", 1, 1), STATUS_OK, "");
    created(CREATE("__cluster_metadata", 1, 1), STATUS_INVALID_REQUEST,
            "Creation of internal topic __cluster_metadata is prohibited.");
}

/* None is compared with each: that took seconds of the one shard that decides. */
static void many_names_with_dots_beside_many_topics_cost_a_moment(void **state)
{
    enum { MANY = 8000, NAME_SIZE = 15 };
    struct crowd {
        struct topic_create creates[MANY];
        char names[MANY][NAME_SIZE], rooms[MANY][CONTROLLER_WHY_MAX];
    };
    (void)state;
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    for (uint32_t i = 0; i < MANY; i++) {
        char name[NAME_SIZE];
        (void)snprintf(name, sizeof(name), "a_topic_%05u", i % 100000);
        take_topic(&deciding, name, 0);
        (void)snprintf(crowd->names[i], NAME_SIZE, i == 7 ? "a.topic.%05u" : "a.thing.%05u", i % 100000);
        crowd->creates[i] = CREATE("", 1, 1);
        crowd->creates[i].name = text_of(crowd->names[i]);
        crowd->creates[i].room = crowd->rooms[i];
    }
    struct controller_call call = { .creates = crowd->creates, .create_count = MANY, .validate_only = true };
    clock_t before = clock();
    decide_all(&deciding, &call);
    assert_true(clock() - before < CLOCKS_PER_SEC / 4);
    assert_true(deciding.portions >= 3 * MANY / PORTION); /* items noted, topics looked at, items decided */
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(crowd->creates[i].status, i == 7 ? STATUS_INVALID_TOPIC : STATUS_OK);
    }
    free(crowd);
}

static void a_name_that_comes_twice_is_refused_each_time(void **state)
{
    (void)state;
    struct topic_create creates[] = { CREATE("a", 1, 1), CREATE("b", 1, 1), CREATE("a", 2, 1) };
    assert_int_equal(create_all(creates, 3, false), STATUS_OK);
    assert_told(creates[0].status, creates[0].why, STATUS_INVALID_REQUEST, "Duplicate topic name.");
    assert_told(creates[1].status, creates[1].why, STATUS_OK, "");
    assert_told(creates[2].status, creates[2].why, STATUS_INVALID_REQUEST, "Duplicate topic name.");
    assert_int_equal(deciding.list.count, 2);
    assert_text(deciding.list.items[0].topic.name, "b");
}

/* ---- numbers ---- */

static void numbers_are_positive_or_left_to_the_broker(void **state)
{
    (void)state;
    const char *none = "Number of partitions was set to an invalid non-positive value.";
    const char *factor = "Replication factor must be larger than 0, or -1 to use the default value.";
    created(CREATE("n", 0, 1), STATUS_INVALID_PARTITIONS, none);
    created(CREATE("n", INT32_MIN, 1), STATUS_INVALID_PARTITIONS, none);
    created(CREATE("n", 1, 0), STATUS_INVALID_REPLICATION, factor);
    created(CREATE("n", 1, INT16_MIN), STATUS_INVALID_REPLICATION, factor);
    created(CREATE("n", 1, 3), STATUS_INVALID_REPLICATION,
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because "
            "only 2 broker(s) are registered or some brokers have all their log directories cordoned.");

    deciding.settings.values.num_partitions = 3;
    deciding.settings.values.replication_factor = 1;
    struct topic_create create = CREATE("n", -1, -1);
    assert_int_equal(create_all(&create, 1, false), STATUS_OK);
    assert_int_equal(create.status, STATUS_OK);
    assert_int_equal(create.partition_count, 3);
    assert_int_equal(create.replication_factor, 1);
    assert_int_equal(deciding.list.count, 4);
    assert_false(uuid_none(create.id));
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(deciding.list.items[1 + i].partition.index, i);
        assert_true(uuid_equal(deciding.list.items[1 + i].partition.topic_id, create.id));
    }
}

static void nobody_gets_a_topic_when_all_brokers_are_fenced(void **state)
{
    (void)state;
    take_broker(&deciding, 1, true);
    take_broker(&deciding, 2, true);
    created(CREATE("n", 1, 1), STATUS_INVALID_REPLICATION,
            "Unable to replicate the partition 1 time(s): All brokers are currently fenced.");
}

static void a_call_makes_ten_thousand_partitions_at_most(void **state)
{
    (void)state;
    const char *words = "Excessively large number of partitions per request.";
    struct topic_create creates[] = { CREATE("a", 4000, 1), CREATE("b", 6000, 1), CREATE("c", -1, 1) };
    assert_int_equal(create_all(creates, 3, false), STATUS_OK);
    assert_true(deciding.list.full); /* with the topics' own records it is more than a batch */

    creates[1].partition_count = 5990;
    creates[2].partition_count = 0; /* refused alone, and counts for nothing */
    assert_int_equal(create_all(creates, 3, false), STATUS_OK);
    assert_false(deciding.list.full);
    assert_int_equal(deciding.list.count, 2 + 9990);

    creates[1].partition_count = 6001;
    assert_int_equal(create_all(creates, 3, false), STATUS_OK);
    for (int i = 0; i < 3; i++) assert_told(creates[i].status, creates[i].why, STATUS_POLICY, words);
    assert_int_equal(deciding.list.count, 0);
    creates[0].partition_count = creates[1].partition_count = INT32_MAX; /* together more than 32 bits */
    assert_int_equal(create_all(creates, 3, false), STATUS_OK);
    assert_told(creates[2].status, creates[2].why, STATUS_POLICY, words);
}

static void a_call_about_nothing_is_fine(void **state)
{
    (void)state;
    struct controller_call call = { .kind = CONTROLLER_DELETE_TOPICS };
    assert_int_equal(create_all(NULL, 0, false), STATUS_OK);
    decide_all(&deciding, &call);
    assert_int_equal(call.status, STATUS_OK);
    assert_int_equal(deciding.list.count, 0);
}

/* ---- configs and replicas ---- */

static void configs_are_written_by_name_and_the_last_of_a_name_holds(void **state)
{
    (void)state;
    struct config_change configs[] = { { TEXT("retention.ms"), TEXT("1"), 0 },
                                       { TEXT("cleanup.policy"), TEXT("compact"), 0 },
                                       { TEXT("retention.ms"), TEXT("2"), 0 } };
    created(CREATE("c", 1, 1, .configs = configs, .config_count = 3), STATUS_OK, "");
    assert_int_equal(deciding.list.count, 4);
    assert_text(deciding.list.items[1].config.name, "cleanup.policy");
    assert_text(deciding.list.items[2].config.name, "retention.ms");
    assert_text(deciding.list.items[2].config.value, "2");
    assert_text(deciding.list.items[2].config.resource_name, "c");
    assert_int_equal(deciding.list.items[2].config.resource_type, RESOURCE_TOPIC);

    struct config_change unknown = { TEXT("no.such"), TEXT("1"), 0 };
    created(CREATE("c", 1, 1, .configs = &unknown, .config_count = 1), STATUS_INVALID_CONFIG,
            "Unknown topic config name: no.such");
}

static void replicas_chosen_by_hand_are_a_row_of_partitions_from_0(void **state)
{
    (void)state;
    int32_t first[] = { 1, 2 }, second[] = { 2, 1 }, *rows[] = { second, first };
    uint16_t two[] = { 2, 2 }, uneven[] = { 2, 1 };
    int32_t backwards[] = { 1, 0 }, gap[] = { 0, 2 }, same[] = { 1, 1 }, below[] = { -1, 0 };
#define BY_HAND(sizes, indexes)                                                                  \
    CREATE("h", -1, -1, .assignments = rows, .assignment_count = 2, .assignment_sizes = (sizes), \
           .assignment_indexes = (indexes))

    created(BY_HAND(two, gap), STATUS_INVALID_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence");
    created(BY_HAND(two, below), STATUS_INVALID_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence");
    created(BY_HAND(two, same), STATUS_INVALID_ASSIGNMENT,
            "Found multiple manual partition assignments for partition 1");
    created(BY_HAND(uneven, NULL), STATUS_INVALID_ASSIGNMENT,
            "The manual partition assignment includes a partition with 1 replica(s), but this is not consistent with "
            "previous partitions, which have 2 replica(s).");

    struct topic_create create = BY_HAND(two, backwards);
    assert_int_equal(create_all(&create, 1, false), STATUS_OK);
    assert_int_equal(create.status, STATUS_OK);
    assert_int_equal(create.partition_count, 2);
    assert_int_equal(create.replication_factor, 2);
    assert_int_equal(deciding.list.items[1].partition.index, 0);
    assert_int_equal(deciding.list.items[1].partition.leader, 1);
    assert_int_equal(deciding.list.items[2].partition.index, 1);
    assert_int_equal(deciding.list.items[2].partition.leader, 2);
    assert_int_equal(deciding.list.items[2].partition.isr.count, 2);
}

static void validation_alone_tells_the_same_and_writes_nothing(void **state)
{
    (void)state;
    struct topic_create creates[] = { CREATE("v", 3, 1), CREATE("", 1, 1) };
    assert_int_equal(create_all(creates, 2, true), STATUS_OK);
    assert_int_equal(creates[0].status, STATUS_OK);
    assert_int_equal(creates[1].status, STATUS_INVALID_TOPIC);
    assert_int_equal(deciding.list.count, 0);
    assert_false(deciding.list.full);
}

/* ---- deletion ---- */

static void delete_all(struct topic_delete *deletes, uint32_t count)
{
    struct controller_call call = { .kind = CONTROLLER_DELETE_TOPICS, .deletes = deletes, .delete_count = count };
    for (uint32_t i = 0; i < count; i++) deletes[i].room = rooms[i];
    decide_all(&deciding, &call);
    assert_int_equal(call.status, STATUS_OK);
}

#define BY_NAME(text) ((struct topic_delete){ .name = TEXT(text), .by = DELETE_BY_NAME })
#define BY_ID(text)   ((struct topic_delete){ .id = topic_id(text), .by = DELETE_BY_ID })

static void topics_go_by_name_or_by_id_and_the_other_is_told(void **state)
{
    (void)state;
    take_topic(&deciding, "one", 2);
    take_topic(&deciding, "two", 1);
    struct topic_delete deletes[] = { BY_ID("two"), BY_NAME("one"), BY_NAME("no"), BY_ID("no") };
    delete_all(deletes, 4);
    assert_told(deletes[0].status, deletes[0].why, STATUS_OK, "");
    assert_text(deletes[0].name, "two");
    assert_told(deletes[1].status, deletes[1].why, STATUS_OK, "");
    assert_true(uuid_equal(deletes[1].id, topic_id("one")));
    assert_told(deletes[2].status, deletes[2].why, STATUS_NOT_FOUND, "This server does not host this topic-partition.");
    assert_told(deletes[3].status, deletes[3].why, STATUS_UNKNOWN_TOPIC_ID, "This server does not host this topic ID.");
    assert_int_equal(deciding.list.count, 2);
    take_all(&deciding); /* the name lives in the item, not in the image that loses it */
    assert_text(deletes[0].name, "two");
    assert_int_equal(deciding.controller.ahead.topic_count, 0);
}

static void a_topic_that_is_named_twice_stays(void **state)
{
    (void)state;
    const char *again = "The provided topic name maps to an ID that was already supplied.";
    take_topic(&deciding, "one", 1);
    take_topic(&deciding, "two", 1);
    struct topic_delete names[] = { BY_NAME("one"), BY_NAME("two"), BY_NAME("one") };
    delete_all(names, 3);
    assert_told(names[0].status, names[0].why, STATUS_INVALID_REQUEST, "Duplicate topic name.");
    assert_told(names[2].status, names[2].why, STATUS_INVALID_REQUEST, "Duplicate topic name.");
    assert_int_equal(deciding.list.count, 1);

    struct topic_delete ids[] = { BY_ID("one"), BY_ID("one"), BY_NAME("two"), BY_ID("two") };
    delete_all(ids, 4);
    assert_told(ids[0].status, ids[0].why, STATUS_INVALID_REQUEST, "Duplicate topic id.");
    assert_told(ids[1].status, ids[1].why, STATUS_INVALID_REQUEST, "Duplicate topic id.");
    assert_told(ids[2].status, ids[2].why, STATUS_INVALID_REQUEST, again);
    assert_told(ids[3].status, ids[3].why, STATUS_INVALID_REQUEST, again);
    assert_int_equal(deciding.list.count, 0);

    struct topic_delete three[] = { BY_ID("one"), BY_NAME("one"), BY_NAME("one") };
    delete_all(three, 3); /* Whoever names it first has the word. */
    assert_told(three[0].status, three[0].why, STATUS_INVALID_REQUEST, again);
    assert_told(three[1].status, three[1].why, STATUS_INVALID_REQUEST, again);
    assert_told(three[2].status, three[2].why, STATUS_INVALID_REQUEST, again);
    struct topic_delete between[] = { BY_NAME("one"), BY_ID("one"), BY_NAME("one") };
    delete_all(between, 3);
    assert_told(between[2].status, between[2].why, STATUS_INVALID_REQUEST, "Duplicate topic name.");

    struct topic_delete odd[] = { { .by = DELETE_BY_NOTHING }, BY_NAME("one") };
    odd[1].id = topic_id("one");
    odd[1].by = DELETE_BY_BOTH;
    delete_all(odd, 2);
    assert_told(odd[0].status, odd[0].why, STATUS_INVALID_REQUEST, "Neither topic name nor id were specified.");
    assert_told(odd[1].status, odd[1].why, STATUS_INVALID_REQUEST, "You may not specify both topic name and topic id.");
}

/* Each is decided in some portion; what names it again may be portions away. */
static void many_are_decided_in_portions_and_still_know_each_other(void **state)
{
    (void)state;
    enum { MANY = 3000, NAME_SIZE = 8 };
    struct topic_create *creates = arena_take(&deciding.arena, MANY * sizeof(*creates));
    struct topic_delete *deletes = arena_take(&deciding.arena, MANY * sizeof(*deletes));
    char *all = arena_take(&deciding.arena, (size_t)MANY * NAME_SIZE);
    char *why = arena_take(&deciding.arena, (size_t)MANY * CONTROLLER_WHY_MAX);
    struct controller_call create = { .kind = CONTROLLER_CREATE_TOPICS, .creates = creates, .create_count = MANY };
    struct controller_call delete = { .kind = CONTROLLER_DELETE_TOPICS, .deletes = deletes, .delete_count = MANY };

    for (uint32_t i = 0; i < MANY; i++) {
        char *name = all + (size_t)i * NAME_SIZE, *room = why + (size_t)i * CONTROLLER_WHY_MAX;
        (void)snprintf(name, NAME_SIZE, "%07u", i % (MANY - 1)); /* the last has the name of the first */
        creates[i] =
            (struct topic_create){ .name = text_of(name), .partition_count = 1, .replication_factor = 1, .room = room };
        deletes[i] = (struct topic_delete){ .name = text_of(name), .by = DELETE_BY_NAME, .room = room };
    }
    decide_all(&deciding, &create);
    assert_true(deciding.portions >= (MANY + 3 * MANY) / PORTION - 1); /* noted; decided, with two records each */
    assert_int_equal(deciding.list.count, 2 * (MANY - 2));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(creates[i].status, i % (MANY - 1) == 0 ? STATUS_INVALID_REQUEST : STATUS_OK);
    }
    take_all(&deciding);
    decide_all(&deciding, &delete);
    assert_true(deciding.portions >= (MANY + 2 * MANY) / PORTION - 1);
    assert_int_equal(deciding.list.count, MANY - 2);
    assert_told(deletes[0].status, deletes[0].why, STATUS_INVALID_REQUEST, "Duplicate topic name.");
    assert_int_equal(deletes[MANY - 1].status, STATUS_INVALID_REQUEST);
}

/* They name the same nothing; none is compared with each. */
static void many_that_name_nothing_cost_a_moment(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    struct topic_delete *deletes = arena_take(&deciding.arena, MANY * sizeof(*deletes));
    struct controller_call call = { .kind = CONTROLLER_DELETE_TOPICS, .deletes = deletes, .delete_count = MANY };

    for (uint32_t i = 0; i < MANY; i++) deletes[i] = (struct topic_delete){ .room = rooms[0] };
    clock_t before = clock();
    decide_all(&deciding, &call);
    assert_true(clock() - before < CLOCKS_PER_SEC);
    assert_int_equal(deletes[MANY - 1].status, STATUS_INVALID_REQUEST);
}

static void a_broker_may_forbid_deletion(void **state)
{
    (void)state;
    take_topic(&deciding, "one", 1);
    deciding.settings.values.delete_topics = false;
    struct topic_delete deletes[] = { BY_NAME("one"), BY_NAME("no") };
    delete_all(deletes, 2);
    assert_int_equal(deletes[0].status, STATUS_DELETION_DISABLED);
    assert_int_equal(deletes[1].status, STATUS_DELETION_DISABLED);
    assert_int_equal(deciding.list.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_name_may_have_249_plain_characters),
        TEST(a_name_that_differs_in_dots_alone_is_taken),
        TEST(many_names_with_dots_beside_many_topics_cost_a_moment),
        TEST(a_name_that_comes_twice_is_refused_each_time),
        TEST(numbers_are_positive_or_left_to_the_broker),
        TEST(nobody_gets_a_topic_when_all_brokers_are_fenced),
        TEST(a_call_makes_ten_thousand_partitions_at_most),
        TEST(a_call_about_nothing_is_fine),
        TEST(configs_are_written_by_name_and_the_last_of_a_name_holds),
        TEST(replicas_chosen_by_hand_are_a_row_of_partitions_from_0),
        TEST(validation_alone_tells_the_same_and_writes_nothing),
        TEST(topics_go_by_name_or_by_id_and_the_other_is_told),
        TEST(a_topic_that_is_named_twice_stays),
        TEST(many_are_decided_in_portions_and_still_know_each_other),
        TEST(many_that_name_nothing_cost_a_moment),
        TEST(a_broker_may_forbid_deletion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
