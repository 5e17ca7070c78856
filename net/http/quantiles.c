/* net/http/quantiles.c   A bucket holds what lies between half its bound and its bound; within it, values count as
 * if they lay evenly. So a quantile is right to a factor of two at worst, and much better where there are many. */
#include "http/quantiles.h"

#include "base/sink.h"

void quantiles_read(struct quantiles *times, const struct metric_cells *shards, uint32_t shard_count, uint32_t row,
                    uint32_t series)
{
    *times = (struct quantiles){ .count = 0 };
    for (uint32_t i = 0; i < shard_count; i++) {
        const _Atomic int64_t *cells = metric_cell(&shards[i], row, series);
        for (int j = 0; j < METRIC_BUCKETS; j++) {
            int64_t n = atomic_load_explicit(&cells[j], memory_order_relaxed);
            times->buckets[j] += n;
            times->count += n;
        }
    }
}

double quantiles_at(const struct quantiles *times, double share)
{
    double wanted = share * (double)times->count, seen = 0;

    for (int i = 0; i < METRIC_BUCKETS; i++) {
        double in_bucket = (double)times->buckets[i];
        if (in_bucket == 0 || seen + in_bucket < wanted) {
            seen += in_bucket;
            continue;
        }
        double high = (double)(INT64_C(1) << (METRIC_BUCKET_FIRST + i));
        double low = i == 0 ? 0 : high / 2;
        return (low + (high - low) * (wanted - seen) / in_bucket) / 1e6;
    }
    return 0;
}

void quantiles_write_head(const char *name, const char *help, struct sink *sink)
{
    sink_format(sink, "# HELP %s %s\n# TYPE %s summary\n", name, help, name);
}

void quantiles_write(const struct quantiles *times, const char *name, const char *labels, struct sink *sink)
{
    static const struct {
        const char *text;
        double share;
    } wanted[] = { { "0.50", 0.50 }, { "0.75", 0.75 }, { "0.95", 0.95 }, { "0.99", 0.99 }, { "0.999", 0.999 } };
    const char *comma = *labels ? "," : "";

    for (size_t i = 0; i < array_count(wanted) && times->count > 0; i++) {
        sink_format(sink, "%s{%s%squantile=\"%s\"} %.6g\n", name, labels, comma, wanted[i].text,
                    quantiles_at(times, wanted[i].share));
    }
    sink_format(sink, *labels ? "%s_count{%s} %lld\n" : "%s_count%s %lld\n", name, labels, (long long)times->count);
}
