/* Logs that a start finds and nobody opens: set aside with a word, or removed when their topic's removal was seen. */
#include "node_end.h"
#include "node_records.h"

#include <stdatomic.h>

#include "log/checkpoint.h"
#include "log/spill.h"

static bool is_there(const struct node *node, const char *pattern)
{
    char command[160];
    snprintf(command, sizeof command, "test -e %s/%s", node->path, pattern);
    return system(command) == 0;
}

/* Two logs with records: "known" and "lost". Killed, or stopped. */
static void node_make_two(struct node *node, bool kill)
{
    node_init(node, 1);
    node_start(node);
    struct log *known = node_log(node, 0, "known", 0), *lost = node_log(node, 0, "lost", 4);
    node_begin(node);
    assert_int_equal(node_append(known, 3, 100, 0), STATUS_OK);
    assert_int_equal(node_append(lost, 3, 100, 0), STATUS_OK);
    node_settle(node);
    if (kill) {
        node_crash(node);
    } else {
        node_stop(node);
    }
}

static void a_log_that_nobody_opens_is_set_aside(bool kill)
{
    struct node node;

    node_make_two(&node, kill);
    node_start(&node);
    struct log *known = node_log(&node, 0, "known", 0);
    node_begin(&node);
    assert_int_equal(known->end, 3);
    assert_non_null(strstr(node.said, "lost-4 is set aside as lost-4.6c6f7374"));
    assert_non_null(strstr(node.said, "-stray: the metadata has no partition"));
    assert_true(is_there(&node, "lost-4.6c6f7374*-stray/00000000000000000000.log"));
    assert_false(is_there(&node, "lost-4"));

    node.said[0] = 0;
    node_crash(&node);
    node_start(&node);
    (void)node_log(&node, 0, "known", 0);
    node_begin(&node);
    assert_string_equal(node.said, ""); /* Once is enough. */
    node_crash(&node);
    node_remove(&node);
}

static void a_log_that_nobody_opens_is_set_aside_after_a_kill(void **state)
{
    (void)state;
    a_log_that_nobody_opens_is_set_aside(true);
}

static void a_log_that_nobody_opens_is_set_aside_after_a_stop(void **state)
{
    (void)state;
    a_log_that_nobody_opens_is_set_aside(false);
}

/* Set aside once before; then the partition came back, and is lost again. */
static void a_name_that_is_taken_stops_no_start(void **state)
{
    (void)state;
    struct node node;
    char path[160];

    node_make_two(&node, true);
    snprintf(path, sizeof path, "%s/lost-4.6c6f7374%024d-stray", node.path, 0);
    assert_int_equal(files_make_directory(files_kernel(), FILES_HERE, path), STATUS_OK);
    strcat(path, "/kept");
    assert_int_equal(files_make_directory(files_kernel(), FILES_HERE, path), STATUS_OK);
    node_start(&node);
    (void)node_log(&node, 0, "known", 0);
    node_begin(&node);
    assert_non_null(strstr(node.said, "lost-4 is set aside as lost-4."));
    assert_false(is_there(&node, "lost-4"));
    assert_true(is_there(&node, "lost-4.*-stray/00000000000000000000.log"));
    assert_true(is_there(&node, "lost-4.6c6f7374*-stray/kept"));
    node_crash(&node);
    node_remove(&node);
}

static void a_log_whose_topic_was_removed_goes(void **state)
{
    (void)state;
    struct node node;
    struct log_key key = { .partition = 4 };

    node_make_two(&node, false);
    node_start(&node);
    (void)node_log(&node, 0, "known", 0);
    memcpy(key.topic.byte, "lost", 4);
    directory_forget(node.directory, key);
    node_begin(&node);
    assert_string_equal(node.said, "");
    assert_false(is_there(&node, "lost-4"));
    node_settle(&node);
    assert_false(is_there(&node, "lost-4*"));
    assert_true(is_there(&node, "known-0"));
    node_crash(&node);
    node_remove(&node);
}

static void gone(struct ready *ready)
{
    container_of(ready, struct node_closing, ready)->done = true;
}

/* A stop makes the directories of logs that never had a byte, and syncs them all at its end; a power cut before that
 * leaves names whose bytes did not come through. `content`: of partition.metadata, NULL: not even that. */
