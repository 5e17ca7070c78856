/* Which value holds: the topic's, the broker's, the cluster's, the file's, the default; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "cluster/config_views.h"
#include "cluster/record.h"

struct scene {
    struct heap heap;
    struct arena arena;
    struct image image;
    struct settings settings;
    struct config_place place;
};

static void scene_init(struct scene *scene, const char *const *lines)
{
    struct property_list list;
    struct setting_report report;

    heap_init(&scene->heap);
    arena_init(&scene->arena, &scene->heap, NULL, 0, SIZE_MAX);
    image_init(&scene->image, &scene->heap, 1);
    properties_init(&list, &scene->arena);
    for (; lines && *lines; lines++) assert_int_equal(properties_override(&list, text_of(*lines)), STATUS_OK);
    scene->settings.origins = arena_take(&scene->arena, broker_table.row_count * sizeof(struct property *));
    assert_int_equal(
        settings_apply(&broker_table, &list, &scene->settings.values, scene->settings.origins, &report, &scene->arena),
        STATUS_OK);

    struct any_record topic;
    record_clear(&topic, RECORD_TOPIC);
    topic.topic.name = TEXT("t");
    topic.topic.topic_id = (struct uuid){ { 1 } };
    assert_int_equal(image_apply(&scene->image, &topic), STATUS_OK);
    scene->place = (struct config_place){ .settings = &scene->settings,
                                          .image = &scene->image,
                                          .node = 1,
                                          .topic = image_topic_by_name(&scene->image, TEXT("t")) };
}

static void scene_end(struct scene *scene)
{
    image_end(&scene->image);
    arena_reset(&scene->arena);
    assert_int_equal(scene->heap.live_count, 0);
}

static void set(struct scene *scene, int8_t type, const char *resource, const char *name, const char *value)
{
    struct any_record record;
    record_clear(&record, RECORD_CONFIG);
    record.config.resource_type = type;
    record.config.resource_name = text_of(resource);
    record.config.name = text_of(name);
    record.config.value = text_of(value);
    assert_int_equal(image_apply(&scene->image, &record), STATUS_OK);
}

static struct topic_values values_of(struct scene *scene)
{
    struct topic_values values;
    assert_int_equal(topic_values_of(&scene->place, &values, &scene->arena), STATUS_OK);
    return values;
}

static void without_a_word_kafkas_defaults_hold(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, NULL);
    struct topic_values values = values_of(&scene);
    assert_int_equal(values.retention_ms, 604800000);
    assert_int_equal(values.segment_ms, 604800000);
    assert_int_equal(values.segment_bytes, 1 << 30);
    assert_int_equal(values.max_message_bytes, 1048588);
    assert_int_equal(values.flush_ms, INT64_MAX);
    assert_int_equal(values.cleanup_policy.count, 1);
    assert_true(text_equal(values.cleanup_policy.items[0], TEXT("delete")));
    assert_int_equal(scene.settings.values.num_partitions, 1);
    assert_int_equal(scene.settings.values.node_id, 1);
    assert_int_equal(scene.settings.values.request_size_max, 104857600);
    scene_end(&scene);
}

static void the_stronger_source_wins(void **state)
{
    (void)state;
    static const char *const lines[] = { "log.retention.hours=2", "message.max.bytes=2000", NULL };
    struct scene scene;
    scene_init(&scene, lines);
    assert_int_equal(values_of(&scene).retention_ms, 7200000);
    assert_int_equal(values_of(&scene).max_message_bytes, 2000);
    set(&scene, 4, "", "log.retention.ms", "3000");
    assert_int_equal(values_of(&scene).retention_ms, 3000);
    set(&scene, 4, "1", "log.retention.ms", "4000");
    assert_int_equal(values_of(&scene).retention_ms, 4000);
    set(&scene, 2, "t", "retention.ms", "5000");
    assert_int_equal(values_of(&scene).retention_ms, 5000);
    set(&scene, 2, "t", "retention.ms", "not a number"); /* somebody else wrote it */
    assert_int_equal(values_of(&scene).retention_ms, 4000);
    scene_end(&scene);
}

/* Any number of it holds, also one that segment.bytes could not have; nobody sees it who did not set it. */
static void an_internal_segment_size_stands_before_the_other(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, NULL);
    set(&scene, 2, "t", "segment.bytes", "2097152");
    set(&scene, 2, "t", "internal.segment.bytes", "0");
    assert_int_equal(values_of(&scene).segment_bytes, 0);
    set(&scene, 2, "t", "internal.segment.bytes", "3000000");
    assert_int_equal(values_of(&scene).segment_bytes, 3000000);
    set(&scene, 2, "t", "internal.segment.bytes", "not a number"); /* somebody else wrote it */
    assert_int_equal(values_of(&scene).segment_bytes, 2097152);
    scene_end(&scene);
}

static void the_finer_unit_wins_inside_a_source(void **state)
{
    (void)state;
    static const char *const lines[] = { "log.retention.hours=2", "log.retention.minutes=3", NULL };
    struct scene scene;
    scene_init(&scene, lines);
    assert_int_equal(values_of(&scene).retention_ms, 180000);
    scene_end(&scene);
}

static struct config_view view_of(struct scene *scene, const char *name)
{
    const struct setting_table *table = scene->place.topic ? &topic_table : &broker_table;
    const struct setting *row = setting_find(table, text_of(name));
    struct config_view view;
    assert_non_null(row);
    assert_int_equal(config_describe(&scene->place, row, &view, &scene->arena), STATUS_OK);
    return view;
}

