/* The files of a log's segments: made and named once, grown in steps, sealed when they are full. */
#include "files.h"

#include "log/segment_files.h"

static void what_names_the_topic_is_written_once(void **state)
{
    (void)state;
    struct node node;
    char command[160];

    node_init(&node, 1);
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    struct log_settings settings = node_log_settings;
    settings.segment_bytes = 1 << 20;
    log_change_settings(log, &settings);
    for (uint64_t i = 0; i < 40; i++) {
        assert_int_equal(node_append(log, 1, 300000, i), STATUS_OK);
        node_settle(&node);
        snprintf(command, sizeof command, "cd %s && test ! -e t-0 || chmod 0400 t-0/partition.metadata", node.path);
        assert_int_equal(system(command), 0);
    }
    node_stop(&node);
    snprintf(command, sizeof command, "test $(stat -c %%a %s/t-0/partition.metadata) = 400", node.path);
    assert_int_equal(system(command), 0); /* Written anew it would have other rights. */
    node_remove(&node);
}

/* A rolled segment has what Kafka wants of one, while the node runs. */
static void a_sealed_segment_is_complete(void **state)
{
    (void)state;
    struct node node;
    char name[64];

    files_begin(&node, 256 << 10);
    node.plan.wal_size = 3 << 20; /* Checkpoints come soon, and with them the syncs. */
    node.plan.wal_file_size = 1 << 20;
    struct log *log = files_start(&node);
    for (int i = 0; i < 40; i++) files_fill(&node, log, 64, 1, 4000);
    uint32_t sealed = 0;
    for (uint32_t i = 0; i < log->segments->count; i++) {
        const struct segment *segment = &log->segments->items[i];
        if (!segment->sealed) continue;
        snprintf(name, sizeof name, "%020lld.log", (long long)segment->base);
        assert_int_equal(files_size_of(&node, name), (int64_t)segment->size);
        assert_int_equal(segment->synced, segment->size);
        assert_null(segment->snapshot);
        snprintf(name, sizeof name, "%020lld.index", (long long)segment->base);
        assert_true(files_size_of(&node, name) > 0);
        snprintf(name, sizeof name, "%020lld.timeindex", (long long)segment->base);
        assert_true(files_size_of(&node, name) > 0);
        snprintf(name, sizeof name, "%020lld.snapshot", (long long)segment->limit);
        assert_true(files_size_of(&node, name) > 0);
        sealed++;
    }
    assert_true(sealed > 10);
    assert_false(segments_last(log)->sealed);
    node_crash(&node);
    node_remove(&node);
}

/* Blocks are taken in steps, so that a write does not wait for the file system. */
static void a_file_grows_ahead_of_its_bytes(void **state)
{
    (void)state;
    struct node node;
    uint64_t steps = 0, before = 0;

    files_begin(&node, 1 << 30);
    node.plan.wal_size = 3 << 20;
    node.plan.wal_file_size = 1 << 20;
    struct log *log = files_start(&node);
    for (int i = 0; i < 300; i++) {
        files_fill(&node, log, 8, 1, 9000);
        const struct segment *segment = segments_last(log);
        if (segment->allocated == 0) continue;
        assert_true(segment->allocated >= segment->written && segment->border <= segment->allocated);
        assert_int_equal(files_size_of(&node, "00000000000000000000.log"), (int64_t)segment->allocated);
        steps += segment->allocated != before;
        before = segment->allocated;
    }
    assert_in_range(steps, 3, 12); /* Of 20 MB. */
    node_stop(&node);
    node_remove(&node);
}

/* Files that remember the most that was asked for at once. */
struct asked_files {
    struct files files;
    struct files_table table;
    _Atomic uint64_t most; /* of any thread */
};

static enum status asked_allocate(struct files *files, int file, uint64_t position, uint64_t size)
{
    struct asked_files *asked = container_of(files, struct asked_files, files);
    if (size > asked->most) asked->most = size;
    return files_allocate(files_kernel(), file, position, size);
}

/* XFS wants all that is asked for to be free, also where the file has its blocks: a file could not outgrow half of a
 * device. */
static void only_what_is_added_is_asked_for(void **state)
{
    (void)state;
    struct asked_files asked = { .table = *files_kernel()->table };
    struct node node;

    asked.table.allocate = asked_allocate;
    asked.files.table = &asked.table;
    files_begin(&node, 1 << 30);
    node.plan.wal_size = 3 << 20;
    node.plan.wal_file_size = 1 << 20;
    node.files = &asked.files;
    struct log *log = files_start(&node);
    for (int i = 0; i < 300; i++) files_fill(&node, log, 8, 1, 9000);
    assert_in_range(asked.most, 4 << 20, SEGMENT_GROW_MOST);
    assert_true(segments_last(log)->allocated / 2 > SEGMENT_GROW_MOST);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_names_the_topic_is_written_once),
        cmocka_unit_test(a_sealed_segment_is_complete),
        cmocka_unit_test(a_file_grows_ahead_of_its_bytes),
        cmocka_unit_test(only_what_is_added_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
