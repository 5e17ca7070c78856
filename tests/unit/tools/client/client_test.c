/* tests/unit/tools/client/client_test.c   Whom to ask: lists of servers as people write them, brokers as Metadata names
 * them, and what is asked again and what is not. */
#include "broker.h"

#include "client/client.h"
#include "messages/create_topics.h"
#include "messages/describe_cluster.h"

static struct client client;
static struct arena arena;
static struct broker broker;

static struct api_versions_api rows[] = { { API_METADATA, 0, 12 },
                                          { API_DESCRIBE_CLUSTER, 0, 2 },
                                          { API_CREATE_TOPICS, 2, 7 } };
static const struct api_versions_answer versions = { .api_keys = { rows, array_count(rows) } };
static const struct describe_cluster_answer cluster = { .cluster_id = TEXT("c"), .controller_id = 4 };

/* ---- lists of servers ---- */

static void lists_of_servers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        uint32_t count;
        const char *host; /* of the last */
        uint16_t port;
    } lists[] = {
        { "here", 1, "here", 9092 },
        { "here:1", 1, "here", 1 },
        { "a:1, b:2 ,c:65535", 3, "c", 65535 },
        { "a,,b", 2, "b", 9092 },
        { "a:1,b:2,", 2, "b", 2 }, /* as Kafka's tools take it */
        { ",a", 1, "a", 9092 },
        { "[::1]:7", 1, "::1", 7 },
        { "[::1]", 1, "::1", 9092 },
        { "fe80::1", 1, "fe80::1", 9092 },
    };

    for (size_t i = 0; i < array_count(lists); i++) {
        assert_int_equal(client_open(&client, lists[i].list, "test", 1000), STATUS_OK);
        assert_int_equal(client.peer_count, lists[i].count);
        assert_int_equal(client.bootstrap_count, lists[i].count);
        assert_string_equal(client.peers[client.peer_count - 1]->host, lists[i].host);
        assert_int_equal(client.peers[client.peer_count - 1]->port, lists[i].port);
        client_close(&client);
    }
}

static void what_is_no_server_is_named(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",     ",",    " ",      ":9092",  "a:", "a:0",  "a:65536", "a:x",
                                         "a:-1", "[::1", "[::1]x", "[::1]:", "[]", "[]:1", "a:1,b:y" };
    static char long_name[400];

    for (size_t i = 0; i < array_count(wrong); i++) {
        if (client_open(&client, wrong[i], "test", 1000) != STATUS_INVALID) fail_msg("'%s' is taken", wrong[i]);
        assert_non_null(strstr(client.why, "is no HOST:PORT"));
        client_close(&client);
    }
    memset(long_name, 'a', sizeof(long_name) - 1);
    assert_int_equal(client_open(&client, long_name, "test", 1000), STATUS_INVALID);
    client_close(&client);
}

/* ---- asking ---- */

static void meet(const struct broker_step *steps, size_t count)
{
    char servers[64];

    broker_begin(&broker, steps, count);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", broker.port);
    assert_int_equal(client_open(&client, servers, "test", 2000), STATUS_OK);
    arena_init(&arena, &client.heap, NULL, 0, 1 << 20);
}

static void part(void)
{
    arena_reset(&arena);
    client_close(&client);
    broker_end(&broker);
}

static enum status ask(int16_t key, int32_t node, bool repeatable, const void *asked, void *answer)
{
    struct client_call call = { .node = node,
                                .key = key,
                                .version_max = LATEST,
                                .repeatable = repeatable,
                                .ask = asked,
                                .answer = answer,
                                .arena = &arena };
    return client_ask(&client, &call);
}

static const struct describe_cluster_ask cluster_ask;
static const struct create_topics_ask create_ask;

static void what_may_be_repeated_is_asked_again(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                                { .does = BROKER_CLOSES },
                                                { BROKER_ANSWERS, .answer = &versions },
                                                { BROKER_ANSWERS, .answer = &cluster } };
    struct describe_cluster_answer answer;

    meet(steps, 4);
    assert_int_equal(ask(API_DESCRIBE_CLUSTER, CLIENT_ANY, true, &cluster_ask, &answer), STATUS_OK);
    assert_int_equal(answer.controller_id, 4);
    part();
    assert_int_equal(broker.keys[1], API_DESCRIBE_CLUSTER);
    assert_int_equal(broker.keys[3], API_DESCRIBE_CLUSTER);
    assert_int_equal(broker.versions[3], 2); /* the greatest that both know */
}

/* It may have been done: nobody does it twice behind a person's back. */
static void what_may_not_be_repeated_is_not(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions }, { .does = BROKER_CLOSES } };
    struct create_topics_answer answer;

    meet(steps, 2);
    assert_int_equal(ask(API_CREATE_TOPICS, CLIENT_ANY, false, &create_ask, &answer), STATUS_CLOSED);
    assert_non_null(strstr(client.why, "whether it did what it was asked is not known"));
    part();
    assert_int_equal(broker.keys[1], API_CREATE_TOPICS);
}

