/* What recovery found is live again: on any number of shards, with every byte proved that a segment was trusted
 * with. */
#include "files.h"

static void any_number_of_shards_takes_over(void **state)
{
    (void)state;
    static const uint32_t counts[] = { 3, 1, 2, 4, 2 };
    struct node node;
    node_init(&node, 1);

    for (size_t round = 0; round < array_count(counts); round++) {
        node.shard_count = counts[round];
        node_start(&node);
        struct log *logs[8];
        for (int i = 0; i < 8; i++) logs[i] = node_log(&node, (uint32_t)i % node.shard_count, "t", i);
        node_begin(&node);
        for (int i = 0; i < 8; i++) {
            assert_int_equal(logs[i]->end, round * 10);
            assert_int_equal(node_read_all(&node, logs[i], 0), round * 10);
            for (uint32_t k = 0; k < 10; k++) assert_int_equal(node_append(logs[i], 1, 300, round * 10 + k), STATUS_OK);
        }
        node_crash(&node);
    }
    node_remove(&node);
}

/* Large appends go straight to their segment, and the WAL holds what proves them. Their bytes are lost. */
static void bytes_that_an_extent_stands_for_are_proved(void **state)
{
    (void)state;

    for (int relaxed = 0; relaxed < 2; relaxed++) {
        struct node node;
        enum status status;

        node_init(&node, 1);
        node.relaxed = relaxed;
        node_start(&node);
        struct log *log = node_log(&node, 0, "t", 0);
        node_begin(&node);
        for (uint64_t i = 0; i < 20; i++) {
            while ((status = node_append(log, 1, 400000, i)) == STATUS_BUSY) node_turn(&node);
            assert_int_equal(status, STATUS_OK);
        }
        node_settle(&node);
        node_crash(&node);
        files_damage(&node, "00000000000000000000.log", 4 << 20, "damage", 6); /* In the 11th. */
        node_start(&node);
        log = node_log(&node, 0, "t", 0);
        status = directory_begin(node.directory, node.stores, 1, &node.arena, &node.why);
        if (relaxed) {
            assert_int_equal(status, STATUS_OK);
            assert_in_range(log->end, 1, 10); /* Nobody was promised that they are there. */
        } else {
            assert_int_equal(status, STATUS_DAMAGED);
            assert_non_null(strstr(node.why, "t-0: what the write-ahead log holds from offset"));
        }
        node_crash(&node);
        node_remove(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_shards_takes_over),
        cmocka_unit_test(bytes_that_an_extent_stands_for_are_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
