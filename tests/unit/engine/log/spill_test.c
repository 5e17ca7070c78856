/* Writing out: what stands in a segment stays as it is while more is written behind it; memory comes back, oldest
 * first. */
#include "files.h"

#include "log/gather.h"
#include "log/spill.h"
#include "log/tail.h"

static uint8_t seen[4 << 20], again[4 << 20];

static void written_out(struct node *node, struct log *log)
{
    spill_log(log->store->spill, log);
    spill_go(log->store->spill);
    node_settle(node);
    const struct segment *segment = segments_last(log);
    assert_int_equal(segment->written, segment->size);
}

static size_t segment_bytes(const struct node *node, const struct log *log, uint8_t *to)
{
    char path[256];
    size_t done;
    int file;

    files_path(node, path, "00000000000000000000.log");
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &file), STATUS_OK);
    assert_int_equal(files_read(files_kernel(), file, to, segments_last(log)->written, 0, &done), STATUS_OK);
    files_close(files_kernel(), file);
    return done;
}

/* Batches that end anywhere in a block. */
static void a_block_that_is_written_again_keeps_what_it_had(void **state)
{
    (void)state;
    struct node node;
    size_t had = 0;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    for (size_t i = 0; i < 40; i++) {
        files_fill(&node, log, 1, 1, 100 + i * 397);
        written_out(&node, log);
        size_t size = segment_bytes(&node, log, again);
        assert_true(size > had);
        assert_memory_equal(again, seen, had);
        memcpy(seen, again, size);
        had = size;
    }
    int64_t end = log->end;
    struct batch batch;
    for (size_t at = 0; at < had; at += batch.size) {
        assert_int_equal(batch_read(seen + at, had - at, &batch), STATUS_OK);
        assert_int_equal(batch_check_crc(&batch), STATUS_OK);
    }
    node_crash(&node);
    log = files_start(&node);
    assert_int_equal(log->end, end);
    assert_int_equal(node_read_all(&node, log, 0), end);
    node_stop(&node);
    node_remove(&node);
}

/* At a start the file may hold more behind the log's end than the log says: an extent of the incarnation that is still
 * in force. It is not written over with zeros. */
static void a_start_keeps_what_stands_behind_the_end(void **state)
{
    (void)state;
    struct node node;
    char path[256];
    uint8_t found[8];
    size_t done;
    int file;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    files_fill(&node, log, 3, 1, 500);
    uint64_t size = segments_last(log)->size;
    written_out(&node, log);
    files_damage(&node, "00000000000000000000.log", size + 100, "behind", 6);
    node_crash(&node);
    log = files_start(&node); /* The start appends it again; whoever needs the memory writes it out before the root. */
    assert_int_equal(node_read_all(&node, log, 0), 3);
    node.stores[0]->starting = true;
    assert_int_equal(spill_now(node.stores[0]->spill, log), STATUS_OK);
    node.stores[0]->starting = false;
    files_path(&node, path, "00000000000000000000.log");
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &file), STATUS_OK);
    assert_int_equal(files_read(files_kernel(), file, found, 6, size + 100, &done), STATUS_OK);
    files_close(files_kernel(), file);
    assert_memory_equal(found, "behind", 6);
    node_crash(&node);
    node_remove(&node);
}

static void a_log_is_in_one_slot_and_the_others_wait(void **state)
{
    (void)state;
    enum { LOGS = 7 };
    struct node node;
    struct log *logs[LOGS];

    node_init(&node, 1);
    node_start(&node);
    for (int i = 0; i < LOGS; i++) logs[i] = node_log(&node, 0, "t", i);
    node_begin(&node);
    struct spill *spill = node.stores[0]->spill;
    for (int i = 0; i < LOGS; i++) assert_int_equal(node_append(logs[i], 1, 10000, 0), STATUS_OK);
    node_settle(&node);
    for (int i = 0; i < LOGS; i++) {
        spill_log(spill, logs[i]);
        spill_log(spill, logs[i]); /* Twice is once. */
    }
    for (spill_go(spill); spill->running > 0 || !list_empty(&spill->queue); node_turn(&node)) {
        for (int i = 0; i < SPILL_SLOTS; i++) {
            for (int k = 0; k < i; k++) assert_true(!spill->slots[i].log || spill->slots[i].log != spill->slots[k].log);
            if (spill->slots[i].log) spill_log(spill, spill->slots[i].log);
        }
    }
    node_settle(&node);
    assert_int_equal(spill->running, 0);
    for (int i = 0; i < LOGS; i++) assert_int_equal(segments_last(logs[i])->written, segments_last(logs[i])->size);
    assert_int_equal(spill->write_count, LOGS); /* Each once. */
    node_crash(&node);
    node_remove(&node);
}

static void memory_comes_back_oldest_first(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    struct store *store = node.stores[0];
    for (int i = 0; i < 100; i++) files_fill(&node, log, 1, 1, 100000);
    assert_int_equal(log_tail_first(log), 0);
    size_t free = memory_free(node.shard[0].memory, MEMORY_TAIL), wanted = free + (size_t)2 * GATHER_BLOCK_SIZE;
    for (int i = 0; i < 3; i++) {
        spill_for_memory(store->spill, wanted);
        spill_go(store->spill);
        node_settle(&node);
    }
    spill_for_memory(store->spill, wanted);
    assert_true(memory_free(node.shard[0].memory, MEMORY_TAIL) >= free + GATHER_BLOCK_SIZE);
    assert_in_range(log_tail_first(log), 1, 99); /* What is new stays, as the cache of recent bytes. */
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_that_is_written_again_keeps_what_it_had),
        cmocka_unit_test(a_start_keeps_what_stands_behind_the_end),
        cmocka_unit_test(a_log_is_in_one_slot_and_the_others_wait),
        cmocka_unit_test(memory_comes_back_oldest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
