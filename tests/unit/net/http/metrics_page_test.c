/* tests/unit/net/http/metrics_page_test.c   /metrics as Prometheus reads it: families in one piece, no series twice,
 * numbers in every line, in every state of a node. */
#include "one_paged.h"

#include "http/metrics_page.h"

enum { LINES_MAX = 20000 };

static const char *metrics(int patience_ms)
{
    metrics_page_write(&paged.pages, patience_ms, paged_sink(&paged));
    assert_false(paged.sink.full);
    return paged_text(&paged);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name of a family covers its series: those of a histogram or summary have a suffix more. */
static bool belongs(const char *series, const char *family)
{
    static const char *const suffixes[] = { "", "_bucket", "_sum", "_count" };
    size_t size = strcspn(series, "{ "), name = strlen(family);

    for (size_t i = 0; i < array_count(suffixes); i++) {
        size_t suffix = strlen(suffixes[i]);
        if (size == name + suffix && !strncmp(series, family, name) && !strncmp(series + name, suffixes[i], suffix)) {
            return true;
        }
    }
    return false;
}

static void check_line(char *line, char family[256])
{
    char *value = strrchr(line, ' '), *rest;

    if (strncmp(line, "# HELP ", 7) == 0) {
        (void)snprintf(family, 256, "%.*s", (int)strcspn(line + 7, " "), line + 7);
        return;
    }
    if (line[0] == '#') return;
    if (!belongs(line, family)) fail_msg("'%s' stands under %s", line, family);
    assert_non_null(value);
    (void)strtod(value + 1, &rest);
    if (rest == value + 1 || *rest) fail_msg("'%s' has no number", line);
    *value = '\0'; /* What is left is the series. */
}

static void check_page(const char *page)
{
    static const char *series[LINES_MAX];
    static char family[256];
    char *copy = strdup(page);
    size_t count = 0, size = strlen(page);

    assert_true(size > 0 && page[size - 1] == '\n');
    for (char *rest = copy, *line; (line = strsep(&rest, "\n")) && *line;) {
        assert_true(count < LINES_MAX);
        bool sample = line[0] != '#';
        check_line(line, family);
        if (sample || strncmp(line, "# HELP ", 7) == 0) series[count++] = line;
        if (!sample) line[strcspn(line + 7, " ") + 7] = '\0';
    }
    qsort(series, count, sizeof(series[0]), by_text);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(series[i - 1], series[i]) == 0) fail_msg("'%s' is there twice", series[i]);
    }
    free(copy);
}

static void a_page_is_one_that_prometheus_takes(void **state)
{
    (void)state;
    create_topic(&paged.bench, "alpha", 3);
    create_topic(&paged.bench, "beta.x_y-z", 1);
    const char *page = metrics(60000);
    check_page(page);
    assert_says(page, "sluice_build_info{version=\"1.2.3\"} 1\n");
    assert_says(page, "sluice_durability_info{mode=\"durable\"} 1\n");
    assert_says(page, "sluice_shard_up{shard=\"2\"} 1\n");
    assert_says(page, "sluice_degraded{what=\"direct_io\"} ");
}

static void a_silent_shard_has_no_partitions_and_the_others_keep_theirs(void **state)
{
    (void)state;
    struct stuck stuck;

    create_topic(&paged.bench, "alpha", 4);
    (void)metrics(60000);
    stuck_begin(&stuck, &paged.bench, 1);
    const char *page = metrics(100);
    check_page(page);
    assert_says(page, "sluice_shard_up{shard=\"0\"} 1\n");
    assert_says(page, "sluice_shard_up{shard=\"1\"} 0\n");
    assert_says(page, "kafka_topic_partitions{topic=\"alpha\"} 2\n");
    stuck_end(&stuck);
    page = metrics(60000);
    check_page(page);
    assert_says(page, "sluice_shard_up{shard=\"1\"} 1\n");
    assert_says(page, "kafka_topic_partitions{topic=\"alpha\"} 4\n");
}

static void before_and_after_a_node_the_page_is_whole(void **state)
{
    (void)state;
    paged.pages.node = NULL;
    const char *page = metrics(60000);
    check_page(page);
    assert_says(page, "sluice_ready 0\n");
    assert_null(strstr(page, "sluice_shard_up"));
    assert_null(strstr(page, "kafka_"));

    paged.pages.node = paged.bench.node;
    paged.settings.relaxed = true;
    node_stop(paged.bench.node);
    page = metrics(60000);
    check_page(page);
    assert_says(page, "sluice_durability_info{mode=\"relaxed\"} 1\n");
    assert_null(strstr(page, "sluice_shard_up")); /* Nobody is asked any more; */
    assert_says(page, "kafka_server_kafkaserver_brokerstate 7\n");
}

/* What is idle is a share, whatever the clocks say. */
static void idleness_is_a_share(void **state)
{
    (void)state;
    static const char name[] = "\nkafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent ";

    for (int round = 0; round < 2; round++) {
        paged.pages.idle_at_ns = pages_clock_ns() - INT64_C(2000000000);
        paged.pages.idle_busy_ns = round == 0 ? 0 : INT64_MIN / 2; /* impossibly busy since then */
        const char *at = strstr(metrics(60000), name);
        assert_non_null(at);
        double idle = strtod(at + strlen(name), NULL);
        assert_true(idle >= 0 && idle <= 1);
        if (round == 1) assert_true(idle == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_one_that_prometheus_takes, begin, end),
        cmocka_unit_test_setup_teardown(a_silent_shard_has_no_partitions_and_the_others_keep_theirs, begin, end),
        cmocka_unit_test_setup_teardown(before_and_after_a_node_the_page_is_whole, begin, end),
        cmocka_unit_test_setup_teardown(idleness_is_a_share, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
