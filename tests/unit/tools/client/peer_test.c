/* tests/unit/tools/client/peer_test.c   One connection to something that may be a broker: versions that both know,
 * strangers told in words, and no wait without an end. */
#include "broker.h"

#include "client/peer.h"
#include "messages/describe_cluster.h"

static struct heap heap;
static struct arena arena;
static struct peer peer;
static struct broker broker;

static struct api_versions_api rows[] = {
    { API_METADATA, 5, 9 }, { API_DESCRIBE_CLUSTER, 0, 99 }, { 999, 0, 3 }, { -5, 0, 3 }, { API_CREATE_TOPICS, 99, 100 }
};
static const struct api_versions_answer versions = { .api_keys = { rows, array_count(rows) } };

static enum status meet(const struct broker_step *steps, size_t count, int64_t wait_ms)
{
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    broker_begin(&broker, steps, count);
    peer_init(&peer, &heap, "test", 7, "127.0.0.1", broker.port);
    return peer_connect(&peer, clock_ms() + wait_ms);
}

static void part(void)
{
    peer_end(&peer);
    broker_end(&broker);
    arena_reset(&arena);
    heap_end(&heap);
}

static void versions_are_those_that_both_know(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions } };

    assert_int_equal(meet(steps, 1, 5000), STATUS_OK);
    assert_int_equal(peer_version(&peer, API_METADATA, LATEST), 9);
    assert_int_equal(peer_version(&peer, API_METADATA, 7), 7);
    assert_int_equal(peer_version(&peer, API_METADATA, 4), -1); /* The broker has forgotten it. */
    assert_int_equal(peer_version(&peer, API_DESCRIBE_CLUSTER, LATEST), api_find(API_DESCRIBE_CLUSTER)->until);
    assert_int_equal(peer_version(&peer, API_CREATE_TOPICS, LATEST), -1); /* Too new for us. */
    assert_int_equal(peer_version(&peer, API_PRODUCE, LATEST), -1);       /* Not served. */
    part();
}

static void an_older_broker_is_asked_again_in_its_own_words(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { .does = BROKER_REFUSES }, { BROKER_ANSWERS, .answer = &versions } };

    assert_int_equal(meet(steps, 2, 5000), STATUS_OK);
    assert_int_equal(peer_version(&peer, API_METADATA, LATEST), 9);
    part();
    assert_int_equal(broker.versions[0], 3);
    assert_int_equal(broker.versions[1], 0);
}

static void strangers_are_told_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *said;
        size_t size;
        const char *why;
    } strangers[] = {
        { "HTTP/1.1 400 Bad Request\r\n", 26, "speaks HTTP" },
        { "SSH-2.0-OpenSSH_9.2\r\n", 21, "speaks SSH" },
        { "\x15\x03\x01\0\x02\x02\x46", 7, "wants TLS" },
        { "what is it?", 11, "not in Kafka's protocol" },
        { "\0\0\0\x03"
          "abc",
          7, "not in Kafka's protocol" },                                  /* shorter than an answer can be */
        { "\0\0\0\x06\0\0\0\x01\0\0", 10, "can't be read" },               /* cut short inside its frame */
        { "\0\0\0\x0c\0\0\0\x63\0\0\x01\0\0\0\0\0", 16, "can't be read" }, /* to what was never asked */
    };

    for (size_t i = 0; i < array_count(strangers); i++) {
        struct broker_step step = { BROKER_SAYS, .said = strangers[i].said, .said_size = strangers[i].size };
        assert_int_equal(meet(&step, 1, 5000), STATUS_MISMATCH);
        assert_non_null(strstr(peer.why, strangers[i].why));
        assert_non_null(strstr(peer.why, "127.0.0.1:")); /* with the address, always */
        assert_int_equal(peer.socket, -1);
        part();
    }
}

static void who_closes_at_once_is_told_of(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { .does = BROKER_CLOSES } };

    assert_int_equal(meet(steps, 1, 5000), STATUS_CLOSED);
    assert_non_null(strstr(peer.why, "closed the connection at once: it is no Kafka, or wants TLS or a login"));
    part();
}

static void who_says_nothing_is_waited_for_until_the_deadline(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { .does = BROKER_WAITS } };
    int64_t begun_ms = clock_ms();

    assert_int_equal(meet(steps, 1, 50), STATUS_TIMED_OUT);
    assert_true(clock_ms() - begun_ms >= 50);
    assert_non_null(strstr(peer.why, "does not answer"));
    assert_int_equal(peer.socket, -1); /* An answer that came now would be taken for another one. */
    part();
}

static void nobody_there_is_said_at_once(void **state)
{
    (void)state;
    heap_init(&heap);
    peer_init(&peer, &heap, "test", -1, "127.0.0.1", 1);
    assert_int_equal(peer_connect(&peer, clock_ms() + 5000), STATUS_CLOSED);
    assert_non_null(strstr(peer.why, "127.0.0.1:1 can't be reached: "));
    peer_init(&peer, &heap, "test", -1, "::1", 1);
    assert_int_not_equal(peer_connect(&peer, clock_ms() + 5000), STATUS_OK);
    assert_non_null(strstr(peer.why, "[::1]:1 ")); /* as an address is written */
    peer_end(&peer);
    heap_end(&heap);
}

