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

/* The kernel's files, which count what is opened to be written in a partition's directory. */
struct counted_files {
    struct files files;
    struct files_table table;
    _Atomic int opened;
};

static enum status counted_open(struct files *files, int directory, const char *path, int flags, int *file)
{
    struct counted_files *counted = container_of(files, struct counted_files, files);
    if (text_starts(text_of(path), TEXT("t-0/")) && (flags & FILES_WRITE)) counted->opened++;
    return files_open(files_kernel(), directory, path, flags, file);
}

static void counted_begin(struct counted_files *counted, struct node *node)
{
    *counted = (struct counted_files){ .table = *files_kernel()->table };
    counted->table.open = counted_open;
    counted->files.table = &counted->table;
    node->files = &counted->files;
}

/* A start, what `change` does to the log, and a stop: how many of the log's files were written. */
static int files_written(struct node *node, struct counted_files *counted, void (*change)(struct node *, struct log *))
{
    struct log *log = files_start(node);
    if (change) change(node, log);
    node_settle(node);
    counted->opened = 0;
    node_stop(node);
    return counted->opened;
}

static void change_epoch(struct node *node, struct log *log)
{
    (void)node;
    assert_int_equal(log_begin_epoch(log, log->leader_epoch + 1), STATUS_OK);
}

static void change_append(struct node *node, struct log *log)
{
    files_fill(node, log, 1, 1, 10);
}

static void change_roll(struct node *node, struct log *log)
{
    log->segments->roll = true;
    files_fill(node, log, 1, 1, 10);
}

/* Back to where it was, with another batch. */
static void change_again(struct node *node, struct log *log)
{
    int64_t end = log->end, sequence;
    assert_int_equal(log_truncate(log, end - 1, &sequence), STATUS_OK);
    node_settle(node);
    files_fill(node, log, 1, 1, 10);
    assert_int_equal(log->end, end);
}

/* The segment that was the last one is it again. */
static void change_nothing_after_all(struct node *node, struct log *log)
{
    int64_t end = log->end, sequence;
    change_roll(node, log);
    assert_int_equal(log_truncate(log, end, &sequence), STATUS_OK);
}

static void change_start(struct node *node, struct log *log)
{
    int64_t sequence;
    log_commit(log, log->durable.at);
    assert_int_equal(log_raise_start(log, log->end - 1, &sequence), STATUS_OK);
    node_settle(node);
}

static void what_did_not_change_is_not_written_again(void **state)
{
    (void)state;
    struct counted_files counted;
    struct node node;
    int64_t end = 350;

    stopped(&node);
    counted_begin(&counted, &node);
    assert_int_equal(files_written(&node, &counted, NULL), 0);
    assert_int_equal(files_written(&node, &counted, change_epoch), 1);
    assert_int_equal(files_written(&node, &counted, NULL), 0);
    assert_true(files_written(&node, &counted, change_append) >= 4);
    assert_int_equal(files_written(&node, &counted, NULL), 0);
    assert_true(files_written(&node, &counted, change_again) >= 4);
    assert_true(files_written(&node, &counted, change_nothing_after_all) >= 3);
    assert_true(files_written(&node, &counted, change_roll) >= 4);
    assert_int_equal(files_written(&node, &counted, NULL), 0);
    assert_int_equal(files_written(&node, &counted, change_start), 1); /* The first epoch begins there. */
    assert_true(files_size_of(&node, first_log) > 0);
    assert_true(files_written(&node, &counted, NULL) >= 4);
    assert_int_equal(files_size_of(&node, first_log), -1); /* A start has forgotten it, and so must Kafka. */
    assert_int_equal(files_written(&node, &counted, NULL), 0);

    files_no_marker(&node); /* After a crash nothing is believed to be complete. */
    assert_true(files_written(&node, &counted, NULL) >= 4);
    end += 2;
    struct log *log = files_start(&node);
    assert_int_equal(log->end, end);
    assert_int_equal(node_read_all(&node, log, log->start), end);
    node_stop(&node);
    node_remove(&node);
}

/* One for each end at which a log was ever stopped would pile up in a partition that gets a record a day. */
static void of_the_snapshots_those_of_segments_and_of_the_end_stay(void **state)
{
    (void)state;
    struct node node;
    char name[64];

    stopped(&node);
    for (int i = 0; i < 3; i++) {
        struct log *log = files_start(&node);
        files_fill(&node, log, 1, 1, 10);
        node_stop(&node);
    }
    int64_t base = last_base(&node);
    for (int64_t end = 350; end <= 353; end++) {
        name_of(name, end, ".snapshot");
        assert_int_equal(files_size_of(&node, name) > 0, end == 353);
    }
    name_of(name, base, ".snapshot");
    assert_true(base > 0 && files_size_of(&node, name) > 0);
    check_whole(&node, 353);
}

static void what_is_missing_is_written_again(void **state)
{
    (void)state;
    static const char *const suffixes[] = { ".index", ".timeindex", ".snapshot" };
    struct node node;
    char name[64];

    stopped(&node);
    int64_t base = last_base(&node);
    for (size_t i = 0; i < array_count(suffixes); i++) {
        name_of(name, i == 2 ? 350 : base, suffixes[i]);
        files_unlink(&node, name);
        (void)files_start(&node);
        node_stop(&node);
        assert_true(files_size_of(&node, name) > 0);
    }
    files_unlink(&node, EPOCHS_FILE);
    (void)files_start(&node);
    node_stop(&node);
    assert_true(files_size_of(&node, EPOCHS_FILE) > 0);
    check_whole(&node, 350);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_stop_leaves_nothing_of_ours_and_everything_of_kafkas),
        cmocka_unit_test(an_empty_log_is_complete_on_disk),
        cmocka_unit_test(what_is_no_segment_of_the_log_is_swept),
        cmocka_unit_test(the_last_segment_is_cut_to_its_size),
        cmocka_unit_test(what_did_not_change_is_not_written_again),
        cmocka_unit_test(of_the_snapshots_those_of_segments_and_of_the_end_stay),
        cmocka_unit_test(what_is_missing_is_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
