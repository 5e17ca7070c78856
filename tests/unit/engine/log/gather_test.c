/* Where appends gather: what goes into one chunk and what into the next, for whom there is room, who waits for whom. */
#include "node_end.h"
#include "node_records.h"

#include "log/flush.h"
#include "log/gather.h"

/* Two logs that the WAL knows already. */
static struct store *started(struct node *node, struct log *logs[2])
{
    node_init(node, 1);
    node_start(node);
    logs[0] = node_log(node, 0, "a", 0);
    logs[1] = node_log(node, 0, "b", 0);
    node_begin(node);
    for (int i = 0; i < 2; i++) assert_int_equal(node_append(logs[i], 1, 100, 0), STATUS_OK);
    node_settle(node);
    return node->stores[0];
}

static void ended(struct node *node)
{
    node_settle(node);
    node_crash(node);
    node_remove(node);
}

static void batches_that_follow_each_other_share_an_entry(void **state)
{
    (void)state;
    struct node node;
    struct log *logs[2];
    struct gathers *gathers = started(&node, logs)->gathers;

    for (int i = 0; i < 3; i++) assert_int_equal(node_append(logs[0], 1, 100, 1), STATUS_OK);
    assert_int_equal(gathers->open->entry_count, 1);
    assert_int_equal(gathers->open->marks[0].limit, 4);
    assert_int_equal(node_append(logs[1], 1, 100, 1), STATUS_OK);
    assert_int_equal(node_append(logs[0], 1, 100, 4), STATUS_OK); /* Behind another log's: an entry of its own. */
    assert_int_equal(gathers->open->entry_count, 3);
    node_settle(&node);
    assert_int_equal(logs[0]->durable.at, 5);
    assert_int_equal(logs[1]->durable.at, 2);
    ended(&node);
}

static void a_cut_parts_what_was_gathered(void **state)
{
    (void)state;
    struct node node;
    struct log *logs[2];
    struct gathers *gathers = started(&node, logs)->gathers;

    assert_int_equal(node_append(logs[0], 1, 100, 1), STATUS_OK);
    uint64_t before = gathers->open->sequence, cut = gathers_cut(gathers);
    assert_true(before < cut);
    assert_int_equal(gathers_cut(gathers), cut); /* Nothing came in between. */
    assert_int_equal(node_append(logs[0], 1, 100, 2), STATUS_OK);
    assert_true(gathers->open->sequence >= cut);
    assert_int_equal(gathers->open->entry_count, 1); /* It does not grow what was cut off. */
    node_settle(&node);
    assert_int_equal(logs[0]->durable.at, 3);
    ended(&node);
}

/* Much of one log takes another way; little of another shares a chunk with little of it. */
static void a_small_append_does_not_wait_for_a_large_one(void **state)
{
    (void)state;
    struct node node;
    struct log *logs[2];
    struct store *store = started(&node, logs);

    for (uint64_t i = 0; i < 80; i++) assert_int_equal(node_append(logs[0], 1, 100000, i + 1), STATUS_OK);
    uint64_t written = store->flush->byte_count;
    assert_int_equal(node_append(logs[1], 1, 100, 1), STATUS_OK);
    while (logs[1]->durable.at < 2) node_turn(&node);
    assert_true(store->flush->byte_count - written < 1 << 20);
    ended(&node);
}

static void entries_have_room_when_memory_is_used_up(void **state)
{
    (void)state;
    struct node node;
    struct block *held[64];
    uint32_t count = 0;

    node_init(&node, 1);
    node_start(&node);
    (void)node_log(&node, 0, "a", 0);
    node_begin(&node);
    struct gathers *gathers = node.stores[0]->gathers;
    struct memory *memory = node.shard[0].memory;
    while (memory_free(memory, MEMORY_TAIL) >= gathers_kept(gathers) + GATHER_BLOCK_SIZE) {
        held[count] = block_take(memory, MEMORY_TAIL, GATHER_BLOCK_SIZE);
        assert_non_null(held[count++]);
    }
    assert_null(gathers->current);
    assert_null(gather_room(gathers, 1000));
    assert_non_null(gather_entry_room(gathers, 1000)); /* An extent's or a removal's: they bring memory back. */
    while (count > 0) block_unpin(held[--count]);
    ended(&node);
}

