/* Reads that find no room in the read cache: they wait in a queue that nobody overtakes, hold nothing meanwhile, and
 * leave it when they are told to hurry, are cancelled, or ask for more than there is. Real files, direct. */
#include "files.h"

enum { READERS = 3, EXTENTS = 8 };

static struct node node;
static struct log *small; /* batches of 20 KB */
static struct log *large; /* of 3 MB, which is more than the cache holds */
static struct block *hog;
static struct node_reading readings[READERS];
static struct extent extents[READERS][EXTENTS];

/* Eight pieces of cache. */
static int begin(void **state)
{
    (void)state;
    files_begin(&node, 1 << 30);
    files_fill(&node, files_start(&node), 600, 1, 20000);
    files_fill(&node, files_open_log(&node, "l"), 2, 3, 1 << 20);
    node_stop(&node);
    node.plan.data.budget[MEMORY_CACHE] = MEMORY_CHUNK;
    node_start(&node);
    small = large = NULL;
    small = files_open_log(&node, "t");
    list_each(&node.stores[0]->logs, at)
    {
        struct log *log = container_of(at, struct log, node);
        if (log != small) large = log;
    }
    node_begin(&node);
    assert_non_null(large);
    return 0;
}

static int end(void **state)
{
    (void)state;
    node_settle(&node);
    assert_true(list_empty(&reader_of(node.stores[0])->cache.rooms));
    node_stop(&node);
    node_remove(&node);
    return 0;
}

static struct cache *cache(void)
{
    return &reader_of(node.stores[0])->cache;
}

/* All of the budget is somebody else's. */
static void cache_take_all(void)
{
    struct memory *memory = node.shards[0]->memory;
    node_settle(&node);
    reader_forget(small);
    reader_forget(large);
    assert_int_equal(memory_used(memory, MEMORY_CACHE), 0);
    hog = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
    assert_non_null(hog);
}

static void read_begin(int i, struct log *log, int64_t offset, bool hasty)
{
    readings[i] = (struct node_reading){ .read = { .log = log,
                                                   .offset = offset,
                                                   .limit = log->end,
                                                   .size_max = 100000,
                                                   .first_whole = true,
                                                   .hasty = hasty,
                                                   .extents = extents[i],
                                                   .extent_max = EXTENTS } };
    ready_init(&readings[i].read.ready, node_read_done);
    readings[i].done = log_read_begin(&readings[i].read);
}

static void read_end(int i)
{
    while (!readings[i].done) node_turn(&node);
    for (uint32_t e = 0; e < readings[i].read.extent_count; e++) block_unpin(extents[i][e].block);
    readings[i].read.extent_count = 0;
}

/* Opens the file and reads the index, so that what follows waits for memory only. */
static void files_prepare(void)
{
    read_begin(0, small, 300, false);
    read_end(0);
    assert_int_equal(readings[0].read.status, STATUS_OK);
}

static void all_who_wait_are_served_and_each_waits_once(void **state)
{
    (void)state;
    files_prepare();
    cache_take_all();
    uint64_t before = cache()->wait_count;
    for (int i = 0; i < READERS; i++) read_begin(i, small, INT64_C(200) * i, false);
    for (int turn = 0; turn < 50; turn++) node_turn(&node);
    for (int i = 0; i < READERS; i++) assert_false(readings[i].done);
    assert_int_equal(cache()->wait_count - before, READERS);

    block_unpin(hog);
    for (int i = 0; i < READERS; i++) {
        read_end(i);
        assert_int_equal(readings[i].read.status, STATUS_OK);
        assert_true(readings[i].read.size > 0);
    }
    assert_int_equal(cache()->wait_count - before, READERS);
}

static void nobody_overtakes_who_waits(void **state)
{
    (void)state;
    files_prepare();
    cache_take_all();
    read_begin(0, small, 0, false);
    node_turn(&node);
    block_unpin(hog); /* Room for all; but whoever comes now is behind. */
    read_begin(1, small, 300, true);
    read_end(1);
    assert_int_equal(readings[1].read.status, STATUS_BUSY);
    read_end(0);
    assert_int_equal(readings[0].read.status, STATUS_OK);
    read_begin(1, small, 300, true);
    read_end(1);
    assert_int_equal(readings[1].read.status, STATUS_OK);
}

static void who_hurries_leaves_its_place_to_the_next(void **state)
{
    (void)state;
    files_prepare();
    cache_take_all();
    read_begin(0, small, 0, false);
    read_begin(1, small, 300, false);
    node_turn(&node);
    log_read_hurry(&readings[0].read);
    read_end(0);
    assert_int_equal(readings[0].read.status, STATUS_BUSY);
    assert_false(readings[1].done);

    block_unpin(hog);
    read_end(1);
    assert_int_equal(readings[1].read.status, STATUS_OK);
    log_read_hurry(&readings[1].read); /* Too late to matter. */
}

/* One that has its room gives it back; so does one whose bytes are on their way. */
static void who_is_cancelled_gives_back_what_it_was_given(void **state)
{
    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        files_prepare();
        cache_take_all();
        read_begin(0, small, 0, false);
        read_begin(1, small, 300, false);
        node_turn(&node);
        block_unpin(hog);
        for (int i = 0; i < turns; i++) node_turn(&node);
        if (!readings[0].done) log_read_cancel(&readings[0].read);
        read_end(0);
        read_end(1);
        assert_int_equal(readings[1].read.status, STATUS_OK);
    }
}

static void more_than_there_is_is_refused_and_holds_up_nobody(void **state)
{
    (void)state;
    files_prepare();
    cache_take_all();
    read_begin(0, large, 0, false);
    read_begin(1, small, 0, false);
    for (int turn = 0; turn < 50; turn++) node_turn(&node);
    block_unpin(hog);
    read_end(0); /* Without a look at what the other one still pins. */
    read_end(1);
    assert_int_equal(readings[0].read.status, STATUS_NO_MEMORY);
    assert_int_equal(readings[1].read.status, STATUS_OK);
}

/* What was read to its end goes before what was read ahead for somebody. */
static void what_was_gone_through_makes_way_first(void **state)
{
    (void)state;
    files_prepare();
    cache_take_all();
    block_unpin(hog);
    uint64_t bytes = cache()->read_bytes;
    for (int64_t offset = 0; offset < small->end;) { /* More than the cache holds, one after the other. */
        read_begin(0, small, offset, false);
        while (!readings[0].done) node_turn(&node);
        assert_int_equal(readings[0].read.status, STATUS_OK);
        offset += readings[0].read.size / 20000; /* Batches of one record, a little larger than that. */
        read_end(0);
    }
    node_settle(&node);
    assert_in_range(cache()->read_bytes - bytes, 12000000, 13000000); /* Each piece once. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_who_wait_are_served_and_each_waits_once),
        cmocka_unit_test(nobody_overtakes_who_waits),
        cmocka_unit_test(who_hurries_leaves_its_place_to_the_next),
        cmocka_unit_test(who_is_cancelled_gives_back_what_it_was_given),
        cmocka_unit_test(more_than_there_is_is_refused_and_holds_up_nobody),
        cmocka_unit_test(what_was_gone_through_makes_way_first),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
