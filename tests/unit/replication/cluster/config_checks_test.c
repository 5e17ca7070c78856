/* tests/unit/replication/cluster/config_checks_test.c   What may be set together, at its borders and in Kafka's words:
 * a row per rule, with what is just taken beside what is just refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "cluster/config_checks.h"

enum { CONFIGS_MAX = 8 };

static struct heap heap;
static struct arena arena;
static struct image image;
static struct settings settings;
static struct config_place place;

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    image_init(&image, &heap, 1);
    assert_int_equal(settings_clear(&broker_table, &settings.values, &arena), STATUS_OK);
    settings.origins = arena_take(&arena, broker_table.row_count * sizeof(struct property *));
    place = (struct config_place){ .settings = &settings, .image = &image, .node = 1 };
    return 0;
}

static int end(void **state)
{
    (void)state;
    image_end(&image);
    arena_reset(&arena);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
    return 0;
}

enum checked { OF_TOPIC, OF_BROKER, OF_BROKERS, OF_GROUP, OF_METRICS };

struct row {
    const char *configs; /* "name=value;name=value"; a name without = has a null */
    enum status status;
    const char *why;
};

static uint32_t read_configs(const char *words, struct image_config configs[CONFIGS_MAX])
{
    struct text rest = text_of(words);
    uint32_t count = 0;

    while (rest.size > 0) {
        assert_true(count < CONFIGS_MAX);
        struct text value = text_cut(&rest, ';');
        struct text name = text_cut(&value, '=');
        configs[count++] = (struct image_config){ name, value };
    }
    return count;
}

static enum status check_in(enum checked of, const char *words, struct arena *room, struct text *why)
{
    struct image_config configs[CONFIGS_MAX];
    uint32_t count = read_configs(words, configs);

    switch (of) {
    case OF_TOPIC: return topic_configs_check(&place, configs, count, room, why);
    case OF_BROKER:
    case OF_BROKERS: return broker_configs_check(&place, configs, count, of == OF_BROKER, room, why);
    case OF_GROUP: return group_configs_check(&place, configs, count, room, why);
    case OF_METRICS: break;
    }
    return metrics_configs_check(configs, count, room, why);
}

static void check_rows(enum checked of, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text why = TEXT_NULL;
        enum status status = check_in(of, rows[i].configs, &arena, &why);
        if (status != rows[i].status) {
            fail_msg("'%s': %s: %.*s", rows[i].configs, status_text(status), TEXT_ARGS(why));
        }
        if (status == STATUS_OK) continue;
        if (!text_equal(why, text_of(rows[i].why))) fail_msg("'%s' says '%.*s'", rows[i].configs, TEXT_ARGS(why));
    }
}

static void what_a_topic_may_have_together(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", STATUS_OK, NULL },
        { "min.compaction.lag.ms=5;max.compaction.lag.ms=5", STATUS_OK, NULL },
        { "min.compaction.lag.ms=6;max.compaction.lag.ms=5", STATUS_INVALID,
          "conflict topic config setting min.compaction.lag.ms (6) > max.compaction.lag.ms (5)" },
        { "remote.storage.enable=false", STATUS_OK, NULL },
        { "remote.storage.enable=true", STATUS_INVALID,
          "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log "
          "storage." },
        { "retention.ms=x;nothing=1", STATUS_INVALID, "Unknown topic config name: nothing" }, /* names before values */
    };
    check_rows(OF_TOPIC, rows, array_count(rows));
}

#define REPLICAS(items)                                                                                             \
    "Invalid value [" items "] for configuration leader.replication.throttled.replicas: "                           \
    "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: " \
    "[partitionId]:[brokerId],[partitionId]:[brokerId],..."

static void which_replicas_are_throttled(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "leader.replication.throttled.replicas=", STATUS_OK, NULL },
        { "leader.replication.throttled.replicas=*", STATUS_OK, NULL },
        { "leader.replication.throttled.replicas=*,", STATUS_OK, NULL },
        { "leader.replication.throttled.replicas=,", STATUS_OK, NULL },
        { "leader.replication.throttled.replicas= ,0:1 , 1:1,", STATUS_OK, NULL },
        { "leader.replication.throttled.replicas=a ,b", STATUS_INVALID, REPLICAS("a, b") },
        { "leader.replication.throttled.replicas=*,0:1", STATUS_INVALID, REPLICAS("*, 0:1") },
        { "leader.replication.throttled.replicas=0: 1", STATUS_INVALID, REPLICAS("0: 1") },
        { "leader.replication.throttled.replicas=0:1:2", STATUS_INVALID, REPLICAS("0:1:2") },
    };
    check_rows(OF_TOPIC, rows, array_count(rows));
}

