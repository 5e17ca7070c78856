/* Reads from memory at every border: inside a batch, at the limit, by size, with too few extents, over gaps; and what
 * leaves the tail. */
#include "node_end.h"
#include "node_records.h"

#include "log/spill.h"
#include "log/tail.h"

enum { BATCHES = 40, RECORDS = 3 };

static struct node node;
static struct log *logs[2];

/* Two logs whose batches of 3 records alternate in memory, so that neighbours of one log do not touch. */
static void tail_begin(void)
{
    node_init(&node, 1);
    node_start(&node);
    logs[0] = node_log(&node, 0, "t", 0);
    logs[1] = node_log(&node, 0, "t", 1);
    node_begin(&node);
    for (uint64_t i = 0; i < BATCHES; i++) {
        assert_int_equal(node_append(logs[0], RECORDS, 100, i * RECORDS), STATUS_OK);
        assert_int_equal(node_append(logs[1], RECORDS, 100, i * RECORDS), STATUS_OK);
    }
    node_settle(&node);
}

static void tail_finish(void)
{
    node_crash(&node);
    node_remove(&node);
}

static struct extent extents[64];

static struct log_read read_at(struct log *log, int64_t offset, int64_t limit, uint32_t size_max, bool first_whole,
                               uint32_t extent_max)
{
    struct log_read read = { .log = log,
                             .offset = offset,
                             .limit = limit,
                             .size_max = size_max,
                             .first_whole = first_whole,
                             .extents = extents,
                             .extent_max = extent_max };
    assert_true(log_read_begin(&read));
    assert_int_equal(read.status, read.status == STATUS_OUT_OF_RANGE ? STATUS_OUT_OF_RANGE : STATUS_OK);
    for (uint32_t i = 0; i < read.extent_count; i++) block_unpin(extents[i].block);
    return read;
}

static int64_t first_offset(const struct log_read *read)
{
    return read->extent_count > 0 ? load_i64(read->extents[0].data) : -1;
}

static uint32_t batch_size(void)
{
    uint8_t memory[4096];
    return (uint32_t)node_batch(memory, sizeof memory, RECORDS, 100, 0).size;
}

static void every_offset_leads_to_the_batch_that_holds_it(void **state)
{
    (void)state;
    tail_begin();
    for (int64_t offset = 0; offset < BATCHES * RECORDS; offset++) {
        struct log_read read = read_at(logs[0], offset, INT64_MAX, 1, true, 64);
        assert_int_equal(first_offset(&read), offset / RECORDS * RECORDS);
        assert_int_equal(read.size, batch_size());
    }
    struct log_read read = read_at(logs[0], BATCHES * RECORDS, INT64_MAX, 1000, true, 64);
    assert_int_equal(read.extent_count, 0);
    assert_int_equal(read_at(logs[0], BATCHES * RECORDS + 1, INT64_MAX, 1000, true, 64).status, STATUS_OUT_OF_RANGE);
    tail_finish();
}

static void size_limit_and_extents_bound_a_read(void **state)
{
    (void)state;
    tail_begin();
    uint32_t size = batch_size();
    assert_int_equal(read_at(logs[0], 0, INT64_MAX, 1 << 20, false, 64).size, size * BATCHES);
    assert_int_equal(read_at(logs[0], 0, INT64_MAX, size * 5, false, 64).size, size * 5);
    assert_int_equal(read_at(logs[0], 0, INT64_MAX, size * 5 - 1, false, 64).size, size * 4);
    assert_int_equal(read_at(logs[0], 0, INT64_MAX, size - 1, false, 64).size, 0);
    assert_int_equal(read_at(logs[0], 0, INT64_MAX, size - 1, true, 64).size, size);
    assert_int_equal(read_at(logs[0], 0, INT64_MAX, 1 << 20, false, 7).extent_count, 7);
    /* A batch that begins below the limit is given whole. */
    assert_int_equal(read_at(logs[0], 0, 3 * RECORDS, 1 << 20, false, 64).size, size * 3);
    assert_int_equal(read_at(logs[0], 0, 3 * RECORDS + 1, 1 << 20, false, 64).size, size * 4);
    assert_int_equal(read_at(logs[0], 7, 7, 1 << 20, false, 64).extent_count, 0);
    tail_finish();
}

static void neighbours_in_memory_are_one_extent(void **state)
{
    (void)state;
    tail_begin();
    int64_t end = logs[0]->end;
    for (uint64_t i = 0; i < 10; i++) assert_int_equal(node_append(logs[0], 1, 100, (uint64_t)end + i), STATUS_OK);
    struct log_read read = read_at(logs[0], end, INT64_MAX, 1 << 20, false, 64);
    assert_int_equal(read.extent_count, 1);
    assert_int_equal(first_offset(&read), end);
    node_settle(&node);
    tail_finish();
}

static void gaps_lead_to_the_next_batch(void **state)
{
    (void)state;
    tail_begin();
    static uint8_t memory[4096];
    struct bytes batch = node_batch(memory, sizeof memory, 2, 50, 0);
    batch_stamp(memory, 500, 3);
    struct log_append append = { .batches = batch, .origin = APPEND_REPLICA, .leader_epoch = 3 };
    assert_int_equal(log_append(logs[0], &append), STATUS_OK);
    assert_int_equal(append.first, 500);
    assert_int_equal(append.limit, 502);
    struct log_read read = read_at(logs[0], 300, INT64_MAX, 1 << 20, false, 64);
    assert_int_equal(first_offset(&read), 500);
    node_settle(&node);
    tail_finish();
}

static void only_what_is_written_leaves(void **state)
{
    (void)state;
    tail_begin();
    struct tail *tail = logs[0]->tail;
    struct gather *gather = tail_span(tail, 0)->gather;
    uint32_t spans = gather->spans;

    assert_false(tail_leave(node.stores[0]->tails, tail, gather));
    assert_int_equal(gather->spans, spans);
    spill_log(node.stores[0]->spill, logs[0]);
    spill_go(node.stores[0]->spill);
    node_settle(&node);
    assert_int_equal(tail->written, tail->count);
    assert_true(tail_leave(node.stores[0]->tails, tail, gather));
    assert_null(logs[0]->tail);
    assert_true(gather->spans < spans);
    assert_int_equal(log_tail_first(logs[0]), logs[0]->end);
    assert_int_equal(node_read_all(&node, logs[0], 0), logs[0]->end);
    assert_int_equal(node_read_all(&node, logs[1], 0), logs[1]->end);
    tail_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_leads_to_the_batch_that_holds_it),
        cmocka_unit_test(size_limit_and_extents_bound_a_read),
        cmocka_unit_test(neighbours_in_memory_are_one_extent),
        cmocka_unit_test(gaps_lead_to_the_next_batch),
        cmocka_unit_test(only_what_is_written_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