static void node_make_torn(struct node *node, const char *content)
{
    char path[128];

    node_init(node, 1);
    node_start(node);
    (void)node_log(node, 0, "known", 0);
    (void)node_log(node, 0, "lost", 4);
    node_begin(node);
    node_crash(node);
    snprintf(path, sizeof path, "%s/lost-4", node->path);
    assert_int_equal(files_make_directory(files_kernel(), FILES_HERE, path), STATUS_OK);
    snprintf(path, sizeof path, "%s/lost-4/partition.metadata", node->path);
    if (content) assert_int_equal(files_replace(files_kernel(), FILES_HERE, path, content, strlen(content)), STATUS_OK);
}

static void a_torn_directory_does_not_survive_its_log(void **state)
{
    (void)state;
    static const char *const contents[] = { "", "version: 0\ntopic_", NULL };
    struct node node;

    for (size_t i = 0; i < array_count(contents); i++) {
        struct node_closing removal = { .done = false };
        node_make_torn(&node, contents[i]);
        node_start(&node);
        (void)node_log(&node, 0, "known", 0);
        struct log *lost = node_log(&node, 0, "lost", 4);
        node_begin(&node);
        ready_init(&removal.ready, gone);
        log_delete(lost, &removal.ready);
        while (!removal.done) node_turn(&node);
        node_settle(&node);
        assert_false(is_there(&node, "lost-4*"));
        node_stop(&node);
        node_start(&node); /* Kafka's rules look at every directory. */
        (void)node_log(&node, 0, "known", 0);
        node_begin(&node);
        node_stop(&node);
        node_remove(&node);
    }
}

static void a_torn_directory_that_is_nobodys_is_set_aside(void **state)
{
    (void)state;
    struct node node;

    node_make_torn(&node, "version");
    for (int round = 0; round < 2; round++) {
        node_start(&node);
        (void)node_log(&node, 0, "known", 0);
        node_begin(&node);
        assert_false(is_there(&node, "lost-4"));
        assert_true(is_there(&node, "lost-4.*-stray"));
        node_stop(&node);
    }
    node_remove(&node);
}

/* The name is in use again: what stands there is the new topic's. */
static void a_torn_directory_of_a_topic_in_service_stays(void **state)
{
    (void)state;
    struct node node;

    node_make_torn(&node, "version");
    node_start(&node);
    (void)node_log(&node, 0, "known", 0);
    struct log *lost = node_log(&node, 0, "lost", 4);
    node_begin(&node);
    assert_int_equal(node_append(lost, 3, 100, 0), STATUS_OK);
    node_settle(&node);
    node_stop(&node);
    node_start(&node);
    (void)node_log(&node, 0, "known", 0);
    assert_int_equal(node_log(&node, 0, "lost", 4)->end, 3);
    node_begin(&node);
    node_stop(&node);
    node_remove(&node);
}

/* Kafka's way: the directory is renamed when the topic goes, its files go when file.delete.delay.ms is over; what is
 * left when the node ends goes with the next start. */
static void a_deleted_logs_files_go_after_their_delay(void **state)
{
    (void)state;

    for (int way = 0; way < 3; way++) {
        struct log_settings settings = node_log_settings;
        struct node_closing removal = { .done = false };
        struct log_key key = { .partition = 4 };
        struct node node;
        struct log *log;

        settings.file_delete_delay_ms = way == 0 ? 30 : way == 1 ? 3600000 : INT64_MAX;
        memcpy(key.topic.byte, "lost", 4);
        node_init(&node, 1);
        node_start(&node);
        assert_int_equal(log_open(node.stores[0], NULL, key, TEXT("lost"), &settings, &log), STATUS_OK);
        node_begin(&node);
        assert_int_equal(node_append(log, 3, 100, 0), STATUS_OK);
        node_settle(&node);
        spill_log(node.stores[0]->spill, log);
        spill_go(node.stores[0]->spill);
        node_settle(&node);
        assert_true(is_there(&node, "lost-4/00000000000000000000.log"));
        ready_init(&removal.ready, gone);
        log_delete(log, &removal.ready);
        while (!removal.done) node_turn(&node);
        assert_false(is_there(&node, "lost-4"));
        assert_true(is_there(&node, "lost-4.6c6f7374*-delete/00000000000000000000.log"));
        for (int turns = 0; way == 0 && is_there(&node, "lost-4.*"); turns++) {
            assert_true(turns < 10000);
            node_turn(&node);
        }
        if (way == 1) node_crash(&node);
        if (way != 1) node_stop(&node);
        if (way != 0) assert_true(is_there(&node, "lost-4.*-delete"));
        node_start(&node);
        node_begin(&node);
        node_settle(&node);
        assert_false(is_there(&node, "lost-4*"));
        node_stop(&node);
        node_remove(&node);
    }
}

