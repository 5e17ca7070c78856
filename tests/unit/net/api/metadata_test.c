/* tests/unit/net/api/metadata_test.c   What clients are told of nodes and topics, by name and by id. Making topics on
 * demand needs a controller: tests/client. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/metadata.h"

static struct desk desk;
static struct uuid here, away;
static struct metadata_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_broker(&desk, DESK_OTHER);
    here = desk_topic(&desk, "here", 3);
    away = desk_topic_of(&desk, "away", 1, DESK_OTHER, NULL, NULL);
    desk_topic_of(&desk, "orphan", 1, 9, NULL, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void ask_for(int16_t version, struct metadata_topic_ask *topics, int32_t count)
{
    struct metadata_ask ask = { .topics = { topics, count } };
    desk_ask(&desk, API_METADATA, version, &ask, &answer);
}

static const struct metadata_topic_answer *topic_of(const char *name)
{
    for (int32_t i = 0; i < answer.topics.count; i++) {
        if (text_equal(answer.topics.items[i].name, text_of(name))) return &answer.topics.items[i];
    }
    return NULL;
}

static void everything_in_every_version(void **state)
{
    (void)state;
    for (int16_t version = 0; version <= 13; version++) {
        ask_for(version, NULL, version == 0 ? 0 : -1);
        assert_int_equal(answer.topics.count, 3);
        assert_int_equal(answer.brokers.count, 2);
        assert_int_equal(topic_of("here")->partitions.count, 3);
        for (int32_t i = 0; i < 3; i++) assert_int_equal(topic_of("here")->partitions.items[i].leader_id, DESK_SELF);
        assert_int_equal(topic_of("away")->partitions.items[0].leader_id, DESK_OTHER);
        if (version >= 7) assert_int_equal(topic_of("away")->partitions.items[0].leader_epoch, 5);
        if (version >= 2) assert_true(text_equal(answer.cluster_id, TEXT("cluster")));
    }
}

static void none_is_not_all(void **state)
{
    (void)state;
    ask_for(1, NULL, 0);
    assert_int_equal(answer.topics.count, 0);
    assert_int_equal(answer.brokers.count, 2);
}

static void nodes_are_told_as_their_listener_sees_them(void **state)
{
    (void)state;
    ask_for(12, NULL, -1);
    for (int32_t i = 0; i < answer.brokers.count; i++) {
        const struct metadata_broker *broker = &answer.brokers.items[i];
        bool self = broker->node_id == DESK_SELF;
        assert_true(text_equal(broker->host, self ? TEXT("127.0.0.1") : TEXT("elsewhere")));
        assert_int_equal(broker->port, self ? desk.port : 9999);
    }
}

static void a_partition_without_living_leader_says_so(void **state)
{
    (void)state;
    ask_for(12, NULL, -1);
    const struct metadata_partition_answer *row = &topic_of("orphan")->partitions.items[0];
    assert_int_equal(row->error, ERROR_LEADER_NOT_AVAILABLE);
    assert_int_equal(row->leader_id, -1);
    assert_int_equal(row->offline_replicas.count, 1);
    assert_int_equal(row->offline_replicas.items[0], 9);
}

static void topics_go_by_name_or_by_id(void **state)
{
    (void)state;
    struct metadata_topic_ask names[] = {
        { UUID_NONE, TEXT("here") },
        { UUID_NONE, TEXT("here") }, /* Twice: told once. */
        { UUID_NONE, TEXT("none") },
        { UUID_NONE, TEXT("a/b") },
    };
    ask_for(12, names, array_count(names));
    assert_int_equal(answer.topics.count, 3);
    assert_true(uuid_equal(topic_of("here")->topic_id, here));
    assert_int_equal(topic_of("none")->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(topic_of("a/b")->error, ERROR_INVALID_TOPIC);

    /* Where there is an id, names don't count. */
    struct metadata_topic_ask ids[] = {
        { away, TEXT_NULL }, { here, TEXT("away") }, { { { 99 } }, TEXT_NULL }, { UUID_NONE, TEXT("orphan") }
    };
    ask_for(12, ids, array_count(ids));
    assert_int_equal(answer.topics.count, 3);
    assert_int_equal(topic_of("away")->error, ERROR_NONE);
    assert_true(uuid_equal(topic_of("here")->topic_id, here));
    int32_t unknown = 0;
    for (int32_t i = 0; i < answer.topics.count; i++) unknown += answer.topics.items[i].error == ERROR_UNKNOWN_TOPIC_ID;
    assert_int_equal(unknown, 1);
}

