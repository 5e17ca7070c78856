/* A cold fetch that finds no room in the read cache: it waits for room and nothing else, until its deadline, and ends
 * with its connection. */
#include "../../engine/log/node_records.h"
#include "desk_metadata.h"
#include "desk_records.h"

#include "log/reader.h"

enum { PARTITIONS = 4, BATCHES = 30, VERSION = 12 };

static struct desk desk;
static struct desk_fetch fetch;
static struct fetch_answer answer;
static struct uuid topic;
static struct block *hogs[2];

static int begin(void **state)
{
    (void)state;
    desk_begin_with(&desk, 4, 1);
    topic = desk_topic(&desk, "cold", PARTITIONS);
    for (int32_t i = 0; i < PARTITIONS; i++) desk_store(&desk, "cold", i, BATCHES, 200000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void caches_take_all(void)
{
    for (int i = 0; i < 100; i++) desk_turn(&desk);
    for (uint32_t i = 0; i < array_count(hogs); i++) {
        struct memory *memory = desk.node.shards[i]->memory;
        for (int32_t p = 0; p < PARTITIONS; p++) {
            struct log *log = desk_log(&desk, topic, p);
            if (log->store == desk.node.stores[i]) reader_forget(log);
        }
        hogs[i] = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
        assert_non_null(hogs[i]);
    }
}

static void caches_give(void)
{
    for (uint32_t i = 0; i < array_count(hogs); i++) block_unpin(hogs[i]);
}

static void fetch_send(int32_t first, int32_t count, int32_t max_wait_ms)
{
    arena_reset(&desk.messages);
    desk_fetch_fill(&fetch, topic, "cold", count);
    for (int32_t i = 0; i < count; i++) fetch.partitions[i].index = first + i;
    fetch.ask.max_wait_ms = max_wait_ms;
    desk_send(&desk, API_FETCH, VERSION, &fetch.ask);
}

/* Bytes of records in the answer, which holds no error. */
static size_t fetch_take(void)
{
    size_t size = 0;

    desk_answer_of(&desk, desk.correlation, API_FETCH, VERSION, &answer);
    assert_int_equal(answer.topics.count, 1);
    for (int32_t i = 0; i < answer.topics.items[0].partitions.count; i++) {
        assert_int_equal(answer.topics.items[0].partitions.items[i].error, ERROR_NONE);
        size += (size_t)answer.topics.items[0].partitions.items[i].records.size;
    }
    return size;
}

static void it_goes_on_when_there_is_room(void **state)
{
    (void)state;
    for (int32_t count = 1; count <= PARTITIONS; count++) {
        caches_take_all();
        fetch_send(0, count, 60000);
        assert_true(desk_quiet(&desk, 100));
        caches_give();
        assert_true(fetch_take() >= 200000);
    }
}

static void it_waits_no_longer_than_its_deadline(void **state)
{
    (void)state;
    caches_take_all();
    for (int32_t max_wait_ms = 0; max_wait_ms <= 60; max_wait_ms += 30) {
        int64_t begun_ns = shard_now_ns(desk.node.shards[0]);
        fetch_send(0, PARTITIONS, max_wait_ms);
        assert_int_equal(fetch_take(), 0);
        int64_t waited_ms = (shard_now_ns(desk.node.shards[0]) - begun_ns) / 1000000;
        assert_in_range(waited_ms, max_wait_ms, max_wait_ms + 5000);
    }
    caches_give();
}

/* It stands behind nobody who waits for memory: what is in the tail needs none. */
static void news_elsewhere_end_the_wait(void **state)
{
    (void)state;
    caches_take_all();
    arena_reset(&desk.messages);
    desk_fetch_fill(&fetch, topic, "cold", 2);
    fetch.partitions[1].fetch_offset = BATCHES;
    fetch.ask.max_wait_ms = 60000;
    desk_send(&desk, API_FETCH, VERSION, &fetch.ask);
    int32_t waiting = desk.correlation;
    assert_true(desk_quiet(&desk, 100));

    struct log *log = desk_log(&desk, topic, 1);
    log_commit(log, log->durable.at);
    assert_int_equal(node_append(log, 1, 1000, 7), STATUS_OK);
    while (log->durable.at < log->end) desk_turn(&desk);
    log_commit(log, log->durable.at);
    desk_answer_of(&desk, waiting, API_FETCH, VERSION, &answer);
    assert_int_equal(answer.topics.items[0].partitions.items[0].records.size, 0);
    assert_true(answer.topics.items[0].partitions.items[1].records.size > 1000);
    caches_give();
}

static void it_ends_with_its_connection(void **state)
{
    (void)state;
    caches_take_all();
    fetch_send(0, PARTITIONS, 60000);
    assert_true(desk_quiet(&desk, 100));
    close(desk.client);
    for (int i = 0; i < 200; i++) desk_turn(&desk);
    for (uint32_t i = 0; i < array_count(hogs); i++) {
        struct reader *reader = desk.node.stores[i]->reader;
        if (reader) assert_true(list_empty(&reader->cache.rooms));
    }
    caches_give();
    desk_connect(&desk);
    fetch_send(0, 1, 60000);
    assert_true(fetch_take() >= 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_when_there_is_room),
        cmocka_unit_test(it_waits_no_longer_than_its_deadline),
        cmocka_unit_test(news_elsewhere_end_the_wait),
        cmocka_unit_test(it_ends_with_its_connection),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
