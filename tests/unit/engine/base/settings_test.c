/* tests/unit/engine/base/settings_test.c   Every type at its bounds, who beats whom, and all complaints at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/settings.h"

struct values {
    bool flag;
    int16_t replicas;
    int32_t partitions;
    int64_t retention_ms;
    double ratio;
    struct text directory;
    struct text secret;
    struct text codec;
    struct text_list policy;
    struct text_list mechanisms;
    uint8_t timestamps;
    int32_t level;
    struct text rack;
    int32_t threads;
};

/* clang-format off */
static const struct setting rows[] = {
    SETTING(values, flag, "auto.create.topics.enable", SETTING_BOOL, "true", 0, 0, NULL, SETTING_BROKER, ""),
    SETTING(values, replicas, "default.replication.factor", SETTING_SHORT, "1", SETTING_LEAST, SETTING_MOST, NULL,
            SETTING_BROKER, ""),
    SETTING(values, partitions, "num.partitions", SETTING_INT, "1", 1, SETTING_MOST, NULL, SETTING_BROKER, ""),
    SETTING(values, retention_ms, "log.retention.ms", SETTING_LONG, "604800000", -1, SETTING_MOST, NULL,
            SETTING_BROKER | SETTING_DYNAMIC_CLUSTER, ""),
    SETTING(values, ratio, "log.cleaner.min.cleanable.ratio", SETTING_DOUBLE, "0.5", 0, 1, NULL, SETTING_BROKER, ""),
    SETTING(values, directory, "log.dir", SETTING_STRING, "/tmp/logs", 0, 0, NULL, SETTING_BROKER | SETTING_NOT_EMPTY,
            ""),
    SETTING(values, secret, "ssl.key.password", SETTING_PASSWORD, NULL, 0, 0, NULL, SETTING_BROKER, ""),
    SETTING(values, codec, "compression.type", SETTING_STRING, "producer", 0, 0, "gzip, lz4, producer",
            SETTING_BROKER, ""),
    SETTING(values, policy, "log.cleanup.policy", SETTING_LIST, "delete", 0, 0, "compact, delete",
            SETTING_BROKER | SETTING_NO_DUPLICATES, ""),
    SETTING(values, mechanisms, "sasl.enabled.mechanisms", SETTING_LIST, NULL, 0, 0, NULL,
            SETTING_BROKER | SETTING_NOT_EMPTY, ""),
    SETTING(values, timestamps, "log.message.timestamp.type", SETTING_ENUM, "CreateTime", 0, 0,
            "CreateTime, LogAppendTime", SETTING_BROKER | SETTING_ANY_CASE, ""),
    SETTING(values, level, "compression.gzip.level", SETTING_INT, "-1", 1, 9, NULL,
            SETTING_BROKER | SETTING_OR_MINUS_ONE, ""),
    SETTING(values, rack, "broker.rack", SETTING_STRING, NULL, 0, 0, NULL, SETTING_BROKER, ""),
    SETTING(values, threads, "num.io.threads", SETTING_INT, "8", 1, SETTING_MOST, NULL,
            SETTING_BROKER | SETTING_UNUSED, ""),
    SETTING_OTHER_NAME("retention.time.ms", "log.retention.ms"),
};
/* clang-format on */

static const char *const ignored[] = { "jvm.*", "metric.reporters" };
static const char *const open_names[] = { "listener.name.*.sasl" };
static const struct setting_table table = { rows,       array_count(rows),      ignored, array_count(ignored),
                                            open_names, array_count(open_names) };

struct fixture {
    struct heap heap;
    struct arena arena;
    struct property_list list;
    struct values values;
    struct setting_report report;
    const struct property *origins[array_count(rows)];
};

static void begin(struct fixture *fixture)
{
    memset(fixture, 0x5a, sizeof(*fixture)); /* nothing may depend on what was there */
    heap_init(&fixture->heap);
    arena_init(&fixture->arena, &fixture->heap, NULL, 0, 1 << 20);
    properties_init(&fixture->list, &fixture->arena);
}

