/* Truncation, as a follower that diverged needs it: what lies above the cut is as if it had never been, wherever its
 * bytes were, and after a crash as well. */
#include "files.h"

#include "log/wal.h"

#include "log/epochs.h"
#include "log/producer_state.h"

static void cut(struct node *node, struct log *log, int64_t end)
{
    int64_t sequence;
    enum status status;
    while ((status = log_truncate(log, end, &sequence)) == STATUS_BUSY) node_turn(node);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(log->end, end);
}

static void check_end(struct node *node, struct log *log, int64_t end)
{
    assert_int_equal(log->end, end);
    struct segment *last = segments_last(log);
    if (last) {
        assert_int_equal(last->limit, end);
        assert_int_equal(last->max_timestamp_ms, last->size > 0 ? 1700000000000 + end - 1 : -1);
    }
    assert_int_equal(node_read_all(node, log, 0), end);
}

static void bytes_in_memory_are_cut(void **state)
{
    (void)state;
    struct node node;
    files_begin(&node, 100 << 10);
    struct log *log = files_start(&node);
    files_fill(&node, log, 40, 5, 2000);
    cut(&node, log, 115);
    node_settle(&node);
    check_end(&node, log, 115);
    files_fill(&node, log, 5, 5, 2000);
    check_end(&node, log, 140);
    node_crash(&node);
    log = files_start(&node);
    check_end(&node, log, 140);
    node_stop(&node);
    node_remove(&node);
}

/* A stream writes whole blocks: of its last batch the file has a part, and memory has all of it. */
static void a_batch_that_the_file_has_in_part_is_whole(void **state)
{
    (void)state;
    struct node node;
    files_begin(&node, 100 << 20);
    struct log *log = files_start(&node);
    files_fill(&node, log, 2, 5, 60000);
    files_fill(&node, log, 3, 5, 200);
    const struct segment *segment = segments_last(log);
    assert_true(segment->written > 300000 && segment->written < segment->size);
    cut(&node, log, 10);
    check_end(&node, log, 10);
    node_crash(&node);
    log = files_start(&node);
    check_end(&node, log, 10);
    node_stop(&node);
    node_remove(&node);
}

