/* A directory that was stopped, damaged in the ways that a disk, a crash or Apache Kafka can leave it, and opened
 * again. Each row of the reference's tables that concerns a partition's files is here. */
#include "files.h"

#include "log/epochs.h"
#include "log/producer_state.h"

static uint8_t joined[4 << 20];

static const char first_log[] = "00000000000000000000.log";

/* Three segments and a bit: 70 batches of 5 records of 2 KiB with 256 KiB segments. */
static void stopped(struct node *node)
{
    files_begin(node, 256 << 10);
    struct log *log = files_start(node);
    assert_int_equal(log_begin_epoch(log, 2), STATUS_OK);
    files_fill(node, log, 70, 5, 2000);
    assert_true(log->segments->count >= 3);
    node_stop(node);
}

static void name_of(char name[64], int64_t base, const char *suffix)
{
    snprintf(name, 64, "%020lld%s", (long long)base, suffix);
}

static int64_t last_base(const struct node *node)
{
    int64_t base = 0;
    for (int64_t offset = 0; offset < 350; offset += 5) {
        char name[64];
        name_of(name, offset, ".log");
        if (files_size_of(node, name) >= 0) base = offset;
    }
    return base;
}

static void check_whole(struct node *node, int64_t end)
{
    struct log *log = files_start(node);
    assert_int_equal(log->end, end);
    assert_int_equal(log->start, 0);
    assert_int_equal(node_read_all(node, log, 0), end);
    files_fill(node, log, 3, 5, 2000); /* It goes on, */
    assert_int_equal(log->end, end + 15);
    node_stop(node);
    log = files_start(node); /* and is whole again after that. */
    assert_int_equal(log->end, end + 15);
    assert_int_equal(node_read_all(node, log, 0), end + 15);
    node_stop(node);
    node_remove(node);
}

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

static void a_missing_index_is_made_again(void **state)
{
    (void)state;
    struct node node;
    stopped(&node);
    files_unlink(&node, "00000000000000000000.index");
    files_unlink(&node, "00000000000000000000.timeindex");
    struct log *log = files_start(&node);
    assert_int_equal(node_read_all(&node, log, 0), 350);
    node_stop(&node);
    assert_true(files_size_of(&node, "00000000000000000000.index") > 0);
    assert_true(files_size_of(&node, "00000000000000000000.timeindex") > 0);
    node_remove(&node);
}

static void zeros_behind_the_last_batch_are_cut(void **state)
{
    (void)state;
    static const uint8_t zeros[5000];
    struct node node;
    char name[64];

    stopped(&node);
    name_of(name, last_base(&node), ".log");
    int64_t size = files_size_of(&node, name);
    files_damage(&node, name, (uint64_t)size, zeros, sizeof zeros);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 350);
    node_stop(&node);
    assert_int_equal(files_size_of(&node, name), size);
    check_whole(&node, 350);
}

static void a_few_stray_bytes_are_cut(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    stopped(&node);
    name_of(name, last_base(&node), ".log");
    files_damage(&node, name, (uint64_t)files_size_of(&node, name), "stray bytes", 11);
    check_whole(&node, 350);
}

static void a_torn_last_batch_is_lost_alone(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    stopped(&node);
    files_no_marker(&node);
    name_of(name, last_base(&node), ".log");
    files_damage(&node, name, (uint64_t)files_size_of(&node, name) - 10, NULL, 0);
    check_whole(&node, 345);
}

static void without_the_marker_a_bad_batch_above_the_recovery_point_ends_the_log(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    stopped(&node);
    files_no_marker(&node);
    int64_t base = last_base(&node);
    name_of(name, base, ".log");
    files_damage(&node, name, 100, "!", 1); /* The first batch of the last segment. */
    check_whole(&node, base);
}

