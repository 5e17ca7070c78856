/* tests/unit/net/api/fetch_ahead_test.c   Reading ahead of a cold fetch: the bytes of later parts are asked for while
 * the first is waited for, so many at a time; nothing is asked for that is in memory, and all of it ends. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "api/fetch.h"
#include "log/reader.h"

enum { PARTITIONS = 40, BATCHES = 8, BATCH_SIZE = 100000, SHARDS = 2 };

static struct desk desk;
static struct desk_fetch fetch;
static struct fetch_answer answer;
static struct uuid topic;

static int begin(void **state)
{
    (void)state;
    desk_begin_with(&desk, 4, 16);
    topic = desk_topic(&desk, "cold", PARTITIONS);
    for (int32_t i = 0; i < PARTITIONS; i++) desk_store(&desk, "cold", i, BATCHES, BATCH_SIZE);
    for (int i = 0; i < 100; i++) desk_turn(&desk);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

/* One batch of each partition, from `offset` on. */
static void ask(int32_t count, int64_t offset)
{
    arena_reset(&desk.messages);
    desk_fetch_fill(&fetch, topic, "cold", count);
    for (int32_t i = 0; i < count; i++) {
        fetch.partitions[i].fetch_offset = offset;
        fetch.partitions[i].max_bytes = BATCH_SIZE * 3 / 2;
    }
    for (int32_t i = 0; i < PARTITIONS; i++) reader_forget(desk_log(&desk, topic, i));
    desk_send(&desk, API_FETCH, 12, &fetch.ask);
}

static int told(void)
{
    int parts = 0;

    desk_answer_of(&desk, desk.correlation, API_FETCH, 12, &answer);
    assert_int_equal(answer.topics.count, 1);
    for (int32_t i = 0; i < answer.topics.items[0].partitions.count; i++) {
        const struct fetch_partition_answer *row = &answer.topics.items[0].partitions.items[i];
        assert_int_equal(row->error, ERROR_NONE);
        parts += row->records.size > 0;
    }
    return parts;
}

static struct apis *apis_at(uint32_t shard)
{
    return desk.node.shards[shard]->face->apis;
}

static uint32_t free_count(const struct apis *apis)
{
    uint32_t count = 0;
    list_each(&apis->aheads_free, node) count++;
    return count;
}

static void what_is_in_memory_is_not_asked_for(void **state)
{
    (void)state;
    ask(1, BATCHES - 1); /* of the last partition the last is */
    (void)told();
    fetch.partitions[0].index = PARTITIONS - 1;
    desk_send(&desk, API_FETCH, 12, &fetch.ask);
    assert_int_equal(told(), 1);
    for (uint32_t i = 0; i < SHARDS; i++) assert_int_equal(apis_at(i)->ahead_count, 0);
}

static void later_parts_are_asked_for_while_the_first_is_waited_for(void **state)
{
    (void)state;
    ask(PARTITIONS, 0);
    assert_int_equal(told(), PARTITIONS);
    uint32_t most = 0;
    for (uint32_t i = 0; i < SHARDS; i++) most = max_of(most, apis_at(i)->ahead_count);
    assert_in_range(most, 2, FETCH_AHEAD);
}

static void all_of_it_ends(void **state)
{
    (void)state;
    for (int64_t offset = 0; offset < BATCHES; offset++) {
        ask(PARTITIONS, offset);
        assert_true(told() > 0);
    }
    for (int i = 0; i < 100; i++) desk_turn(&desk);
    for (uint32_t i = 0; i < SHARDS; i++) {
        assert_true(apis_at(i)->ahead_count <= FETCH_AHEAD);
        assert_int_equal(free_count(apis_at(i)), apis_at(i)->ahead_count);
    }
}

static void a_connection_that_ends_takes_nothing_with_it(void **state)
{
    (void)state;
    ask(PARTITIONS, 0);
    for (int i = 0; i < 3; i++) desk_turn(&desk);
    close(desk.client);
    desk_connect(&desk);
    for (int i = 0; i < 1000; i++) desk_turn(&desk);
    for (uint32_t i = 0; i < SHARDS; i++) assert_int_equal(free_count(apis_at(i)), apis_at(i)->ahead_count);
    ask(PARTITIONS, 1);
    assert_int_equal(told(), PARTITIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_memory_is_not_asked_for),
        cmocka_unit_test(later_parts_are_asked_for_while_the_first_is_waited_for),
        cmocka_unit_test(all_of_it_ends),
        cmocka_unit_test(a_connection_that_ends_takes_nothing_with_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