static void sealed_segments_are_opened_again(void **state)
{
    (void)state;
    struct node node;
    files_begin(&node, 100 << 10);
    files_fill(&node, files_start(&node), 60, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    assert_true(log->segments->count > 4 && log->segments->items[1].sealed);
    assert_int_equal(node_read_all(&node, log, 0), 300);
    int64_t end = log->segments->items[1].base + 10;
    cut(&node, log, end);
    assert_int_equal(log->segments->count, 2);
    check_end(&node, log, end);
    files_fill(&node, log, 30, 5, 2000);
    check_end(&node, log, end + 150);
    node_stop(&node); /* Kafka must not find the segments that were cut off. */
    log = files_start(&node);
    check_end(&node, log, end + 150);
    node_stop(&node);
    node_remove(&node);
}

static void a_cut_at_a_segments_base_leaves_the_one_before(void **state)
{
    (void)state;
    struct node node;
    files_begin(&node, 100 << 10);
    files_fill(&node, files_start(&node), 60, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    int64_t end = log->segments->items[2].base;
    cut(&node, log, end);
    assert_int_equal(log->segments->count, 2);
    check_end(&node, log, end);
    node_settle(&node);
    node_crash(&node);
    log = files_start(&node);
    check_end(&node, log, end);
    cut(&node, log, 0);
    assert_int_equal(log->segments->count, 0);
    check_end(&node, log, 0);
    files_fill(&node, log, 3, 5, 2000);
    check_end(&node, log, 15);
    node_stop(&node);
    log = files_start(&node);
    check_end(&node, log, 15);
    node_stop(&node);
    node_remove(&node);
}

static struct bytes producer_batch(uint8_t *memory, size_t room, int32_t sequence, uint16_t attributes)
{
    struct batch_builder builder;
    static const uint8_t value[3000];
    batch_begin(&builder, memory, room, attributes, 1700000000000);
    builder.batch.producer_id = 42;
    builder.batch.producer_epoch = 0;
    builder.batch.base_sequence = sequence;
    batch_add(&builder, BYTES_NULL, (struct bytes){ value, sizeof value }, 1700000000000);
    return batch_end(&builder);
}

static void producers_forget_what_was_cut(void **state)
{
    (void)state;
    static uint8_t memory[8192];
    struct node node;
    files_begin(&node, 20 << 10); /* Rolls, so that there are snapshots in memory and on disk. */
    struct log *log = files_start(&node);
    for (int32_t i = 0; i < 40; i++) {
        struct log_append append = {
            .batches = producer_batch(memory, sizeof memory, i, i >= 38 ? BATCH_TRANSACTIONAL : 0),
            .origin = APPEND_CLIENT,
            .leader_epoch = i / 10,
        };
        assert_int_equal(log_append(log, &append), STATUS_OK);
        if (i == 20) {
            node_settle(&node);
            node_stop(&node);
            log = files_start(&node);
        }
    }
    node_settle(&node);
    assert_int_equal(log_state_first_unstable(log, 40), 38);
    for (int64_t end = 39; end > 0; end -= 7) {
        struct batch last, next;
        struct producer_batch original;
        cut(&node, log, end);
        node_settle(&node);
        assert_int_equal(log_state_first_unstable(log, end), end > 38 ? 38 : INT64_MAX);
        assert_int_equal(epochs_latest(log->epochs), (end - 1) / 10);
        batch_decode(producer_batch(memory, sizeof memory, (int32_t)end - 1, BATCH_TRANSACTIONAL).data, &last);
        assert_int_equal(producer_state_check(log->producers, &last, &original), STATUS_DUPLICATE);
        assert_int_equal(original.last_offset, end - 1);
        batch_decode(producer_batch(memory, sizeof memory, (int32_t)end, BATCH_TRANSACTIONAL).data, &next);
        assert_int_equal(producer_state_check(log->producers, &next, &original), STATUS_OK);
    }
    node_stop(&node);
    node_remove(&node);
}

/* What comes after the cut must not stand in the segment before the cut is durable. */
static void a_truncation_that_a_kill_undoes_leaves_the_log_as_it_was(void **state)
{
    (void)state;
    struct node node;
    static uint8_t zeros[1 << 20];
    char path[160], name[64];
    int64_t sequence;
    int file;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    for (int i = 0; i < 4; i++) assert_int_equal(node_append(log, 1, 300000, (uint64_t)log->end), STATUS_OK);
    node_settle(&node);
    const struct wal_file *current = node.stores[0]->wal->current;
    uint64_t used = current->used;
    wal_file_name(0, current->number, name);
    assert_int_equal(log_truncate(log, 2, &sequence), STATUS_OK);
    assert_int_equal(node_append(log, 1, 350000, (uint64_t)log->end), STATUS_BUSY);
    node_settle(&node);
    node_crash(&node);
    snprintf(path, sizeof path, "%s/%s", node.path, name);
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_WRITE, &file), STATUS_OK);
    assert_int_equal(files_write(files_kernel(), file, zeros, sizeof zeros, used, 0), STATUS_OK); /* never written */
    files_close(files_kernel(), file);
    log = files_start(&node);
    assert_int_equal(log->end, 4);
    assert_int_equal(node_read_all(&node, log, 0), 4);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_truncation_that_a_kill_undoes_leaves_the_log_as_it_was),
        cmocka_unit_test(bytes_in_memory_are_cut),
        cmocka_unit_test(a_batch_that_the_file_has_in_part_is_whole),
        cmocka_unit_test(sealed_segments_are_opened_again),
        cmocka_unit_test(a_cut_at_a_segments_base_leaves_the_one_before),
        cmocka_unit_test(producers_forget_what_was_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
