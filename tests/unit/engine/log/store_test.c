/* The way of the data through the memory half: append, flush, durable, read; kill and start again; on a real file
 * system. */
#include "node_end.h"
#include "node_records.h"

#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/gather.h"
#include "log/segment.h"
#include "log/spill.h"
#include "log/tail.h"
#include "log/wal.h"

static void what_was_durable_is_there_after_a_kill(void **state)
{
    (void)state;
    struct node node;
    int64_t ends[4] = { 0 };
    node_init(&node, 1);

    for (int round = 0; round < 4; round++) {
        node_start(&node);
        assert_int_equal(node.directory->found_count, round == 0 ? 0 : 4);
        struct log *logs[4];
        for (int i = 0; i < 4; i++) logs[i] = node_log(&node, 0, "t", i);
        node_begin(&node);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(logs[i]->end, ends[i]);
            assert_int_equal(logs[i]->durable.at, ends[i]);
            assert_int_equal(node_read_all(&node, logs[i], 0), ends[i]);
        }
        for (int i = 0; i < 200; i++) {
            struct log *log = logs[i % 4];
            assert_int_equal(node_append(log, 1 + (uint32_t)i % 3, 50 + (size_t)i * 7, (uint64_t)log->end), STATUS_OK);
            if (i % 5 == 0) node_turn(&node);
        }
        node_settle(&node);
        for (int i = 0; i < 4; i++) ends[i] = logs[i]->durable.at;
        node_crash(&node);
    }
    node_remove(&node);
}

/* A WAL of four small files and a tail of a few blocks: both are used again and again. */
static void a_long_stream_goes_to_segments_and_the_wal_is_reused(void **state)
{
    (void)state;
    struct node node;
    node_init(&node, 1);
    node.plan.wal_size = 8 << 20;
    node.plan.wal_file_size = 2 << 20;
    node.plan.data.budget[MEMORY_TAIL] = (size_t)6 * MEMORY_CHUNK;
    int64_t ends[4] = { 0 };

    for (int round = 0; round < 3; round++) {
        node_start(&node);
        struct log *logs[4];
        for (int i = 0; i < 4; i++) logs[i] = node_log(&node, 0, "t", i);
        node_begin(&node);
        for (int i = 0; i < 4; i++) assert_int_equal(logs[i]->end, ends[i]);

        uint64_t seed = 1;
        for (int i = 0; i < 2000; i++) {
            seed = seed * 6364136223846793005u + 1;
            struct log *log = logs[(seed >> 33) % 4];
            enum status status = node_append(log, 1, 100 + (seed >> 40) % 40000, (uint64_t)log->end);
            while (status == STATUS_BUSY) {
                node_turn(&node);
                status = node_append(log, 1, 100 + (seed >> 40) % 40000, (uint64_t)log->end);
            }
            assert_int_equal(status, STATUS_OK);
            if (i % 7 == 0) node_turn(&node);
            while (log->waiting > 100000) node_turn(&node); /* Never enough for a stream. */
        }
        node_settle(&node);
        struct store *store = node.stores[0];
        assert_true(store->checkpoint->count > 2);
        assert_true(store->wal->file_count <= 8);
        assert_true(store->spill->bytes_written > 0);
        for (int i = 0; i < 4; i++) {
            ends[i] = logs[i]->durable.at;
            assert_int_equal(ends[i], logs[i]->end);
            assert_int_equal(node_read_all(&node, logs[i], 0), ends[i]);
        }
        node_crash(&node);
    }
    node_remove(&node);
}

/* Large batches among small ones, segments that roll, little memory: bytes go straight to segments, also over a
 * kill. */