static void an_answer_larger_than_its_room_is_refused(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                                { BROKER_SAYS, .said = "\x20\0\0\0xxxx", .said_size = 8 } };
    struct describe_cluster_ask ask = { 0 };
    struct describe_cluster_answer answer;

    assert_int_equal(meet(steps, 2, 5000), STATUS_OK);
    assert_int_equal(peer_send(&peer, API_DESCRIBE_CLUSTER, 0, &ask, clock_ms() + 5000), STATUS_OK);
    assert_int_equal(peer_receive(&peer, API_DESCRIBE_CLUSTER, 0, &answer, &arena, clock_ms() + 5000),
                     STATUS_NO_MEMORY);
    assert_non_null(strstr(peer.why, "answers with 536870912 bytes"));
    part();
}

/* Answers come in the order of the requests: neither an older one's nor one to what was never sent is this one's. */
static void an_answer_to_something_else_is_refused(void **state)
{
    (void)state;
    static const int32_t shifts[] = { -1, -2, -3, 1, INT32_MIN, INT32_MAX - 2 };
    static const struct describe_cluster_answer cluster = { .cluster_id = TEXT("c") };
    struct describe_cluster_ask ask = { 0 };
    struct describe_cluster_answer answer;

    for (size_t i = 0; i < array_count(shifts); i++) {
        struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                       { BROKER_ANSWERS, .answer = &cluster, .shift = shifts[i] } };
        assert_int_equal(meet(steps, 2, 5000), STATUS_OK);
        assert_int_equal(peer_send(&peer, API_DESCRIBE_CLUSTER, 0, &ask, clock_ms() + 5000), STATUS_OK);
        assert_int_equal(peer_receive(&peer, API_DESCRIBE_CLUSTER, 0, &answer, &arena, clock_ms() + 5000),
                         STATUS_MISMATCH);
        assert_non_null(strstr(peer.why, "sent an answer to DescribeCluster that can't be read"));
        assert_int_equal(peer.socket, -1);
        part();
    }
}

static void what_gets_no_answer_is_not_waited_for(void **state)
{
    (void)state;
    static const struct describe_cluster_answer cluster = { .cluster_id = TEXT("c"), .controller_id = 4 };
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                                { .does = BROKER_IGNORES },
                                                { BROKER_ANSWERS, .answer = &cluster } };
    struct describe_cluster_ask ask = { 0 };
    struct describe_cluster_answer answer;

    assert_int_equal(meet(steps, 3, 5000), STATUS_OK);
    assert_int_equal(peer_send(&peer, API_DESCRIBE_CLUSTER, 0, &ask, clock_ms() + 5000), STATUS_OK);
    peer_unanswered(&peer);
    assert_int_equal(peer_send(&peer, API_DESCRIBE_CLUSTER, 0, &ask, clock_ms() + 5000), STATUS_OK);
    assert_int_equal(peer_receive(&peer, API_DESCRIBE_CLUSTER, 0, &answer, &arena, clock_ms() + 5000), STATUS_OK);
    assert_int_equal(answer.controller_id, 4);
    part();
}

static void it_connects_again_after_it_broke(void **state)
{
    (void)state;
    static const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                                { .does = BROKER_CLOSES },
                                                { BROKER_ANSWERS, .answer = &versions } };
    struct describe_cluster_ask ask = { 0 };
    struct describe_cluster_answer answer;

    assert_int_equal(meet(steps, 3, 5000), STATUS_OK);
    assert_int_equal(peer_connect(&peer, clock_ms() + 5000), STATUS_OK); /* It is: nothing is asked. */
    assert_int_equal(peer_send(&peer, API_DESCRIBE_CLUSTER, 0, &ask, clock_ms() + 5000), STATUS_OK);
    assert_int_equal(peer_receive(&peer, API_DESCRIBE_CLUSTER, 0, &answer, &arena, clock_ms() + 5000), STATUS_CLOSED);
    assert_int_equal(peer.socket, -1);
    assert_int_equal(peer_connect(&peer, clock_ms() + 5000), STATUS_OK);
    assert_int_equal(peer.correlation, 1); /* A new connection counts anew. */
    part();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_those_that_both_know),
        cmocka_unit_test(an_older_broker_is_asked_again_in_its_own_words),
        cmocka_unit_test(strangers_are_told_in_words),
        cmocka_unit_test(who_closes_at_once_is_told_of),
        cmocka_unit_test(who_says_nothing_is_waited_for_until_the_deadline),
        cmocka_unit_test(nobody_there_is_said_at_once),
        cmocka_unit_test(an_answer_larger_than_its_room_is_refused),
        cmocka_unit_test(an_answer_to_something_else_is_refused),
        cmocka_unit_test(what_gets_no_answer_is_not_waited_for),
        cmocka_unit_test(it_connects_again_after_it_broke),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
