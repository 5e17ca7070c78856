/* tests/unit/net/api/describe_configs_test.c   What things are set to, and where each value comes from. */
#include "desk_ask.h"
#include "desk_metadata.h"
#include "one_desk.h"

#include "messages/describe_configs.h"

static struct describe_configs_answer answer;

enum { TOPIC = 2, BROKER = 4, LOGGER = 8, METRICS = 16, GROUP = 32 };

static const struct describe_configs_resource_answer *ask_keys(int8_t type, const char *name, struct text *keys,
                                                               int32_t count)
{
    struct describe_configs_resource_ask resource = { type, text_of(name), { keys, count } };
    struct describe_configs_ask ask = { { &resource, 1 }, true, true };

    desk_ask(&desk, API_DESCRIBE_CONFIGS, 4, &ask, &answer);
    assert_int_equal(answer.resources.count, 1);
    return answer.resources.items;
}

static const struct describe_configs_resource_answer *ask_all(int8_t type, const char *name)
{
    return ask_keys(type, name, NULL, -1);
}

static const struct describe_configs_config *config_of(const struct describe_configs_resource_answer *resource,
                                                       const char *name)
{
    for (int32_t i = 0; i < resource->configs.count; i++) {
        if (text_equal(resource->configs.items[i].name, text_of(name))) return &resource->configs.items[i];
    }
    return NULL;
}

static void a_topic_shows_its_own_before_the_defaults(void **state)
{
    (void)state;
    desk_topic_of(&desk, "t", 1, DESK_SELF, "max.message.bytes", "77");
    const struct describe_configs_resource_answer *topic = ask_all(TOPIC, "t");
    const struct describe_configs_config *own = config_of(topic, "max.message.bytes");
    const struct describe_configs_config *other = config_of(topic, "retention.ms");

    assert_int_equal(topic->error, ERROR_NONE);
    assert_true(text_equal(own->value, TEXT("77")));
    assert_int_equal(own->source, CONFIG_SOURCE_TOPIC);
    assert_int_equal(own->config_type, 3);
    assert_true(own->documentation.size > 0);
    assert_true(own->synonyms.count >= 2); /* its own, and what it stands before */
    assert_int_equal(own->synonyms.items[0].source, CONFIG_SOURCE_TOPIC);
    assert_true(text_equal(own->synonyms.items[0].value, TEXT("77")));
    assert_int_equal(other->source, CONFIG_SOURCE_DEFAULT);
    assert_int_equal(other->config_type, 5);
}

/* Topics without anything of their own share rows: the answer says the same of each, whole. */
static void plain_topics_are_all_alike(void **state)
{
    (void)state;
    struct text key = TEXT("segment.ms");
    struct describe_configs_resource_ask resources[] = { { TOPIC, TEXT("p"), { &key, 1 } },
                                                         { TOPIC, TEXT("p"), { NULL, -1 } },
                                                         { TOPIC, TEXT("q"), { NULL, -1 } },
                                                         { TOPIC, TEXT("own"), { NULL, -1 } },
                                                         { TOPIC, TEXT("q"), { &key, 0 } } };
    struct describe_configs_ask ask = { { resources, 5 }, false, false };

    desk_topic(&desk, "p", 1);
    desk_topic(&desk, "q", 1);
    desk_topic_of(&desk, "own", 1, DESK_SELF, "segment.ms", "5");
    desk_ask(&desk, API_DESCRIBE_CONFIGS, 1, &ask, &answer);
    const struct describe_configs_resource_answer *rows = answer.resources.items;
    assert_int_equal(rows[0].configs.count, 1);
    assert_true(rows[1].configs.count > 20);
    assert_int_equal(rows[2].configs.count, rows[1].configs.count);
    assert_true(text_equal(rows[2].name, TEXT("q")));
    assert_int_equal(rows[3].configs.count, rows[1].configs.count);
    assert_true(text_equal(config_of(&rows[2], "segment.ms")->value, TEXT("604800000")));
    assert_true(text_equal(config_of(&rows[3], "segment.ms")->value, TEXT("5")));
    assert_int_equal(rows[4].configs.count, rows[1].configs.count); /* No key is every key, as at Kafka. */
    assert_int_equal(rows[1].configs.items[0].synonyms.count, 0);
}

