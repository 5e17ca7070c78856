/* A log's clean stop: nothing of ours stays, and everything is there that Kafka believes without a look. */
#include "stopped.h"

static bool node_has(const struct node *node, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", node->path, name);
    return access(path, F_OK) == 0;
}

static void a_clean_stop_leaves_nothing_of_ours_and_everything_of_kafkas(void **state)
{
    (void)state;
    struct node node;
    node_init(&node, 2);
    for (int round = 0; round < 3; round++) {
        node_start(&node);
        assert_int_equal(node.directory->clean, round > 0);
        struct log *logs[4];
        for (int i = 0; i < 4; i++) logs[i] = node_log(&node, (uint32_t)i % 2, "t", i);
        node_begin(&node);
        assert_true(node_has(&node, "sluice.open"));
        assert_false(node_has(&node, ".kafka_cleanshutdown"));
        for (int i = 0; i < 4; i++) {
            assert_int_equal(logs[i]->end, 100 * round);
            assert_int_equal(node_read_all(&node, logs[i], 0), 100 * round);
            for (uint32_t k = 0; k < 100; k++)
                assert_int_equal(node_append(logs[i], 1, 1000, (uint64_t)logs[i]->end), STATUS_OK);
        }
        node_stop(&node);
        assert_false(node_has(&node, "sluice.open"));
        assert_false(node_has(&node, "sluice-root"));
        assert_false(node_has(&node, "sluice-wal-0-0"));
        assert_true(node_has(&node, ".kafka_cleanshutdown"));
        assert_true(node_has(&node, "t-3/00000000000000000000.log"));
        assert_true(node_has(&node, "t-3/00000000000000000000.index"));
        assert_true(node_has(&node, "recovery-point-offset-checkpoint"));
    }
    node_remove(&node);
}

static void an_empty_log_is_complete_on_disk(void **state)
{
    (void)state;
    struct node node;
    files_begin(&node, 1 << 20);
    struct log *log = files_start(&node);
    assert_int_equal(log_begin_epoch(log, 0), STATUS_OK);
    assert_int_equal(files_size_of(&node, first_log), -1); /* Nothing on disk while nothing was written. */
    node_settle(&node);
    node_stop(&node);
    assert_int_equal(files_size_of(&node, first_log), 0);
    assert_int_equal(files_size_of(&node, "00000000000000000000.index"), 0);
    assert_int_equal(files_size_of(&node, "00000000000000000000.timeindex"), 0);
    assert_int_equal(files_size_of(&node, PARTITION_FILE), PARTITION_FILE_SIZE);
    assert_int_equal(files_size_of(&node, EPOCHS_FILE), 8);
    check_whole(&node, 0);
}

/* What a crash left behind is not believed by the next start of Kafka's: it is gone. */
static void what_is_no_segment_of_the_log_is_swept(void **state)
{
    (void)state;
    static const char *const names[] = { "00000000000000000777.log", "00000000000000000777.index",
                                         "00000000000000000777.timeindex", "00000000000000000777.txnindex",
                                         "00000000000000000777.snapshot" };
    struct node node;
    char path[256];
    int file;

    stopped(&node);
    struct log *log = files_start(&node);
    files_fill(&node, log, 1, 1, 10);
    for (size_t i = 0; i < array_count(names); i++) {
        files_path(&node, path, names[i]);
        assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_WRITE | FILES_CREATE, &file), STATUS_OK);
        files_close(files_kernel(), file);
    }
    node_stop(&node);
    for (size_t i = 0; i < array_count(names); i++) assert_int_equal(files_size_of(&node, names[i]), -1);
    assert_true(files_size_of(&node, "00000000000000000351.snapshot") > 0);
    node_remove(&node);
}

static void the_last_segment_is_cut_to_its_size(void **state)
{
    (void)state;
    struct node node;
    char name[64];

    stopped(&node);
    struct log *log = files_start(&node);
    files_fill(&node, log, 3, 1, 10);
    const struct segment *last = segments_last(log);
    int64_t base = last->base, size = (int64_t)last->size;
    node_stop(&node);
    name_of(name, base, ".log");
    assert_int_equal(files_size_of(&node, name), size);
    name_of(name, base, ".index");
    assert_int_equal(files_size_of(&node, name) % 8, 0);
    name_of(name, base, ".timeindex");
    assert_true(files_size_of(&node, name) >= 12); /* The last timestamp is always told. */
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_stop_leaves_nothing_of_ours_and_everything_of_kafkas),
        cmocka_unit_test(an_empty_log_is_complete_on_disk),
        cmocka_unit_test(what_is_no_segment_of_the_log_is_swept),
        cmocka_unit_test(the_last_segment_is_cut_to_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
