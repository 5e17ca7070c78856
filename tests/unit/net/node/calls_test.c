/* What the controller decides: every refusal that Kafka 4.3.1 was seen to give, in its words, and what a call leaves on
 * every shard. */
#include "records.h"

#include "replica/quorum_view.h"

static struct bench bench;

static int begin(void **state)
{
    (void)state;
    bench_init(&bench);
    bench_start(&bench);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_stop(&bench);
    bench_end(&bench);
    return 0;
}

/* Creates and gives what became of it; `why` is copied before the call's arena goes. */
static enum status create(struct topic_create create, bool validate_only, char why[CONTROLLER_WORDS])
{
    struct errand errand = { .create = create, .validate_only = validate_only };
    errand_do(&bench, 0, &errand, create_run);
    assert_int_equal(errand.call.status, STATUS_OK);
    (void)snprintf(why, CONTROLLER_WORDS, "%.*s", TEXT_ARGS(errand.create.why));
    errand_do(&bench, 0, &errand, arena_run);
    return errand.create.status;
}

static void assert_create(struct topic_create topic, enum status expected, const char *words)
{
    char why[CONTROLLER_WORDS];
    enum status status = create(topic, false, why);
    if (status != expected || strcmp(why, words) != 0) print_message("%d %s\n", status, why);
    assert_int_equal(status, expected);
    assert_string_equal(why, words);
}

#define TOPIC(text, partitions, replicas, ...) \
    ((struct topic_create){                    \
        .name = TEXT(text), .partition_count = (partitions), .replication_factor = (replicas), __VA_ARGS__ })

static void names_are_checked_as_kafka_does(void **state)
{
    (void)state;
    char name[251];
    memset(name, 'x', 250);
    name[250] = '\0';
    assert_create(TOPIC("", 1, 1), STATUS_INVALID_TOPIC, "Topic name is invalid: the empty string is not allowed");
    assert_create(TOPIC(".", 1, 1), STATUS_INVALID_TOPIC, "Topic name is invalid: '.' is not allowed");
    assert_create(TOPIC("..", 1, 1), STATUS_INVALID_TOPIC, "Topic name is invalid: '..' is not allowed");
    assert_create(
        TOPIC("a/b", 1, 1), STATUS_INVALID_TOPIC,
        "Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' "
        "and '-'");
    char why[CONTROLLER_WORDS];
    assert_int_equal(
        create((struct topic_create){ .name = text_of(name), .partition_count = 1, .replication_factor = 1 }, false,
               why),
        STATUS_INVALID_TOPIC);
    assert_non_null(strstr(why, "is longer than the max allowed length 249"));
    assert_create(TOPIC("__cluster_metadata", 1, 1), STATUS_INVALID_REQUEST,
                  "Creation of internal topic __cluster_metadata is prohibited.");
    assert_create(TOPIC("p.one", 1, 1), STATUS_OK, "");
    assert_create(TOPIC("p.one", 0, 0), STATUS_EXISTS, "Topic 'p.one' already exists.");
    assert_create(TOPIC("p_one", 1, 1), STATUS_INVALID_TOPIC, "Topic 'p_one' collides with existing topic: p.one");
}

