/* engine/base/histogram.h   Distributions of durations (or sizes) in fixed memory: every power of two is cut into 64
 * equal buckets, so a value is known to 1.6 % and a bucket's middle to 0.8 %. From 0 to 2^40 ns, 18 minutes; what is
 * larger counts as the largest. */
#ifndef ENGINE_BASE_HISTOGRAM_H
#define ENGINE_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_STEP_BITS = 6,
    HISTOGRAM_VALUE_BITS = 40,
    HISTOGRAM_BUCKETS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_STEP_BITS + 1) << HISTOGRAM_STEP_BITS,
};

struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t count, sum;
    uint64_t least, most; /* exact; least is UINT64_MAX while there is nothing */
};

void histogram_init(struct histogram *histogram);
void histogram_record(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *to, const struct histogram *from);

/* The value that `percent` of all (0 to 100) don't exceed, within least and most; 0 when there is nothing. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);
uint64_t histogram_mean(const struct histogram *histogram);

#endif
