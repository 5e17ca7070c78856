/* tests/unit/net/node/stages_test.c   How a node goes down: asked once or often, by an error before, while and after it
 * stops; and whether what it leaves is marked as clean. */
#include "log/kafka_files.h"
#include "nodes.h"

static struct bench bench;
static _Atomic uint32_t said_count;
static char said[512];

static void says(struct node_platform *platform, const char *line)
{
    (void)platform;
    snprintf(said, sizeof(said), "%s", line);
    said_count++;
}

static int begin(void **state)
{
    (void)state;
    bench_init(&bench);
    bench_start(&bench);
    bench.platform.say = says;
    said_count = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench.platform.say = bench_say;
    bench_start(&bench); /* Whatever happened, the next start goes well. */
    bench_stop(&bench);
    bench_end(&bench);
    return 0;
}

static bool marked_clean(void)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/data/%s", bench.path, CLEAN_MARKER_FILE);
    return access(path, F_OK) == 0;
}

static void a_stop_that_is_asked_for_often_is_one(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) node_stop(bench.node);
    assert_true(node_stopping(bench.node));
    bench_wait_stopped(&bench);
    assert_false(node_serving(bench.node));
    node_stop(bench.node); /* It has come to rest; nothing answers, and nothing breaks. */
    assert_int_equal(node_status(bench.node), STATUS_OK);
    assert_int_equal(node_end(bench.node), STATUS_OK);
    assert_true(marked_clean());
    assert_int_equal(said_count, 0);
}

/* The first error is the one that is told, once. */
static void a_node_that_fails_stops_by_itself(void **state)
{
    (void)state;
    stages_fail(bench.node, STATUS_IO_ERROR);
    stages_fail(bench.node, STATUS_NO_SPACE);
    bench_wait_stopped(&bench);
    assert_true(node_stopping(bench.node));
    assert_int_equal(node_status(bench.node), STATUS_IO_ERROR);
    assert_int_equal(said_count, 1);
    assert_string_equal(said, "the log directory is out of service: input/output error. The node stops.");
    assert_int_equal(node_end(bench.node), STATUS_IO_ERROR);
    assert_false(marked_clean());
}

static void an_error_after_the_stop_was_asked_for_leaves_nothing_clean(void **state)
{
    for (int round = 0; round < 8; round++) { /* at different stages of it */
        node_stop(bench.node);
        usleep((useconds_t)round * 300);
        stages_fail(bench.node, STATUS_IO_ERROR);
        bench_wait_stopped(&bench);
        assert_int_equal(node_end(bench.node), STATUS_IO_ERROR);
        assert_false(marked_clean());
        end(state);
        begin(state);
    }
    bench_stop(&bench);
}

static void a_stop_after_an_error_changes_nothing(void **state)
{
    (void)state;
    stages_fail(bench.node, STATUS_NO_SPACE);
    node_stop(bench.node);
    bench_wait_stopped(&bench);
    assert_int_equal(node_status(bench.node), STATUS_NO_SPACE);
    assert_int_equal(node_end(bench.node), STATUS_NO_SPACE);
    assert_false(marked_clean());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stop_that_is_asked_for_often_is_one, begin, end),
        cmocka_unit_test_setup_teardown(a_node_that_fails_stops_by_itself, begin, end),
        cmocka_unit_test_setup_teardown(an_error_after_the_stop_was_asked_for_leaves_nothing_clean, begin, end),
        cmocka_unit_test_setup_teardown(a_stop_after_an_error_changes_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
