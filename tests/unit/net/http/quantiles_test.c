/* tests/unit/net/http/quantiles_test.c   Quantiles out of buckets: within the bucket that holds them, of all shards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/sink.h"
#include "http/quantiles.h"

static const char *const apis[] = { "Produce", "Fetch" };
static const struct metric rows[] = { { "t", METRIC_HISTOGRAM, METRIC_NS_AS_SECONDS, METRIC_SUM, "request", apis, 2,
                                        "" } };

static struct heap heap;
static struct metrics metrics;
static struct metric_cells shards[2];

static int setup(void **state)
{
    (void)state;
    heap_init(&heap);
    metrics_init(&metrics, rows, 1, &heap);
    for (int i = 0; i < 2; i++) metric_cells_init(&shards[i], &metrics, &heap);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    heap_end(&heap);
    return 0;
}

static void nothing_has_no_quantile(void **state)
{
    struct quantiles times;

    (void)state;
    quantiles_read(&times, shards, 2, 0, 0);
    assert_int_equal(times.count, 0);
    assert_true(quantiles_at(&times, 0.99) == 0);
}

static void a_quantile_lies_in_its_bucket(void **state)
{
    struct quantiles times;

    (void)state;
    for (int i = 0; i < 99; i++) metric_record(&shards[i % 2], 0, 0, 1500000); /* 1.5 ms: 2^20 to 2^21 ns */
    metric_record(&shards[1], 0, 0, 400000000);                                /* 400 ms: 2^28 to 2^29 ns */
    metric_record(&shards[0], 0, 1, 1);                                        /* of another series */
    quantiles_read(&times, shards, 2, 0, 0);
    assert_int_equal(times.count, 100);
    assert_true(quantiles_at(&times, 0.5) > 1.048 && quantiles_at(&times, 0.5) < 2.098);
    assert_true(quantiles_at(&times, 0.99) < 2.098);
    assert_true(quantiles_at(&times, 0.999) > 268 && quantiles_at(&times, 0.999) < 537);
    assert_true(quantiles_at(&times, 1) < 537);
}

static void a_summary_is_prometheus_text(void **state)
{
    struct memory_sink text;
    struct quantiles times;

    (void)state;
    memory_sink_init(&text, &heap, 1 << 16);
    quantiles_read(&times, shards, 2, 0, 0);
    quantiles_write_head("a_ms", "help", &text.sink);
    quantiles_write(&times, "a_ms", "", &text.sink);
    metric_record(&shards[0], 0, 0, 1 << 20);
    quantiles_read(&times, shards, 2, 0, 0);
    quantiles_write(&times, "a_ms", "request=\"Produce\"", &text.sink);
    static const char want[] = "# HELP a_ms help\n"
                               "# TYPE a_ms summary\n"
                               "a_ms_count 0\n"
                               "a_ms{request=\"Produce\",quantile=\"0.50\"} 0.786432\n";
    assert_true(memory_sink_text(&text).size > sizeof(want));
    assert_memory_equal(memory_sink_text(&text).data, want, sizeof(want) - 1);
    memory_sink_end(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_has_no_quantile, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quantile_lies_in_its_bucket, setup, teardown),
        cmocka_unit_test_setup_teardown(a_summary_is_prometheus_text, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
