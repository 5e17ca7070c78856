/* Topics grow and settings change while a node runs: what is refused, in Kafka's words, and what every shard does at
 * once and after a restart. */
#include "node/node_work.h"
#include "records.h"

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

/* An errand of this file: the call's items stand beside it. */
struct deed {
    struct errand errand;
    struct topic_grow grow;
    struct config_alter alter;
};

static void deed_run(struct errand *errand)
{
    struct deed *deed = container_of(errand, struct deed, errand);
    bool grows = deed->grow.name.data != NULL;
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){ .kind = grows ? CONTROLLER_CREATE_PARTITIONS : CONTROLLER_ALTER_CONFIGS,
                                             .arena = &errand->arena,
                                             .grows = &deed->grow,
                                             .grow_count = grows,
                                             .alters = &deed->alter,
                                             .alter_count = !grows,
                                             .validate_only = errand->validate_only,
                                             .done = call_done };
    controller_begin(errand->shard, &errand->call);
}

static void deed_do(struct deed *deed, enum status expected, const char *words)
{
    char why[CONTROLLER_WORDS];
    errand_do(&bench, 1, &deed->errand, deed_run);
    assert_int_equal(deed->errand.call.status, STATUS_OK);
    enum status status = deed->grow.name.data ? deed->grow.status : deed->alter.status;
    struct text told = deed->grow.name.data ? deed->grow.why : deed->alter.why;
    (void)snprintf(why, CONTROLLER_WORDS, "%.*s", TEXT_ARGS(told));
    errand_do(&bench, 1, &deed->errand, arena_run);
    if (status != expected || strcmp(why, words) != 0) print_message("%d %s\n", status, why);
    assert_int_equal(status, expected);
    assert_string_equal(why, words);
}

#define GROW(text, number, ...)                                       \
    (struct deed)                                                     \
    {                                                                 \
        .grow = {.name = TEXT(text), .count = (number), __VA_ARGS__ } \
    }
#define ALTER(of, text, list, ...)                                                                      \
    (struct deed)                                                                                       \
    {                                                                                                   \
        .alter = {.type = (of), .name = TEXT(text), .changes = (list), .change_count = 1, __VA_ARGS__ } \
    }

static void outcome(struct deed deed, enum status expected, const char *words)
{
    deed_do(&deed, expected, words);
}

static void alter(int8_t type, const char *name, struct config_change change, enum status expected, const char *words)
{
    struct deed deed = { .alter = { .type = type, .name = text_of(name), .changes = &change, .change_count = 1 } };
    deed_do(&deed, expected, words);
}

static void set(int8_t type, const char *name, const char *key, const char *value)
{
    alter(type, name, (struct config_change){ text_of(key), text_of(value), CONFIG_SET }, STATUS_OK, "");
}

static void unset(int8_t type, const char *name, const char *key)
{
    alter(type, name, (struct config_change){ text_of(key), TEXT_NULL, CONFIG_DELETE }, STATUS_OK, "");
}

