/* tests/unit/net/api/alter_configs_test.c   Changing configs, both ways: what the broker that is asked refuses by
 * itself, in Kafka's order and words, and what it hands to the controller. */
#include "decisions.h"
#include "one_desk.h"

#include "messages/alter_configs.h"
#include "messages/incremental_alter_configs.h"

static struct incremental_alter_configs_answer answer;

enum { TOPIC = 2, BROKER = 4, LOGGER = 8, METRICS = 16, GROUP = 32 };

static struct controller_call *ask(struct incremental_alter_configs_resource_ask *resources, int32_t count)
{
    struct incremental_alter_configs_ask asked = { .resources = { resources, count } };
    return desk_asks(&desk, API_INCREMENTAL_ALTER_CONFIGS, 1, &asked, CONTROLLER_ALTER_CONFIGS);
}

static void told(void)
{
    desk_decides(STATUS_OK);
    desk_told(&desk, API_INCREMENTAL_ALTER_CONFIGS, 1, &answer);
}

static void each_fault_has_its_words(void **state)
{
    (void)state;
#define CONFIGS(...)                            \
    (struct incremental_alter_configs_config[]) \
    {                                           \
        __VA_ARGS__                             \
    }
    struct {
        int8_t type;
        const char *name;
        struct incremental_alter_configs_config *configs;
        int32_t count;
        int16_t error;
        const char *why;
    } rows[] = {
        { TOPIC, "t", CONFIGS({ TEXT("a"), 0, TEXT("1") }, { TEXT("a"), 1, TEXT_NULL }), 2, ERROR_INVALID_REQUEST,
          "Error due to duplicate config keys" },
        { TOPIC, "t", CONFIGS({ TEXT("a"), 0, TEXT_NULL }, { TEXT("b"), 1, TEXT_NULL }, { TEXT("c"), 2, TEXT_NULL }), 3,
          ERROR_INVALID_REQUEST, "Null value not supported for : a, c" },
        { TOPIC, "t", CONFIGS({ TEXT("a"), 4, TEXT("1") }), 1, ERROR_INVALID_REQUEST, "Unknown operations type 4" },
        { TOPIC, "t", CONFIGS({ TEXT("a"), -1, TEXT("1") }), 1, ERROR_INVALID_REQUEST, "Unknown operations type -1" },
        { BROKER, "x", CONFIGS({ TEXT("a"), 0, TEXT("1") }), 1, ERROR_INVALID_REQUEST,
          "Node id must be an integer, but it is: x" },
        { BROKER, "2", CONFIGS({ TEXT("a"), 0, TEXT("1") }), 1, ERROR_INVALID_REQUEST,
          "Unexpected broker id, expected 1, but received 2" },
        { BROKER, "4294967297", CONFIGS({ TEXT("a"), 0, TEXT("1") }), 1, ERROR_INVALID_REQUEST,
          "Unexpected broker id, expected 1, but received 4294967297" }, /* 1 and 2^32 */
        { LOGGER, "2", CONFIGS({ TEXT("a"), 0, TEXT("1") }), 1, ERROR_INVALID_REQUEST,
          "Unexpected node id. Expected 1, but received 2" },
        { LOGGER, "1", CONFIGS({ TEXT("a"), 0, TEXT("1") }), 1, ERROR_INVALID_CONFIG, "Logger a does not exist!" },
        { 3, "t", CONFIGS({ TEXT("a"), 0, TEXT("1") }), 1, ERROR_INVALID_REQUEST, "Unknown resource type 3" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct incremental_alter_configs_resource_ask resource = { rows[i].type,
                                                                   text_of(rows[i].name),
                                                                   { rows[i].configs, rows[i].count } };
        assert_int_equal(ask(&resource, 1)->alter_count, 0); /* The controller is not bothered. */
        told();
        assert_int_equal(answer.resources.count, 1);
        assert_int_equal(answer.resources.items[0].error, rows[i].error);
        assert_true(text_equal(answer.resources.items[0].error_message, text_of(rows[i].why)));
        assert_int_equal(answer.resources.items[0].type, rows[i].type);
    }
}

static void what_is_fine_is_handed_on_in_its_place(void **state)
{
    (void)state;
    struct incremental_alter_configs_config set = { TEXT("a"), 0, TEXT("1") }, drop = { TEXT("b"), 1, TEXT_NULL };
    struct incremental_alter_configs_resource_ask resources[] = {
        { TOPIC, TEXT("t"), { &set, 1 } },  { 99, TEXT("?"), { &set, 1 } },      { BROKER, TEXT(""), { &drop, 1 } },
        { BROKER, TEXT("1"), { &set, 1 } }, { METRICS, TEXT("m"), { &set, 1 } }, { GROUP, TEXT("g"), { NULL, 0 } },
    };

    struct controller_call *call = ask(resources, 6);
    assert_int_equal(call->alter_count, 5);
    assert_false(call->alters[0].replace);
    assert_int_equal(call->alters[1].changes[0].operation, CONFIG_DELETE);
    call->alters[1].status = STATUS_INVALID_CONFIG;
    call->alters[1].why = TEXT("no");
    told();
    static const int16_t errors[] = { 0, ERROR_INVALID_REQUEST, ERROR_INVALID_CONFIG, 0, 0, 0 };
    assert_int_equal(answer.resources.count, 6);
    for (int32_t i = 0; i < 6; i++) {
        assert_int_equal(answer.resources.items[i].error, errors[i]);
        assert_true(text_equal(answer.resources.items[i].name, resources[i].name));
    }
    assert_true(text_equal(answer.resources.items[2].error_message, TEXT("no")));
}

/* Each of them: none is more right than the other. A resource of another type has the same name for nothing. */
static void a_resource_that_comes_twice_is_refused_twice(void **state)
{
    (void)state;
    struct incremental_alter_configs_config set = { TEXT("a"), 0, TEXT("1") };
    struct incremental_alter_configs_resource_ask resources[] = {
        { TOPIC, TEXT("1"), { &set, 1 } },
        { BROKER, TEXT("1"), { &set, 1 } },
        { TOPIC, TEXT("1"), { &set, 1 } },
    };

    assert_int_equal(ask(resources, 3)->alter_count, 1);
    told();
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(answer.resources.items[i].error, i == 1 ? ERROR_NONE : ERROR_INVALID_REQUEST);
    }
    assert_true(text_equal(answer.resources.items[2].error_message, TEXT("Each resource must appear at most once.")));
}