static void ids_are_refused_in_the_versions_that_only_carry_them(void **state)
{
    (void)state;
    struct metadata_topic_ask asks[] = { { UUID_NONE, TEXT("here") }, { away, TEXT("away") } };
    for (int16_t version = 10; version <= 11; version++) {
        ask_for(version, asks, array_count(asks));
        assert_int_equal(answer.topics.count, 2);
        for (int32_t i = 0; i < 2; i++) assert_int_equal(answer.topics.items[i].error, ERROR_INVALID_REQUEST);
        assert_int_equal(answer.brokers.count, 0);
        asks[1] = (struct metadata_topic_ask){ UUID_NONE, TEXT_NULL };
    }
    assert_true(text_equal(answer.topics.items[1].name, TEXT("")));
    ask_for(10, asks, 1);
    assert_int_equal(answer.topics.items[0].error, ERROR_NONE);
}

enum { LARGE = 3500 };

/* It is told and encoded in several steps: a topic is in it with all of its partitions, or not at all. */
static void a_large_answer_is_whole_whatever_changes_meanwhile(void **state)
{
    (void)state;
    struct metadata_ask all = { .topics = { NULL, -1 } };
    bool whole = false;

    for (int turns = 8; turns >= 0; turns--) {
        struct uuid large = desk_topic(&desk, "large", LARGE);
        desk_send(&desk, API_METADATA, 12, &all);
        for (int i = 0; i < turns; i++) desk_turn(&desk);
        desk_remove(&desk, large);
        desk_answer_of(&desk, desk.correlation, API_METADATA, 12, &answer);
        const struct metadata_topic_answer *topic = topic_of("large");
        whole |= topic != NULL;
        if (!topic) continue; /* removed before all of it was told */
        assert_int_equal(topic->partitions.count, LARGE);
        for (int32_t i = 0; i < LARGE; i++) {
            const struct metadata_partition_answer *partition = &topic->partitions.items[i];
            assert_int_equal(partition->index, i);
            assert_int_equal(partition->replicas.count, 1);
            assert_int_equal(partition->replicas.items[0], DESK_SELF);
            assert_int_equal(partition->isr.items[0], DESK_SELF);
        }
        assert_non_null(topic_of("here"));
    }
    assert_true(whole);
}

static void a_client_may_leave_while_its_answer_is_encoded(void **state)
{
    (void)state;
    struct metadata_ask all = { .topics = { NULL, -1 } };
    struct uuid large = desk_topic(&desk, "large", LARGE);

    for (int turns = 0; turns < 8; turns++) {
        desk_send(&desk, API_METADATA, 12, &all);
        for (int i = 0; i < turns; i++) desk_turn(&desk);
        close(desk.client);
        for (int i = 0; i < 30; i++) desk_turn(&desk);
        desk_connect(&desk);
    }
    ask_for(12, NULL, -1);
    assert_int_equal(topic_of("large")->partitions.count, LARGE);
    desk_remove(&desk, large);
}

/* In portions, those that are there and those that are not; each once. */
static void many_names_are_answered_as_few_are(void **state)
{
    (void)state;
    enum { NAMES = 3500 };
    struct metadata_topic_ask *topics = arena_take(&desk.messages, NAMES * sizeof(*topics));

    for (int32_t i = 0; i < NAMES; i++) {
        topics[i].name = text_format(&desk.messages, "absent-%d", i % (NAMES - 500)); /* the last are named twice */
    }
    topics[7].name = TEXT("a/b");
    topics[NAMES - 500 - 1].name = TEXT("here");
    topics[NAMES - 500 - 2].name = TEXT("away");
    ask_for(12, topics, NAMES);
    assert_int_equal(answer.topics.count, NAMES - 500 + 1); /* number 7 is absent, after all */
    for (int32_t i = 0; i < NAMES - 500; i++) {
        const struct metadata_topic_answer *topic = &answer.topics.items[i];
        assert_true(text_equal(topic->name, topics[i].name));
        if (i == 7) {
            assert_int_equal(topic->error, ERROR_INVALID_TOPIC);
        } else if (i < NAMES - 500 - 2) {
            assert_int_equal(topic->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        }
    }
    assert_int_equal(topic_of("here")->partitions.count, 3);
    assert_int_equal(topic_of("here")->partitions.items[2].replicas.items[0], DESK_SELF);
    assert_int_equal(topic_of("away")->partitions.items[0].leader_id, DESK_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_in_every_version),
        cmocka_unit_test(none_is_not_all),
        cmocka_unit_test(nodes_are_told_as_their_listener_sees_them),
        cmocka_unit_test(a_partition_without_living_leader_says_so),
        cmocka_unit_test(topics_go_by_name_or_by_id),
        cmocka_unit_test(ids_are_refused_in_the_versions_that_only_carry_them),
        cmocka_unit_test(a_large_answer_is_whole_whatever_changes_meanwhile),
        cmocka_unit_test(a_client_may_leave_while_its_answer_is_encoded),
        cmocka_unit_test(many_names_are_answered_as_few_are),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
