/* engine/base/metrics.c   Cells of one shard stand in row order; a histogram's are its buckets and its sum:
 *
 *     | counter | gauge, series 0 | gauge, series 1 | <= 2^10 | <= 2^11 | ... | above | sum |
 *
 * Buckets hold what fell between two bounds; Prometheus wants them summed up, which the writer does. */
#include "base/metrics.h"

#include <stdio.h>

#include "base/heap.h"
#include "base/sink.h"

enum { LABELS_MAX = 256 };

static uint32_t row_width(const struct metric *row)
{
    return row->type == METRIC_HISTOGRAM ? METRIC_HISTOGRAM_CELLS : 1;
}

void metrics_init(struct metrics *metrics, const struct metric *rows, uint32_t row_count, struct heap *heap)
{
    *metrics = (struct metrics){ .rows = rows, .row_count = row_count };
    metrics->first_cells = heap_take(heap, row_count * sizeof(uint32_t));

    for (uint32_t i = 0; i < row_count; i++) {
        invariant(rows[i].name && rows[i].series_count > 0);
        invariant(!rows[i].label || rows[i].values);
        metrics->first_cells[i] = metrics->cell_count;
        metrics->cell_count += rows[i].series_count * row_width(&rows[i]);
    }
}

void metric_cells_init(struct metric_cells *cells, const struct metrics *metrics, struct heap *heap)
{
    cells->metrics = metrics;
    cells->cells = heap_take(heap, metrics->cell_count * sizeof(*cells->cells));
}

void metric_record(const struct metric_cells *cells, uint32_t row, uint32_t series, uint64_t ns)
{
    invariant(cells->metrics->rows[row].type == METRIC_HISTOGRAM);
    _Atomic int64_t *first = metric_cell(cells, row, series);

    metric_cell_add(&first[metric_bucket(ns)], 1);
    if (ns > 0) metric_cell_add(&first[METRIC_BUCKETS], (int64_t)ns);
}

static int64_t cell_read(const struct metric_cells *cells, uint32_t row, uint32_t series, uint32_t index)
{
    return atomic_load_explicit(metric_cell(cells, row, series) + index, memory_order_relaxed);
}

static int64_t cells_read(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                          uint32_t row, uint32_t series, uint32_t index)
{
    bool most = metrics->rows[row].scope == METRIC_MOST;
    int64_t total = 0;

    for (uint32_t i = 0; i < shard_count; i++) {
        int64_t n = cell_read(&shards[i], row, series, index);
        total = !most ? total + n : i == 0 ? n : max_of(total, n);
    }
    return total;
}

int64_t metric_read(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                    uint32_t row, uint32_t series)
{
    return cells_read(metrics, shards, shard_count, row, series, 0);
}

void metric_escape(const char *value, char *escaped, uint32_t size)
{
    invariant(size > 0);
    uint32_t at = 0;

    for (; *value && at + 2 < size; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n') escaped[at++] = '\\';
        escaped[at++] = (char)(*value == '\n' ? 'n' : *value);
    }
    escaped[at] = '\0';
}

static const char *type_name(const struct metric *row)
{
    switch ((enum metric_type)row->type) {
    case METRIC_COUNTER: return "counter";
    case METRIC_GAUGE: return "gauge";
    case METRIC_HISTOGRAM: return "histogram";
    }
    return "untyped";
}

void metric_write_head(struct sink *sink, const struct metric *row)
{
    sink_format(sink, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help ? row->help : "", row->name, type_name(row));
}

/* A value of nanoseconds in the row's unit. */
static double in_unit(const struct metric *row, double n)
{
    if (row->unit == METRIC_NS_AS_SECONDS) return n / 1e9;
    return row->unit == METRIC_NS_AS_MS ? n / 1e6 : n;
}

static bool scaled(const struct metric *row)
{
    return row->unit == METRIC_NS_AS_SECONDS || row->unit == METRIC_NS_AS_MS;
}

