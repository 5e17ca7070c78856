/* The read cache: a piece is read once whoever wants it, what is in use stays, and the one unused for longest goes. */
#include "files.h"

#include "log/cache.h"

static uint8_t joined[1 << 20];

/* Eight pieces of cache, and more reads at once than they can serve. */
static void many_readers_share_little_memory(void **state)
{
    (void)state;
    enum { READERS = 12 };
    struct node node;
    struct node_reading readings[READERS];
    static struct extent extents[READERS][8];

    files_begin(&node, 1 << 30);
    files_fill(&node, files_start(&node), 600, 1, 20000);
    node_stop(&node);
    node.plan.data.budget[MEMORY_CACHE] = MEMORY_CHUNK;
    struct log *log = files_start(&node);

    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < READERS; i++) {
            readings[i] = (struct node_reading){ .read = { .log = log,
                                                           .offset = (i * 50 + round * 11) % 600,
                                                           .limit = log->end,
                                                           .size_max = 700000,
                                                           .first_whole = true,
                                                           .extents = extents[i],
                                                           .extent_max = 8 } };
            ready_init(&readings[i].read.ready, node_read_done);
            readings[i].done = log_read_begin(&readings[i].read);
        }
        for (int left = READERS; left > 0;) {
            node_turn(&node);
            for (int i = 0; i < READERS; i++) {
                if (!readings[i].done || !readings[i].read.log) continue;
                assert_int_equal(readings[i].read.status, STATUS_OK);
                assert_true(readings[i].read.size > 0);
                for (uint32_t e = 0; e < readings[i].read.extent_count; e++) block_unpin(extents[i][e].block);
                readings[i].read.log = NULL;
                left--;
            }
        }
    }
    node_stop(&node);
    node_remove(&node);
}

/* Without a room it would be read ahead, for which less makes way. */
static struct cache_room now;

/* A log on disk whose file is open, and nothing in the cache, which has room for eight of its eleven pieces. */
static struct log *cold(struct node *node)
{
    size_t size;

    files_begin(node, 1 << 30);
    files_fill(node, files_start(node), 150, 1, 20000);
    node_stop(node);
    node->plan.data.budget[MEMORY_CACHE] = MEMORY_CHUNK;
    struct log *log = files_start(node);
    assert_int_equal(files_read_at(node, log, 0, 1, joined, &size), STATUS_OK);
    cache_forget(&reader_of(log->store)->cache, log);
    return log;
}

static struct piece *piece_read_now(struct node *node, struct log *log, uint32_t number)
{
    struct piece *piece = cache_piece(&reader_of(log->store)->cache, log, &log->segments->items[0], number, &now);
    assert_non_null(piece);
    while (piece->reading) node_turn(node);
    assert_int_equal(piece->status, STATUS_OK);
    return piece;
}

static void a_piece_is_read_once(void **state)
{
    (void)state;
    struct node node;
    struct log *log = cold(&node);
    struct cache *cache = &reader_of(log->store)->cache;
    struct segment *segment = &log->segments->items[0];
    struct node_closing first = { .done = false }, second = { .done = false };
    struct piece_wait waits[2] = { { .ready = &first.ready }, { .ready = &second.ready } };
    uint64_t reads = cache->read_count, hits = cache->hit_count;

    ready_init(&first.ready, node_closed);
    ready_init(&second.ready, node_closed);
    for (int i = 0; i < 2; i++) list_node_init(&waits[i].node);
    struct piece *piece = cache_piece(cache, log, segment, 1, &now);
    assert_true(piece->reading);
    assert_ptr_equal(cache_piece(cache, log, segment, 1, &now), piece); /* Somebody else, meanwhile. */
    piece_wait(piece, &waits[0]);
    piece_wait(piece, &waits[1]);
    assert_true(log_state_busy(log));
    while (!first.done || !second.done) node_turn(&node);
    assert_int_equal(piece->size, CACHE_PIECE);
    assert_int_equal(cache->read_count, reads + 1);
    assert_int_equal(cache->hit_count, hits + 1);
    assert_int_equal(piece->users, 2);
    piece_leave(piece);
    piece_leave(piece);
    assert_ptr_equal(piece_read_now(&node, log, 1), piece);
    assert_int_equal(cache->read_count, reads + 1);
    piece_leave(piece);
    uint32_t last = (uint32_t)(segment->size / CACHE_PIECE);
    piece = piece_read_now(&node, log, last); /* The last one is as short as the file. */
    assert_int_equal(piece->size, segment->size % CACHE_PIECE);
    piece_leave(piece);
    node_settle(&node);
    assert_false(log_state_busy(log));
    node_stop(&node);
    node_remove(&node);
}