/* A start removes what waits to be removed; what it can't remove must not keep it from starting. */
static void what_stands_in_a_deleted_directory_stays(void **state)
{
    (void)state;
    static const char *const names[] = { "lost-4.6c6f7374000000000000000000000000-delete",
                                         "lost-4.6c6f7374000000000000000000000000-delete/extra" };
    struct node node;
    char path[160];

    node_init(&node, 1);
    for (size_t i = 0; i < array_count(names); i++) {
        snprintf(path, sizeof path, "%s/%s", node.path, names[i]);
        assert_int_equal(files_make_directory(files_kernel(), FILES_HERE, path), STATUS_OK);
    }
    for (int round = 0; round < 2; round++) {
        node_start(&node);
        (void)node_log(&node, 0, "known", 0);
        node_begin(&node);
        assert_true(is_there(&node, names[1]));
        node_crash(&node);
    }
    node_remove(&node);
}

/* The kernel's files, on which a directory's way to its removal is long, and ends nowhere. */
struct slow_files {
    struct files files;
    struct files_table table;
    _Atomic bool held, asked;
};

static enum status slow_rename(struct files *files, int directory, const char *from, const char *to)
{
    struct slow_files *slow = container_of(files, struct slow_files, files);
    if (!text_ends(text_of(to), TEXT("-delete"))) return files_rename(files_kernel(), directory, from, to);
    slow->asked = true;
    while (slow->held) usleep(1000);
    return STATUS_IO_ERROR;
}

/* The removal is in the WAL, but a checkpoint covers it, which does not know the log any more. */
static void a_removal_that_a_checkpoint_overtook_leaves_nothing_in_service(void **state)
{
    (void)state;
    struct slow_files slow = { .table = *files_kernel()->table, .held = true };
    struct node_closing removal = { .done = false };
    struct node node;

    slow.table.rename = slow_rename;
    slow.files.table = &slow.table;
    node_init(&node, 1);
    node.plan.wal_size = 3 << 20;
    node.plan.wal_file_size = 1 << 20;
    node.files = &slow.files;
    node_start(&node);
    struct log *known = node_log(&node, 0, "known", 0), *lost = node_log(&node, 0, "lost", 4);
    struct store *store = node.stores[0];
    node_begin(&node);
    assert_int_equal(node_append(lost, 3, 100, 0), STATUS_OK);
    node_settle(&node);
    spill_log(store->spill, lost);
    spill_go(store->spill);
    node_settle(&node);
    ready_init(&removal.ready, gone);
    log_delete(lost, &removal.ready);
    while (!slow.asked) node_turn(&node);
    for (uint64_t count = store->checkpoint->count; store->checkpoint->count < count + 2;) {
        assert_int_equal(node_append(known, 1, 100000, (uint64_t)known->end), STATUS_OK);
        while (known->durable.at < known->end) node_turn(&node);
    }
    int64_t end = known->end;
    slow.held = false;
    node_crash(&node);

    node.files = files_kernel();
    node_start(&node);
    known = node_log(&node, 0, "known", 0);
    node_begin(&node);
    assert_int_equal(known->end, end);
    assert_false(is_there(&node, "lost-4"));
    assert_true(is_there(&node, "lost-4.6c6f7374*-stray"));
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_nobody_opens_is_set_aside_after_a_kill),
        cmocka_unit_test(a_log_that_nobody_opens_is_set_aside_after_a_stop),
        cmocka_unit_test(a_name_that_is_taken_stops_no_start),
        cmocka_unit_test(a_log_whose_topic_was_removed_goes),
        cmocka_unit_test(a_deleted_logs_files_go_after_their_delay),
        cmocka_unit_test(a_torn_directory_does_not_survive_its_log),
        cmocka_unit_test(a_torn_directory_that_is_nobodys_is_set_aside),
        cmocka_unit_test(a_torn_directory_of_a_topic_in_service_stays),
        cmocka_unit_test(what_stands_in_a_deleted_directory_stays),
        cmocka_unit_test(a_removal_that_a_checkpoint_overtook_leaves_nothing_in_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