static enum status apply(struct fixture *fixture, const char *content)
{
    int32_t bad_line = 0;
    assert_int_equal(properties_read(&fixture->list, text_of(content), TEXT("f"), &bad_line), STATUS_OK);
    return settings_apply(&table, &fixture->list, &fixture->values, fixture->origins, &fixture->report,
                          &fixture->arena);
}

static void without_properties_all_values_are_defaults(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(apply(&fixture, ""), STATUS_OK);

    assert_true(fixture.values.flag);
    assert_int_equal(fixture.values.replicas, 1);
    assert_int_equal(fixture.values.partitions, 1);
    assert_int_equal(fixture.values.retention_ms, 604800000);
    assert_true(fixture.values.ratio == 0.5);
    assert_true(text_equal(fixture.values.directory, TEXT("/tmp/logs")));
    assert_null(fixture.values.secret.data);
    assert_int_equal(fixture.values.policy.count, 1);
    assert_int_equal(fixture.values.mechanisms.count, -1);
    assert_int_equal(fixture.values.timestamps, 0);
    assert_int_equal(fixture.report.count, 0);
    for (size_t i = 0; i < array_count(rows); i++) assert_null(fixture.origins[i]);
    heap_end(&fixture.heap);
}

static void values_of_every_type_are_read(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(apply(&fixture, "auto.create.topics.enable= FALSE \n"
                                     "default.replication.factor=-32768\n"
                                     "num.partitions=2147483647\n"
                                     "retention.time.ms=-1\n"
                                     "log.cleaner.min.cleanable.ratio=1e-1\n"
                                     "ssl.key.password=a b;c\n"
                                     "compression.type=lz4\n"
                                     "log.cleanup.policy=compact , delete\n"
                                     "sasl.enabled.mechanisms=PLAIN\n"
                                     "log.message.timestamp.type=logappendtime\n"
                                     "compression.gzip.level=-1\n"
                                     "broker.rack="),
                     STATUS_OK);

    assert_false(fixture.values.flag);
    assert_int_equal(fixture.values.replicas, INT16_MIN);
    assert_int_equal(fixture.values.partitions, INT32_MAX);
    assert_int_equal(fixture.values.retention_ms, -1);
    assert_true(fixture.values.ratio == 0.1);
    assert_true(text_equal(fixture.values.secret, TEXT("a b;c")));
    assert_true(text_equal(fixture.values.codec, TEXT("lz4")));
    assert_int_equal(fixture.values.policy.count, 2);
    assert_true(text_equal(fixture.values.policy.items[0], TEXT("compact")));
    assert_true(text_equal(fixture.values.policy.items[1], TEXT("delete")));
    assert_int_equal(fixture.values.timestamps, 1);
    assert_true(text_equal(fixture.values.rack, TEXT("")));
    assert_int_equal(fixture.report.count, 0);
    assert_int_equal(fixture.origins[3]->line, 4);
    heap_end(&fixture.heap);
}