static void a_topic_grows_and_never_shrinks(void **state)
{
    (void)state;
    int32_t self[] = { 1, 1 }, other[] = { 7 };
    int32_t *one[] = { self, self }, *wrong[] = { other, other };
    uint16_t sizes[] = { 1, 1 }, none[] = { 0, 0 }, twice[] = { 2, 2 };
#define BY_HAND(replicas, count, size) \
    .by_hand = true, .assignments = (replicas), .assignment_count = (count), .assignment_sizes = (size)
    struct uuid id = create_topic(&bench, "grows", 2);

    outcome(GROW("nothing", 3), STATUS_NOT_FOUND, "");
    outcome(GROW("grows", 2), STATUS_INVALID_PARTITIONS, "Topic already has 2 partition(s).");
    outcome(GROW("grows", 1), STATUS_INVALID_PARTITIONS,
            "The topic grows currently has 2 partition(s); 1 would not be an increase.");
    outcome(GROW("grows", 20000), STATUS_POLICY, "Excessively large number of partitions per request.");
    outcome(GROW("grows", 4, BY_HAND(one, 1, sizes)), STATUS_INVALID_ASSIGNMENT,
            "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.");
    outcome(GROW("grows", 4, BY_HAND(one, 2, none)), STATUS_INVALID_ASSIGNMENT,
            "The manual partition assignment includes an empty replica list.");
    outcome(GROW("grows", 4, BY_HAND(one, 2, twice)), STATUS_INVALID_ASSIGNMENT,
            "The manual partition assignment includes the broker 1 more than once.");
    outcome(GROW("grows", 4, BY_HAND(wrong, 2, sizes)), STATUS_INVALID_ASSIGNMENT,
            "The manual partition assignment includes broker 7, but no such broker is registered.");

    struct deed deed = GROW("grows", 4);
    deed.errand.validate_only = true;
    outcome(deed, STATUS_OK, "");
    assert_int_equal(find_shard(&bench, id, 2), UINT32_MAX);
    outcome(GROW("grows", 4, BY_HAND(one, 2, sizes)), STATUS_OK, "");
    outcome(GROW("grows", 5), STATUS_OK, "");
    for (int32_t i = 0; i < 5; i++) append_one(&bench, id, i, 0);
    all_shards_agree(&bench);

    bench_stop(&bench);
    bench_start(&bench);
    for (int32_t i = 0; i < 5; i++) read_some(&bench, id, i, 0, true);
}

static const struct log_settings *settings_of(struct uuid topic)
{
    uint32_t shard = find_shard(&bench, topic, 0);
    return replicas_find(bench.node->shards[shard]->replicas, topic, 0)->log->settings;
}

static void a_topics_configs_hold_at_once(void **state)
{
    (void)state;
    struct uuid id = create_topic(&bench, "altered", 1);

    set(RESOURCE_TOPIC, "altered", "retention.ms", "1234");
    set(RESOURCE_TOPIC, "altered", "max.message.bytes", "5000");
    assert_int_equal(settings_of(id)->retention_ms, 1234);
    assert_int_equal(settings_of(id)->message_bytes_max, 5000);
    alter(RESOURCE_TOPIC, "altered", (struct config_change){ TEXT("cleanup.policy"), TEXT("compact"), CONFIG_APPEND },
          STATUS_OK, "");
    assert_true(settings_of(id)->compact && settings_of(id)->delete_old);
    alter(RESOURCE_TOPIC, "altered", (struct config_change){ TEXT("cleanup.policy"), TEXT("delete"), CONFIG_SUBTRACT },
          STATUS_OK, "");
    assert_true(settings_of(id)->compact && !settings_of(id)->delete_old);
    bench_stop(&bench);
    bench_start(&bench);
    assert_true(settings_of(id)->compact && !settings_of(id)->delete_old);

    struct config_change only = { TEXT("segment.ms"), TEXT("60000"), CONFIG_SET };
    outcome(ALTER(RESOURCE_TOPIC, "altered", &only, .replace = true), STATUS_OK, "");
    assert_int_equal(settings_of(id)->segment_ms, 60000);
    assert_int_equal(settings_of(id)->retention_ms, 604800000);
    assert_false(settings_of(id)->compact);
    unset(RESOURCE_TOPIC, "altered", "segment.ms");
    assert_int_equal(settings_of(id)->segment_ms, 604800000);
    all_shards_agree(&bench);
}