void metric_write_value(struct sink *sink, const struct metric *row, const char *suffix, const char *labels, int64_t n)
{
    bool braces = labels && *labels;

    sink_format(sink, "%s%s%s%s%s ", row->name, suffix ? suffix : "", braces ? "{" : "", braces ? labels : "",
                braces ? "}" : "");
    if (scaled(row)) {
        sink_format(sink, "%.9g\n", in_unit(row, (double)n));
    } else {
        sink_format(sink, "%lld\n", (long long)n);
    }
}

/* The bucket counts are read once, so that a line never shows less than the one before it. */
static void write_histogram(struct sink *sink, const struct metric *row, const int64_t *cells, const char *labels)
{
    const struct metric count = { .name = row->name };
    const char *comma = *labels ? "," : "";
    char bounded[LABELS_MAX + 64];
    int64_t seen = 0;

    for (int i = 0; i < METRIC_BUCKETS; i++) {
        seen += cells[i];
        if (i < METRIC_BUCKETS - 1) {
            double bound = in_unit(row, (double)(INT64_C(1) << (METRIC_BUCKET_FIRST + i)));
            (void)snprintf(bounded, sizeof(bounded), "%s%sle=\"%.9g\"", labels, comma, bound);
        } else {
            (void)snprintf(bounded, sizeof(bounded), "%s%sle=\"+Inf\"", labels, comma);
        }
        metric_write_value(sink, &count, "_bucket", bounded, seen);
    }
    metric_write_value(sink, row, "_sum", labels, cells[METRIC_BUCKETS]);
    metric_write_value(sink, &count, "_count", labels, seen);
}

static void write_series(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                         uint32_t row_index, uint32_t series, const char *labels, struct sink *sink)
{
    const struct metric *row = &metrics->rows[row_index];

    if (row->type != METRIC_HISTOGRAM) {
        int64_t n = cells_read(metrics, shards, shard_count, row_index, series, 0);
        metric_write_value(sink, row, NULL, labels, n);
        return;
    }
    int64_t cells[METRIC_HISTOGRAM_CELLS];
    for (uint32_t i = 0; i < METRIC_HISTOGRAM_CELLS; i++) {
        cells[i] = cells_read(metrics, shards, shard_count, row_index, series, i);
    }
    write_histogram(sink, row, cells, labels);
}

static bool worth_a_line(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                         uint32_t row_index, uint32_t series)
{
    const struct metric *row = &metrics->rows[row_index];

    if (row->series_count <= METRIC_SERIES_FEW) return true;
    for (uint32_t i = 0; i < row_width(row); i++) {
        if (cells_read(metrics, shards, shard_count, row_index, series, i) != 0) return true;
    }
    return false;
}

static void write_row(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                      uint32_t row_index, struct sink *sink)
{
    const struct metric *row = &metrics->rows[row_index];
    metric_write_head(sink, row);

    for (uint32_t series = 0; series < row->series_count; series++) {
        char labels[LABELS_MAX] = "", value[128] = "";
        int size = 0;
        if (row->label) {
            if (!row->values[series] || !worth_a_line(metrics, shards, shard_count, row_index, series)) continue;
            metric_escape(row->values[series], value, sizeof(value));
            size = snprintf(labels, sizeof(labels) / 2, "%s=\"%s\"", row->label, value);
            invariant(size > 0 && (size_t)size < sizeof(labels) / 2);
        }
        if (row->scope != METRIC_EACH) {
            write_series(metrics, shards, shard_count, row_index, series, labels, sink);
            continue;
        }
        for (uint32_t shard = 0; shard < shard_count; shard++) {
            (void)snprintf(labels + size, sizeof(labels) - (size_t)size, "%sshard=\"%u\"", size > 0 ? "," : "", shard);
            write_series(metrics, &shards[shard], 1, row_index, series, labels, sink);
        }
    }
}

void metrics_write(const struct metrics *metrics, const struct metric_cells *shards, uint32_t shard_count,
                   struct sink *sink)
{
    for (uint32_t i = 0; i < metrics->row_count; i++) write_row(metrics, shards, shard_count, i, sink);
}