static void what_is_not_served_is_said(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions } };

    meet(steps, 1);
    assert_int_equal(ask(API_PRODUCE, CLIENT_ANY, true, &cluster_ask, NULL), STATUS_UNSUPPORTED);
    assert_non_null(strstr(client.why, "does not serve Produce"));
    part();
}

/* Who has never met a broker is told at once: most likely the address is wrong. */
static void who_met_nobody_is_told_at_once(void **state)
{
    (void)state;
    struct describe_cluster_answer answer;

    assert_int_equal(client_open(&client, "127.0.0.1:1", "test", 60000), STATUS_OK);
    arena_init(&arena, &client.heap, NULL, 0, 1 << 20);
    int64_t begun_ms = clock_ms();
    assert_int_equal(ask(API_DESCRIBE_CLUSTER, CLIENT_ANY, true, &cluster_ask, &answer), STATUS_CLOSED);
    assert_true(clock_ms() - begun_ms < 5000);
    assert_non_null(strstr(client.why, "127.0.0.1:1 can't be reached"));
    arena_reset(&arena);
    client_close(&client);
}

/* ---- brokers ---- */

static void brokers_are_known_by_their_number(void **state)
{
    (void)state;
    struct metadata_broker brokers[] = { { .node_id = 4, .host = TEXT("127.0.0.1") },
                                         { .node_id = 9, .host = TEXT("elsewhere"), .port = 1 } };
    struct metadata_answer metadata = { .brokers = { brokers, 2 }, .controller_id = 4 }, answer;
    const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                         { BROKER_ANSWERS, .answer = &metadata },
                                         { BROKER_ANSWERS, .answer = &metadata } };

    meet(steps, 3);
    brokers[0].port = broker.port;
    assert_int_equal(client_metadata(&client, NULL, -1, false, &answer, &arena), STATUS_OK);
    assert_int_equal(client.peer_count, 3);
    assert_int_equal(client.controller, 4);
    assert_int_equal(client.peers[1]->node, 4);
    assert_int_equal(client.peers[2]->port, 1);
    brokers[1].port = 2; /* It has moved, and stays the same one. */
    brokers[1].host = TEXT("further");
    metadata.controller_id = 77; /* Nobody knows who that is: then anybody is asked. */
    assert_int_equal(client_metadata(&client, NULL, -1, false, &answer, &arena), STATUS_OK);
    assert_int_equal(client.peer_count, 3);
    assert_int_equal(client.peers[2]->port, 2);
    assert_string_equal(client.peers[2]->host, "further");
    assert_int_equal(client.controller, -1);
    assert_null(client_peer(&client, 5, clock_ms()));
    assert_string_equal(client.why, "there is no broker 5");
    part();
}

/* A broker that Metadata did not name, or that is not where it was: each try looks it up again. */
static void who_is_not_known_yet_is_looked_up_again(void **state)
{
    (void)state;
    struct metadata_broker brokers[] = { { .node_id = 4, .host = TEXT("127.0.0.1") },
                                         { .node_id = 9, .host = TEXT("127.0.0.1") } };
    struct metadata_answer without = { .brokers = { brokers, 1 } }, with = { .brokers = { brokers, 2 } };
    struct metadata_broker moved[] = { { .node_id = 9, .host = TEXT("127.0.0.1"), .port = 1 } };
    struct metadata_answer away = { .brokers = { moved, 1 } };
    const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                         { BROKER_ANSWERS, .answer = &without },
                                         { BROKER_ANSWERS, .answer = &away },
                                         { BROKER_ANSWERS, .answer = &with } };
    static const struct broker_step other_steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                                      { BROKER_ANSWERS, .answer = &cluster } };
    struct describe_cluster_answer answer;
    struct broker other;

    broker_begin(&other, other_steps, 2);
    brokers[1].port = other.port;
    meet(steps, 4);
    assert_int_equal(ask(API_DESCRIBE_CLUSTER, 9, true, &cluster_ask, &answer), STATUS_OK);
    assert_int_equal(answer.controller_id, 4);
    assert_true(client.knows_brokers);
    part();
    broker_end(&other);
    assert_int_equal(broker.keys[3], API_METADATA);
    assert_int_equal(other.keys[1], API_DESCRIBE_CLUSTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_servers_are_read),
        cmocka_unit_test(what_is_no_server_is_named),
        cmocka_unit_test(what_may_be_repeated_is_asked_again),
        cmocka_unit_test(what_may_not_be_repeated_is_not),
        cmocka_unit_test(what_is_not_served_is_said),
        cmocka_unit_test(who_met_nobody_is_told_at_once),
        cmocka_unit_test(brokers_are_known_by_their_number),
        cmocka_unit_test(who_is_not_known_yet_is_looked_up_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