static void a_description_tells_every_source(void **state)
{
    (void)state;
    static const char *const lines[] = { "log.retention.hours=2", NULL };
    struct scene scene;
    scene_init(&scene, lines);
    set(&scene, 2, "t", "retention.ms", "5000");
    struct config_view view = view_of(&scene, "retention.ms");
    assert_true(text_equal(view.value, TEXT("5000")));
    assert_int_equal(view.origin, CONFIG_TOPIC);
    assert_true(text_equal(view.synonyms[0].name, TEXT("retention.ms")));
    assert_int_equal(view.synonym_count, 1); /* log.retention.hours alone is not told */
    set(&scene, 4, "", "log.retention.ms", "6000");
    view = view_of(&scene, "retention.ms");
    assert_int_equal(view.synonym_count, 4);
    assert_true(text_equal(view.synonyms[1].name, TEXT("log.retention.ms")));
    assert_int_equal(view.synonyms[1].origin, CONFIG_BROKERS);
    assert_true(text_equal(view.synonyms[2].name, TEXT("log.retention.hours")));
    assert_int_equal(view.synonyms[2].origin, CONFIG_FILE);
    assert_int_equal(view.synonyms[3].origin, CONFIG_DEFAULT);

    set(&scene, 2, "t", "internal.segment.bytes", " 2000 ");
    view = view_of(&scene, "internal.segment.bytes");
    assert_int_equal(view.origin, CONFIG_TOPIC);
    assert_true(text_equal(view.value, TEXT(" 2000 "))); /* Kafka prints what is internal as it was said */
    assert_int_equal(view.synonym_count, 1);
    view = view_of(&scene, "segment.bytes");
    assert_int_equal(view.origin, CONFIG_DEFAULT);
    assert_true(text_equal(view.value, TEXT("1073741824")));
    assert_false(view.read_only);

    scene.place.topic = NULL;
    view = view_of(&scene, "log.retention.hours");
    assert_int_equal(view.origin, CONFIG_FILE);
    assert_true(text_equal(view.value, TEXT("2")));
    assert_true(view.read_only);
    view = view_of(&scene, "log.retention.ms");
    assert_false(view.read_only);
    view = view_of(&scene, "delegation.token.secret.key");
    assert_true(view.sensitive);
    assert_null(view.value.data);
    scene_end(&scene);
}

static void assert_refused(const char *name, const char *value, const char *words)
{
    struct heap heap;
    struct arena arena;
    struct text why;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    assert_int_equal(topic_config_check(text_of(name), text_of(value), &arena, &why), STATUS_INVALID);
    assert_true(text_equal(why, text_of(words)));
    arena_reset(&arena);
}

static void what_is_refused_is_refused_in_kafkas_words(void **state)
{
    (void)state;
    assert_refused("no.such", "1", "Unknown topic config name: no.such");
    assert_refused("retention.ms", NULL, "Null value not supported for topic configs: retention.ms");
    assert_refused("retention.ms", "abc",
                   "Invalid value abc for configuration retention.ms: Not a number of type LONG");
    assert_refused("retention.ms", "-5", "Invalid value -5 for configuration retention.ms: Value must be at least -1");
    assert_refused("segment.bytes", "5",
                   "Invalid value 5 for configuration segment.bytes: Value must be at least 1048576");
    assert_refused("internal.segment.bytes", "2147483648",
                   "Invalid value 2147483648 for configuration internal.segment.bytes: Not a number of type INT");
    assert_refused("cleanup.policy", "foo",
                   "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete");
    assert_refused("message.timestamp.type", "foo",
                   "Invalid value foo for configuration message.timestamp.type: String must be one of: CreateTime, "
                   "LogAppendTime");
    assert_refused("preallocate", "maybe",
                   "Invalid value maybe for configuration preallocate: Expected value to be either true or false");
    assert_refused(
        "leader.replication.throttled.replicas", "foo",
        "Invalid value [foo] for configuration leader.replication.throttled.replicas: "
        "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following "
        "format: [partitionId]:[brokerId],[partitionId]:[brokerId],...");
}

static void what_kafka_takes_is_taken(void **state)
{
    (void)state;
    static const char *const taken[][2] = {
        { "cleanup.policy", "" },
        { "cleanup.policy", "compact,delete" },
        { "retention.ms", " 5 " },
        { "retention.ms", "-1" },
        { "compression.gzip.level", "-1" },
        { "min.cleanable.dirty.ratio", "0.25" },
        { "preallocate", "TRUE" },
        { "leader.replication.throttled.replicas", "0:1,2:3" },
        { "segment.bytes", "1048576" },
        { "internal.segment.bytes", "-2147483648" },
        { "follower.replication.throttled.replicas", "*" },
    };
    struct heap heap;
    struct arena arena;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    for (size_t i = 0; i < array_count(taken); i++) {
        struct text why = TEXT_NULL;
        assert_int_equal(topic_config_check(text_of(taken[i][0]), text_of(taken[i][1]), &arena, &why), STATUS_OK);
    }
    arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_kafkas_defaults_hold),
        cmocka_unit_test(the_stronger_source_wins),
        cmocka_unit_test(an_internal_segment_size_stands_before_the_other),
        cmocka_unit_test(the_finer_unit_wins_inside_a_source),
        cmocka_unit_test(a_description_tells_every_source),
        cmocka_unit_test(what_is_refused_is_refused_in_kafkas_words),
        cmocka_unit_test(what_kafka_takes_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