static void without_a_recovery_point_what_follows_is_set_aside(void **state)
{
    (void)state;
    struct node node;
    char path[128], name[64];

    stopped(&node);
    files_no_marker(&node);
    snprintf(path, sizeof path, "%s/%s", node.path, RECOVERY_POINT_FILE);
    assert_int_equal(files_remove(files_kernel(), FILES_HERE, path), STATUS_OK);
    files_damage(&node, first_log, 10250 * 2 + 500, "!", 1); /* In the third batch. */
    int64_t base = last_base(&node);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 10);
    assert_int_equal(log->segments->count, 1);
    name_of(name, base, ".log.cut");
    assert_true(files_size_of(&node, name) > 0); /* Kafka would have deleted it. */
    node_stop(&node);
    name_of(name, base, ".index");
    assert_int_equal(files_size_of(&node, name), -1); /* Nor does an index without a log stay. */
    node_remove(&node);
}

static void below_the_recovery_point_a_bad_batch_is_not_looked_for(void **state)
{
    (void)state;
    struct node node;
    size_t size;
    stopped(&node);
    files_no_marker(&node);
    files_damage(&node, first_log, 10250 * 2 + 500, "!", 1);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 350);
    assert_int_equal(files_read_at(&node, log, 10, 1, joined, &size),
                     STATUS_CORRUPT); /* It is found when it is read. */
    node_crash(&node);
    node_remove(&node);
}

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

/* A base offset stands outside the checksum: what is wrong in one that a start walks over, or in the last one, is known
 * by its neighbours and by the recovery point. */
static void after_a_clean_stop_a_wrong_base_offset_is_refused(void **state)
{
    (void)state;
    static uint8_t kept[256 << 10];
    struct node node;
    char name[64], path[256];
    enum status status;
    size_t size;
    int file;

    stopped(&node);
    name_of(name, last_base(&node), ".log");
    files_path(&node, path, name);
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &file), STATUS_OK);
    assert_int_equal(files_read(files_kernel(), file, kept, sizeof kept, 0, &size), STATUS_OK);
    files_close(files_kernel(), file);
    size_t count = (size_t)(350 - last_base(&node)) / 5, batch = size / count;
    assert_true(count > 3 && batch * count == size);
    for (int bit = 0; bit < 64; bit += 5) {
        size_t place = (count - 1) * batch + (size_t)bit / 8;
        uint8_t bad = kept[place] ^ (uint8_t)(1 << bit % 8);
        files_damage(&node, name, place, &bad, 1);
        (void)node_restart_end(&node, &status);
        assert_int_equal(status, STATUS_DAMAGED);
        assert_non_null(strstr(node.told, "recovery point"));
        files_damage(&node, name, place, kept + place, 1);
    }
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
    snprintf(command, sizeof command,
             "cd %s && test ! -e x-0* && test -d y-0* && test -d lost+found && test ! -e t-0/*.deleted && "
             "test ! -e t-0/*.cleaned && test -e t-0/unknown.idx && test -d t-0/sub",
             node.path);
    assert_int_equal(system(command), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_stop_is_believed),
        cmocka_unit_test(a_missing_index_is_made_again),
        cmocka_unit_test(zeros_behind_the_last_batch_are_cut),
        cmocka_unit_test(a_few_stray_bytes_are_cut),
        cmocka_unit_test(a_torn_last_batch_is_lost_alone),
        cmocka_unit_test(without_the_marker_a_bad_batch_above_the_recovery_point_ends_the_log),
        cmocka_unit_test(without_a_recovery_point_what_follows_is_set_aside),
        cmocka_unit_test(below_the_recovery_point_a_bad_batch_is_not_looked_for),
        cmocka_unit_test(stripped_to_its_logs_it_opens_whole),
        cmocka_unit_test(malformed_checkpoints_stop_the_start),
        cmocka_unit_test(after_a_clean_stop_a_wrong_base_offset_is_refused),
        cmocka_unit_test(a_damaged_partition_metadata_is_named),
        cmocka_unit_test(marks_are_clamped),
        cmocka_unit_test(a_start_above_the_end_begins_an_empty_log),
        cmocka_unit_test(a_raised_start_survives),
        cmocka_unit_test(leftovers_of_kafka_are_finished),
        cmocka_unit_test(an_interrupted_swap_is_completed),
        cmocka_unit_test(a_directory_without_its_topic_is_set_aside),
        cmocka_unit_test(retries_are_known_again),
        cmocka_unit_test(an_empty_log_is_complete_on_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
