/* tests/unit/net/api/create_topics_test.c   Making topics: what the controller is asked, and how what it made is
 * shown. */
#include "decisions.h"
#include "desk_metadata.h"
#include "one_desk.h"

#include "messages/create_topics.h"

static struct create_topics_answer answer;

static struct create_topics_topic_ask topic_of(const char *name)
{
    return (struct create_topics_topic_ask){ .name = text_of(name), .partition_count = 3, .replication_factor = 1 };
}

static void what_is_asked_reaches_the_controller(void **state)
{
    (void)state;
    int32_t brokers[] = { 1, 2 };
    struct create_topics_assignment rows[] = { { 1, { brokers, 2 } }, { 0, { brokers, 1 } } };
    struct create_topics_config_ask configs[] = { { TEXT("retention.ms"), TEXT("5") }, { TEXT("x"), TEXT_NULL } };
    struct create_topics_topic_ask topics[] = { topic_of("a"), topic_of("b") };
    struct create_topics_ask ask = { .topics = { topics, 2 }, .timeout_ms = 1000, .validate_only = true };

    topics[1].partition_count = topics[1].replication_factor = -1;
    topics[1].assignments.items = rows;
    topics[1].assignments.count = 2;
    topics[1].configs.items = configs;
    topics[1].configs.count = 2;
    for (int16_t version = 2; version <= 7; version++) {
        struct controller_call *call = desk_asks(&desk, API_CREATE_TOPICS, version, &ask, CONTROLLER_CREATE_TOPICS);
        assert_true(call->validate_only);
        assert_int_equal(call->create_count, 2);
        const struct topic_create *plain = &call->creates[0], *hand = &call->creates[1];
        assert_int_equal(plain->partition_count, 3);
        assert_int_equal(plain->replication_factor, 1);
        assert_int_equal(plain->config_count, 0);
        assert_null(plain->assignments);
        assert_int_equal(hand->partition_count, -1);
        assert_int_equal(hand->assignment_count, 2);
        assert_int_equal(hand->assignment_indexes[0], 1); /* As they stand, not by their place. */
        assert_int_equal(hand->assignment_sizes[0], 2);
        assert_int_equal(hand->assignment_sizes[1], 1);
        assert_int_equal(hand->assignments[0][1], 2);
        assert_int_equal(hand->config_count, 2);
        assert_true(text_equal(hand->configs[0].value, TEXT("5")));
        assert_null(hand->configs[1].value.data);
        desk_decides(STATUS_BUSY);
        desk_told(&desk, API_CREATE_TOPICS, version, &answer);
        assert_int_equal(answer.topics.items[1].error, error_of(STATUS_BUSY));
    }
}

static const struct create_topics_config_answer *config_told(int32_t row, const char *name)
{
    for (int32_t i = 0; i < answer.topics.items[row].configs.count; i++) {
        const struct create_topics_config_answer *config = &answer.topics.items[row].configs.items[i];
        if (text_equal(config->name, text_of(name))) return config;
    }
    fail_msg("%s is not shown", name);
    return NULL;
}

/* KIP-525: from version 5 on the answer shows what the topic is now, its own settings before the defaults. */
static void what_was_made_is_shown_with_its_configs(void **state)
{
    (void)state;
    struct create_topics_topic_ask topics[] = { topic_of("plain"), topic_of("kept"), topic_of("refused") };
    struct create_topics_ask ask = { .topics = { topics, 3 }, .timeout_ms = 1000 };
    struct uuid plain = desk_topic(&desk, "plain", 3);
    struct uuid kept = desk_topic_of(&desk, "kept", 3, DESK_SELF, "retention.ms", "77");

    for (int16_t version = 4; version <= 7; version++) {
        struct controller_call *call = desk_asks(&desk, API_CREATE_TOPICS, version, &ask, CONTROLLER_CREATE_TOPICS);
        call->creates[0].id = plain;
        call->creates[1].id = kept;
        call->creates[1].partition_count = 3;
        call->creates[2].status = STATUS_EXISTS;
        call->creates[2].why = TEXT("is there");
        desk_decides(STATUS_OK);
        desk_told(&desk, API_CREATE_TOPICS, version, &answer);
        assert_int_equal(answer.topics.items[2].error, ERROR_TOPIC_ALREADY_EXISTS);
        assert_true(text_equal(answer.topics.items[2].error_message, TEXT("is there")));
        if (version < 5) continue;
        assert_int_equal(answer.topics.items[1].partition_count, 3);
        assert_int_equal(answer.topics.items[2].partition_count, -1);
        assert_true(answer.topics.items[2].configs.count <= 0);
        assert_true(text_equal(config_told(0, "retention.ms")->value, TEXT("604800000")));
        assert_int_equal(config_told(0, "retention.ms")->source, 5);
        assert_true(text_equal(config_told(1, "retention.ms")->value, TEXT("77")));
        assert_int_equal(config_told(1, "retention.ms")->source, 1);
        assert_int_equal(answer.topics.items[0].configs.count, answer.topics.items[1].configs.count);
        if (version >= 7) assert_true(uuid_equal(answer.topics.items[1].topic_id, kept));
    }
}

