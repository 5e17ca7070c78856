/* A directory that was stopped, damaged in the ways that a disk, a crash or Apache Kafka can leave it, and opened
 * again: what concerns all of it.
 * load_partition, load_segments and load_producers have tests of their own. */
#include "stopped.h"

static void a_clean_stop_is_believed(void **state)
{
    (void)state;
    struct node node;
    stopped(&node);
    struct log *log = files_start(&node);
    assert_true(node.directory->clean_epoch == 7);
    assert_int_equal(log->committed.at, 350);
    assert_int_equal(log_epoch_at(log, 10), 3); /* Of the batches; epoch 2 had none. */
    for (uint32_t i = 0; i + 1 < log->segments->count; i++) assert_true(log->segments->items[i].sealed);
    assert_int_equal(segments_last(log)->max_timestamp_ms, 1700000000349);
    node_stop(&node);
    node_remove(&node);
}

static void malformed_checkpoints_stop_the_start(void **state)
{
    (void)state;
    struct node node;
    char path[128];
    stopped(&node);
    snprintf(path, sizeof path, "%s/%s", node.path, REPLICATION_FILE);
    assert_int_equal(files_replace(files_kernel(), FILES_HERE, path, "0\n2\nt 0 5\n", 10), STATUS_OK);
    assert_int_equal(node_try_start(&node), STATUS_DAMAGED);
    assert_non_null(strstr(node.why, REPLICATION_FILE));
    directory_abandon(node.directory);
    node_end_rest(&node);
    node_remove(&node);
}

static void leftovers_of_kafka_are_finished(void **state)
{
    (void)state;
    struct node node;
    char command[512];
    stopped(&node);
    snprintf(
        command, sizeof command,
        "cd %s && mkdir x-0.0123456789abcdef0123456789abcdef-delete y-0.0123456789abcdef0123456789abcdef-stray "
        "lost+found && touch x-0.0123456789abcdef0123456789abcdef-delete/00000000000000000000.log "
        "t-0/00000000000000000007.log.deleted t-0/00000000000000000007.log.cleaned t-0/unknown.idx && mkdir t-0/sub",
        node.path);
    assert_int_equal(system(command), 0);
    (void)files_start(&node);
    node_settle(&node);
    snprintf(command, sizeof command,
             "cd %s && test ! -e x-0* && test -d y-0* && test -d lost+found && test ! -e t-0/*.deleted && "
             "test ! -e t-0/*.cleaned && test -e t-0/unknown.idx && test -d t-0/sub",
             node.path);
    assert_int_equal(system(command), 0);
    node_stop(&node);
    node_remove(&node);
}

static void a_directory_without_its_topic_is_set_aside(void **state)
{
    (void)state;
    struct node node;
    char command[256];
    stopped(&node);
    files_unlink(&node, PARTITION_FILE);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 0);
    assert_non_null(strstr(node.said, "t-0 is set aside as t-0."));
    snprintf(command, sizeof command, "test -e %s/t-0.*-stray/%s", node.path, first_log);
    assert_int_equal(system(command), 0);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_stop_is_believed),
        cmocka_unit_test(malformed_checkpoints_stop_the_start),
        cmocka_unit_test(leftovers_of_kafka_are_finished),
        cmocka_unit_test(a_directory_without_its_topic_is_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