static void large_appends_are_written_once_and_survive(void **state)
{
    (void)state;
    struct node node;
    struct log_settings settings = node_log_settings;
    settings.segment_bytes = 5 << 20;
    node_init(&node, 1);
    node.plan.data.budget[MEMORY_TAIL] = (size_t)16 * MEMORY_CHUNK;
    int64_t ends[3] = { 0 };

    for (int round = 0; round < 4; round++) {
        node_start(&node);
        struct log *logs[3];
        for (int i = 0; i < 3; i++) {
            logs[i] = node_log(&node, 0, "t", i);
            log_change_settings(logs[i], &settings);
        }
        node_begin(&node);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(logs[i]->end, ends[i]);
            assert_int_equal(node_read_all(&node, logs[i], 0), ends[i]);
        }

        uint64_t seed = (uint64_t)round + 7;
        uint64_t produced = 0, replayed = node.stores[0]->wal->bytes_written;
        for (int i = 0; i < 300; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            struct log *log = logs[(seed >> 33) % 3];
            size_t size = (seed >> 60) < 5 ? 100 + (seed >> 40) % 2000 : 100000 + (seed >> 40) % 600000;
            enum status status;
            while ((status = node_append(log, 1, size, (uint64_t)log->end)) == STATUS_BUSY) node_turn(&node);
            assert_int_equal(status, STATUS_OK);
            produced += size;
            if (i % 3 == 0) node_turn(&node);
            if (i % 50 == 0) node_settle(&node);
        }
        node_settle(&node);
        struct store *store = node.stores[0];
        assert_true(store->wal->bytes_written - replayed < produced);
        for (int i = 0; i < 3; i++) {
            ends[i] = logs[i]->durable.at;
            assert_int_equal(ends[i], logs[i]->end);
            assert_int_equal(logs[i]->waiting, 0);
            assert_int_equal(node_read_all(&node, logs[i], 0), ends[i]);
        }
        if (round == 2) {
            node_stop(&node);
        } else {
            node_crash(&node);
        }
    }
    node_remove(&node);
}

static void a_deleted_log_stays_deleted(void **state)
{
    (void)state;
    struct node node;
    node_init(&node, 1);
    for (int round = 0; round < 2; round++) {
        node_start(&node);
        assert_int_equal(node.directory->found_count, round);
        struct log *kept = node_log(&node, 0, "kept", 0);
        struct log *log = round == 0 ? node_log(&node, 0, "t", 0) : NULL;
        node_begin(&node);
        assert_int_equal(kept->end, round * 20);
        if (!log) {
            node_crash(&node);
            break;
        }
        for (uint32_t k = 0; k < 20; k++) {
            assert_int_equal(node_append(log, 1, 1000, k), STATUS_OK);
            assert_int_equal(node_append(kept, 1, 1000, k), STATUS_OK);
        }
        node_settle(&node);
        node_delete(&node, log);
        node_crash(&node);
    }
    node_remove(&node);
}

/* Of those that stay none is missed or met twice, whichever go on the way: met already, to be met next, the last. */
static void a_walk_goes_on_while_logs_come_and_go(void **state)
{
    (void)state;
    struct node node;
    struct log *logs[6];
    struct store_walk first, second;

    node_init(&node, 1);
    node_start(&node);
    for (int i = 0; i < 6; i++) logs[i] = node_log(&node, 0, "t", i);
    node_begin(&node);
    struct store *store = node.stores[0];
    store_walk_begin(&first, store);
    store_walk_begin(&second, store);
    assert_ptr_equal(store_walk_next(&first), logs[0]);
    assert_ptr_equal(store_walk_next(&first), logs[1]);
    node_delete(&node, logs[0]);
    node_delete(&node, logs[2]);
    node_delete(&node, logs[3]);
    assert_ptr_equal(store_walk_next(&first), logs[4]);
    node_delete(&node, logs[5]);
    assert_null(store_walk_next(&first));
    assert_ptr_equal(store_walk_next(&second), logs[1]);
    logs[5] = node_log(&node, 0, "late", 0);
    node_delete(&node, logs[4]);
    assert_ptr_equal(store_walk_next(&second), logs[5]);
    node_delete(&node, logs[5]);
    assert_null(store_walk_next(&second));
    assert_true(list_empty(&store->walks));
    node_crash(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_durable_is_there_after_a_kill),
        cmocka_unit_test(a_long_stream_goes_to_segments_and_the_wal_is_reused),
        cmocka_unit_test(large_appends_are_written_once_and_survive),
        cmocka_unit_test(a_deleted_log_stays_deleted),
        cmocka_unit_test(a_walk_goes_on_while_logs_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
