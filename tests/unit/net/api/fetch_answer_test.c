/* tests/unit/net/api/fetch_answer_test.c   What the answer of a Fetch looks like: in which order rows stand, which
 * share a topic's head, how much comes from several shards together, and who leads instead. */
#include "desk_metadata.h"
#include "desk_records.h"

enum { PARTITIONS = 4, BATCHES = 3 };

static struct desk desk;
static struct uuid topics[2];
static struct desk_fetch fetch;
static struct fetch_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    topics[0] = desk_topic(&desk, "a", PARTITIONS);
    topics[1] = desk_topic(&desk, "b", PARTITIONS);
    for (int32_t i = 0; i < PARTITIONS; i++) {
        desk_store(&desk, "a", i, BATCHES, 1000);
        desk_store(&desk, "b", i, BATCHES, 1000);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

struct place {
    const char *topic;
    int32_t index;
};

/* Each partition in a row of the request of its own. */
static void ask(int16_t version, const struct place *places, int32_t count)
{
    static struct fetch_topic_ask rows[8];

    desk_fetch_fill(&fetch, topics[0], "a", count);
    for (int32_t i = 0; i < count; i++) {
        fetch.partitions[i].index = places[i].index;
        rows[i] =
            (struct fetch_topic_ask){ .topic_id = topics[places[i].topic[0] - 'a' < 2 ? places[i].topic[0] - 'a' : 0],
                                      .name = text_of(places[i].topic),
                                      .partitions = { &fetch.partitions[i], 1 } };
    }
    fetch.ask.topics.items = rows;
    fetch.ask.topics.count = count;
    desk_ask(&desk, API_FETCH, version, &fetch.ask, &answer);
    assert_int_equal(answer.error, ERROR_NONE);
}

static void assert_row(int32_t topic, int32_t at, const char *name, int32_t index, int16_t error)
{
    assert_in_range(topic, 0, answer.topics.count - 1);
    assert_true(text_equal(answer.topics.items[topic].name, text_of(name)));
    assert_in_range(at, 0, answer.topics.items[topic].partitions.count - 1);
    assert_int_equal(answer.topics.items[topic].partitions.items[at].index, index);
    assert_int_equal(answer.topics.items[topic].partitions.items[at].error, error);
}

static void rows_that_follow_each_other_share_their_topics_head(void **state)
{
    (void)state;
    static const struct place beside[] = { { "a", 2 }, { "a", 0 }, { "b", 1 } };
    static const struct place between[] = { { "a", 2 }, { "b", 1 }, { "a", 0 } };

    ask(12, beside, 3);
    assert_int_equal(answer.topics.count, 2);
    assert_row(0, 0, "a", 2, ERROR_NONE);
    assert_row(0, 1, "a", 0, ERROR_NONE);
    assert_row(1, 0, "b", 1, ERROR_NONE);
    ask(12, between, 3);
    assert_int_equal(answer.topics.count, 3);
    assert_row(0, 0, "a", 2, ERROR_NONE);
    assert_row(1, 0, "b", 1, ERROR_NONE);
    assert_row(2, 0, "a", 0, ERROR_NONE);
}

static void what_is_nowhere_comes_last(void **state)
{
    (void)state;
    static const struct place places[] = { { "none", 0 }, { "a", 9 }, { "b", 1 }, { "none", 1 }, { "a", 0 } };

    ask(12, places, 5);
    assert_int_equal(answer.topics.count, 5);
    assert_row(0, 0, "b", 1, ERROR_NONE);
    assert_row(1, 0, "a", 0, ERROR_NONE);
    assert_row(2, 0, "none", 0, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_row(3, 0, "a", 9, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_row(4, 0, "none", 1, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
}

/* Each row's records are its own, whatever the order of rows and shards. */
static void every_row_has_its_own_bytes(void **state)
{
    (void)state;
    enum { MANY = 8 };
    static const int32_t order[MANY] = { 7, 0, 3, 1, 6, 2, 5, 4 };
    struct uuid own = desk_topic(&desk, "own", MANY);

    for (int32_t i = 0; i < MANY; i++) {
        assert_int_equal(desk_produce(&desk, "own", i, 1, desk_batch(&desk, (uint32_t)i + 1, 500)).error, ERROR_NONE);
    }
    desk_fetch_fill(&fetch, own, "own", MANY);
    for (int32_t i = 0; i < MANY; i++) fetch.partitions[i].index = order[i];
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    for (int32_t i = 0; i < MANY; i++) {
        const struct fetch_partition_answer *row = &answer.topics.items[0].partitions.items[i];
        int64_t offset = 0;
        assert_int_equal(row->index, order[i]);
        assert_int_equal(desk_batches(row, &offset), 1);
        assert_int_equal(offset, order[i] + 1);
    }
}

/* Shards read without knowing of each other; together they may have read too much. */
static void several_shards_give_no_more_than_was_asked_for(void **state)
{
    (void)state;
    size_t whole = 0, size = 0;

    desk_fetch_fill(&fetch, topics[0], "a", PARTITIONS);
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    for (int32_t i = 0; i < PARTITIONS; i++) whole += (size_t)answer.topics.items[0].partitions.items[i].records.size;
    fetch.ask.max_bytes = (int32_t)(whole * 2 / 3);
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    assert_int_equal(answer.topics.items[0].partitions.count, PARTITIONS);
    for (int32_t i = 0; i < PARTITIONS; i++) size += (size_t)answer.topics.items[0].partitions.items[i].records.size;
    assert_true(answer.topics.items[0].partitions.items[0].records.size > 0);
    assert_in_range(size, 1, whole * 2 / 3);
}

static void who_leads_instead_is_told(void **state)
{
    (void)state;
    desk_broker(&desk, DESK_OTHER);
    struct uuid moved = desk_topic_of(&desk, "moved", 1, DESK_OTHER, NULL, NULL);

    for (int16_t version = 15; version <= 16; version++) {
        desk_fetch_fill(&fetch, moved, "moved", 1);
        desk_ask(&desk, API_FETCH, version, &fetch.ask, &answer);
        const struct fetch_partition_answer *row = &answer.topics.items[0].partitions.items[0];
        assert_int_equal(row->error, ERROR_NOT_LEADER_OR_FOLLOWER);
        assert_int_equal(row->preferred_read_replica, -1);
        assert_int_equal(answer.node_endpoints.count, version == 16);
        if (version < 16) {
            assert_null(row->current_leader);
            continue;
        }
        assert_non_null(row->current_leader);
        assert_int_equal(row->current_leader->leader_id, DESK_OTHER);
        assert_int_equal(answer.node_endpoints.items[0].node_id, DESK_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_follow_each_other_share_their_topics_head),
        cmocka_unit_test(what_is_nowhere_comes_last),
        cmocka_unit_test(several_shards_give_no_more_than_was_asked_for),
        cmocka_unit_test(every_row_has_its_own_bytes),
        cmocka_unit_test(who_leads_instead_is_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
