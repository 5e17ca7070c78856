/* tests/unit/engine/base/histogram_test.c   The promised error, at every power of two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/check.h"
#include "base/histogram.h"

static void one_value_is_known_exactly_at_both_ends(void **state)
{
    (void)state;
    struct histogram histogram;
    histogram_init(&histogram);
    assert_int_equal(histogram_percentile(&histogram, 50), 0);
    assert_int_equal(histogram_mean(&histogram), 0);

    histogram_record(&histogram, 123456789);
    assert_int_equal(histogram_percentile(&histogram, 0), 123456789);
    assert_int_equal(histogram_percentile(&histogram, 50), 123456789);
    assert_int_equal(histogram_percentile(&histogram, 100), 123456789);
    assert_int_equal(histogram.least, 123456789);
}

static void every_bucket_is_within_one_percent(void **state)
{
    (void)state;
    static struct histogram histogram;

    for (uint64_t power = 0; power < 40; power++) {
        for (int64_t step = -1; step <= 1; step++) {
            uint64_t value = (UINT64_C(1) << power) + (uint64_t)step;
            histogram_init(&histogram);
            histogram_record(&histogram, value);
            histogram_record(&histogram, value); /* not the last one, which is exact */
            histogram.least = 0;
            histogram.most = UINT64_MAX;
            double known = (double)histogram_percentile(&histogram, 50);
            assert_true(fabs(known - (double)value) <= (double)value * 0.008 + 0.5);
        }
    }
}

/* The one in a thousand that is slow is no part of the 99.9 % that are not. */
static void a_percentile_leaves_out_what_lies_beyond_it(void **state)
{
    (void)state;
    static const struct {
        double percent;
        uint64_t count; /* of which so many are fast: */
        uint64_t fast;
    } rows[] = { { 99.9, 1000, 999 }, { 99.9, 41000, 40959 }, { 99.9, 164000, 163836 }, { 99.99, 10000, 9999 },
                 { 99, 100, 99 },     { 50, 2, 1 },           { 99.99, 70000, 69993 },  { 75, 4, 3 } };
    static struct histogram histogram;

    for (size_t i = 0; i < array_count(rows); i++) {
        histogram_init(&histogram);
        for (uint64_t n = 0; n < rows[i].count; n++) histogram_record(&histogram, n < rows[i].fast ? 10 : 1000000);
        assert_int_equal(histogram_percentile(&histogram, rows[i].percent), 10);
        histogram_init(&histogram);
        for (uint64_t n = 0; n < rows[i].count; n++) histogram_record(&histogram, n < rows[i].fast - 1 ? 10 : 1000000);
        assert_in_range(histogram_percentile(&histogram, rows[i].percent), 990000, 1000000);
    }
}

static void what_is_too_large_counts_as_the_largest(void **state)
{
    (void)state;
    static struct histogram histogram;
    histogram_init(&histogram);
    histogram_record(&histogram, UINT64_MAX);
    assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
    assert_true(histogram_percentile(&histogram, 99) == UINT64_MAX);
    histogram_record(&histogram, 0);
    assert_int_equal(histogram_percentile(&histogram, 50), 0);
}

static void percentiles_of_a_known_distribution(void **state)
{
    (void)state;
    static struct histogram even, odd;
    histogram_init(&even);
    histogram_init(&odd);
    for (uint64_t i = 1; i <= 100000; i++) histogram_record(i % 2 == 0 ? &even : &odd, i);
    histogram_merge(&even, &odd);

    assert_int_equal(even.count, 100000);
    assert_int_equal(histogram_mean(&even), 50000);
    static const double percents[] = { 1, 25, 50, 90, 99, 99.9 };
    for (size_t i = 0; i < array_count(percents); i++) {
        double exact = percents[i] * 1000;
        assert_true(fabs((double)histogram_percentile(&even, percents[i]) - exact) < exact * 0.01);
    }
    assert_int_equal(histogram_percentile(&even, 100), 100000);
    assert_int_equal(histogram_percentile(&even, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_is_known_exactly_at_both_ends),
        cmocka_unit_test(every_bucket_is_within_one_percent),
        cmocka_unit_test(a_percentile_leaves_out_what_lies_beyond_it),
        cmocka_unit_test(what_is_too_large_counts_as_the_largest),
        cmocka_unit_test(percentiles_of_a_known_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
