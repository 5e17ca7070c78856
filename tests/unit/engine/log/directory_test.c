/* What a start says of the directory, and what a stop with many logs leaves. */
#include "node_end.h"
#include "node_records.h"

/* The kernel's files, on a file system without O_DIRECT; counts syncs. */
struct plain_files {
    struct files files;
    struct files_table table;
    bool direct;
    _Atomic unsigned syncs, all_syncs;
};

static enum status plain_direct_works(struct files *files, int directory, bool *works)
{
    (void)directory;
    *works = container_of(files, struct plain_files, files)->direct;
    return STATUS_OK;
}

static enum status plain_sync(struct files *files, int file)
{
    container_of(files, struct plain_files, files)->syncs++;
    return files_sync(files_kernel(), file);
}

static enum status plain_sync_all(struct files *files, int directory)
{
    container_of(files, struct plain_files, files)->all_syncs++;
    return files_sync_all(files_kernel(), directory);
}

static void plain_init(struct plain_files *plain)
{
    *plain = (struct plain_files){ .table = *files_kernel()->table, .direct = true };
    plain->table.direct_works = plain_direct_works;
    plain->table.sync = plain_sync;
    plain->table.sync_all = plain_sync_all;
    plain->files.table = &plain->table;
}

static void a_file_system_without_direct_is_told_of(void **state)
{
    (void)state;
    struct plain_files plain;
    struct node node;

    for (int direct = 0; direct < 2; direct++) {
        plain_init(&plain);
        plain.direct = direct;
        node_init(&node, 1);
        node.files = &plain.files;
        node_start(&node);
        node_begin(&node);
        assert_int_equal(strstr(node.said, "no O_DIRECT") != NULL, !direct);
        node_stop(&node);
        node_remove(&node);
    }
}

/* Logs with records and logs without; how often a stop syncs a file. */
static unsigned stop_with(int count, unsigned *all_syncs)
{
    struct plain_files plain;
    struct node node;

    plain_init(&plain);
    node_init(&node, 1);
    node.files = &plain.files;
    node_start(&node);
    struct log *logs[100];
    assert_true(count <= 100);
    for (int i = 0; i < count; i++) logs[i] = node_log(&node, 0, "t", i);
    node_begin(&node);
    for (int i = 0; i < count; i += 2) assert_int_equal(node_append(logs[i], 3, 100, 0), STATUS_OK);
    node_settle(&node);
    unsigned before = plain.syncs;
    node_stop(&node);
    *all_syncs = plain.all_syncs;
    unsigned syncs = plain.syncs - before;

    node_start(&node);
    assert_true(node.directory->clean);
    assert_int_equal(node.directory->found_count, count);
    for (int i = 0; i < count; i++) logs[i] = node_log(&node, 0, "t", i);
    node_begin(&node);
    for (int i = 0; i < count; i++) assert_int_equal(logs[i]->end, i % 2 ? 0 : 3);
    node_crash(&node);
    node_remove(&node);
    return syncs;
}

static void a_stop_with_many_logs_syncs_once(void **state)
{
    (void)state;
    unsigned few_all, many_all;
    unsigned few = stop_with(3, &few_all), many = stop_with(60, &many_all);

    assert_int_equal(few_all, 0);
    assert_int_equal(many_all, 1);
    assert_true(few > 3 * 3);
    assert_true(many < 60 * 3); /* Of the logs with records; one by one it would be five and more for each. */
}

/* As the kernel lists a hundred thousand partitions. */
static enum status crowded_list(struct files *files, int directory, struct arena *arena, struct files_entry **entries,
                                uint32_t *count)
{
    (void)files;
    if (!arena_take(arena, 40 << 20)) return STATUS_NO_MEMORY;
    return files_list(files_kernel(), directory, arena, entries, count);
}

static void a_stop_copes_with_any_number_of_names(void **state)
{
    (void)state;
    struct files_table table = *files_kernel()->table;
    struct files crowded = { .table = &table };
    struct node node;

    table.list = crowded_list;
    node_init(&node, 1);
    node.files = &crowded;
    node_start(&node);
    (void)node_log(&node, 0, "t", 0);
    node_begin(&node);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_copes_with_any_number_of_names),
        cmocka_unit_test(a_file_system_without_direct_is_told_of),
        cmocka_unit_test(a_stop_with_many_logs_syncs_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
