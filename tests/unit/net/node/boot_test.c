/* tests/unit/net/node/boot_test.c   From a directory to images and logs: which settings make no node, and what becomes
 * of logs that the metadata does not know: the removed are forgotten, the others are kept. */
#include "log/kafka_files.h"
#include "records.h"

#include <dirent.h>

static struct bench bench;

static int begin(void **state)
{
    (void)state;
    bench_init(&bench);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_end(&bench);
    return 0;
}

static void assert_refused(enum status expected, const char *words)
{
    const char *why = NULL;
    enum status status = node_make(&bench.platform, &bench.settings, &bench.node, &why);
    if (status != expected) fail_msg("%s: %s", status_text(status), why);
    assert_string_equal(why, words);
    bench.platform.seed++;
}

static void what_a_node_alone_can_not_be_is_refused(void **state)
{
    (void)state;
    struct broker_values *values = &bench.settings.values, before = *values;
    struct text roles[] = { TEXT("broker") }, voters[] = { TEXT("1@a:1"), TEXT("2@b:1") };
    struct text directories[] = { TEXT("/tmp/a"), TEXT("/tmp/b") };

    values->roles = (struct text_list){ roles, 1 };
    assert_refused(STATUS_UNSUPPORTED, "process.roles must be broker,controller: a node is both, for now");
    roles[0] = TEXT("controller");
    assert_refused(STATUS_UNSUPPORTED, "process.roles must be broker,controller: a node is both, for now");
    *values = before;
    values->quorum_voters = (struct text_list){ voters, 2 };
    assert_refused(STATUS_UNSUPPORTED,
                   "controller.quorum.voters names several nodes: a cluster of more than one is not supported yet");
    *values = before;
    values->log_dirs = (struct text_list){ directories, 2 };
    assert_refused(STATUS_UNSUPPORTED, "log.dirs: one directory only, for now");
    *values = before;
    bench_start(&bench); /* What was refused has left nothing behind. */
    bench_stop(&bench);
}

static void run(const char *format, const char *a, const char *b)
{
    char command[512];
    (void)snprintf(command, sizeof(command), format, bench.path, a, bench.path, b);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the path is of mkdtemp's */
}

/* How many entries of the directory begin so, but for those that are on their way out. */
static int count_of(const char *prefix)
{
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/data", bench.path);
    DIR *list = opendir(path);
    int count = 0;

    assert_non_null(list);
    for (const struct dirent *entry; (entry = readdir(list));) {
        struct text name = text_of(entry->d_name);
        count += text_starts(name, text_of(prefix)) && !text_ends(name, TEXT("-delete"));
    }
    closedir(list);
    return count;
}

/* The files of a topic that the metadata has removed come back, as after a crash between the record and the unlinking:
 * its removal was seen, so they go. */
static void a_removal_that_was_cut_short_is_finished(void **state)
{
    (void)state;
    bench_start(&bench);
    struct uuid topic = create_topic(&bench, "alpha", 1);
    append_one(&bench, topic, 0, 0);
    create_topic(&bench, "beta", 1);
    bench_stop(&bench);
    run("cp -r %s/data/%s %s/%s", "alpha-0", "kept");
    bench_start(&bench);
    delete_topic(&bench, "alpha");
    bench_stop(&bench);
    assert_int_equal(count_of("alpha-0"), 0);

    run("cp -r %s/%s %s/data/%s", "kept", "alpha-0");
    bench_start(&bench);
    bench_stop(&bench);
    assert_int_equal(count_of("alpha-0"), 0);
    assert_int_equal(count_of("beta-0"), 1);
}

/* Another cluster's, or of a backup: nobody has removed it, so nobody deletes it. */
static void a_log_that_nobody_knows_is_set_aside_whole(void **state)
{
    (void)state;
    char path[160];

    bench_start(&bench);
    struct uuid topic = create_topic(&bench, "alpha", 1);
    append_one(&bench, topic, 0, 0);
    bench_stop(&bench);
    run("mv %s/data/%s %s/%s", "alpha-0", "kept");
    run("rm -rf %s/data/%s %s/%s", "*", "nothing");
    run("rm -rf %s/data/%s %s/%s", ".[a-z]*", "nothing");
    bench_start(&bench); /* a new cluster */
    create_topic(&bench, "beta", 1);
    bench_stop(&bench);
    run("mv %s/%s %s/data/%s", "kept", "alpha-0");
    bench_start(&bench);
    bench_stop(&bench);
    assert_int_equal(count_of("alpha-0."), 1);
    assert_int_equal(count_of("beta-0"), 1);
    (void)snprintf(path, sizeof(path), "ls %s/data/alpha-0.*-stray/00000000000000000000.log >/dev/null", bench.path);
    assert_int_equal(system(path), 0); /* NOLINT(cert-env33-c): the path is of mkdtemp's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_node_alone_can_not_be_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_removal_that_was_cut_short_is_finished, begin, end),
        cmocka_unit_test_setup_teardown(a_log_that_nobody_knows_is_set_aside_whole, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