static void numbers_are_checked_after_names_and_configs(void **state)
{
    (void)state;
    struct config_change unknown = { TEXT("no.such"), TEXT("1"), 0 };
    struct config_change lags[] = { { TEXT("min.compaction.lag.ms"), TEXT("10"), 0 },
                                    { TEXT("max.compaction.lag.ms"), TEXT("5"), 0 } };
    assert_create(TOPIC("q", 0, 1), STATUS_INVALID_PARTITIONS,
                  "Number of partitions was set to an invalid non-positive value.");
    assert_create(TOPIC("q", -2, 1), STATUS_INVALID_PARTITIONS,
                  "Number of partitions was set to an invalid non-positive value.");
    assert_create(TOPIC("q", 0, 0), STATUS_INVALID_REPLICATION,
                  "Replication factor must be larger than 0, or -1 to use the default value.");
    assert_create(TOPIC("q", 1, 9), STATUS_INVALID_REPLICATION,
                  "Unable to replicate the partition 9 time(s): The target replication factor of 9 cannot be reached "
                  "because only 1 broker(s) are registered or some brokers have all their log directories cordoned.");
    assert_create(TOPIC("q", 1, 0, .configs = &unknown, .config_count = 1), STATUS_INVALID_CONFIG,
                  "Unknown topic config name: no.such");
    assert_create(TOPIC("q", 1, 1, .configs = lags, .config_count = 2), STATUS_INVALID_CONFIG,
                  "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
    assert_create(TOPIC("q", 10001, 1), STATUS_POLICY, "Excessively large number of partitions per request.");
}

static void replicas_may_be_chosen_by_hand(void **state)
{
    (void)state;
    int32_t self[] = { 1, 1 }, other[] = { 77 };
    int32_t *one[] = { self, self }, *wrong[] = { other };
    uint16_t sizes[] = { 1, 1 }, none[] = { 0 }, twice[] = { 2 };
    int32_t backwards[] = { 1, 0 }, gap[] = { 0, 2 }, same[] = { 0, 0 };
#define BY_HAND(replicas, count, size, indexes) \
    .assignments = (replicas), .assignment_count = (count), .assignment_sizes = (size), .assignment_indexes = (indexes)

    assert_create(TOPIC("h", -1, 1, BY_HAND(one, 1, sizes, NULL)), STATUS_INVALID_REQUEST,
                  "A manual partition assignment was specified, but replication factor was not set to -1.");
    assert_create(TOPIC("h", 1, -1, BY_HAND(one, 1, sizes, NULL)), STATUS_INVALID_REQUEST,
                  "A manual partition assignment was specified, but numPartitions was not set to -1.");
    assert_create(TOPIC("h", -1, -1, BY_HAND(one, 1, none, NULL)), STATUS_INVALID_ASSIGNMENT,
                  "The manual partition assignment includes an empty replica list.");
    assert_create(TOPIC("h", -1, -1, BY_HAND(wrong, 1, sizes, NULL)), STATUS_INVALID_ASSIGNMENT,
                  "The manual partition assignment includes broker 77, but no such broker is registered.");
    assert_create(TOPIC("h", -1, -1, BY_HAND(one, 1, twice, NULL)), STATUS_INVALID_ASSIGNMENT,
                  "The manual partition assignment includes the broker 1 more than once.");
    assert_create(TOPIC("h", -1, -1, BY_HAND(one, 2, sizes, same)), STATUS_INVALID_ASSIGNMENT,
                  "Found multiple manual partition assignments for partition 0");
    assert_create(TOPIC("h", -1, -1, BY_HAND(one, 2, sizes, gap)), STATUS_INVALID_ASSIGNMENT,
                  "partitions should be a consecutive 0-based integer sequence");
    assert_create(TOPIC("h", -1, -1, BY_HAND(one, 2, sizes, backwards)), STATUS_OK, "");
}

static void validation_alone_leaves_nothing(void **state)
{
    (void)state;
    char why[CONTROLLER_WORDS];
    assert_int_equal(create(TOPIC("v", -1, -1), true, why), STATUS_OK);
    assert_null(image_topic_by_name(&bench.node->shards[0]->replicas->image, TEXT("v")));
    assert_int_equal(create(TOPIC("v", -1, -1), false, why), STATUS_OK);
    all_shards_agree(&bench);
}

static void configs_reach_the_logs_of_the_topic(void **state)
{
    (void)state;
    struct config_change configs[] = { { TEXT("retention.ms"), TEXT("12345"), 0 },
                                       { TEXT("cleanup.policy"), TEXT("compact"), 0 } };
    char why[CONTROLLER_WORDS];
    struct topic_create topic = TOPIC("configured", 1, 1, .configs = configs, .config_count = 2);
    assert_int_equal(create(topic, false, why), STATUS_OK);
    struct uuid id = image_topic_by_name(&bench.node->shards[0]->replicas->image, TEXT("configured"))->id;
    uint32_t shard = find_shard(&bench, id, 0);
    const struct log_settings *settings = replicas_find(bench.node->shards[shard]->replicas, id, 0)->log->settings;
    assert_int_equal(settings->retention_ms, 12345);
    assert_true(settings->compact);
    assert_false(settings->delete_old);
    assert_int_equal(settings->segment_bytes, 1 << 30);
}

static enum status remove_by(struct text name, struct uuid id, char why[CONTROLLER_WORDS])
{
    struct errand errand = { .delete = { .name = name, .id = id } };
    errand_do(&bench, 1, &errand, delete_run);
    (void)snprintf(why, CONTROLLER_WORDS, "%.*s", TEXT_ARGS(errand.delete.why));
    errand_do(&bench, 1, &errand, arena_run);
    return errand.delete.status;
}

static void topics_go_by_name_or_by_id(void **state)
{
    (void)state;
    char why[CONTROLLER_WORDS];
    struct uuid first = create_topic(&bench, "first", 2), second = create_topic(&bench, "second", 1);
    assert_int_equal(remove_by(TEXT("nope"), UUID_NONE, why), STATUS_NOT_FOUND);
    assert_string_equal(why, "This server does not host this topic-partition.");
    assert_int_equal(remove_by(TEXT_NULL, UUID_METADATA_TOPIC, why), STATUS_UNKNOWN_TOPIC_ID);
    assert_string_equal(why, "This server does not host this topic ID.");
    assert_int_equal(remove_by(TEXT("first"), first, why), STATUS_INVALID_REQUEST);
    assert_string_equal(why, "You may not specify both topic name and topic id.");
    assert_int_equal(remove_by(TEXT_NULL, UUID_NONE, why), STATUS_INVALID_REQUEST);
    assert_string_equal(why, "Neither topic name nor id were specified.");

    assert_int_equal(remove_by(TEXT("first"), UUID_NONE, why), STATUS_OK);
    assert_int_equal(remove_by(TEXT_NULL, second, why), STATUS_OK);
    assert_int_equal(find_shard(&bench, first, 0), UINT32_MAX);
    assert_int_equal(find_shard(&bench, second, 0), UINT32_MAX);
    struct uuid again = create_topic(&bench, "first", 1);
    assert_false(uuid_equal(again, first));
    append_one(&bench, again, 0, 0);
    all_shards_agree(&bench);
}

static void blocks_of_producer_ids_never_overlap(void **state)
{
    (void)state;
    int64_t last = -1000;
    for (uint32_t i = 0; i < 6; i++) {
        struct errand errand = { .number = 0 };
        errand_do(&bench, i % 2, &errand, producer_ids_run);
        assert_int_equal(errand.call.status, STATUS_OK);
        assert_int_equal(errand.call.first_producer_id, last + 1000);
        last = errand.call.first_producer_id;
        errand_do(&bench, i % 2, &errand, arena_run);
    }
    bench_stop(&bench);
    bench_start(&bench);
    struct errand errand = { .number = 0 };
    errand_do(&bench, 0, &errand, producer_ids_run);
    assert_int_equal(errand.call.first_producer_id, last + 1000);
    errand_do(&bench, 0, &errand, arena_run);
}

static void quorum_run(struct errand *errand)
{
    static struct quorum_view view;
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){
        .kind = CONTROLLER_DESCRIBE_QUORUM, .arena = &errand->arena, .quorum = &view, .done = call_done
    };
    controller_begin(errand->shard, &errand->call);
}