static void far_too_many_are_a_matter_of_policy(void **state)
{
    (void)state;
    enum { MANY = 2001 };
    struct incremental_alter_configs_config *configs = arena_take(&desk.messages, MANY * sizeof(*configs));
    struct incremental_alter_configs_resource_ask resource = { TOPIC, TEXT("t"), { configs, MANY } };

    for (int i = 0; i < MANY; i++) {
        configs[i].name = text_format(&desk.messages, "key%d", i);
        configs[i].value = TEXT("1");
    }
    assert_int_equal(ask(&resource, 1)->alter_count, 0);
    told();
    assert_int_equal(answer.resources.items[0].error, ERROR_POLICY_VIOLATION);
    resource.configs.count = MANY - 1;
    assert_int_equal(ask(&resource, 1)->alters[0].change_count, MANY - 1);
    told();
    assert_int_equal(answer.resources.items[0].error, ERROR_NONE);
}

/* A list of names in an answer ends somewhere, however many nulls there are. */
static void a_refusal_does_not_repeat_the_request(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    struct incremental_alter_configs_config *configs = arena_take(&desk.messages, MANY * sizeof(*configs));
    struct incremental_alter_configs_resource_ask resource = { TOPIC, TEXT("t"), { configs, MANY } };

    for (int i = 0; i < MANY; i++) {
        configs[i].name = text_format(&desk.messages, "key%d", i);
        configs[i].value = TEXT_NULL;
    }
    (void)ask(&resource, 1);
    told();
    assert_int_equal(answer.resources.items[0].error, ERROR_INVALID_REQUEST);
    assert_in_range(answer.resources.items[0].error_message.size, 300, 400);
}

static void the_older_call_replaces_all_that_is_set(void **state)
{
    (void)state;
    struct alter_configs_answer old;
    struct alter_configs_config set = { TEXT("a"), TEXT("1") }, null = { TEXT("a"), TEXT_NULL };
    struct alter_configs_resource_ask resources[] = { { TOPIC, TEXT("t"), { &set, 1 } },
                                                      { TOPIC, TEXT("u"), { &null, 1 } },
                                                      { LOGGER, TEXT("1"), { &set, 1 } } };
    struct alter_configs_ask asked = { { resources, 3 }, true };

    for (int16_t version = 0; version <= 2; version++) {
        struct controller_call *call = desk_asks(&desk, API_ALTER_CONFIGS, version, &asked, CONTROLLER_ALTER_CONFIGS);
        assert_true(call->validate_only);
        assert_int_equal(call->alter_count, 1);
        assert_true(call->alters[0].replace);
        assert_int_equal(call->alters[0].changes[0].operation, CONFIG_SET);
        desk_decides(STATUS_TIMED_OUT);
        desk_told(&desk, API_ALTER_CONFIGS, version, &old);
        assert_int_equal(old.resources.items[0].error, ERROR_REQUEST_TIMED_OUT);
        assert_int_equal(old.resources.items[1].error, ERROR_INVALID_REQUEST);
        assert_true(text_equal(old.resources.items[2].error_message, TEXT("Unknown resource type 8")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_has_its_words),
        cmocka_unit_test(what_is_fine_is_handed_on_in_its_place),
        cmocka_unit_test(a_resource_that_comes_twice_is_refused_twice),
        cmocka_unit_test(far_too_many_are_a_matter_of_policy),
        cmocka_unit_test(a_refusal_does_not_repeat_the_request),
        cmocka_unit_test(the_older_call_replaces_all_that_is_set),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
