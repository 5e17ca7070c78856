/* tests/unit/net/http/facts_test.c   What a shard knows of itself, read on the shard: partitions by what their cluster
 * and their configs say, and never more of them than there is room for. */
#include "one_paged.h"

#include "cluster/configs.h"
#include "http/facts.h"
#include "log/reader.h"

static struct log_fact logs[8];
static struct client_fact clients[4];
static uint32_t room, taken, portions;

/* Over all shards, as the page sums them. */
static int64_t counted(enum survey_metric row)
{
    struct survey *survey = &paged.pages.survey;
    assert_int_equal(survey_take(survey, 60000), 0);
    return metric_read(&survey->metrics, survey->cells, survey->shard_count, row, 0);
}

static void logs_run(struct errand *errand)
{
    static struct facts facts;

    facts_begin(&facts, errand->shard, &paged.pages.survey.cells[errand->shard->index], logs, room);
    portions = 1;
    while (!facts_go(&facts)) portions++;
    taken = facts.log_count;
    errand->done = true;
}

static void clients_run(struct errand *errand)
{
    taken = facts_note_clients(errand->shard, clients, room);
    errand->done = true;
}

static uint32_t take_on(uint32_t shard, uint32_t with_room, void (*run)(struct errand *errand))
{
    struct errand errand = { .number = 0 };
    room = with_room;
    errand_do(&paged.bench, shard, &errand, run);
    return taken;
}

static void the_cluster_is_counted_once(void **state)
{
    (void)state;
    create_topic(&paged.bench, "alpha", 3);
    create_topic(&paged.bench, "beta", 2);
    assert_int_equal(counted(SURVEY_PARTITIONS), 5); /* the metadata log is none of them */
    assert_int_equal(counted(SURVEY_LEADERS), 5);
    assert_int_equal(counted(SURVEY_TOPICS_GLOBAL), 2); /* though every shard has the image */
    assert_int_equal(counted(SURVEY_PARTITIONS_GLOBAL), 5);
    assert_int_equal(counted(SURVEY_PARTITIONS_OFFLINE), 0);
    assert_int_equal(counted(SURVEY_BROKERS), 1);
    assert_int_equal(counted(SURVEY_BROKERS_ACTIVE), 1);
    assert_int_equal(counted(SURVEY_BROKERS_FENCED), 0);
    assert_int_equal(counted(SURVEY_CONTROLLERS), 1);
    assert_int_equal(counted(SURVEY_RAFT_LEADER), 1);
    assert_true(counted(SURVEY_RAFT_END) > 0);
    assert_int_equal(counted(SURVEY_RAFT_COMMITTED), counted(SURVEY_RAFT_END));
    delete_topic(&paged.bench, "alpha");
    assert_int_equal(counted(SURVEY_PARTITIONS_GLOBAL), 2);
}

static void queued_run(struct errand *errand)
{
    reader_of(errand->shard->store)->cache.wait_count += 3;
    errand->done = true;
}

static void reads_that_queue_for_the_cache_are_counted(void **state)
{
    (void)state;
    assert_int_equal(counted(SURVEY_CACHE_WAITS), 0); /* nobody has read what is cold */
    (void)take_on(1, 0, queued_run);
    assert_int_equal(counted(SURVEY_CACHE_WAITS), 3);
}

static void alter_run(struct errand *errand)
{
    static struct config_alter alter;
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    alter = (struct config_alter){
        .type = RESOURCE_TOPIC, .name = TEXT("alpha"), .changes = errand->configs, .change_count = 1
    };
    errand->call = (struct controller_call){
        .kind = CONTROLLER_ALTER_CONFIGS, .arena = &errand->arena, .alters = &alter, .alter_count = 1, .done = call_done
    };
    controller_begin(errand->shard, &errand->call);
}

static void set_of_topic(const char *value)
{
    struct errand errand = { .configs = { { .name = TEXT("min.insync.replicas"), .value = text_of(value) } } };
    errand_do(&paged.bench, 0, &errand, alter_run);
    assert_int_equal(errand.call.status, STATUS_OK);
    errand_do(&paged.bench, 0, &errand, arena_run);
}

static void second_run(struct errand *errand)
{
    static int32_t both[] = { 1, 2 };
    static struct uuid nowhere[2];
    struct image *image = &errand->shard->replicas->image;
    const struct image_topic *topic = image_topic_by_name(image, TEXT("alpha"));
    struct any_record record;

    for (int32_t i = 0; i < topic->partition_count; i++) {
        record_clear(&record, RECORD_PARTITION_CHANGE);
        record.partition_change.topic_id = topic->id;
        record.partition_change.index = i;
        record.partition_change.replicas.items = both;
        record.partition_change.replicas.count = record.partition_change.directories.count = 2;
        record.partition_change.directories.items = nowhere;
        assert_int_equal(image_apply(image, &record), STATUS_OK);
    }
    errand->done = true;
}