static void a_quorum_of_one_has_what_its_leader_has(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct errand errand = { .number = 0 };
        errand_do(&bench, i, &errand, quorum_run);
        assert_int_equal(errand.call.status, STATUS_OK);
        const struct quorum_view *view = errand.call.quorum;
        assert_int_equal(view->leader, 1);
        assert_true(view->epoch > 0 && view->committed > 0);
        assert_int_equal(view->count, 1);
        assert_int_equal(view->members[0].voter.id, 1);
        assert_false(uuid_none(view->members[0].voter.directory));
        assert_true(view->members[0].end >= view->committed);
        assert_true(text_equal(view->controller->listener, TEXT("CONTROLLER")));
        errand_do(&bench, i, &errand, arena_run);
    }
}

/* Two hundred calls at once from two shards; every topic is there exactly once, and everywhere. */
static void calls_from_many_places_are_decided_one_by_one(void **state)
{
    (void)state;
    enum { CALLS = 200 };
    struct errand *errands = calloc(CALLS, sizeof(*errands));
    char names[CALLS][16];
    for (uint32_t i = 0; i < CALLS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "many-%u", i / 2); /* each name twice */
        errands[i].create =
            (struct topic_create){ .name = text_of(names[i]), .partition_count = 3, .replication_factor = -1 };
        errands[i].run = create_run;
        mail_post_outside(bench.node->shards[i % 2], &errands[i].mail, errand_delivered);
    }
    uint32_t made = 0, existed = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        bench_wait(&errands[i].done);
        made += errands[i].create.status == STATUS_OK;
        existed += errands[i].create.status == STATUS_EXISTS;
        errand_do(&bench, i % 2, &errands[i], arena_run);
    }
    assert_int_equal(made, CALLS / 2);
    assert_int_equal(existed, CALLS / 2);
    all_shards_agree(&bench);
    free(errands);
}

/* The first is made in several steps; what is asked meanwhile is decided when all of it is. */
static void a_call_behind_a_large_one_sees_all_of_it(void **state)
{
    (void)state;
    struct errand errands[3] = {
        { .create = { .name = TEXT("large"), .partition_count = 6000, .replication_factor = -1 } },
        { .create = { .name = TEXT("large"), .partition_count = 1, .replication_factor = -1 } },
        { .create = { .name = TEXT("behind"), .partition_count = 1, .replication_factor = -1 } },
    };
    for (int i = 0; i < 3; i++) {
        errands[i].bench = &bench;
        errands[i].run = create_run;
        mail_post_outside(bench.node->shards[0], &errands[i].mail, errand_delivered);
    }
    for (int i = 0; i < 3; i++) bench_wait(&errands[i].done);
    assert_int_equal(errands[0].create.status, STATUS_OK);
    assert_int_equal(errands[1].create.status, STATUS_EXISTS);
    assert_int_equal(errands[2].create.status, STATUS_OK);
    assert_true(errands[0].call.applied < errands[2].call.applied);
    for (int i = 0; i < 3; i++) errand_do(&bench, 0, &errands[i], arena_run);
    delete_topic(&bench, "large");
    delete_topic(&bench, "behind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_checked_as_kafka_does),
        cmocka_unit_test(numbers_are_checked_after_names_and_configs),
        cmocka_unit_test(replicas_may_be_chosen_by_hand),
        cmocka_unit_test(validation_alone_leaves_nothing),
        cmocka_unit_test(configs_reach_the_logs_of_the_topic),
        cmocka_unit_test(topics_go_by_name_or_by_id),
        cmocka_unit_test(blocks_of_producer_ids_never_overlap),
        cmocka_unit_test(a_quorum_of_one_has_what_its_leader_has),
        cmocka_unit_test(calls_from_many_places_are_decided_one_by_one),
        cmocka_unit_test(a_call_behind_a_large_one_sees_all_of_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
