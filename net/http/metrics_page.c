/* net/http/metrics_page.c   In this order: the node, the process, the shards (survey.h), the net floor
 * (conn/metrics.h), and what is not a row of cells: quantiles of request times, connections by listener, one block of
 * series per partition. The names are those that exist around Kafka where there is one: the JMX exporter's, as in
 * Strimzi's dashboards and alerts, and kafka_exporter's. */
#include "http/metrics_page.h"

#include <stdio.h>

#include "base/sink.h"
#include "conn/face.h"
#include "http/process.h"

enum { LABELS_MAX = 640 };

static void write_gauge(struct sink *sink, const char *name, const char *help, const char *labels, int64_t n)
{
    const struct metric row = { .name = name, .type = METRIC_GAUGE, .help = help };

    metric_write_head(sink, &row);
    metric_write_value(sink, &row, NULL, labels, n);
}

static void write_node(const struct pages *pages, struct sink *sink)
{
    const struct http_settings *settings = pages->settings;
    char labels[LABELS_MAX];

    (void)snprintf(labels, sizeof(labels), "version=\"%s\"", settings->version);
    write_gauge(sink, "sluice_build_info", "always 1", labels, 1);
    (void)snprintf(labels, sizeof(labels), "mode=\"%s\"", settings->relaxed ? "relaxed" : "durable");
    write_gauge(sink, "sluice_durability_info",
                "durable: an acknowledged record is on the device; relaxed: it may not be", labels, 1);
    write_gauge(sink, "sluice_ready", "1 while clients are served", NULL, pages->node && node_serving(pages->node));
}

static void write_silence(const struct pages *pages, struct sink *sink)
{
    const struct metric row = { .name = "sluice_shard_up",
                                .type = METRIC_GAUGE,
                                .help = "0: the shard did not answer" };
    char labels[LABELS_MAX];

    metric_write_head(sink, &row);
    for (uint32_t i = 0; i < pages->survey.shard_count; i++) {
        (void)snprintf(labels, sizeof(labels), "shard=\"%u\"", i);
        metric_write_value(sink, &row, NULL, labels, !pages->survey.parts[i].silent);
    }
}

/* ---- the net floor ---- */

/* By the shard that has them, which is what Kafka calls a network processor; by listener where there is but one. */
static void write_connections(const struct node *node, const struct metric_cells *faces, struct sink *sink)
{
    const struct metric row = { .name = "kafka_server_socket_server_metrics_connection_count",
                                .type = METRIC_GAUGE,
                                .help = "connections that are open" };
    char labels[LABELS_MAX], name[LABELS_MAX / 4], escaped[LABELS_MAX / 2];

    metric_write_head(sink, &row);
    for (uint32_t i = 0; i + 1 < node->shard_count; i++) {
        const struct face *face = node->shards[i]->face;
        struct text listener = face->settings.listener_count == 1 ? face->settings.listeners[0].name : TEXT("");
        (void)snprintf(name, sizeof(name), "%.*s", TEXT_ARGS(listener));
        metric_escape(name, escaped, sizeof(escaped));
        (void)snprintf(labels, sizeof(labels), "listener=\"%s\",networkProcessor=\"%u\"", escaped, i);
        metric_write_value(sink, &row, NULL, labels, metric_read(&node->metrics, &faces[i], 1, CONN_METRIC_OPEN, 0));
    }
}

struct times {
    int64_t buckets[METRIC_BUCKETS];
    int64_t count;
};

static struct times times_of(const struct metric_cells *faces, uint32_t count, uint32_t api)
{
    struct times times = { .count = 0 };

    for (uint32_t i = 0; i < count; i++) {
        const _Atomic int64_t *cells = metric_cell(&faces[i], CONN_METRIC_REQUEST_TIME, api);
        for (int j = 0; j < METRIC_BUCKETS; j++) {
            int64_t n = atomic_load_explicit(&cells[j], memory_order_relaxed);
            times.buckets[j] += n;
            times.count += n;
        }
    }
    return times;
}