#define DYNAMIC     "Invalid value org.apache.kafka.common.config.ConfigException: "
#define DYNAMIC_END " for configuration Invalid dynamic configuration"
#define THREADS(said)                                                                                      \
    DYNAMIC "Dynamic thread count update validation failed for num.io.threads=" said " the current value " \
            "8" DYNAMIC_END

/* Threads: half and double of what there is, which is 8 of the one and 1 of the other. */
static void what_a_broker_may_have_while_it_runs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "num.io.threads=16", STATUS_OK, NULL },
        { "num.io.threads=17", STATUS_INVALID, THREADS("17, value should not be greater than double") },
        { "num.io.threads=4", STATUS_OK, NULL },
        { "num.io.threads=3", STATUS_INVALID, THREADS("3, value should be at least half") },
        { "log.cleaner.threads=2", STATUS_OK, NULL },
        { "log.cleaner.threads=3", STATUS_INVALID,
          DYNAMIC "Log cleaner threads cannot be increased to more than double the current value 1" DYNAMIC_END },
        { "log.cleaner.threads=0", STATUS_INVALID, DYNAMIC "Log cleaner threads should be at least 1" DYNAMIC_END },
        { "log.local.retention.ms=5;log.retention.ms=5", STATUS_OK, NULL },
        { "log.local.retention.ms=6;log.retention.ms=5", STATUS_INVALID,
          DYNAMIC "Invalid value 6 for configuration log.local.retention.ms: Value must not be more than "
                  "log.retention.ms property value: 5" DYNAMIC_END },
        { "log.local.retention.ms=-2;log.retention.ms=5", STATUS_OK, NULL }, /* the same */
        { "log.local.retention.ms=6;log.retention.ms=-1", STATUS_OK, NULL }, /* for ever */
        { "log.local.retention.bytes=1;log.retention.bytes=0", STATUS_INVALID,
          DYNAMIC "Invalid value 1 for configuration log.local.retention.bytes: Value must not be more than "
                  "log.retention.bytes property value: 0" DYNAMIC_END },
        { "log.local.retention.ms=604800001", STATUS_INVALID,
          DYNAMIC "Invalid value 604800001 for configuration log.local.retention.ms: Value must not be more than "
                  "log.retention.ms property value: 604800000" DYNAMIC_END },
        { "log.local.retention.ms=-1", STATUS_INVALID,
          DYNAMIC "Invalid value -1 for configuration log.local.retention.ms: Value must not be -1 as "
                  "log.retention.ms value is set as 604800000." DYNAMIC_END },
        { "log.local.retention.ms=604800000", STATUS_OK, NULL },
        { "log.local.retention.bytes=-1", STATUS_OK, NULL },
        { "cordoned.log.dirs=", STATUS_OK, NULL },
        { "cordoned.log.dirs=/x, /y ,/x", STATUS_INVALID,
          "requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing "
          "entries : /x, /y" },
        { "cordoned.log.dirs=/x,*", STATUS_INVALID,
          "requirement failed: When cordoned.log.dirs is set to *, it must not contain other values" },
        { "cordoned.log.dirs=*", STATUS_INVALID,
          "cordoned.log.dirs would leave no log directory for new partitions: there is one" },
        { "cordoned.log.dirs=./data", STATUS_INVALID,
          "cordoned.log.dirs would leave no log directory for new partitions: there is one" },
        { "node.id=2;broker.id=3", STATUS_INVALID, "Cannot update these configs dynamically: [node.id, broker.id]" },
        { "listeners=PLAINTEXT://:9092", STATUS_INVALID, "Cannot update these configs dynamically: [listeners]" },
        { "what.nobody.knows=1", STATUS_OK, NULL }, /* Kafka keeps it for plugins */
        { "ssl.keystore.location=a;ssl.key.password=b", STATUS_INVALID,
          "These security configs can be dynamically updated only per-listener using the listener prefix: "
          "[ssl.keystore.location, ssl.key.password]" },
    };
    check_rows(OF_BROKER, rows, array_count(rows));
}

#define REQUIRED             "requirement failed: "
#define UNPAIRED(name, size) "Error parsing configuration property '" name "': begin 0, end -1, length " size