/* The replication shard's: an idle node, which gathers a few records, keeps its first chunk in small pages. */
static void metadata_gathers_in_small_blocks(void **state)
{
    (void)state;
    struct node node;

    node_init(&node, 1);
    node.plan.shard_count = 0; /* What there is comes on top of none. */
    node_start(&node);
    struct log *log = node_log(&node, 0, "a", 0);
    node_begin(&node);
    assert_int_equal(node_append(log, 1, 1000, 1), STATUS_OK);
    assert_int_equal(memory_used(node.shard[0].memory, MEMORY_TAIL), GATHER_BLOCK_SMALL);
    assert_int_equal(node_append(log, 1, (size_t)2 * GATHER_BLOCK_SMALL, 2), STATUS_OK); /* One of its own. */
    assert_int_equal(memory_used(node.shard[0].memory, MEMORY_TAIL), 5 * GATHER_BLOCK_SMALL);
    ended(&node);
}

static void a_truncation_lowers_what_is_told(void **state)
{
    (void)state;
    struct node node;
    struct log *logs[2];
    struct gathers *gathers = started(&node, logs)->gathers;

    for (uint64_t i = 1; i < 4; i++) assert_int_equal(node_append(logs[0], 1, 100, i), STATUS_OK);
    assert_int_equal(node_append(logs[1], 1, 100, 1), STATUS_OK);
    gather_lower(gathers, NULL, logs[0], 2);
    node_settle(&node);
    assert_int_equal(logs[0]->durable.at, 2);
    assert_int_equal(logs[1]->durable.at, 2); /* The other log's own. */
    ended(&node);
}

/* Blocks go back when their batches are written out and read by nobody; drafts and blocks are used again. */
static void nothing_is_allocated_once_it_is_warm(void **state)
{
    (void)state;
    struct node node;
    struct log *logs[2];
    struct store *store = started(&node, logs);

    for (int round = 0, warm = 0; round < 60; round++) {
        for (int i = 0; i < 2; i++) assert_int_equal(node_append(logs[i], 1, 50000, (uint64_t)logs[i]->end), STATUS_OK);
        node_settle(&node);
        if (round == 20) warm = (int)store->shard->heap.live_count;
        if (round > 20) assert_in_range(store->shard->heap.live_count, 0, warm + 4);
    }
    ended(&node);
}

static enum status append_of(struct log *log, uint32_t count)
{
    static uint8_t memory[8 << 20];
    struct log_append append = { .batches = node_batch(memory, sizeof memory, count, 1000000, (uint64_t)log->end),
                                 .origin = APPEND_CLIENT,
                                 .leader_epoch = 3 };
    return log_append(log, &append);
}

/* A quarter of the memory is free, but not in one piece: who needs a large one gets it, for what stands in between is
 * in its segment. */
static void a_large_batch_finds_room_between_blocks(void **state)
{
    (void)state;
    struct node node;

    node_init(&node, 1);
    node.plan.data.budget[MEMORY_TAIL] = (size_t)16 * MEMORY_CHUNK;
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    for (int round = 0; round < 40; round++) {
        uint32_t count = round % 4 == 3 ? 3 : 0;
        enum status status;
        while ((status = count ? append_of(log, count) : node_append(log, 1, 150000, (uint64_t)log->end)) ==
               STATUS_BUSY)
            node_turn(&node);
        assert_int_equal(status, STATUS_OK);
        node_settle(&node);
    }
    for (int turns = 0; append_of(log, 7) != STATUS_OK; turns++) {
        assert_true(turns < 1000);
        node_settle(&node);
    }
    node_settle(&node);
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_that_follow_each_other_share_an_entry),
        cmocka_unit_test(a_cut_parts_what_was_gathered),
        cmocka_unit_test(a_small_append_does_not_wait_for_a_large_one),
        cmocka_unit_test(entries_have_room_when_memory_is_used_up),
        cmocka_unit_test(metadata_gathers_in_small_blocks),
        cmocka_unit_test(a_truncation_lowers_what_is_told),
        cmocka_unit_test(nothing_is_allocated_once_it_is_warm),
        cmocka_unit_test(a_large_batch_finds_room_between_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
