/* Directories named -delete, which a start finds, or a removal made: they go while the node serves, and what a stop
 * leaves goes the next time. */
#include <glob.h>

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

static void gone(struct ready *ready)
{
    container_of(ready, struct node_closing, ready)->done = true;
}

/* Logs of topic "t" with a directory each; deleted, all in an hour. */
static void node_delete_logs(struct node *node, const struct log_settings *settings)
{
    struct log *logs[DOOMED];

    node_init(node, 1);
    node_start(node);
    for (int i = 0; i < DOOMED; i++) (void)node_log(node, 0, "t", i);
    node_begin(node);
    node_stop(node);
    node_start(node);
    for (int i = 0; i < DOOMED; i++) {
        logs[i] = node_log(node, 0, "t", i);
        log_change_settings(logs[i], settings);
    }
    node_begin(node);
    for (int i = 0; i < DOOMED; i++) {
        struct node_closing removal = { .done = false };
        ready_init(&removal.ready, gone);
        log_delete(logs[i], &removal.ready);
        while (!removal.done) node_turn(node);
    }
    node_settle(node);
}

static int directories_left(const struct node *node)
{
    char pattern[160];
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s/t-*-delete", node->path);
    int left = glob(pattern, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
    if (left > 0) globfree(&found);
    return left;
}

/* All at the same time: still one after the other. */
static void removals_that_are_due_go_like_them(void **state)
{
    (void)state;
    const int64_t hour_ns = INT64_C(3600) * 1000 * 1000 * 1000;
    struct log_settings settings = node_log_settings;
    settings.file_delete_delay_ms = 3600000;

    for (int stopped = 0; stopped < 2; stopped++) {
        struct node node;

        node_delete_logs(&node, &settings);
        assert_int_equal(directories_left(&node), DOOMED);
        timers_expire(&node.shard[0].timers, shard_now_ns(&node.shard[0]) + 2 * hour_ns);
        if (stopped) {
            node_turn(&node);
            node_stop(&node);
            assert_true(directories_left(&node) >= DOOMED - 1);
            node_start(&node);
            node_begin(&node);
        }
        node_settle(&node);
        assert_int_equal(directories_left(&node), 0);
        node_stop(&node);
        node_remove(&node);
    }
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
        cmocka_unit_test(the_node_serves_before_they_are_gone), cmocka_unit_test(a_stop_waits_for_one_at_most),
        cmocka_unit_test(a_start_that_is_given_up_leaves_them), cmocka_unit_test(removals_that_are_due_go_like_them),
        cmocka_unit_test(without_space_they_go_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