static void what_makes_no_sense_changes_nothing(void **state)
{
    (void)state;
    struct uuid id = create_topic(&bench, "kept", 1);
#define SET_TO(key, value)    ((struct config_change){ TEXT(key), TEXT(value), CONFIG_SET })
#define APPEND_TO(key, value) ((struct config_change){ TEXT(key), TEXT(value), CONFIG_APPEND })

    set(RESOURCE_TOPIC, "kept", "min.compaction.lag.ms", "10");
    alter(RESOURCE_TOPIC, "kept", SET_TO("max.compaction.lag.ms", "5"), STATUS_INVALID_CONFIG,
          "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
    alter(RESOURCE_TOPIC, "kept", SET_TO("no.such", "5"), STATUS_INVALID_CONFIG, "Unknown topic config name: no.such");
    alter(RESOURCE_TOPIC, "kept", APPEND_TO("retention.ms", "5"), STATUS_INVALID_CONFIG,
          "Can't APPEND to key retention.ms because its type is not LIST.");
    alter(RESOURCE_TOPIC, "gone", SET_TO("retention.ms", "5"), STATUS_NOT_FOUND, "The topic 'gone' does not exist.");
    alter(RESOURCE_TOPIC, "", SET_TO("retention.ms", "5"), STATUS_INVALID_REQUEST,
          "Default topic resources are not allowed.");
    alter(RESOURCE_BROKER, "1", SET_TO("node.id", "5"), STATUS_INVALID_REQUEST,
          "Cannot update these configs dynamically: [node.id]");
    alter(RESOURCE_BROKER, "1", SET_TO("message.max.bytes", "-1"), STATUS_INVALID_REQUEST,
          "Invalid value -1 for configuration message.max.bytes: Value must be at least 0");
    alter(
        RESOURCE_BROKER, "1", SET_TO("cordoned.log.dirs", "/x"), STATUS_INVALID_REQUEST,
        "requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries "
        ": /x");
    alter(
        RESOURCE_BROKER, "1", SET_TO("log.cleaner.threads", "9"), STATUS_INVALID_REQUEST,
        "Invalid value org.apache.kafka.common.config.ConfigException: Log cleaner threads cannot be increased to more "
        "than double the current value 1 for configuration Invalid dynamic configuration");
    alter(RESOURCE_GROUP, "g", SET_TO("consumer.session.timeout.ms", "1"), STATUS_INVALID_CONFIG,
          "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms");
    alter(RESOURCE_METRICS, "m", SET_TO("match", "client_id"), STATUS_INVALID_CONFIG,
          "Illegal client matching pattern: client_id");

    struct config_change change = SET_TO("retention.ms", "5");
    struct deed deed = ALTER(RESOURCE_TOPIC, "kept", &change);
    deed.errand.validate_only = true;
    outcome(deed, STATUS_OK, "");
    assert_int_equal(settings_of(id)->retention_ms, 604800000);
}

static void a_brokers_settings_hold_at_once_and_after_a_start(void **state)
{
    (void)state;
    struct uuid plain = create_topic(&bench, "plain", 1), own = create_topic(&bench, "own", 1);

    set(RESOURCE_TOPIC, "own", "retention.ms", "1");
    set(RESOURCE_BROKER, "", "log.retention.ms", "7000");
    assert_int_equal(settings_of(plain)->retention_ms, 7000);
    assert_int_equal(settings_of(own)->retention_ms, 1);
    set(RESOURCE_BROKER, "1", "log.retention.ms", "8000");
    set(RESOURCE_BROKER, "1", "max.connections", "5");
    set(RESOURCE_BROKER, "", "max.connections", "6");
    set(RESOURCE_BROKER, "", "max.connections.per.ip", "3");
    for (int round = 0; round < 2; round++) {
        const struct admission *admission = &node_work(bench.node)->admission;
        assert_int_equal(settings_of(plain)->retention_ms, 8000);
        assert_int_equal(atomic_load(&admission->connections_max), 5);
        assert_int_equal(atomic_load(&admission->connections_per_ip_max), 3);
        bench_stop(&bench);
        bench_start(&bench);
    }
    unset(RESOURCE_BROKER, "1", "log.retention.ms");
    assert_int_equal(settings_of(plain)->retention_ms, 7000);
    unset(RESOURCE_BROKER, "", "log.retention.ms");
    assert_int_equal(settings_of(plain)->retention_ms, 604800000);
    all_shards_agree(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_topic_grows_and_never_shrinks, begin, end),
        cmocka_unit_test_setup_teardown(a_topics_configs_hold_at_once, begin, end),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_brokers_settings_hold_at_once_and_after_a_start, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