/* What Kafka finds when it reads all values of a broker together. */
static void what_a_broker_requires(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "log.retention.ms=1", STATUS_OK, NULL },
        { "log.retention.ms=-2", STATUS_OK, NULL },
        { "log.retention.ms=0", STATUS_INVALID,
          REQUIRED "log.retention.ms must be unlimited (-1) or, greater than or equal to 1" },
        { "log.roll.ms=1", STATUS_OK, NULL },
        { "log.roll.ms=0", STATUS_INVALID, REQUIRED "log.roll.ms must be greater than or equal to 1" },
        { "log.roll.jitter.ms=0", STATUS_OK, NULL },
        { "log.roll.jitter.ms=-1", STATUS_INVALID, REQUIRED "log.roll.jitter.ms must be greater than or equal to 0" },
        { "log.cleaner.dedupe.buffer.size=1048577", STATUS_OK, NULL },
        { "log.cleaner.dedupe.buffer.size=1048576", STATUS_INVALID,
          REQUIRED "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread." },
        { "log.cleaner.threads=128", STATUS_INVALID, /* of 128 MiB */
          REQUIRED "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread." },
        { "max.connections=1;max.connection.creation.rate=1", STATUS_OK, NULL },
        { "max.connections=0", STATUS_INVALID, DYNAMIC "Invalid max.connections 0" DYNAMIC_END },
        { "max.connection.creation.rate=0", STATUS_INVALID,
          DYNAMIC "Invalid max.connection.creation.rate 0" DYNAMIC_END },
        { "max.connections.per.ip=0", STATUS_INVALID,
          REQUIRED "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is "
                   "set." },
        { "max.connections.per.ip=0;max.connections.per.ip.overrides=127.0.0.1:5", STATUS_OK, NULL },
        { "max.connections.per.ip.overrides=127.0.0.1 : 5,::1:6,", STATUS_OK, NULL },
        { "max.connections.per.ip.overrides=127.0.0.1:5,x", STATUS_INVALID,
          UNPAIRED("max.connections.per.ip.overrides", "1") },
        { "max.connections.per.ip.overrides=127.0.0.1:x", STATUS_INVALID, "For input string: \"x\"" },
        { "max.connections.per.ip.overrides=127.0.0.1:99999999999", STATUS_INVALID,
          "For input string: \"99999999999\"" },
        { "listener.security.protocol.map=PLAINTEXT:plaintext,A:SASL_SSL", STATUS_OK, NULL },
        { "listener.security.protocol.map=none", STATUS_INVALID, UNPAIRED("listener.security.protocol.map", "4") },
        { "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,x:y", STATUS_INVALID,
          "Invalid security protocol `y` defined in listener.security.protocol.map" },
        { "group.share.assignment.interval.ms=15000", STATUS_OK, NULL },
        { "group.share.assignment.interval.ms=15001", STATUS_INVALID,
          "group.share.assignment.interval.ms must be less than or equal to group.share.max.assignment.interval.ms" },
    };
    check_rows(OF_BROKER, rows, array_count(rows));
    check_rows(OF_BROKERS, rows, array_count(rows) - 5);
}

static void what_belongs_to_one_broker_is_not_set_for_all(void **state)
{
    (void)state;
    static const struct row one[] = { { "cordoned.log.dirs=", STATUS_OK, NULL } };
    static const struct row all[] = {
        { "num.io.threads=16", STATUS_OK, NULL },
        { "cordoned.log.dirs=", STATUS_INVALID,
          "Cannot update these configs at default cluster level, broker id must be specified: [cordoned.log.dirs]" },
    };
    check_rows(OF_BROKER, one, array_count(one));
    check_rows(OF_BROKERS, all, array_count(all));
}

/* More names than a sentence has room for: it ends, and is whole. */
static void a_long_list_of_forbidden_names_ends(void **state)
{
    (void)state;
    static struct image_config configs[64];
    struct text why;

    for (uint32_t i = 0; i < array_count(configs); i++)
        configs[i] = (struct image_config){ TEXT("broker.id"), TEXT("1") };
    assert_int_equal(broker_configs_check(&place, configs, array_count(configs), true, &arena, &why), STATUS_INVALID);
    assert_in_range(why.size, 250, 400);
    assert_int_equal(why.data[why.size - 1], ']');
}

#define RESET(value)                                                                                               \
    "Invalid value " value " for configuration share.auto.offset.reset: Invalid value `" value                     \
    "` for configuration share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format " \
    "'by_duration:<PnDTnHnMn.nS>'."

