/* tests/unit/net/api/produce_part_test.c   Batches that find no room: they wait, in the order in which they came, and
 * nothing that comes later goes before them. */
#include "desk_metadata.h"
#include "desk_records.h"

enum { LARGE = 1 << 20, BLOCKS_MAX = 64 };

static struct desk desk;
static struct block *taken[BLOCKS_MAX];
static uint32_t taken_count;

static int begin(void **state)
{
    (void)state;
    desk_begin_with(&desk, 4, 8);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

/* All of the tail's memory that the shard of this log has left. */
static void memory_drain(const struct log *log)
{
    struct memory *memory = log->store->shard->memory;

    for (int i = 0; i < 100; i++) desk_turn(&desk); /* What is being flushed gives its memory back. */
    for (struct block *block; (block = block_take(memory, MEMORY_TAIL, MEMORY_CHUNK)) != NULL;) {
        assert_true(taken_count < BLOCKS_MAX);
        taken[taken_count++] = block;
    }
}

static void memory_refill(void)
{
    while (taken_count > 0) block_unpin(taken[--taken_count]);
}

/* A batch that finds no room, then a small one for the same partition, which the block in use might still hold. */
static void what_comes_later_waits_behind(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "queue", 1);
    struct log *log = desk_log(&desk, topic, 0);

    desk_store(&desk, "queue", 0, 1, 100);
    memory_drain(log);
    int32_t sent = 0;
    while (log->end == 1 + sent) { /* Until one is not appended any more. */
        assert_true(sent < 64);
        desk_produce_send(&desk, "queue", 0, 1, desk_batch(&desk, 1, LARGE - 1000));
        for (int i = 0; i < 50 && log->end == 1 + sent; i++) desk_turn(&desk);
        if (log->end == 1 + sent) break;
        sent++;
    }
    int64_t before = log->end;
    int32_t waiting = desk.correlation;
    desk_produce_send(&desk, "queue", 0, -1, desk_batch(&desk, 2, 100));
    int32_t behind = desk.correlation;
    for (int32_t i = sent; i > 0; i--) assert_int_equal(desk_produced_of(&desk, waiting - i).error, ERROR_NONE);
    assert_true(desk_quiet(&desk, 100));
    assert_int_equal(log->end, before);

    memory_refill();
    struct produce_partition_answer first = desk_produced_of(&desk, waiting);
    struct produce_partition_answer second = desk_produced_of(&desk, behind);
    assert_int_equal(first.error, ERROR_NONE);
    assert_int_equal(first.base_offset, before);
    assert_int_equal(second.error, ERROR_NONE);
    assert_int_equal(second.base_offset, before + 1);
}

/* The other shard's memory is its own. */
static void a_shard_without_room_holds_up_only_itself(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "other", 2);
    struct log *full = desk_log(&desk, topic, 0), *free_log = desk_log(&desk, topic, 1);
    assert_ptr_not_equal(full->store, free_log->store);

    memory_drain(full);
    int32_t stuck = 0;
    for (int32_t count = 0; stuck == 0; count++) {
        assert_true(count < 64);
        int64_t before = full->end;
        desk_produce_send(&desk, "other", 0, 0, desk_batch(&desk, 1, LARGE - 1000));
        for (int i = 0; i < 50 && full->end == before; i++) desk_turn(&desk);
        if (full->end == before) stuck = desk.correlation;
    }
    int64_t before = full->end;
    desk_produce_send(&desk, "other", 1, 0, desk_batch(&desk, 1, 100));
    for (int i = 0; i < DESK_TURNS && free_log->durable.at < 1; i++) desk_turn(&desk);
    assert_int_equal(free_log->durable.at, 1);
    assert_int_equal(full->end, before);

    memory_refill();
    for (int i = 0; i < DESK_TURNS && full->durable.at < before + 1; i++) desk_turn(&desk);
    assert_int_equal(full->durable.at, before + 1);
}

/* A client that hangs up while its batch waits: the batch is stored, nobody is told. */
static void a_batch_that_waits_outlives_its_connection(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "orphan", 1);
    struct log *log = desk_log(&desk, topic, 0);
    int64_t before = 0;

    memory_drain(log);
    for (bool stuck = false; !stuck;) {
        before = log->end;
        assert_true(before < 64);
        desk_produce_send(&desk, "orphan", 0, 0, desk_batch(&desk, 1, LARGE - 1000));
        for (int i = 0; i < 50 && log->end == before; i++) desk_turn(&desk);
        stuck = log->end == before;
    }
    close(desk.client);
    for (int i = 0; i < 20; i++) desk_turn(&desk);
    memory_refill();
    for (int i = 0; i < DESK_TURNS && log->durable.at < before + 1; i++) desk_turn(&desk);
    assert_int_equal(log->durable.at, before + 1);
    desk_connect(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_later_waits_behind),
        cmocka_unit_test(a_shard_without_room_holds_up_only_itself),
        cmocka_unit_test(a_batch_that_waits_outlives_its_connection),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
