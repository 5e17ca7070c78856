/* Directories that a start finds named -delete: they go while the node serves, and what a stop leaves goes the next
 * time. */
#include "node_end.h"
#include "node_records.h"

enum { DOOMED = 20 };

static void name_of(const struct node *node, int i, const char *file, char path[160])
{
    snprintf(path, 160, "%s/t-%d.%032d-delete%s", node->path, i, i, file);
}

static void node_make_doomed(struct node *node)
{
    char path[160];
    int file;

    node_init(node, 1);
    for (int i = 0; i < DOOMED; i++) {
        name_of(node, i, "", path);
        assert_int_equal(files_make_directory(files_kernel(), FILES_HERE, path), STATUS_OK);
        name_of(node, i, "/00000000000000000000.log", path);
        assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_WRITE | FILES_CREATE, &file), STATUS_OK);
        files_close(files_kernel(), file);
    }
}

static int doomed_left(const struct node *node)
{
    struct files_entry entry;
    char path[160];
    int left = 0;

    for (int i = 0; i < DOOMED; i++) {
        name_of(node, i, "", path);
        if (files_entry(files_kernel(), FILES_HERE, path, &entry) == STATUS_OK) left++;
    }
    return left;
}

static void the_node_serves_before_they_are_gone(void **state)
{
    (void)state;
    struct node node;

    node_make_doomed(&node);
    node_start(&node);
    struct log *log = node_log(&node, 0, "known", 0);
    node_begin(&node);
    assert_int_equal(doomed_left(&node), DOOMED);
    assert_int_equal(node_append(log, 3, 100, 0), STATUS_OK);
    node_settle(&node);
    assert_int_equal(log->durable.at, 3);
    assert_int_equal(doomed_left(&node), 0);
    node_stop(&node);
    node_remove(&node);
}

static void a_stop_waits_for_one_at_most(void **state)
{
    (void)state;
    struct node node;

    node_make_doomed(&node);
    node_start(&node);
    node_begin(&node);
    node_stop(&node);
    assert_true(doomed_left(&node) >= DOOMED - 1);
    node_start(&node);
    node_begin(&node);
    node_settle(&node);
    assert_int_equal(doomed_left(&node), 0);
    node_stop(&node);
    node_remove(&node);
}

static void a_start_that_is_given_up_leaves_them(void **state)
{
    (void)state;
    struct node node;

    node_make_doomed(&node);
    node_start(&node);
    node_begin(&node);
    node_end_shards(&node);
    directory_abandon(node.directory);
    node_end_rest(&node);
    assert_int_equal(doomed_left(&node), DOOMED);
    node_remove(&node);
}

static enum status space_none(struct files *files, int directory, uint64_t *available, uint64_t *total)
{
    enum status status = files_space(files_kernel(), directory, available, total);
    (void)files;
    *available = 0;
    return status;
}

/* What they hold may be what the start needs. */
static void without_space_they_go_first(void **state)
{
    (void)state;
    struct files_table table = *files_kernel()->table;
    struct files full = { .table = &table };
    struct node node;

    table.space = space_none;
    node_make_doomed(&node);
    node.files = &full;
    node_start(&node);
    node_begin(&node);
    assert_int_equal(doomed_left(&node), 0);
    node_crash(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_serves_before_they_are_gone),
        cmocka_unit_test(a_stop_waits_for_one_at_most),
        cmocka_unit_test(a_start_that_is_given_up_leaves_them),
        cmocka_unit_test(without_space_they_go_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