/* It is in no image: shown as it would be, without an id. */
static void what_was_only_checked_is_shown_as_it_would_be(void **state)
{
    (void)state;
    struct create_topics_config_ask config = { TEXT("retention.ms"), TEXT("99") };
    struct create_topics_topic_ask topic = topic_of("imagined");
    struct create_topics_ask ask = { .topics = { &topic, 1 }, .timeout_ms = 1000, .validate_only = true };

    topic.configs.items = &config;
    topic.configs.count = 1;
    struct controller_call *call = desk_asks(&desk, API_CREATE_TOPICS, 7, &ask, CONTROLLER_CREATE_TOPICS);
    call->creates[0].id = (struct uuid){ { 9, 9 } };
    desk_decides(STATUS_OK);
    desk_told(&desk, API_CREATE_TOPICS, 7, &answer);
    assert_int_equal(answer.topics.items[0].error, ERROR_NONE);
    assert_true(uuid_none(answer.topics.items[0].topic_id));
    assert_true(text_equal(config_told(0, "retention.ms")->value, TEXT("99")));
}

static void a_name_that_comes_twice_is_answered_once(void **state)
{
    (void)state;
    struct create_topics_topic_ask topics[] = { topic_of("x"), topic_of("y"), topic_of("x") };
    struct create_topics_ask ask = { .topics = { topics, 3 }, .timeout_ms = 1000 };

    struct controller_call *call = desk_asks(&desk, API_CREATE_TOPICS, 7, &ask, CONTROLLER_CREATE_TOPICS);
    assert_int_equal(call->create_count, 3);
    call->creates[0].status = call->creates[2].status = STATUS_INVALID_REQUEST;
    call->creates[1].status = STATUS_POLICY;
    desk_decides(STATUS_OK);
    desk_told(&desk, API_CREATE_TOPICS, 7, &answer);
    assert_int_equal(answer.topics.count, 2);
    assert_true(text_equal(answer.topics.items[0].name, TEXT("x")));
    assert_int_equal(answer.topics.items[0].error, ERROR_INVALID_REQUEST);
    assert_int_equal(answer.topics.items[1].error, ERROR_POLICY_VIOLATION);
}

/* In portions, there and back. */
static void many_topics_are_asked_for_and_told_in_their_order(void **state)
{
    (void)state;
    enum { TOPICS = 3000 };
    struct create_topics_topic_ask *topics = arena_take(&desk.messages, (TOPICS + 1) * sizeof(*topics));
    struct create_topics_ask ask = { .topics = { topics, TOPICS + 1 }, .timeout_ms = 1000 };

    for (int32_t i = 0; i < TOPICS; i++) topics[i].name = text_format(&desk.messages, "topic-%d", i);
    topics[TOPICS] = topics[7];
    struct controller_call *call = desk_asks(&desk, API_CREATE_TOPICS, 7, &ask, CONTROLLER_CREATE_TOPICS);
    assert_int_equal(call->create_count, TOPICS + 1);
    for (uint32_t i = 0; i < call->create_count; i++) {
        assert_true(text_equal(call->creates[i].name, topics[i].name));
        assert_non_null(call->creates[i].room);
        if (i % 2 == 1) call->creates[i].status = STATUS_POLICY;
    }
    desk_decides(STATUS_OK);
    desk_told(&desk, API_CREATE_TOPICS, 7, &answer);
    assert_int_equal(answer.topics.count, TOPICS);
    for (int32_t i = 0; i < TOPICS; i++) {
        assert_true(text_equal(answer.topics.items[i].name, topics[i].name));
        assert_int_equal(answer.topics.items[i].error, i % 2 == 1 ? ERROR_POLICY_VIOLATION : ERROR_NONE);
        if (i % 2 == 0) assert_true(text_equal(config_told(i, "retention.ms")->value, TEXT("604800000")));
    }
    assert_int_equal(answer.topics.items[7].error, ERROR_POLICY_VIOLATION);
}

/* As many as there are, when Kafka would have no time left for them. */
static void who_gives_no_time_is_refused_all(void **state)
{
    (void)state;
    enum { TOPICS = 2500 };
    struct create_topics_topic_ask *topics = arena_take(&desk.messages, TOPICS * sizeof(*topics));
    struct create_topics_ask ask = { .topics = { topics, TOPICS } };

    for (int32_t i = 0; i < TOPICS; i++) topics[i].name = text_format(&desk.messages, "late-%d", i);
    desk_ask(&desk, API_CREATE_TOPICS, 7, &ask, &answer);
    assert_int_equal(answer.topics.count, TOPICS);
    for (int32_t i = 0; i < TOPICS; i++) assert_int_equal(answer.topics.items[i].error, ERROR_REQUEST_TIMED_OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_reaches_the_controller),
        cmocka_unit_test(what_was_made_is_shown_with_its_configs),
        cmocka_unit_test(what_was_only_checked_is_shown_as_it_would_be),
        cmocka_unit_test(a_name_that_comes_twice_is_answered_once),
        cmocka_unit_test(many_topics_are_asked_for_and_told_in_their_order),
        cmocka_unit_test(who_gives_no_time_is_refused_all),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
