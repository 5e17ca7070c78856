/* A topic gets more partitions: who is refused, in which words, and what is written about those that are not. */
#include "deciding.h"

static struct deciding deciding;
static char room[CONTROLLER_WHY_MAX];

static int begin(void **state)
{
    (void)state;
    deciding_init(&deciding);
    take_broker(&deciding, 1, false);
    take_broker(&deciding, 2, false);
    take_topic(&deciding, "t", 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    deciding_end(&deciding);
    return 0;
}

static void grow_all(struct topic_grow *grows, uint32_t count, bool validate_only)
{
    struct controller_call call = {
        .kind = CONTROLLER_CREATE_PARTITIONS, .grows = grows, .grow_count = count, .validate_only = validate_only
    };
    decide_all(&deciding, &call);
}

static void grows_to(struct topic_grow grow, enum status expected, const char *words)
{
    grow.room = room;
    grow_all(&grow, 1, false);
    assert_told(grow.status, grow.why, expected, words);
    if (expected != STATUS_OK) assert_int_equal(deciding.list.count, 0);
}

#define GROW(text, number, ...) ((struct topic_grow){ .name = TEXT(text), .count = (number), __VA_ARGS__ })
#define BY_HAND(replicas, number, sizes) \
    .by_hand = true, .assignments = (replicas), .assignment_count = (number), .assignment_sizes = (sizes)

static void a_topic_grows_and_never_shrinks(void **state)
{
    (void)state;
    grows_to(GROW("nothing", 3), STATUS_NOT_FOUND, "");
    grows_to(GROW("t", 2), STATUS_INVALID_PARTITIONS, "Topic already has 2 partition(s).");
    grows_to(GROW("t", 1), STATUS_INVALID_PARTITIONS,
             "The topic t currently has 2 partition(s); 1 would not be an increase.");
    grows_to(GROW("t", INT32_MIN), STATUS_INVALID_PARTITIONS,
             "The topic t currently has 2 partition(s); -2147483648 would not be an increase.");
    grows_to(GROW("t", 10003), STATUS_POLICY, "Excessively large number of partitions per request.");
    grows_to(GROW("t", INT32_MAX), STATUS_POLICY, "Excessively large number of partitions per request.");
    grows_to(GROW("t", 10002), STATUS_OK, "");
    assert_int_equal(deciding.list.count, 10000);
}

static void new_partitions_stand_behind_those_that_are_there_on_this_node(void **state)
{
    (void)state;
    grows_to(GROW("t", 4), STATUS_OK, "");
    assert_int_equal(deciding.list.count, 2);
    for (int32_t i = 0; i < 2; i++) {
        const struct partition_record *record = &deciding.list.items[i].partition;
        assert_int_equal(deciding.list.items[i].type, RECORD_PARTITION);
        assert_int_equal(record->index, 2 + i);
        assert_true(uuid_equal(record->topic_id, topic_id("t")));
        assert_int_equal(record->leader, 1);
        assert_int_equal(record->replicas.count, 1);
        assert_int_equal(record->isr.count, 1);
        assert_int_equal(record->directories.count, 1);
        assert_int_equal(record->directories.items[0].byte[1], 1);
    }
    take_all(&deciding);
    grows_to(GROW("t", 4), STATUS_INVALID_PARTITIONS, "Topic already has 4 partition(s).");
}

static void replicas_chosen_by_hand_are_registered_once_each_and_as_many_as_the_topic_has(void **state)
{
    (void)state;
    int32_t both[] = { 2, 1 }, same[] = { 2, 2 }, stranger[] = { 7 };
    int32_t *one[] = { both, both }, *twice[] = { same }, *wrong[] = { stranger };
    uint16_t ones[] = { 1, 1 }, two[] = { 2 }, none[] = { 0 }, last[] = { 1, 2 };

    grows_to(GROW("t", 4, BY_HAND(one, 1, ones)), STATUS_INVALID_ASSIGNMENT,
             "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.");
    grows_to(GROW("t", 3, BY_HAND(one, 2, ones)), STATUS_INVALID_ASSIGNMENT,
             "Attempted to add 1 additional partition(s), but only 2 assignment(s) were specified.");
    grows_to(GROW("t", 3, BY_HAND(one, 1, none)), STATUS_INVALID_ASSIGNMENT,
             "The manual partition assignment includes an empty replica list.");
    grows_to(GROW("t", 3, BY_HAND(twice, 1, two)), STATUS_INVALID_ASSIGNMENT,
             "The manual partition assignment includes the broker 2 more than once.");
    grows_to(GROW("t", 3, BY_HAND(wrong, 1, ones)), STATUS_INVALID_ASSIGNMENT,
             "The manual partition assignment includes broker 7, but no such broker is registered.");
    grows_to(GROW("t", 4, BY_HAND(one, 2, last)), STATUS_INVALID_ASSIGNMENT,
             "The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with "
             "previous partitions, which have 1 replica(s).");
    grows_to(GROW("t", 4, BY_HAND(one, 2, ones)), STATUS_OK, "");
    assert_int_equal(deciding.list.items[1].partition.leader, 2);
    assert_int_equal(deciding.list.items[1].partition.directories.items[0].byte[1], 2);
}

static void a_node_that_is_fenced_gets_nothing_but_what_is_chosen_by_hand(void **state)
{
    (void)state;
    int32_t self[] = { 1 }, *one[] = { self };
    uint16_t ones[] = { 1 };

    take_broker(&deciding, 1, true);
    grows_to(GROW("t", 3), STATUS_INVALID_REPLICATION,
             "Unable to replicate the partition 1 time(s): All brokers are currently fenced.");
    grows_to(GROW("t", 3, BY_HAND(one, 1, ones)), STATUS_OK, "");
}

static void one_that_is_refused_leaves_the_others_and_validation_alone_writes_nothing(void **state)
{
    (void)state;
    struct topic_grow grows[] = { GROW("nothing", 3, .room = room), GROW("t", 5, .room = room) };
    grow_all(grows, 2, false);
    assert_int_equal(grows[0].status, STATUS_NOT_FOUND);
    assert_int_equal(grows[1].status, STATUS_OK);
    assert_int_equal(deciding.list.count, 3);
    grow_all(grows, 2, true);
    assert_int_equal(grows[1].status, STATUS_OK);
    assert_int_equal(deciding.list.count, 0);
    assert_false(deciding.list.full);
}

/* Each within its bounds, all together more than a batch, and than the memory of a decision: the call is refused. */
static void many_topics_together_may_not_grow_beyond_a_batch(void **state)
{
    (void)state;
    enum { TOPICS = 1000 };
    static struct topic_grow grows[TOPICS];
    static char names[TOPICS][12];

    for (int i = 0; i < TOPICS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "many-%d", i);
        take_topic(&deciding, names[i], 1);
        grows[i] = (struct topic_grow){ .name = text_of(names[i]), .count = 10001, .room = room };
    }
    grow_all(grows, TOPICS, false);
    assert_true(deciding.list.full);
    grow_all(grows, 2, true);
    assert_true(deciding.list.full);
    grow_all(grows, 1, false);
    assert_false(deciding.list.full);
    assert_int_equal(deciding.list.count, 10000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_topic_grows_and_never_shrinks),
        TEST(new_partitions_stand_behind_those_that_are_there_on_this_node),
        TEST(replicas_chosen_by_hand_are_registered_once_each_and_as_many_as_the_topic_has),
        TEST(a_node_that_is_fenced_gets_nothing_but_what_is_chosen_by_hand),
        TEST(one_that_is_refused_leaves_the_others_and_validation_alone_writes_nothing),
        TEST(many_topics_together_may_not_grow_beyond_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
