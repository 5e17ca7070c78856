/* engine/base/metrics.h   Metrics as rows. Each shard counts into cells of its own, with plain relaxed stores, because
 * it is their one writer; a reader on another thread sums them while they move and prints Prometheus text.
 *
 *     enum { METRIC_BYTES_IN, METRIC_REQUESTS, METRIC_COUNT };
 *     static const struct metric rows[METRIC_COUNT] = {
 *         [METRIC_BYTES_IN] = { "sluice_bytes_in_total", METRIC_COUNTER, METRIC_BYTES, METRIC_SUM, NULL, NULL, 1, "..."
 * },
 *         [METRIC_REQUESTS] = { "sluice_requests_total", METRIC_COUNTER, METRIC_NO_UNIT, METRIC_SUM,
 *                               "request", api_names, API_COUNT, "requests begun" },
 *     };
 *     metric_add(&shard->cells, METRIC_REQUESTS, api_key, 1);
 *
 * A row's label has a fixed set of values, one series each; where there are more than METRIC_SERIES_FEW of them, those
 * that nothing was counted in are not printed. What is counted by topic or group is not a row: its owner
 * prints it with metric_write_head and metric_write_value from what it has. */
#ifndef ENGINE_BASE_METRICS_H
#define ENGINE_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/check.h"

struct heap;
struct sink;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
/* Cells hold bytes and nanoseconds; people read seconds or, where Kafka's name says so, milliseconds. */
enum metric_unit { METRIC_NO_UNIT, METRIC_BYTES, METRIC_NS_AS_SECONDS, METRIC_NS_AS_MS };
/* What one sees of several shards: the sum, the largest, or each with a label shard="n". */
enum metric_scope { METRIC_SUM, METRIC_MOST, METRIC_EACH };

struct metric {
    const char *name;
    uint8_t type, unit, scope;
    const char *label;         /* its name; NULL: no label */
    const char *const *values; /* series_count values of the label; a NULL among them is not printed */
    uint32_t series_count;     /* at least 1 */
    const char *help;
};

/* Histograms have one bucket for each power of two from 2^10 (1 us) to 2^36 (69 s), and one for what is above. */
enum { METRIC_BUCKET_FIRST = 10, METRIC_BUCKET_LAST = 36 };
enum { METRIC_BUCKETS = METRIC_BUCKET_LAST - METRIC_BUCKET_FIRST + 2, METRIC_HISTOGRAM_CELLS = METRIC_BUCKETS + 1 };

enum { METRIC_SERIES_FEW = 32 };

struct metrics {
    const struct metric *rows;
    uint32_t row_count;
    uint32_t *first_cells; /* per row */
    uint32_t cell_count;
};

struct metric_cells {
    const struct metrics *metrics;
    _Atomic int64_t *cells;
};

void metrics_init(struct metrics *metrics, const struct metric *rows, uint32_t row_count, struct heap *heap);
void metric_cells_init(struct metric_cells *cells, const struct metrics *metrics, struct heap *heap);

/* The first cell of a series; one writer, so load and store need not be one step. */
static inline _Atomic int64_t *metric_cell(const struct metric_cells *cells, uint32_t row, uint32_t series)
{
    const struct metrics *metrics = cells->metrics;
    invariant(row < metrics->row_count && series < metrics->rows[row].series_count);
    uint32_t width = metrics->rows[row].type == METRIC_HISTOGRAM ? METRIC_HISTOGRAM_CELLS : 1;
    return &cells->cells[metrics->first_cells[row] + series * width];
}

static inline void metric_cell_add(_Atomic int64_t *cell, int64_t n)
{
    atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline void metric_add(const struct metric_cells *cells, uint32_t row, uint32_t series, int64_t n)
{
    metric_cell_add(metric_cell(cells, row, series), n);
}

static inline void metric_set(const struct metric_cells *cells, uint32_t row, uint32_t series, int64_t n)
{
    atomic_store_explicit(metric_cell(cells, row, series), n, memory_order_relaxed);
}

/* Which bucket a duration falls into: the smallest power of two that is not below it. */
static inline uint32_t metric_bucket(uint64_t ns)
{
    uint32_t power = ns <= 1 ? 0 : 64 - (uint32_t)__builtin_clzll(ns - 1);
    power = max_of(power, (uint32_t)METRIC_BUCKET_FIRST);
    return min_of(power, (uint32_t)METRIC_BUCKET_LAST + 1) - METRIC_BUCKET_FIRST;
}
/* One duration into a METRIC_HISTOGRAM. */
void metric_record(const struct metric_cells *cells, uint32_t row, uint32_t series, uint64_t ns);

/* The value of a counter or gauge over all shards, by its scope (METRIC_EACH: the sum). Any thread. */
int64_t metric_read(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                    uint32_t row, uint32_t series);

/* Everything in Prometheus text 0.0.4. Any thread. */
void metrics_write(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                   struct sink *sink);

/* The pieces, for what is not a row: "# HELP" and "# TYPE", then a line per series. `labels` is printed between braces
 * (`topic="a",partition="0"`), NULL for none; values of labels go through metric_escape first. */
void metric_write_head(struct sink *sink, const struct metric *row);
void metric_write_value(struct sink *sink, const struct metric *row, const char *suffix, const char *labels, int64_t n);
/* Escapes \, " and newline; NUL-terminated, cut to `size`. */
void metric_escape(const char *value, char *escaped, uint32_t size);

#endif