/* Each partition of "alpha" is said to have a second replica, on a node that is not there. */
static void give_second_replica(void)
{
    for (uint32_t i = 0; i < 3; i++) (void)take_on(i, 0, second_run);
}

/* One replica in sync: just enough where one is wanted, or where there is no other; else too few where two are. */
static void too_few_in_sync_is_by_the_topics_own_word(void **state)
{
    (void)state;
    create_topic(&paged.bench, "alpha", 2);
    create_topic(&paged.bench, "beta", 1);
    assert_int_equal(counted(SURVEY_AT_MIN), 3);
    assert_int_equal(counted(SURVEY_UNDER_MIN), 0);
    set_of_topic("2");
    assert_int_equal(counted(SURVEY_AT_MIN), 3);
    assert_int_equal(counted(SURVEY_UNDER_MIN), 0);
    assert_int_equal(counted(SURVEY_UNDER_REPLICATED), 0);
    give_second_replica();
    assert_int_equal(counted(SURVEY_AT_MIN), 1);
    assert_int_equal(counted(SURVEY_UNDER_MIN), 2);
    assert_int_equal(counted(SURVEY_UNDER_REPLICATED), 2);
}

/* server.properties is where most people say it. */
static void too_few_in_sync_is_by_the_brokers_file_too(void **state)
{
    static const char *const overrides[] = { "listeners=PLAINTEXT://127.0.0.1:0",
                                             "sluice.shards=2",
                                             "socket.request.max.bytes=8388608",
                                             "sluice.wal.size=33554432",
                                             "sluice.wal.file.size=8388608",
                                             "min.insync.replicas=2",
                                             NULL };
    (void)state;
    create_topic(&paged.bench, "alpha", 2);
    bench_stop(&paged.bench);
    bench_configure(&paged.bench, overrides);
    bench_start(&paged.bench);
    paged.pages.node = paged.pages.survey.node = paged.bench.node;
    assert_int_equal(counted(SURVEY_UNDER_MIN), 0);
    give_second_replica();
    assert_int_equal(counted(SURVEY_UNDER_MIN), 2);
    set_of_topic("1"); /* A topic's own word is the stronger one. */
    assert_int_equal(counted(SURVEY_UNDER_MIN), 0);
    assert_int_equal(counted(SURVEY_AT_MIN), 2);
}

static void no_more_are_noted_than_there_is_room_for(void **state)
{
    (void)state;
    create_topic(&paged.bench, "alpha", 8);
    uint32_t count = take_on(0, array_count(logs), logs_run);
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(logs[i].topic, "alpha");
        assert_in_range(logs[i].partition, 0, 7);
        assert_int_equal(logs[i].replication.leader, 1);
        assert_int_equal(logs[i].replication.in_sync, 1);
        assert_int_equal(logs[i].replication.preferred, 1);
    }
    memset(logs, 0xee, sizeof(logs));
    assert_int_equal(take_on(0, 2, logs_run), 2);
    assert_int_equal(logs[2].partition, (int32_t)0xeeeeeeee);
    assert_int_equal(take_on(0, 0, logs_run), 0);
    assert_int_equal(take_on(2, array_count(logs), logs_run), 0); /* the replication shard has none */
    assert_int_equal(take_on(2, array_count(clients), clients_run), 0);
}

/* No step looks at more than a portion of them, and none is missed. */
static void many_are_looked_at_in_portions(void **state)
{
    (void)state;
    enum { COUNT = 2 * FACTS_PORTION + 200 };

    create_topic(&paged.bench, "alpha", 2);
    (void)take_on(0, array_count(logs), logs_run);
    assert_int_equal(portions, 1);
    create_topic(&paged.bench, "many", COUNT);
    assert_int_equal(take_on(0, 2, logs_run), 2);
    assert_int_equal(portions, 2); /* of two shards each has half */
    assert_int_equal(counted(SURVEY_PARTITIONS), COUNT + 2);
    assert_int_equal(counted(SURVEY_LEADERS), COUNT + 2);
    assert_int_equal(counted(SURVEY_AT_MIN), COUNT + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_cluster_is_counted_once, begin, end),
        cmocka_unit_test_setup_teardown(reads_that_queue_for_the_cache_are_counted, begin, end),
        cmocka_unit_test_setup_teardown(too_few_in_sync_is_by_the_topics_own_word, begin, end),
        cmocka_unit_test_setup_teardown(too_few_in_sync_is_by_the_brokers_file_too, begin, end),
        cmocka_unit_test_setup_teardown(no_more_are_noted_than_there_is_room_for, begin, end),
        cmocka_unit_test_setup_teardown(many_are_looked_at_in_portions, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