static void what_a_group_may_have(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "consumer.session.timeout.ms=45000", STATUS_OK, NULL },
        { "consumer.session.timeout.ms=60000", STATUS_OK, NULL },
        { "consumer.session.timeout.ms=60001", STATUS_INVALID,
          "consumer.session.timeout.ms must be less than or equal to group.consumer.max.session.timeout.ms" },
        { "consumer.session.timeout.ms=44999", STATUS_INVALID,
          "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms" },
        { "consumer.session.timeout.ms=1;nothing=1", STATUS_INVALID, "Unknown group config name: nothing" },
        { "streams.num.standby.replicas=2", STATUS_OK, NULL },
        { "streams.num.standby.replicas=3", STATUS_INVALID,
          "streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas" },
        { "share.auto.offset.reset=latest", STATUS_OK, NULL },
        { "share.auto.offset.reset=earliest", STATUS_OK, NULL },
        { "share.auto.offset.reset=by_duration:P1D", STATUS_OK, NULL },
        { "share.auto.offset.reset=by_duration:pt1h2m3.5s", STATUS_OK, NULL },
        { "share.auto.offset.reset=by_duration:PT1H2S", STATUS_OK, NULL },
        { "share.auto.offset.reset=by_duration:+PT0S", STATUS_OK, NULL },
        { "share.auto.offset.reset=Earliest", STATUS_INVALID, RESET("Earliest") },
        { "share.auto.offset.reset=by_duration:", STATUS_INVALID, RESET("by_duration:") },
        { "share.auto.offset.reset=BY_DURATION:PT1S", STATUS_INVALID, RESET("BY_DURATION:PT1S") },
        { "share.auto.offset.reset=by_duration:-P1D", STATUS_INVALID, RESET("by_duration:-P1D") },
        { "share.auto.offset.reset=by_duration:P1DT", STATUS_INVALID, RESET("by_duration:P1DT") },
        { "share.auto.offset.reset=by_duration:P1Y", STATUS_INVALID, RESET("by_duration:P1Y") },
        { "share.auto.offset.reset=by_duration:PT1.5M", STATUS_INVALID, RESET("by_duration:PT1.5M") },
        { "share.auto.offset.reset=by_duration:PT1S2M", STATUS_INVALID, RESET("by_duration:PT1S2M") },
        { "share.auto.offset.reset=by_duration:PT1.1234567890S", STATUS_INVALID, RESET("by_duration:PT1.1234567890S") },
    };
    check_rows(OF_GROUP, rows, array_count(rows));
}

static void what_a_subscription_to_metrics_may_have(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "interval.ms=100", STATUS_OK, NULL },
        { "interval.ms=99", STATUS_INVALID_REQUEST,
          "Invalid value 99 for interval.ms, interval must be between 100 and 3600000 (1 hour)" },
        { "interval.ms=3600000", STATUS_OK, NULL },
        { "interval.ms=3600001", STATUS_INVALID_REQUEST,
          "Invalid value 3600001 for interval.ms, interval must be between 100 and 3600000 (1 hour)" },
        { "metrics=a.b,c", STATUS_OK, NULL },
        { "match=client_id=a.*,client_source_port=9", STATUS_OK, NULL },
        { "match=client_id=", STATUS_INVALID, "Illegal client matching pattern: client_id=" },
        { "match=client_id", STATUS_INVALID, "Illegal client matching pattern: client_id" },
        { "match=client_id==", STATUS_INVALID, "Illegal client matching pattern: client_id==" },
        { "match=client_id=a=b", STATUS_INVALID, "Illegal client matching pattern: client_id=a=b" },
        { "match=client_id=a==", STATUS_OK, NULL },
        { "match=client_id= =", STATUS_OK, NULL },
        { "match=client_id=a,client_software_name=[", STATUS_INVALID,
          "Illegal client matching pattern: client_software_name=[" },
        { "match=client=a", STATUS_INVALID, "Illegal client matching pattern: client=a" },
        { "nothing=1", STATUS_INVALID_REQUEST, "Unknown client metrics configuration: nothing" },
    };
    check_rows(OF_METRICS, rows, array_count(rows));
}

/* No memory is said to be that, and not that the value is wrong. */
static void without_memory_nothing_is_called_wrong(void **state)
{
    (void)state;
    static const struct {
        enum checked of;
        const char *configs;
    } rows[] = { { OF_TOPIC, "min.compaction.lag.ms=6;max.compaction.lag.ms=5" },
                 { OF_BROKER, "num.io.threads=17" },
                 { OF_BROKER, "node.id=2" },
                 { OF_GROUP, "nothing=1" },
                 { OF_METRICS, "nothing=1" },
                 { OF_METRICS, "interval.ms=99" } };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct text why = TEXT_NULL;
        struct arena none;
        arena_init(&none, NULL, NULL, 0, 0);
        assert_int_equal(check_in(rows[i].of, rows[i].configs, &none, &why), STATUS_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_topic_may_have_together),
        cmocka_unit_test(which_replicas_are_throttled),
        cmocka_unit_test(what_a_broker_may_have_while_it_runs),
        cmocka_unit_test(what_a_broker_requires),
        cmocka_unit_test(what_belongs_to_one_broker_is_not_set_for_all),
        cmocka_unit_test(a_long_list_of_forbidden_names_ends),
        cmocka_unit_test(what_a_group_may_have),
        cmocka_unit_test(what_a_subscription_to_metrics_may_have),
        cmocka_unit_test(without_memory_nothing_is_called_wrong),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
