/* net/http/quantiles.h   Quantiles out of the buckets of a METRIC_HISTOGRAM, as a Prometheus summary in ms: what
 * Kafka's names want where we count in buckets. */
#ifndef NET_HTTP_QUANTILES_H
#define NET_HTTP_QUANTILES_H

#include "base/metrics.h"

struct quantiles {
    int64_t buckets[METRIC_BUCKETS];
    int64_t count;
};

/* One series of a histogram, over all shards. */
void quantiles_read(struct quantiles *times, const struct metric_cells *shards, uint32_t shard_count, uint32_t row,
                    uint32_t series);
/* In ms; 0 when there is nothing. `share`: 0.99 and the like. */
double quantiles_at(const struct quantiles *times, double share);

void quantiles_write_head(const char *name, const char *help, struct sink *sink);
/* `labels` without braces, or "". */
void quantiles_write(const struct quantiles *times, const char *name, const char *labels, struct sink *sink);

#endif