static void each_broken_rule_is_said_in_kafkas_words(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } refusals[] = {
        { "num.partitions=0", "Invalid value 0 for configuration num.partitions: Value must be at least 1" },
        { "num.partitions=x", "Invalid value x for configuration num.partitions: Not a number of type INT" },
        { "num.partitions=2147483648",
          "Invalid value 2147483648 for configuration num.partitions: Not a number of type INT" },
        { "default.replication.factor=32768",
          "Invalid value 32768 for configuration default.replication.factor: Not a number of type SHORT" },
        { "log.retention.ms=", "Invalid value  for configuration log.retention.ms: Not a number of type LONG" },
        { "log.retention.ms=-2", "Invalid value -2 for configuration log.retention.ms: Value must be at least -1" },
        { "log.cleaner.min.cleanable.ratio=1.5",
          "Invalid value 1.5 for configuration log.cleaner.min.cleanable.ratio: Value must be no more than 1" },
        { "log.cleaner.min.cleanable.ratio=nan",
          "Invalid value nan for configuration log.cleaner.min.cleanable.ratio: Not a number of type DOUBLE" },
        { "log.cleaner.min.cleanable.ratio=1e999",
          "Invalid value 1e999 for configuration log.cleaner.min.cleanable.ratio: Not a number of type DOUBLE" },
        { "auto.create.topics.enable=yes", "Invalid value yes for configuration auto.create.topics.enable: Expected "
                                           "value to be either true or false" },
        { "log.dir= ", "Invalid value  for configuration log.dir: String must be non-empty" },
        { "compression.type=zip",
          "Invalid value zip for configuration compression.type: String must be one of: gzip, lz4, producer" },
        { "compression.type=GZIP",
          "Invalid value GZIP for configuration compression.type: String must be one of: gzip, lz4, producer" },
        { "log.cleanup.policy=delete,zap",
          "Invalid value zap for configuration log.cleanup.policy: String must be one of: compact, delete" },
        { "sasl.enabled.mechanisms=",
          "Configuration 'sasl.enabled.mechanisms' must not be empty. Valid values include: any non-empty value" },
        { "log.message.timestamp.type=now", "Invalid value now for configuration log.message.timestamp.type: String "
                                            "must be one of (case insensitive): CreateTime, LogAppendTime" },
        { "compression.gzip.level=0",
          "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1" },
        { "num.partition=3", "num.partition is not known, did you mean num.partitions?" },
    };

    for (size_t i = 0; i < array_count(refusals); i++) {
        struct fixture fixture;
        begin(&fixture);
        assert_int_equal(apply(&fixture, refusals[i].line), STATUS_INVALID);
        assert_int_equal(fixture.report.count, 1);
        assert_true(fixture.report.lines[0].error);
        assert_string_equal(fixture.report.lines[0].message.data, refusals[i].words);
        heap_end(&fixture.heap);
    }
}

static void the_report_holds_every_complaint_with_its_line(void **state)
{
    (void)state;
    static const char *const environment[] = { "KAFKA_VERSION=4.3.1", "KAFKA_NUM_PARTITION=2", NULL };
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(properties_read_environment(&fixture.list, environment), STATUS_OK);
    assert_int_equal(apply(&fixture, "num.partitions=0\n"
                                     "jvm.heap=1\n"
                                     "metric.reporters=x\n"
                                     "something.else.entirely=1\n"
                                     "listener.name.internal.sasl=1\n"
                                     "num.io.threads=4\n"
                                     "log.dirr=1"),
                     STATUS_INVALID);

    static const struct {
        bool error;
        int32_t line;
        const char *start;
    } expected[] = {
        { false, 0, "version is not known, ignored" },
        { false, 0, "num.partition is not known, did you mean num.partitions?" },
        { true, 1, "Invalid value 0" },
        { false, 2, "jvm.heap has no effect here" },
        { false, 3, "metric.reporters has no effect here" },
        { false, 4, "something.else.entirely is not known, ignored" },
        { false, 6, "num.io.threads has no effect here" },
        { true, 7, "log.dirr is not known, did you mean log.dir?" },
    };
    assert_int_equal(fixture.report.count, array_count(expected));
    assert_int_equal(fixture.report.error_count, 2);
    for (uint32_t i = 0; i < fixture.report.count; i++) {
        const struct setting_report_line *line = &fixture.report.lines[i];
        assert_int_equal(line->error, expected[i].error);
        assert_int_equal(line->line, expected[i].line);
        assert_true(text_starts(line->message, text_of(expected[i].start)));
    }
    assert_true(text_equal(fixture.report.lines[0].source, TEXT("KAFKA_VERSION")));
    heap_end(&fixture.heap);
}

