/* One partition directory becomes a log's state: its names, its identity, its offsets. */
#include "stopped.h"

static void stripped_to_its_logs_it_opens_whole(void **state)
{
    (void)state;
    static const char *const suffixes[] = { ".index", ".timeindex", ".snapshot" };
    struct node node;
    char command[256];

    stopped(&node);
    files_no_marker(&node);
    snprintf(command, sizeof command, "rm -f %s/*checkpoint %s/t-0/*checkpoint", node.path, node.path);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < array_count(suffixes); i++) {
        snprintf(command, sizeof command, "rm -f %s/t-0/*%s", node.path, suffixes[i]);
        assert_int_equal(system(command), 0);
    }
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 350);
    assert_int_equal(log_epoch_at(log, 349), 3); /* From the batches: the node's appends say 3. */
    node_stop(&node);
    check_whole(&node, 350);
}

static void a_damaged_partition_metadata_is_named(void **state)
{
    (void)state;
    struct node node;
    enum status status;

    stopped(&node);
    files_damage(&node, PARTITION_FILE, 2, "!", 1);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    assert_string_equal(node.told, "t-0/partition.metadata: malformed");
    node_remove(&node);
}

static void marks_are_clamped(void **state)
{
    (void)state;
    struct node node;
    char path[128];
    stopped(&node);
    snprintf(path, sizeof path, "%s/%s", node.path, REPLICATION_FILE);
    assert_int_equal(files_replace(files_kernel(), FILES_HERE, path, "0\n1\nt 0 5000\n", 13), STATUS_OK);
    struct log *log = files_start(&node);
    assert_int_equal(log->committed.at, 350);
    node_stop(&node);
    node_remove(&node);
}

static void a_start_above_the_end_begins_an_empty_log(void **state)
{
    (void)state;
    struct node node;
    char path[128];
    stopped(&node);
    snprintf(path, sizeof path, "%s/%s", node.path, LOG_START_FILE);
    assert_int_equal(files_replace(files_kernel(), FILES_HERE, path, "0\n1\nt 0 5000\n", 13), STATUS_OK);
    struct log *log = files_start(&node);
    assert_int_equal(log->start, 5000);
    assert_int_equal(log->end, 5000);
    files_fill(&node, log, 1, 1, 100);
    node_stop(&node);
    assert_true(files_size_of(&node, "00000000000000005000.log") > 0);
    assert_int_equal(files_size_of(&node, first_log), -1);
    node_remove(&node);
}

static void a_raised_start_survives(void **state)
{
    (void)state;
    struct node node;
    int64_t sequence;
    files_begin(&node, 256 << 10);
    struct log *log = files_start(&node);
    files_fill(&node, log, 70, 5, 2000);
    assert_int_equal(log_raise_start(log, 122, &sequence), STATUS_OK);
    node_settle(&node);
    node_stop(&node);
    log = files_start(&node);
    assert_int_equal(log->start, 122);
    assert_int_equal(node_read_all(&node, log, 122), 350);
    node_stop(&node);
    node_remove(&node);
}

static void an_interrupted_swap_is_completed(void **state)
{
    (void)state;
    struct node node;
    char command[256];
    stopped(&node);
    snprintf(command, sizeof command, "cd %s/t-0 && cp %s %s.swap && truncate -s 500 %s", node.path, first_log,
             first_log, first_log);
    assert_int_equal(system(command), 0);
    check_whole(&node, 350);
}

/* Compaction made one of two: what it replaces is still there when it is interrupted. */
static void a_swap_takes_the_place_of_all_that_it_covers(void **state)
{
    (void)state;
    struct node node;
    char command[512];

    stopped(&node);
    struct log *log = files_start(&node);
    uint32_t count = log->segments->count;
    int64_t second = log->segments->items[1].base, third = log->segments->items[2].base;
    node_stop(&node);
    snprintf(command, sizeof command, "cd %s/t-0 && cat %s %020lld.log > %s.swap && rm *.index *.timeindex", node.path,
             first_log, (long long)second, first_log);
    assert_int_equal(system(command), 0);
    log = files_start(&node);
    assert_int_equal(log->segments->count, count - 1);
    assert_int_equal(log->segments->items[0].limit, third);
    assert_null(segments_at(log, second));
    node_crash(&node);
    node_remove(&node);
}

static void a_swap_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct node node;
    char command[512];
    enum status status;

    stopped(&node);
    snprintf(command, sizeof command, "cd %s/t-0 && head -c 20000 %s > %s.swap", node.path, first_log, first_log);
    assert_int_equal(system(command), 0);
    int64_t size = files_size_of(&node, first_log);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    assert_non_null(strstr(node.told, "an interrupted swap is cut"));
    assert_int_equal(files_size_of(&node, first_log), size); /* What it would have replaced is there. */
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stripped_to_its_logs_it_opens_whole),
        cmocka_unit_test(a_damaged_partition_metadata_is_named),
        cmocka_unit_test(marks_are_clamped),
        cmocka_unit_test(a_start_above_the_end_begins_an_empty_log),
        cmocka_unit_test(a_raised_start_survives),
        cmocka_unit_test(an_interrupted_swap_is_completed),
        cmocka_unit_test(a_swap_takes_the_place_of_all_that_it_covers),
        cmocka_unit_test(a_swap_that_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