/* An internal config of a topic, among those that all topics have, and among others that have none. */
static void an_internal_config_is_shown_where_it_is_set(void **state)
{
    (void)state;
    struct text keys[] = { TEXT("internal.segment.bytes"), TEXT("segment.bytes") };
    desk_topic(&desk, "open", 1);
    desk_topic_of(&desk, "inner", 1, DESK_SELF, "internal.segment.bytes", "77");
    int32_t count = ask_all(TOPIC, "open")->configs.count;
    assert_null(config_of(ask_all(TOPIC, "open"), "internal.segment.bytes"));
    assert_int_equal(ask_keys(TOPIC, "open", keys, 2)->configs.count, 1);

    const struct describe_configs_resource_answer *inner = ask_all(TOPIC, "inner");
    assert_int_equal(inner->configs.count, count + 1);
    const struct describe_configs_config *config = config_of(inner, "internal.segment.bytes");
    assert_true(text_equal(config->value, TEXT("77")));
    assert_int_equal(config->source, CONFIG_SOURCE_TOPIC);
    assert_int_equal(config->config_type, 3);
    assert_int_equal(config->synonyms.count, 1);
    assert_int_equal(ask_keys(TOPIC, "inner", keys, 2)->configs.count, 2);
    assert_int_equal(ask_keys(TOPIC, "inner", keys, 1)->configs.count, 1);
}

static void only_the_keys_that_are_asked_for(void **state)
{
    (void)state;
    struct text keys[] = { TEXT("no.such"), TEXT("retention.ms") };
    desk_topic(&desk, "keys", 1);
    assert_int_equal(ask_keys(TOPIC, "keys", keys, 2)->configs.count, 1);
}

static void what_is_not_there_is_refused(void **state)
{
    (void)state;
    static const struct {
        int8_t type;
        const char *name;
        int16_t error;
        const char *why; /* its beginning */
    } rows[] = {
        { TOPIC, "gone", ERROR_UNKNOWN_TOPIC_OR_PARTITION, "" },
        { TOPIC, "a/b", ERROR_INVALID_TOPIC, "Topic name is invalid" },
        { BROKER, "x", ERROR_INVALID_REQUEST, "Broker id must be an integer, but it is: x" },
        { BROKER, "9", ERROR_INVALID_REQUEST, "Unexpected broker id, expected 1 or empty string, but received 9" },
        { BROKER, "4294967297", ERROR_INVALID_REQUEST, "Unexpected broker id" },
        { LOGGER, "9", ERROR_INVALID_REQUEST, "Unexpected broker id, expected 1 but received 9" },
        { LOGGER, "", ERROR_INVALID_REQUEST, "Broker id must not be empty" },
        { GROUP, "", ERROR_INVALID_REQUEST, "Group name must not be empty" },
        { METRICS, "", ERROR_INVALID_REQUEST, "Client metrics subscription name must not be empty" },
        { 3, "t", ERROR_INVALID_REQUEST, "" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        const struct describe_configs_resource_answer *row = ask_all(rows[i].type, rows[i].name);
        assert_int_equal(row->error, rows[i].error);
        assert_true(row->error_message.size >= strlen(rows[i].why));
        assert_memory_equal(row->error_message.data, rows[i].why, strlen(rows[i].why));
        assert_true(row->configs.count <= 0);
    }
}

/* Of one broker everything, of all brokers what is set for all of them; a secret is never told. */
static void brokers_show_what_is_set_of_them(void **state)
{
    (void)state;
    assert_int_equal(ask_all(BROKER, "")->configs.count, 0);
    desk_config(&desk, BROKER, "", "message.max.bytes", TEXT("5000"));
    desk_config(&desk, BROKER, "", "nobody.knows", TEXT("hush"));
    const struct describe_configs_resource_answer *all = ask_all(BROKER, "");
    assert_int_equal(all->configs.count, 2);
    assert_true(text_equal(config_of(all, "message.max.bytes")->value, TEXT("5000")));
    assert_int_equal(config_of(all, "message.max.bytes")->source, CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER);
    assert_true(config_of(all, "nobody.knows")->is_sensitive);
    assert_null(config_of(all, "nobody.knows")->value.data);

    desk_config(&desk, BROKER, "1", "message.max.bytes", TEXT("6000"));
    const struct describe_configs_resource_answer *own = ask_all(BROKER, "1");
    assert_true(own->configs.count > 50);
    assert_true(text_equal(config_of(own, "message.max.bytes")->value, TEXT("6000")));
    assert_int_equal(config_of(own, "message.max.bytes")->source, CONFIG_SOURCE_DYNAMIC_BROKER);
    assert_true(config_of(own, "node.id")->read_only);
    assert_null(config_of(own, "nobody.knows")->value.data);
    assert_int_equal(ask_all(LOGGER, "1")->configs.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_shows_its_own_before_the_defaults),
        cmocka_unit_test(plain_topics_are_all_alike),
        cmocka_unit_test(an_internal_config_is_shown_where_it_is_set),
        cmocka_unit_test(only_the_keys_that_are_asked_for),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(brokers_show_what_is_set_of_them),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