static void only_the_winner_is_judged(void **state)
{
    (void)state;
    static const char *const environment[] = { "KAFKA_NUM_PARTITIONS=2", NULL };
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(properties_override(&fixture.list, TEXT("log.dir=/o")), STATUS_OK);
    assert_int_equal(properties_read_environment(&fixture.list, environment), STATUS_OK);
    assert_int_equal(apply(&fixture, "num.partitions=zero\nlog.dir=/f\nbroker.rack=a\nbroker.rack=b"), STATUS_OK);
    assert_int_equal(fixture.values.partitions, 2);
    assert_true(text_equal(fixture.values.directory, TEXT("/o")));
    assert_true(text_equal(fixture.values.rack, TEXT("b")));
    assert_int_equal(fixture.origins[2]->origin, PROPERTY_ENVIRONMENT);
    heap_end(&fixture.heap);
}

static void secrets_are_not_printed_in_refusals(void **state)
{
    (void)state;
    struct fixture fixture;
    struct text why = TEXT_NULL;
    begin(&fixture);
    struct setting row = rows[6];
    row.choices = "a, b";
    assert_int_equal(setting_parse(&row, TEXT("hunter2"), &fixture.values, &fixture.arena, &why), STATUS_INVALID);
    assert_null(strstr(why.data, "hunter2"));
    heap_end(&fixture.heap);
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *printed;
    } samples[] = {
        { "auto.create.topics.enable", "False", "false" },
        { "default.replication.factor", "3", "3" },
        { "num.partitions", "+7", "7" },
        { "log.retention.ms", "9223372036854775807", "9223372036854775807" },
        { "log.cleaner.min.cleanable.ratio", "0.3", "0.3" },
        { "log.cleaner.min.cleanable.ratio", "1", "1.0" },
        { "log.dir", " /x ", "/x" },
        { "log.cleanup.policy", "compact, delete", "compact,delete" },
        { "log.cleanup.policy", "", "" },
        { "log.message.timestamp.type", "LOGAPPENDTIME", "LogAppendTime" },
    };

    for (size_t i = 0; i < array_count(samples); i++) {
        struct fixture fixture;
        struct text why = TEXT_NULL;
        begin(&fixture);
        const struct setting *row = setting_find(&table, text_of(samples[i].name));
        assert_non_null(row);
        assert_int_equal(setting_parse(row, text_of(samples[i].text), &fixture.values, &fixture.arena, &why),
                         STATUS_OK);
        struct text printed = setting_print(row, &fixture.values, &fixture.arena);
        assert_true(text_equal(printed, text_of(samples[i].printed)));
        heap_end(&fixture.heap);
    }
}

static void null_prints_as_null(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(settings_clear(&table, &fixture.values, &fixture.arena), STATUS_OK);
    assert_null(setting_print(setting_find(&table, TEXT("broker.rack")), &fixture.values, &fixture.arena).data);
    assert_null(
        setting_print(setting_find(&table, TEXT("sasl.enabled.mechanisms")), &fixture.values, &fixture.arena).data);
    heap_end(&fixture.heap);
}

static void names_are_found_by_alias_and_by_nearness(void **state)
{
    (void)state;
    assert_ptr_equal(setting_find(&table, TEXT("retention.time.ms")), &rows[3]);
    assert_null(setting_find(&table, TEXT("retention.time")));
    assert_ptr_equal(setting_nearest(&table, TEXT("num.partitoins")), &rows[2]);
    assert_null(setting_nearest(&table, TEXT("zzz")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_properties_all_values_are_defaults),
        cmocka_unit_test(values_of_every_type_are_read),
        cmocka_unit_test(each_broken_rule_is_said_in_kafkas_words),
        cmocka_unit_test(the_report_holds_every_complaint_with_its_line),
        cmocka_unit_test(only_the_winner_is_judged),
        cmocka_unit_test(secrets_are_not_printed_in_refusals),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(null_prints_as_null),
        cmocka_unit_test(names_are_found_by_alias_and_by_nearness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
