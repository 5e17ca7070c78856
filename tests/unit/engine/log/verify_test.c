/* Is a directory what it claims to be: what we leave has no fault, and every damage is told for what it is. */
#include "look.h"

static uint64_t faults(struct node *node)
{
    struct look look;
    look_begin(&look);
    assert_int_equal(inspect_directory(&look.inspect, node->path), STATUS_OK);
    uint64_t count = look.inspect.fault_count;
    look_end(&look);
    return count;
}

static void what_we_leave_has_no_fault(void **state)
{
    (void)state;
    struct node node;
    look_make(&node);
    assert_int_equal(faults(&node), 0);
    node_remove(&node);
}

static void every_damage_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t position;
        size_t size;
    } rows[] = {
        { "00000000000000000000.log", 700, 1 },
        { "00000000000000000000.log", 3, 1 },
        { "00000000000000000000.log", 13, 1 },
        { "00000000000000000000.log", 15, 1 },
        { "00000000000000000000.log", 5000, 0 },
        { "00000000000000000000.index", 7, 1 },
        { "00000000000000000000.index", 3, 1 },
        { "00000000000000000000.timeindex", 7, 1 },
        { "00000000000000000000.timeindex", 11, 1 },
        { "00000000000000000300.snapshot", 3, 1 },
        { EPOCHS_FILE, 2, 1 },
        { PARTITION_FILE, 30, 0 },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct node node;
        look_make(&node);
        files_damage(&node, rows[i].name, rows[i].position, "\xee", rows[i].size);
        assert_true(faults(&node) > 0);
        node_remove(&node);
    }
}

/* The whole of what is said, once with the words and once as objects. */
static void each_fault_has_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t position;
        size_t size; /* 0: cut there */
        const char *words;
    } rows[] = {
        { "00000000000000000000.log", 700, 1, "checksum does not match" },
        { "00000000000000000000.log", 15, 1, "the leader epoch is lower than before" },
        { "00000000000000000000.log", 5000, 0, "ends too early" },
        { "00000000000000000000.log", 7, 1, "offsets overlap" },
        { "00000000000000000000.index", 7, 1, "an entry of .index names no batch" },
        { "00000000000000000000.timeindex", 7, 1, "an entry of .timeindex does not fit its batch" },
        { "00000000000000000300.snapshot", 3, 1, "checksum does not match" },
        { EPOCHS_FILE, 0, 1, "no valid leader-epoch-checkpoint" },
        { PARTITION_FILE, 30, 0, "no valid partition.metadata" },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct node node;
        look_make(&node);
        files_damage(&node, rows[i].name, rows[i].position, "\xee", rows[i].size);
        for (int json = 0; json < 2; json++) {
            struct look look;
            look_begin(&look);
            look.inspect.json = json;
            assert_int_equal(inspect_directory(&look.inspect, node.path), STATUS_OK);
            assert_true(look_finds(&look, json ? "{\"type\":\"fault\"" : "FAULT"));
            if (!look_finds(&look, rows[i].words)) fail_msg("%s: %s", rows[i].name, rows[i].words);
            look_end(&look);
        }
        node_remove(&node);
    }
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    struct node node;
    struct look look;

    look_make(&node);
    files_unlink(&node, "00000000000000000000.index");
    files_unlink(&node, PARTITION_FILE);
    look_begin(&look);
    assert_int_equal(inspect_directory(&look.inspect, node.path), STATUS_OK);
    assert_int_equal(look.inspect.fault_count, 2);
    assert_true(look_finds(&look, "there is no .index"));
    assert_true(look_finds(&look, "60 batches up to offset 300, 2 faults"));
    look_end(&look);
    look_begin(&look);
    assert_int_equal(inspect_directory(&look.inspect, "/tmp/sluice-not-there"), STATUS_NOT_FOUND);
    look_end(&look);
    node_remove(&node);
}

/* It stands outside the checksum; in a log that may have grown since, a later epoch than the file's is no fault. */
static void a_last_batch_of_a_later_epoch_is_told_after_a_clean_stop(void **state)
{
    (void)state;
    struct node node;
    struct log *log;

    files_begin(&node, 1 << 20);
    log = files_start(&node);
    files_fill(&node, log, 5, 1, 1000);
    uint64_t last = segments_last(log)->size;
    files_fill(&node, log, 1, 1, 1000);
    node_stop(&node);
    assert_int_equal(faults(&node), 0);
    files_damage(&node, "00000000000000000000.log", last + 15, "\x09", 1);
    assert_int_equal(faults(&node), 1);
    files_no_marker(&node);
    assert_int_equal(faults(&node), 0);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_leave_has_no_fault),
        cmocka_unit_test(every_damage_is_told),
        cmocka_unit_test(each_fault_has_its_words),
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(a_last_batch_of_a_later_epoch_is_told_after_a_clean_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
