/* tests/unit/net/api/elect_leaders_test.c   What is led already, what can't be led, and what all partitions are. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/elect_leaders.h"

static struct desk desk;
static struct elect_leaders_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "led", 2);
    desk_topic_of(&desk, "lost", 1, DESK_OTHER, NULL, NULL);
    struct uuid id = desk_topic_of(&desk, "waits", 1, DESK_SELF, NULL, NULL);
    struct record_list list;
    record_list_init(&list, &desk.messages);
    struct partition_change_record *record = &record_list_add(&list, RECORD_PARTITION_CHANGE)->partition_change;
    record->topic_id = id;
    record->index = 0;
    record->leader = -1;
    desk_apply(&desk, &list);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void ask(int16_t version, int8_t kind, const char *topic, int32_t *indexes, int32_t count)
{
    struct elect_leaders_topic_ask row = { text_of(topic), { indexes, count } };
    struct elect_leaders_ask asked = { kind, { topic ? &row : NULL, topic ? 1 : -1 }, 1000 };
    desk_ask(&desk, API_ELECT_LEADERS, version, &asked, &answer);
}

static const struct elect_leaders_partition *ask_one(int8_t kind, const char *topic, int32_t index)
{
    ask(2, kind, topic, &index, 1);
    assert_int_equal(answer.topics.count, 1);
    assert_int_equal(answer.topics.items[0].partitions.count, 1);
    return answer.topics.items[0].partitions.items;
}

static void what_is_led_needs_no_election(void **state)
{
    (void)state;
    int32_t indexes[] = { 1, 0 };
    for (int16_t version = 0; version <= 2; version++) {
        ask(version, 0, "led", indexes, 2);
        assert_int_equal(answer.error, ERROR_NONE);
        for (int32_t i = 0; i < 2; i++) {
            const struct elect_leaders_partition *row = &answer.topics.items[0].partitions.items[i];
            assert_int_equal(row->index, indexes[i]);
            assert_int_equal(row->error, ERROR_ELECTION_NOT_NEEDED);
            assert_true(text_equal(row->error_message, TEXT("Leader election not needed for topic partition.")));
        }
    }
    assert_int_equal(ask_one(1, "lost", 0)->error, ERROR_ELECTION_NOT_NEEDED); /* Another leads it. */
}

static void who_is_not_there_is_not_elected(void **state)
{
    (void)state;
    assert_int_equal(ask_one(0, "waits", 0)->error, ERROR_PREFERRED_LEADER_NOT_AVAILABLE);
    assert_int_equal(ask_one(1, "waits", 0)->error, ERROR_ELIGIBLE_LEADERS_NOT_AVAILABLE);
}

static void what_nobody_knows_is_refused_in_kafkas_words(void **state)
{
    (void)state;
    const struct elect_leaders_partition *row = ask_one(0, "none", 3);
    assert_int_equal(row->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_true(text_equal(row->error_message, TEXT("No such topic as none")));
    row = ask_one(0, "led", 2);
    assert_int_equal(row->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_true(text_equal(row->error_message, TEXT("No such partition as led-2")));
    assert_true(text_equal(ask_one(0, "led", -1)->error_message, TEXT("No such partition as led--1")));
    row = ask_one(5, "led", 0);
    assert_int_equal(answer.error, ERROR_INVALID_REQUEST);
    assert_int_equal(row->error, ERROR_INVALID_REQUEST);
    assert_true(text_equal(row->error_message, TEXT("Unknown election type 5")));
}

static void of_all_partitions_those_are_told_that_need_a_leader(void **state)
{
    (void)state;
    ask(2, 0, NULL, NULL, 0);
    assert_int_equal(answer.topics.count, 3);
    for (int32_t i = 0; i < 3; i++) {
        const struct elect_leaders_topic_answer *topic = &answer.topics.items[i];
        assert_int_equal(topic->partitions.count, text_equal(topic->name, TEXT("waits")));
    }
    ask(2, 5, NULL, NULL, 0);
    assert_int_equal(answer.error, ERROR_INVALID_REQUEST);
    assert_int_equal(answer.topics.count, 0);
}

/* In portions, each topic's partitions where they stand. */
static void a_large_request_is_answered_as_a_small_one(void **state)
{
    (void)state;
    enum { NAMES = 2500, WIDE = 3000 };
    struct elect_leaders_topic_ask *rows = arena_take(&desk.messages, (NAMES + 1) * sizeof(*rows));
    int32_t *indexes = arena_take(&desk.messages, WIDE * sizeof(*indexes));
    struct elect_leaders_ask asked = { 0, { rows, NAMES + 1 }, 1000 };

    for (int32_t i = 0; i < WIDE; i++) indexes[i] = i;
    for (int32_t i = 0; i <= NAMES; i++) {
        rows[i].name = i < NAMES ? text_format(&desk.messages, "none-%d", i) : TEXT("led");
        rows[i].partitions.items = indexes;
        rows[i].partitions.count = i < NAMES ? i % 3 : WIDE;
    }
    desk_ask(&desk, API_ELECT_LEADERS, 2, &asked, &answer);
    assert_int_equal(answer.topics.count, NAMES + 1);
    for (int32_t i = 0; i <= NAMES; i++) {
        const struct elect_leaders_topic_answer *topic = &answer.topics.items[i];
        assert_true(text_equal(topic->name, rows[i].name));
        assert_int_equal(topic->partitions.count, rows[i].partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            assert_int_equal(topic->partitions.items[j].index, j);
            assert_int_equal(topic->partitions.items[j].error,
                             i == NAMES && j < 2 ? ERROR_ELECTION_NOT_NEEDED : ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_led_needs_no_election),
        cmocka_unit_test(who_is_not_there_is_not_elected),
        cmocka_unit_test(what_nobody_knows_is_refused_in_kafkas_words),
        cmocka_unit_test(of_all_partitions_those_are_told_that_need_a_leader),
        cmocka_unit_test(a_large_request_is_answered_as_a_small_one),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
