/* tests/unit/engine/base/metrics_test.c   What is counted on two shards, and the exact text that comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/heap.h"
#include "base/metrics.h"
#include "base/sink.h"

enum { BYTES_IN, REQUESTS, DEPTH, BUSY, LATENCY, ROW_COUNT };

static const char *const request_names[] = { "Produce", NULL, "Fe\"t\\ch\n" };
static const struct metric rows[ROW_COUNT] = {
    [BYTES_IN] = { "bytes_in_total", METRIC_COUNTER, METRIC_BYTES, METRIC_SUM, NULL, NULL, 1, "bytes received" },
    [REQUESTS] = { "requests_total", METRIC_COUNTER, METRIC_NO_UNIT, METRIC_SUM, "request", request_names, 3, "begun" },
    [DEPTH] = { "depth", METRIC_GAUGE, METRIC_NO_UNIT, METRIC_MOST, NULL, NULL, 1, "deepest queue" },
    [BUSY] = { "busy_seconds_total", METRIC_COUNTER, METRIC_NS_AS_SECONDS, METRIC_EACH, NULL, NULL, 1, "busy" },
    [LATENCY] = { "latency_seconds", METRIC_HISTOGRAM, METRIC_NS_AS_SECONDS, METRIC_SUM, NULL, NULL, 1, "time" },
};

struct fixture {
    struct heap heap;
    struct metrics metrics;
    struct metric_cells shards[2];
    struct memory_sink memory;
};

static void begin(struct fixture *fixture)
{
    heap_init(&fixture->heap);
    metrics_init(&fixture->metrics, rows, ROW_COUNT, &fixture->heap);
    for (int i = 0; i < 2; i++) metric_cells_init(&fixture->shards[i], &fixture->metrics, &fixture->heap);
    memory_sink_init(&fixture->memory, &fixture->heap, 1 << 16);
}

static void cells_of_shards_are_joined_by_scope(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    metric_add(&fixture.shards[0], BYTES_IN, 0, 5);
    metric_add(&fixture.shards[1], BYTES_IN, 0, 7);
    metric_add(&fixture.shards[0], REQUESTS, 2, 1);
    metric_set(&fixture.shards[0], DEPTH, 0, -4);
    metric_set(&fixture.shards[1], DEPTH, 0, -9);

    assert_int_equal(metric_read(&fixture.metrics, fixture.shards, 2, BYTES_IN, 0), 12);
    assert_int_equal(metric_read(&fixture.metrics, fixture.shards, 2, REQUESTS, 0), 0);
    assert_int_equal(metric_read(&fixture.metrics, fixture.shards, 2, REQUESTS, 2), 1);
    assert_int_equal(metric_read(&fixture.metrics, fixture.shards, 2, DEPTH, 0), -4);
    heap_end(&fixture.heap);
}

static void the_text_is_prometheus(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    metric_add(&fixture.shards[0], BYTES_IN, 0, 5);
    metric_add(&fixture.shards[1], REQUESTS, 2, 3);
    metric_set(&fixture.shards[1], DEPTH, 0, 2);
    metric_add(&fixture.shards[1], BUSY, 0, 1500000000);
    metrics_write(&fixture.metrics, fixture.shards, 2, &fixture.memory.sink);

    static const char head[] = "# HELP bytes_in_total bytes received\n# TYPE bytes_in_total counter\n"
                               "bytes_in_total 5\n"
                               "# HELP requests_total begun\n# TYPE requests_total counter\n"
                               "requests_total{request=\"Produce\"} 0\n"
                               "requests_total{request=\"Fe\\\"t\\\\ch\\n\"} 3\n"
                               "# HELP depth deepest queue\n# TYPE depth gauge\n"
                               "depth 2\n"
                               "# HELP busy_seconds_total busy\n# TYPE busy_seconds_total counter\n"
                               "busy_seconds_total{shard=\"0\"} 0\n"
                               "busy_seconds_total{shard=\"1\"} 1.5\n"
                               "# HELP latency_seconds time\n# TYPE latency_seconds histogram\n"
                               "latency_seconds_bucket{le=\"1.024e-06\"} 0\n";
    struct text got = memory_sink_text(&fixture.memory);
    assert_true(got.size > sizeof(head));
    assert_memory_equal(got.data, head, sizeof(head) - 1);
    assert_true(text_ends(got, TEXT("le=\"+Inf\"} 0\nlatency_seconds_sum 0\nlatency_seconds_count 0\n")));
    heap_end(&fixture.heap);
}

static void a_duration_falls_into_the_bucket_of_its_power(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        int bucket;
    } samples[] = {
        { 0, 0 },
        { 1, 0 },
        { 1024, 0 },
        { 1025, 1 },
        { 2048, 1 },
        { 2049, 2 },
        { UINT64_C(1) << 36, METRIC_BUCKETS - 2 },
        { (UINT64_C(1) << 36) + 1, METRIC_BUCKETS - 1 },
        { UINT64_C(1) << 62, METRIC_BUCKETS - 1 },
    };

    for (size_t i = 0; i < array_count(samples); i++) {
        struct fixture fixture;
        begin(&fixture);
        metric_record(&fixture.shards[1], LATENCY, 0, samples[i].ns);
        const _Atomic int64_t *cells = metric_cell(&fixture.shards[1], LATENCY, 0);
        for (int bucket = 0; bucket < METRIC_BUCKETS; bucket++) {
            assert_int_equal(cells[bucket], bucket == samples[i].bucket);
        }
        assert_int_equal(cells[METRIC_BUCKETS], samples[i].ns);
        heap_end(&fixture.heap);
    }
}

static void of_many_series_the_empty_ones_are_left_out(void **state)
{
    (void)state;
    enum { MANY = METRIC_SERIES_FEW + 1 };
    const char *values[MANY] = { [3] = "three", [4] = "four" };
    const struct metric many[] = {
        { "many_total", METRIC_COUNTER, METRIC_NO_UNIT, METRIC_SUM, "of", values, MANY, "" },
        { "many_seconds", METRIC_HISTOGRAM, METRIC_NS_AS_SECONDS, METRIC_SUM, "of", values, MANY, "" },
    };
    struct heap heap;
    struct metrics metrics;
    struct metric_cells cells;
    struct memory_sink memory;

    heap_init(&heap);
    metrics_init(&metrics, many, 2, &heap);
    metric_cells_init(&cells, &metrics, &heap);
    memory_sink_init(&memory, &heap, 1 << 16);
    metric_add(&cells, 0, 3, 1);
    metric_record(&cells, 1, 4, 0);
    metrics_write(&metrics, &cells, 1, &memory.sink);
    sink_put(&memory.sink, TEXT("\0"));
    const char *text = memory_sink_text(&memory).data;
    assert_non_null(strstr(text, "many_total{of=\"three\"} 1\n"));
    assert_null(strstr(text, "many_total{of=\"four\"}"));
    assert_non_null(strstr(text, "many_seconds_count{of=\"four\"} 1\n"));
    assert_non_null(strstr(text, "many_seconds_sum{of=\"four\"} 0\n"));
    assert_null(strstr(text, "of=\"three\",le"));
    heap_end(&heap);
}

static void escaping_never_overruns(void **state)
{
    (void)state;
    char escaped[6];
    metric_escape("\"\"\"\"\"\"", escaped, sizeof(escaped));
    assert_string_equal(escaped, "\\\"\\\"");
    metric_escape("", escaped, 1);
    assert_string_equal(escaped, "");
    metric_escape("abcdefghij", escaped, sizeof(escaped));
    assert_true(strlen(escaped) < sizeof(escaped));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_shards_are_joined_by_scope),
        cmocka_unit_test(the_text_is_prometheus),
        cmocka_unit_test(a_duration_falls_into_the_bucket_of_its_power),
        cmocka_unit_test(of_many_series_the_empty_ones_are_left_out),
        cmocka_unit_test(escaping_never_overruns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
