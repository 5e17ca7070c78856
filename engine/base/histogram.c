/* engine/base/histogram.c   value -> bucket: the position of the top bit chooses the row, the six bits below it the
 * bucket.
 *
 *     0 .. 63      one bucket each           (row 0)
 *     64 .. 127    one bucket each           (row 1: 2^6 in 64 steps of 1)
 *     128 .. 255   buckets of 2              (row 2: 2^7 in 64 steps of 2)
 *     ...          ...                       up to 2^40 */
#include "base/histogram.h"

#include "base/check.h"

enum { STEPS = 1 << HISTOGRAM_STEP_BITS };

static const uint64_t value_max = (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1;

static unsigned bucket_of(uint64_t value)
{
    value = min_of(value, value_max);
    if (value < STEPS) return (unsigned)value;

    unsigned top_bit = 63 - (unsigned)__builtin_clzll(value);
    unsigned row = top_bit - HISTOGRAM_STEP_BITS + 1;
    unsigned step = (unsigned)(value >> (row - 1)) & (STEPS - 1);
    return row * STEPS + step;
}

static uint64_t bucket_middle(unsigned bucket)
{
    unsigned row = bucket / STEPS, step = bucket % STEPS;
    if (row == 0) return step;

    uint64_t width = UINT64_C(1) << (row - 1);
    return (STEPS + step) * width + width / 2;
}

void histogram_init(struct histogram *histogram)
{
    *histogram = (struct histogram){ .least = UINT64_MAX };
}

void histogram_record(struct histogram *histogram, uint64_t value)
{
    histogram->buckets[bucket_of(value)]++;
    histogram->count++;
    histogram->sum += value;
    histogram->least = min_of(histogram->least, value);
    histogram->most = max_of(histogram->most, value);
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) to->buckets[i] += from->buckets[i];
    to->count += from->count;
    to->sum += from->sum;
    to->least = min_of(to->least, from->least);
    to->most = max_of(to->most, from->most);
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
    invariant(percent >= 0 && percent <= 100);
    if (histogram->count == 0) return 0;

    /* The number of values up to and with the one asked for, rounded up; at least the first. 99.9 is no number of the
     * machine's: 99.9 % of 41000 is a hair more than 40959, and must not count as one more. */
    double exact = percent * (double)histogram->count / 100;
    uint64_t wanted = (uint64_t)exact;
    if ((double)wanted < exact * (1 - 1e-12) || wanted == 0) wanted++;
    if (wanted >= histogram->count) return histogram->most;

    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted) return max_of(histogram->least, min_of(bucket_middle(i), histogram->most));
    }
    return histogram->most;
}

uint64_t histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0 : histogram->sum / histogram->count;
}
