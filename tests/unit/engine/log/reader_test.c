/* What reads need first: files and indexes are opened when they are wanted, bounded, and held while somebody reads. */
#include "files.h"

static uint8_t joined[16 << 20];

static void gone(struct ready *ready)
{
    container_of(ready, struct node_closing, ready)->done = true;
}

/* A log is deleted under its readers: each ends, and only then the log is gone. */
static void a_deleted_log_waits_for_its_readers(void **state)
{
    (void)state;
    struct node node;

    for (int turns = 0; turns < 8; turns++) {
        struct extent extents[4];
        struct node_closing removal = { .done = false };
        files_begin(&node, 1 << 20);
        files_fill(&node, files_start(&node), 100, 5, 2000);
        node_stop(&node);
        struct log *log = files_start(&node);
        struct node_reading reading = {
            .read = { .log = log, .limit = log->end, .size_max = 1 << 20, .extents = extents, .extent_max = 4 }
        };
        ready_init(&reading.read.ready, node_read_done);
        ready_init(&removal.ready, gone);
        reading.done = log_read_begin(&reading.read);
        for (int i = 0; i < turns; i++) node_turn(&node);
        log_delete(log, &removal.ready);
        while (!reading.done || !removal.done) node_turn(&node);
        for (uint32_t i = 0; i < reading.read.extent_count; i++) block_unpin(extents[i].block);
        assert_true(reading.read.status == STATUS_OK || reading.read.status == STATUS_NOT_FOUND);
        node_settle(&node);
        assert_int_equal(files_size_of(&node, "00000000000000000000.log"), -1);
        node_stop(&node);
        node_remove(&node);
    }
}

static void files_and_indexes_are_bounded(void **state)
{
    (void)state;
    enum { FILES_MAX = 8 };
    struct node node;
    size_t size;

    files_begin(&node, 100 << 10);
    files_fill(&node, files_start(&node), 240, 1, 10000);
    node_stop(&node);
    struct log *log = files_start(&node);
    struct reader *reader = reader_of(log->store);
    reader->files_max = FILES_MAX;
    reader->entries_max = 3;
    assert_true(log->segments->count > 2 * FILES_MAX);
    for (int64_t offset = 0; offset < log->end; offset += 3) {
        assert_int_equal(files_read_at(&node, log, offset, 1, joined, &size), STATUS_OK);
        uint32_t open = 0, indexed = 0;
        for (uint32_t i = 0; i < log->segments->count; i++) {
            open += log->segments->items[i].file >= 0;
            indexed += log->segments->items[i].index.count > 0;
        }
        assert_true(open <= FILES_MAX && indexed <= 4);
    }
    node_stop(&node);
    node_remove(&node);
}

/* After a crash the index lacks what was placed before; reads bring it back. */
static void a_crash_loses_no_way_to_any_batch(void **state)
{
    (void)state;
    struct node node;
    size_t size;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    files_fill(&node, log, 3000, 1, 20000); /* Enough to be written out, with checkpoints. */
    node_crash(&node);
    log = files_start(&node);
    assert_int_equal(log->end, 3000);
    assert_true(log_tail_first(log) > 100);
    for (int64_t offset = 0; offset < log_tail_first(log); offset += 97) {
        struct batch batch;
        assert_int_equal(files_read_at(&node, log, offset, 1, joined, &size), STATUS_OK);
        assert_int_equal(batch_read(joined, size, &batch), STATUS_OK);
        assert_int_equal(batch.base_offset, offset);
    }
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    node_stop(&node);
    node_remove(&node);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deleted_log_waits_for_its_readers),
        cmocka_unit_test(files_and_indexes_are_bounded),
        cmocka_unit_test(a_crash_loses_no_way_to_any_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