/* Within a bucket, as if its values lay evenly. */
static double times_quantile_ms(const struct times *times, double quantile)
{
    double wanted = quantile * (double)times->count, seen = 0;

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

/* Of APIs that were asked at all: the others have no quantiles. */
static void write_times(const struct metric_cells *faces, uint32_t count, struct sink *sink)
{
    static const char *const quantiles[] = { "0.50", "0.75", "0.95", "0.99", "0.999" };
    static const double values[] = { 0.50, 0.75, 0.95, 0.99, 0.999 };

    sink_format(sink, "# HELP kafka_network_requestmetrics_totaltimems since the start\n"
                      "# TYPE kafka_network_requestmetrics_totaltimems summary\n");
    for (uint32_t api = 0; api < CONN_METRIC_APIS; api++) {
        if (!conn_metric_apis[api]) continue;
        struct times times = times_of(faces, count, api);
        for (size_t i = 0; i < array_count(quantiles) && times.count > 0; i++) {
            sink_format(sink, "kafka_network_requestmetrics_totaltimems{request=\"%s\",quantile=\"%s\"} %.6g\n",
                        conn_metric_apis[api], quantiles[i], times_quantile_ms(&times, values[i]));
        }
        sink_format(sink, "kafka_network_requestmetrics_totaltimems_count{request=\"%s\"} %lld\n",
                    conn_metric_apis[api], (long long)times.count);
    }
}

static void write_faces(const struct node *node, struct heap *heap, struct sink *sink)
{
    uint32_t count = node->shard_count - 1;
    struct metric_cells *faces = heap_take(heap, count * sizeof(*faces));

    for (uint32_t i = 0; i < count; i++) faces[i] = node->shards[i]->face->cells;
    metrics_write(&node->metrics, faces, count, sink);
    write_connections(node, faces, sink);
    write_times(faces, count, sink);
    heap_give(heap, faces);
}

/* ---- partitions ---- */

/* clang-format off */
static const struct { struct metric row; size_t place; } partition_rows[] = {
    { { .name = "kafka_log_log_size", .help = "bytes of batches" }, offsetof(struct log_fact, size) },
    { { .name = "kafka_log_log_logstartoffset", .help = "the first offset" }, offsetof(struct log_fact, start) },
    { { .name = "kafka_log_log_logendoffset", .help = "the next offset" }, offsetof(struct log_fact, end) },
    { { .name = "kafka_topic_partition_current_offset", .help = "the high watermark" },
      offsetof(struct log_fact, committed) },
    { { .name = "kafka_topic_partition_oldest_offset", .help = "the first offset" }, offsetof(struct log_fact, start) },
};
/* clang-format on */

static void write_partition_row(const struct survey *survey, const struct metric *named, size_t place,
                                struct sink *sink)
{
    struct metric row = *named;
    char topic[2 * sizeof(((struct log_fact *)0)->topic)], labels[LABELS_MAX];

    row.type = METRIC_GAUGE;
    metric_write_head(sink, &row);
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        const struct survey_part *part = &survey->parts[i];
        for (uint32_t j = 0; !part->silent && j < part->log_count; j++) {
            const struct log_fact *fact = &part->logs[j];
            metric_escape(fact->topic, topic, sizeof(topic));
            (void)snprintf(labels, sizeof(labels), "topic=\"%s\",partition=\"%d\"", topic, fact->partition);
            metric_write_value(sink, &row, NULL, labels, *(const int64_t *)(const void *)((const char *)fact + place));
        }
    }
}

/* On large nodes they would be more than anybody stores: then only the sums above. */
static void write_partitions(struct survey *survey, int patience_ms, struct sink *sink)
{
    int64_t count = metric_read(&survey->metrics, survey->cells, survey->shard_count, SURVEY_PARTITIONS, 0);

    if (count == 0 || count > SURVEY_LOGS_MAX) return;
    survey_take_logs(survey, patience_ms);
    for (size_t i = 0; i < array_count(partition_rows); i++) {
        write_partition_row(survey, &partition_rows[i].row, partition_rows[i].place, sink);
    }
    survey_drop_logs(survey);
}

void metrics_page_write(struct pages *pages, int patience_ms, struct sink *sink)
{
    struct survey *survey = &pages->survey;

    write_node(pages, sink);
    process_write(sink);
    if (!pages->node) return;
    bool asked = !node_stopping(pages->node);
    if (asked) {
        (void)survey_take(survey, patience_ms);
        write_silence(pages, sink);
        metrics_write(&survey->metrics, survey->cells, survey->shard_count, sink);
    }
    write_faces(pages->node, survey->heap, sink);
    if (asked) write_partitions(survey, patience_ms, sink);
}