static bool cached(struct node *node, struct log *log, uint32_t number)
{
    struct cache *cache = &reader_of(log->store)->cache;
    uint64_t reads = cache->read_count;
    piece_leave(piece_read_now(node, log, number));
    return cache->read_count == reads;
}

static void the_one_unused_for_longest_goes_first(void **state)
{
    (void)state;
    struct node node;
    struct log *log = cold(&node);
    struct piece *held = piece_read_now(&node, log, 0);

    for (uint32_t i = 1; i < 8; i++) piece_leave(piece_read_now(&node, log, i));
    assert_int_equal(log->segments->pieces, 8);
    assert_true(cached(&node, log, 1)); /* Used again: 2 is the oldest now, 0 is held. */
    assert_false(cached(&node, log, 8));
    assert_int_equal(log->segments->pieces, 8);
    for (uint32_t i = 3; i < 9; i++) assert_true(cached(&node, log, i));
    assert_true(cached(&node, log, 1));
    assert_false(cached(&node, log, 2)); /* In the place of 3. */
    assert_false(cached(&node, log, 3));
    piece_leave(held);
    node_stop(&node);
    node_remove(&node);
}

static void what_was_read_to_its_end_goes_before_that(void **state)
{
    (void)state;
    struct node node;
    struct log *log = cold(&node);

    for (uint32_t i = 0; i < 8; i++) {
        struct piece *piece = piece_read_now(&node, log, i);
        if (i == 5) piece_spent(piece);
        piece_leave(piece);
    }
    assert_false(cached(&node, log, 8)); /* In the place of 5. */
    for (uint32_t i = 0; i < 8; i++) {
        if (i != 5) assert_true(cached(&node, log, i));
    }
    node_stop(&node);
    node_remove(&node);
}

/* Held by a reader, or by a send: there is no room for more. */
static void what_is_in_use_stays(void **state)
{
    (void)state;
    struct node node;
    struct log *log = cold(&node);
    struct cache *cache = &reader_of(log->store)->cache;
    struct piece *pieces[8];

    for (uint32_t i = 0; i < 8; i++) pieces[i] = piece_read_now(&node, log, i);
    assert_null(cache_piece(cache, log, &log->segments->items[0], 8, &now));
    block_pin(pieces[3]->block);
    piece_leave(pieces[3]);
    assert_null(cache_piece(cache, log, &log->segments->items[0], 8, &now));
    block_unpin(pieces[3]->block);
    assert_false(cached(&node, log, 8));
    for (uint32_t i = 0; i < 8; i++) {
        if (i != 3) piece_leave(pieces[i]);
    }
    node_stop(&node);
    node_remove(&node);
}

static void what_is_forgotten_outlives_its_place_while_it_is_held(void **state)
{
    (void)state;
    struct node node;
    struct log *log = cold(&node);
    struct cache *cache = &reader_of(log->store)->cache;
    struct piece *held = piece_read_now(&node, log, 0);

    piece_leave(piece_read_now(&node, log, 1));
    size_t used = memory_used(log->store->shard->memory, MEMORY_CACHE);
    cache_forget(cache, log);
    assert_int_equal(log->segments->pieces, 0);
    assert_int_equal(cache->size, 0);
    assert_true(held->orphan);
    assert_true(memory_used(log->store->shard->memory, MEMORY_CACHE) < used);
    struct piece *again = piece_read_now(&node, log, 0);
    assert_ptr_not_equal(again, held);
    assert_memory_equal(again->block->data, held->block->data, CACHE_PIECE);
    piece_leave(again);
    piece_leave(held);
    cache_forget(cache, log);
    assert_int_equal(memory_used(log->store->shard->memory, MEMORY_CACHE), 0);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_readers_share_little_memory),
        cmocka_unit_test(a_piece_is_read_once),
        cmocka_unit_test(the_one_unused_for_longest_goes_first),
        cmocka_unit_test(what_was_read_to_its_end_goes_before_that),
        cmocka_unit_test(what_is_in_use_stays),
        cmocka_unit_test(what_is_forgotten_outlives_its_place_while_it_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
