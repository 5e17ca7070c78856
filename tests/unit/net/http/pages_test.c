/* tests/unit/net/http/pages_test.c   Which page is found under which path, and what the two questions of an
 * orchestrator are answered in each state of a node. */
#include "paged.h"

static void pages_are_found_by_their_whole_path(void **state)
{
    (void)state;
    static const char *const there[] = { "/", "/metrics", "/clients", "/livez", "/readyz", "/v1/status/ready" };
    static const char *const nowhere[] = { "", "metrics", "/metrics/", "/Metrics", "/metric", "//", "/livez?x", "/v1" };

    for (size_t i = 0; i < array_count(there); i++) assert_string_equal(page_find(there[i])->path, there[i]);
    for (size_t i = 0; i < array_count(nowhere); i++) assert_null(page_find(nowhere[i]));
}

static int ask(struct paged *paged, const char *path, const char *expected)
{
    int status = page_find(path)->write(&paged->pages, paged_sink(paged));
    assert_string_equal(paged_text(paged), expected);
    return status;
}

static void the_index_names_the_pages(void **state)
{
    (void)state;
    static const char *const pages[] = { "/metrics", "/clients", "/livez", "/readyz" };
    struct paged paged = { .settings = { .version = "1.2.3" } };

    heap_init(&paged.heap);
    paged.pages.settings = &paged.settings;
    assert_int_equal(page_find("/")->write(&paged.pages, paged_sink(&paged)), 200);
    const char *index = paged_text(&paged);
    assert_says(index, "sluice 1.2.3\n");
    for (size_t i = 0; i < array_count(pages); i++) assert_says(index, pages[i]);
    assert_int_equal(ask(&paged, "/livez", "alive\n"), 200);
    assert_int_equal(ask(&paged, "/readyz", "not ready: the log directory is being recovered\n"), 503);
    assert_int_equal(ask(&paged, "/clients", ""), 200); /* There is no node to have any. */
    free(paged.text);
    heap_end(&paged.heap);
}

/* A node that stops, or has lost its disk, is alive: killing it would help nobody. */
static void a_node_that_goes_down_is_alive_and_not_ready(void **state)
{
    (void)state;
    struct paged paged;

    paged_begin(&paged);
    assert_int_equal(ask(&paged, "/readyz", "ready\n"), 200);
    assert_int_equal(ask(&paged, "/v1/status/ready", "ready\n"), 200);
    node_stop(paged.bench.node);
    assert_int_equal(ask(&paged, "/readyz", "not ready: the node is stopping\n"), 503);
    assert_int_equal(ask(&paged, "/livez", "alive\n"), 200);
    assert_int_equal(ask(&paged, "/clients", ""), 200);
    paged_end(&paged);
}

static void a_lost_disk_is_told_by_its_name(void **state)
{
    (void)state;
    struct paged paged;

    paged_begin(&paged);
    stages_fail(paged.bench.node, STATUS_IO_ERROR);
    assert_int_equal(ask(&paged, "/readyz", "not ready: the log directory is out of service: input/output error\n"),
                     503);
    assert_int_equal(ask(&paged, "/livez", "alive\n"), 200);
    bench_wait_stopped(&paged.bench);
    assert_int_equal(node_end(paged.bench.node), STATUS_IO_ERROR);
    bench_start(&paged.bench);
    paged_end(&paged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_found_by_their_whole_path),
        cmocka_unit_test(the_index_names_the_pages),
        cmocka_unit_test(a_node_that_goes_down_is_alive_and_not_ready),
        cmocka_unit_test(a_lost_disk_is_told_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
