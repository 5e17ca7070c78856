/* tests/unit/net/api/list_config_resources_test.c   What has configs: topics and brokers always, groups and
 * subscriptions when something of them is set. */
#include "desk_ask.h"
#include "desk_metadata.h"
#include "one_desk.h"

#include "messages/list_config_resources.h"

static struct list_config_resources_answer answer;

/* "2 a, 4 1": type and name. */
static void listed(int16_t version, int8_t *types, int32_t count, const char *want)
{
    struct list_config_resources_ask ask = { { types, count } };
    char got[300] = "";
    size_t size = 0;

    desk_ask(&desk, API_LIST_CONFIG_RESOURCES, version, &ask, &answer);
    assert_int_equal(answer.error, ERROR_NONE);
    for (int32_t i = 0; i < answer.resources.count; i++) {
        const struct list_config_resources_resource *row = &answer.resources.items[i];
        size += (size_t)snprintf(got + size, sizeof(got) - size, "%s%d %.*s", i > 0 ? ", " : "", row->type,
                                 TEXT_ARGS(row->name));
    }
    assert_string_equal(got, want);
}

static void each_type_is_listed_when_it_is_asked_for(void **state)
{
    (void)state;
    int8_t topics[] = { 2 }, brokers[] = { 4, 8 }, set[] = { 32, 16 }, both[] = { 16, 2, 16 };

    desk_topic(&desk, "a", 1);
    desk_broker(&desk, 5);
    listed(1, topics, 1, "2 a");
    listed(1, brokers, 2, "4 5, 8 5");
    listed(1, set, 2, ""); /* Nothing of them is set. */
    desk_config(&desk, 16, "m", "interval.ms", TEXT("100"));
    desk_config(&desk, 32, "g", "consumer.session.timeout.ms", TEXT("50000"));
    listed(1, set, 2, "16 m, 32 g");
    listed(1, both, 3, "2 a, 16 m"); /* Each once. */
    listed(1, NULL, 0, "2 a, 4 5, 8 5, 16 m, 32 g");
    desk_config(&desk, 16, "m", "interval.ms", TEXT_NULL);
    listed(1, set, 2, "32 g");
}

/* In version 0 it was ListClientMetricsResources. */
static void the_oldest_version_is_about_subscriptions(void **state)
{
    (void)state;
    desk_config(&desk, 16, "m", "interval.ms", TEXT("100"));
    listed(0, NULL, 0, "16 m");
}

/* More than the first piece of memory holds. */
static void many_are_listed_whole(void **state)
{
    (void)state;
    int8_t topics[] = { 2 };
    struct list_config_resources_ask ask = { { topics, 1 } };

    for (int i = 0; i < 200; i++) {
        char name[8];
        snprintf(name, sizeof(name), "n%03d", i);
        desk_topic(&desk, name, 1);
        arena_reset(&desk.messages);
    }
    desk_ask(&desk, API_LIST_CONFIG_RESOURCES, 1, &ask, &answer);
    assert_int_equal(answer.resources.count, 201);
    for (int32_t i = 1; i < answer.resources.count; i++) {
        assert_true(text_compare(answer.resources.items[i - 1].name, answer.resources.items[i].name) < 0);
    }
}

enum { GROUPS = 1200 };

static struct text group_name(int number)
{
    return text_format(&desk.messages, "g%04d", number);
}

/* In portions, between which some go, the last that was listed among them: each of the others once. */
static void groups_that_go_meanwhile_hide_no_others(void **state)
{
    (void)state;
    int8_t groups[] = { 32 };
    struct list_config_resources_ask ask = { { groups, 1 } };
    bool listed_once[GROUPS] = { false };

    desk_config(&desk, 32, "g", "consumer.session.timeout.ms", TEXT_NULL);
    for (int i = 0; i < GROUPS; i++) {
        desk_config(&desk, 32, group_name(i).data, "consumer.session.timeout.ms", TEXT("50000"));
    }
    desk_send(&desk, API_LIST_CONFIG_RESOURCES, 1, &ask);
    for (int turn = 0; turn < 4; turn++) {
        for (int i = 250 * turn + 240; i < 250 * turn + 250; i++) {
            desk_config(&desk, 32, group_name(i).data, "consumer.session.timeout.ms", TEXT_NULL);
        }
        desk_turn(&desk);
    }
    desk_answer_of(&desk, desk.correlation, API_LIST_CONFIG_RESOURCES, 1, &answer);
    for (int32_t i = 0; i < answer.resources.count; i++) {
        struct text name = answer.resources.items[i].name;
        int64_t number = 0;
        assert_true(text_to_i64((struct text){ name.data + 1, name.size - 1 }, &number));
        assert_false(listed_once[number]);
        listed_once[number] = true;
    }
    for (int i = 0; i < GROUPS; i++) assert_true(listed_once[i] || (i < 1000 && i % 250 >= 240));
}

static void a_type_that_there_is_not_is_refused(void **state)
{
    (void)state;
    static const int8_t wrong[] = { 0, 1, 3, 64, -1 };

    for (size_t i = 0; i < array_count(wrong); i++) {
        int8_t types[] = { 2, wrong[i] };
        struct list_config_resources_ask ask = { { types, 2 } };
        desk_ask(&desk, API_LIST_CONFIG_RESOURCES, 1, &ask, &answer);
        assert_int_equal(answer.error, ERROR_UNSUPPORTED_VERSION);
        assert_int_equal(answer.resources.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_listed_when_it_is_asked_for),
        cmocka_unit_test(the_oldest_version_is_about_subscriptions),
        cmocka_unit_test(many_are_listed_whole),
        cmocka_unit_test(groups_that_go_meanwhile_hide_no_others),
        cmocka_unit_test(a_type_that_there_is_not_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
