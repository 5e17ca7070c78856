/* tests/unit/net/api/hint_test.c   Who asks the wrong node is told of the right one, and where it listens. KIP-951. */
#include "desk_metadata.h"
#include "desk_records.h"

static struct desk desk;
static struct uuid here, away, lost;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_broker(&desk, DESK_OTHER);
    here = desk_topic(&desk, "here", 2);
    away = desk_topic_of(&desk, "away", 3, DESK_OTHER, NULL, NULL);
    lost = desk_topic_of(&desk, "lost", 1, 9, NULL, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void assert_elsewhere(const struct node_endpoint *node)
{
    assert_int_equal(node->node_id, DESK_OTHER);
    assert_true(text_equal(node->host, TEXT("elsewhere")));
    assert_int_equal(node->port, 9999);
    assert_true(text_equal(node->rack, TEXT("far")));
}

/* Three partitions of one leader: each row names it, its place stands once. */
static void produce_names_the_leader(void **state)
{
    (void)state;
    struct desk_produce produce;
    struct produce_answer answer;
    struct produce_partition_ask partitions[3];

    for (int16_t version = 9; version <= 11; version++) {
        desk_produce_fill(&produce, "away", 0, 1, desk_batch(&desk, 1, 10));
        for (int32_t i = 0; i < 3; i++) partitions[i] = (struct produce_partition_ask){ i, produce.partition.records };
        produce.topic.partitions.items = partitions;
        produce.topic.partitions.count = 3;
        desk_ask(&desk, API_PRODUCE, version, &produce.ask, &answer);
        assert_int_equal(answer.node_endpoints.count, version >= 10 ? 1 : 0);
        for (int32_t i = 0; i < 3; i++) {
            const struct produce_partition_answer *row = &answer.topics.items[0].partitions.items[i];
            assert_int_equal(row->error, ERROR_NOT_LEADER_OR_FOLLOWER);
            if (version < 10) continue;
            assert_int_equal(row->current_leader->leader_id, DESK_OTHER);
            assert_int_equal(row->current_leader->leader_epoch, 5);
        }
        if (version >= 10) assert_elsewhere(&answer.node_endpoints.items[0]);
    }
}

static struct fetch_answer fetch_of(struct uuid topic, const char *name, int16_t version, int32_t epoch)
{
    struct desk_fetch fetch;
    struct fetch_answer answer;

    desk_fetch_fill(&fetch, topic, name, 1);
    fetch.partitions[0].current_leader_epoch = epoch;
    desk_ask(&desk, API_FETCH, version, &fetch.ask, &answer);
    return answer;
}

static void fetch_names_the_leader(void **state)
{
    (void)state;
    for (int16_t version = 12; version <= 18; version++) {
        struct fetch_answer answer = fetch_of(away, "away", version, -1);
        const struct fetch_partition_answer *row = &answer.topics.items[0].partitions.items[0];
        assert_int_equal(row->error, ERROR_NOT_LEADER_OR_FOLLOWER);
        assert_int_equal(answer.node_endpoints.count, version >= 16 ? 1 : 0);
        if (version < 16) {
            assert_null(row->current_leader);
            continue;
        }
        assert_int_equal(row->current_leader->leader_id, DESK_OTHER);
        assert_elsewhere(&answer.node_endpoints.items[0]);
    }
}

/* The client's epoch is an old one: the leader is still here, with a newer one. An epoch that we don't know yet is the
 * client's to wait for. */
static void an_old_epoch_is_told_the_new_one(void **state)
{
    (void)state;
    struct fetch_answer answer = fetch_of(here, "here", 17, 4);
    const struct fetch_partition_answer *row = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(row->error, ERROR_FENCED_LEADER_EPOCH);
    assert_int_equal(row->current_leader->leader_id, DESK_SELF);
    assert_int_equal(row->current_leader->leader_epoch, 5);
    assert_int_equal(answer.node_endpoints.count, 1);
    assert_int_equal(answer.node_endpoints.items[0].port, desk.port);

    answer = fetch_of(here, "here", 17, 6);
    row = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(row->error, ERROR_UNKNOWN_LEADER_EPOCH);
    assert_null(row->current_leader);
    assert_int_equal(answer.node_endpoints.count, 0);
}

static void a_leader_that_is_not_alive_has_no_place(void **state)
{
    (void)state;
    struct fetch_answer answer = fetch_of(lost, "lost", 17, -1);
    const struct fetch_partition_answer *row = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(row->error, ERROR_NOT_LEADER_OR_FOLLOWER);
    assert_int_equal(row->current_leader->leader_id, 9);
    assert_int_equal(answer.node_endpoints.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(produce_names_the_leader),
        cmocka_unit_test(fetch_names_the_leader),
        cmocka_unit_test(an_old_epoch_is_told_the_new_one),
        cmocka_unit_test(a_leader_that_is_not_alive_has_no_place),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
