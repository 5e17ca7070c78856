/* Producers and aborted transactions of a log that is opened: from its snapshots and .txnindex files, or from its
 * batches. */
#include "files.h"
#include "unit.h"

#include "base/arena.h"

/* An idempotent producer's retry is known again after a clean stop, and after Kafka's rules rebuilt its state. */
static void retries_are_known_again(void **state)
{
    (void)state;
    struct node node;
    static uint8_t memory[4096];
    for (int stripped = 0; stripped < 2; stripped++) {
        files_begin(&node, 1 << 20);
        struct log *log = files_start(&node);
        for (int round = 0; round < 2; round++) {
            struct batch_builder builder;
            batch_begin(&builder, memory, sizeof memory, 0, 1700000000000);
            builder.batch.producer_id = 42;
            builder.batch.producer_epoch = 0;
            builder.batch.base_sequence = 0;
            batch_add(&builder, BYTES_NULL, (struct bytes){ (const uint8_t *)"x", 1 }, 1700000000000);
            struct log_append append = { .batches = batch_end(&builder), .origin = APPEND_CLIENT };
            assert_int_equal(log_append(log, &append), STATUS_OK);
            assert_int_equal(append.first, 0);
            assert_int_equal(append.duplicate, round == 1);
            node_settle(&node);
            if (round == 1) break;
            log_commit(log, log->durable.at);
            node_stop(&node);
            if (stripped) {
                files_unlink(&node, "00000000000000000001.snapshot");
                files_no_marker(&node);
            }
            log = files_start(&node);
        }
        node_stop(&node);
        node_remove(&node);
    }
}

/* A batch of `count` records from producer 42, in a transaction. */
static struct log_append transact(struct log *log, int32_t sequence, int32_t count)
{
    static uint8_t memory[4096];
    struct batch_builder builder;

    batch_begin(&builder, memory, sizeof memory, BATCH_TRANSACTIONAL, 1700000000000);
    builder.batch.producer_id = 42;
    builder.batch.producer_epoch = 0;
    builder.batch.base_sequence = sequence;
    for (int32_t i = 0; i < count; i++)
        batch_add(&builder, BYTES_NULL, (struct bytes){ (const uint8_t *)"x", 1 }, 1700000000000);
    struct log_append append = { .batches = batch_end(&builder), .origin = APPEND_CLIENT };
    assert_int_equal(log_append(log, &append), STATUS_OK);
    return append;
}

/* Stops, takes away what tells of producers, and the clean stop's marker. */
static void stop_stripped(struct node *node)
{
    char command[256];
    node_stop(node);
    files_no_marker(node);
    snprintf(command, sizeof command, "rm -f %s/t-0/*.snapshot %s/t-0/*.txnindex", node->path, node->path);
    assert_int_equal(system(command), 0);
}

/* The log's start was raised into the middle of it: what it began is open all the same, and its retry is known. */
static void a_batch_across_the_start_counts(void **state)
{
    (void)state;
    struct node node;
    int64_t sequence;

    files_begin(&node, 1 << 20);
    struct log *log = files_start(&node);
    (void)transact(log, 0, 3);
    files_fill(&node, log, 4, 1, 100);
    assert_int_equal(log_raise_start(log, 1, &sequence), STATUS_OK);
    node_settle(&node);
    stop_stripped(&node);
    log = files_start(&node);
    assert_int_equal(log->start, 1);
    assert_int_equal(log_state_first_unstable(log, log->end), 1);
    assert_true(transact(log, 0, 3).duplicate);
    node_stop(&node);
    node_remove(&node);
}

static void a_damaged_snapshot_is_passed_over(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 10000);
    struct log *log = files_start(&node);
    (void)transact(log, 0, 1);
    files_fill(&node, log, 3, 1, 5000); /* Rolls, with a snapshot of each end. */
    (void)transact(log, 1, 1);
    int64_t end = log->end;
    node_settle(&node);
    node_stop(&node);
    for (int damaged = 0; damaged < 2; damaged++) {
        char name[64];
        snprintf(name, sizeof name, "%020lld.snapshot", (long long)end);
        if (damaged) files_damage(&node, name, 20, "!", 1);
        log = files_start(&node);
        struct log_append again = transact(log, 1, 1);
        assert_true(again.duplicate);
        assert_int_equal(again.first, end - 1);
        node_stop(&node);
    }
    node_remove(&node);
}

static void aborted_transactions_are_known_again(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 20);
    struct log *log = files_start(&node);
    files_fill(&node, log, 1, 1, 100);
    (void)transact(log, 0, 3);
    uint8_t memory[256];
    struct batch marker = unit_marker(memory, 0, 42, 0, true, 1);
    struct log_append append = { .batches = { memory, marker.size }, .origin = APPEND_COORDINATOR };
    assert_int_equal(log_append(log, &append), STATUS_OK);
    node_settle(&node);
    for (int stripped = 0; stripped < 3; stripped++) {
        struct arena arena;
        struct aborted *aborted;
        uint32_t count;
        arena_init(&arena, &node.heap, NULL, 0, 4096);
        assert_int_equal(log_aborted(log, 0, log->end, &arena, &aborted, &count), STATUS_OK);
        assert_int_equal(count, 1);
        assert_int_equal(aborted[0].producer_id, 42);
        assert_int_equal(aborted[0].first_offset, 1);
        arena_reset(&arena);
        if (stripped == 0) node_stop(&node);
        if (stripped > 0) stop_stripped(&node);
        log = files_start(&node);
    }
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retries_are_known_again),
        cmocka_unit_test(a_batch_across_the_start_counts),
        cmocka_unit_test(a_damaged_snapshot_is_passed_over),
        cmocka_unit_test(aborted_transactions_are_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
