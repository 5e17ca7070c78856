/* tests/unit/net/api/fetch_test.c   Which partitions a fetch means (by name, by id, by session), and when it is
 * answered: at once, at the first news, at its deadline. */
#include "desk_metadata.h"
#include "desk_records.h"

static struct desk desk;
static struct uuid topic;
static struct desk_fetch fetch;
static struct fetch_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    topic = desk_topic(&desk, "t", 4);
    for (int32_t i = 0; i < 4; i++) desk_store(&desk, "t", i, 3, 1000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct fetch_partition_answer *row_of(int32_t index)
{
    for (int32_t i = 0; i < answer.topics.count; i++) {
        for (int32_t j = 0; j < answer.topics.items[i].partitions.count; j++) {
            if (answer.topics.items[i].partitions.items[j].index == index)
                return &answer.topics.items[i].partitions.items[j];
        }
    }
    return NULL;
}

static int32_t rows(void)
{
    int32_t count = 0;
    for (int32_t i = 0; i < answer.topics.count; i++) count += answer.topics.items[i].partitions.count;
    return count;
}

static void topics_go_by_name_or_by_id(void **state)
{
    (void)state;
    for (int16_t version = 4; version <= 18; version++) {
        desk_fetch_fill(&fetch, topic, "t", 4);
        desk_ask(&desk, API_FETCH, version, &fetch.ask, &answer);
        assert_int_equal(answer.error, ERROR_NONE);
        for (int32_t i = 0; i < 4; i++) {
            int64_t offset = 0;
            const struct fetch_partition_answer *row = row_of(i);
            assert_int_equal(row->error, ERROR_NONE);
            assert_int_equal(row->high_watermark, 3);
            assert_int_equal(desk_batches(row, &offset), 3);
        }
    }
}

static void what_is_not_there_says_so_by_row(void **state)
{
    (void)state;
    struct uuid unknown = { { 99 } };

    desk_fetch_fill(&fetch, topic, "nowhere", 1);
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    assert_int_equal(row_of(0)->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(row_of(0)->high_watermark, -1);
    desk_fetch_fill(&fetch, unknown, "", 1);
    desk_ask(&desk, API_FETCH, 13, &fetch.ask, &answer);
    assert_int_equal(row_of(0)->error, ERROR_UNKNOWN_TOPIC_ID);
    desk_fetch_fill(&fetch, topic, "", 5);
    desk_ask(&desk, API_FETCH, 13, &fetch.ask, &answer);
    assert_int_equal(row_of(4)->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(row_of(3)->error, ERROR_NONE);
    assert_true(row_of(3)->records.size > 0);
}

static void offsets_and_epochs_are_checked(void **state)
{
    (void)state;
    const struct {
        int64_t offset;
        int32_t epoch;
        int16_t error;
    } cases[] = {
        { 0, 5, ERROR_NONE },
        { 3, 5, ERROR_NONE },
        { 4, -1, ERROR_OFFSET_OUT_OF_RANGE },
        { -1, -1, ERROR_OFFSET_OUT_OF_RANGE },
        { 0, 4, ERROR_FENCED_LEADER_EPOCH },
        { 0, 6, ERROR_UNKNOWN_LEADER_EPOCH },
    };
    for (size_t i = 0; i < array_count(cases); i++) {
        desk_fetch_fill(&fetch, topic, "t", 1);
        fetch.partitions[0].fetch_offset = cases[i].offset;
        fetch.partitions[0].current_leader_epoch = cases[i].epoch;
        desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
        assert_int_equal(row_of(0)->error, cases[i].error);
        assert_int_equal(row_of(0)->high_watermark, cases[i].error == ERROR_NONE ? 3 : -1);
    }
}

/* No partition of ours is fetched by followers here. */
static void a_replica_that_is_none_is_turned_away(void **state)
{
    (void)state;
    struct fetch_replica_state replica = { .replica_id = 9, .replica_epoch = -1 };
    desk_fetch_fill(&fetch, topic, "t", 1);
    fetch.ask.replica_id = 9;
    desk_ask(&desk, API_FETCH, 14, &fetch.ask, &answer);
    assert_int_equal(row_of(0)->error, ERROR_NOT_LEADER_OR_FOLLOWER);
    fetch.ask.replica_state = &replica;
    desk_ask(&desk, API_FETCH, 17, &fetch.ask, &answer);
    assert_int_equal(row_of(0)->error, ERROR_NOT_LEADER_OR_FOLLOWER);
}

static int64_t now_ms(void)
{
    return shard_now_ns(desk.node.shards[0]) / 1000000;
}

static void a_fetch_waits_for_its_bytes_until_its_deadline(void **state)
{
    (void)state;
    desk_fetch_fill(&fetch, topic, "t", 4);
    for (int i = 0; i < 4; i++) fetch.partitions[i].fetch_offset = 3;
    fetch.ask.max_wait_ms = 60;
    int64_t begun = now_ms();
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    assert_true(now_ms() - begun >= 60);
    assert_int_equal(rows(), 4);
    assert_int_equal(row_of(0)->records.size, 0);

    fetch.ask.min_bytes = 0; /* Nothing is enough. */
    fetch.ask.max_wait_ms = 60000;
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    assert_int_equal(rows(), 4);

    fetch.ask.min_bytes = 1 << 20; /* There is something, but not that much. */
    fetch.ask.max_wait_ms = 40;
    fetch.partitions[0].fetch_offset = 0;
    begun = now_ms();
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    assert_true(now_ms() - begun >= 40);
    assert_true(row_of(0)->records.size > 3000);
}

/* The news may come on either shard; what came meanwhile counts together. */
static void news_on_any_shard_end_the_wait(void **state)
{
    (void)state;
    struct uuid news = desk_topic(&desk, "news", 2);
    int reader = desk.client;
    desk_connect(&desk);
    int writer = desk.client;

    for (int32_t index = 0; index < 2; index++) {
        desk.client = reader;
        desk_fetch_fill(&fetch, news, "news", 2);
        fetch.partitions[0].fetch_offset = index;
        fetch.ask.max_wait_ms = 60000;
        fetch.ask.min_bytes = index == 0 ? 1 : 1500;
        desk_send(&desk, API_FETCH, 12, &fetch.ask);
        int32_t asked = desk.correlation;
        assert_true(desk_quiet(&desk, 20));
        desk.client = writer;
        desk_store(&desk, "news", index, index + 1, 1000); /* The first of the two is not enough. */
        desk.client = reader;
        desk_answer_of(&desk, asked, API_FETCH, 12, &answer);
        int64_t offset = 0;
        assert_int_equal(desk_batches(row_of(index), &offset), index + 1);
    }
    close(writer);
    desk.client = reader;
}

/* An error is told at once, however long the client would have waited. */
static void an_error_ends_the_wait(void **state)
{
    (void)state;
    desk_fetch_fill(&fetch, topic, "t", 2);
    fetch.partitions[0].fetch_offset = 3;
    fetch.partitions[1].fetch_offset = 77;
    fetch.ask.max_wait_ms = 60000;
    desk_ask(&desk, API_FETCH, 12, &fetch.ask, &answer);
    assert_int_equal(row_of(0)->error, ERROR_NONE);
    assert_int_equal(row_of(1)->error, ERROR_OFFSET_OUT_OF_RANGE);
}

static void a_waiting_fetch_ends_with_its_connection(void **state)
{
    (void)state;
    desk_fetch_fill(&fetch, topic, "t", 4);
    for (int i = 0; i < 4; i++) fetch.partitions[i].fetch_offset = 3;
    fetch.ask.max_wait_ms = 60000;
    desk_send(&desk, API_FETCH, 12, &fetch.ask);
    assert_true(desk_quiet(&desk, 20));
    close(desk.client);
    for (int i = 0; i < DESK_TURNS && desk.node.shards[0]->face->slot_count > 0; i++) desk_turn(&desk);
    assert_int_equal(desk.node.shards[0]->face->slot_count, 0);
    desk_connect(&desk);
}

static void a_session_answers_only_what_is_new(void **state)
{
    (void)state;
    struct uuid mine = desk_topic(&desk, "session", 3);
    desk_fetch_fill(&fetch, mine, "", 3);
    fetch.ask.session_epoch = 0;
    desk_ask(&desk, API_FETCH, 17, &fetch.ask, &answer);
    assert_int_not_equal(answer.session_id, 0);
    assert_int_equal(rows(), 3);

    struct fetch_ask again = fetch.ask;
    again.session_id = answer.session_id;
    again.session_epoch = 1;
    again.topics.count = 0;
    desk_store(&desk, "session", 1, 1, 100);
    desk_ask(&desk, API_FETCH, 17, &again, &answer);
    assert_int_equal(rows(), 1);
    assert_int_equal(row_of(1)->high_watermark, 1);

    again.session_epoch = 2; /* The client has not moved on: it is told again. */
    desk_ask(&desk, API_FETCH, 17, &again, &answer);
    assert_int_equal(rows(), 1);

    struct fetch_ask moved = again;
    fetch.partitions[1].fetch_offset = 1;
    fetch.topic.partitions.items = &fetch.partitions[1];
    fetch.topic.partitions.count = 1;
    moved.topics.count = 1;
    moved.session_epoch = 3;
    moved.max_wait_ms = 10;
    desk_ask(&desk, API_FETCH, 17, &moved, &answer);
    assert_int_equal(rows(), 0);
    assert_int_equal(answer.session_id, again.session_id);
}

static void a_session_forgets_and_ends_as_asked(void **state)
{
    (void)state;
    desk_fetch_fill(&fetch, topic, "", 4);
    fetch.ask.session_epoch = 0;
    desk_ask(&desk, API_FETCH, 13, &fetch.ask, &answer);
    struct fetch_ask again = fetch.ask;
    int32_t gone[] = { 0, 2 };
    struct fetch_forgotten_topic forgotten = { .topic_id = topic, .partitions = { gone, 2 } };
    again.session_id = answer.session_id;
    again.topics.count = 0;
    again.forgotten_topics.items = &forgotten;
    again.forgotten_topics.count = 1;
    again.session_epoch = 1;
    desk_ask(&desk, API_FETCH, 13, &again, &answer);
    assert_int_equal(rows(), 2);
    assert_null(row_of(0));

    again.forgotten_topics.count = 0;
    again.session_epoch = 9;
    desk_ask(&desk, API_FETCH, 13, &again, &answer);
    assert_int_equal(answer.error, ERROR_INVALID_FETCH_SESSION_EPOCH);
    again.session_epoch = 2;
    desk_ask(&desk, API_FETCH, 12, &again, &answer);
    assert_int_equal(answer.error, ERROR_FETCH_SESSION_TOPIC_ID);

    again.session_epoch = -1; /* Closed; and what it names is fetched all the same. */
    desk_ask(&desk, API_FETCH, 13, &again, &answer);
    assert_int_equal(answer.error, ERROR_NONE);
    assert_int_equal(answer.session_id, 0);
    again.session_epoch = 2;
    desk_ask(&desk, API_FETCH, 13, &again, &answer);
    assert_int_equal(answer.error, ERROR_FETCH_SESSION_ID_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_go_by_name_or_by_id),
        cmocka_unit_test(what_is_not_there_says_so_by_row),
        cmocka_unit_test(offsets_and_epochs_are_checked),
        cmocka_unit_test(a_replica_that_is_none_is_turned_away),
        cmocka_unit_test(a_fetch_waits_for_its_bytes_until_its_deadline),
        cmocka_unit_test(news_on_any_shard_end_the_wait),
        cmocka_unit_test(an_error_ends_the_wait),
        cmocka_unit_test(a_waiting_fetch_ends_with_its_connection),
        cmocka_unit_test(a_session_answers_only_what_is_new),
        cmocka_unit_test(a_session_forgets_and_ends_as_asked),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
