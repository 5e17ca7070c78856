/* net/http/metrics_page.c   In this order: the node, the process, the shards (survey.h), the net floor
 * (conn/metrics.h), each under our names; then the same under the names that exist around Kafka (kafka_names.c). */
#include "http/metrics_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/sink.h"
#include "conn/face.h"
#include "http/kafka_names.h"
#include "http/process.h"

enum { LABELS_MAX = 640, NS_PER_MS = 1000000 };

static void write_gauge(struct sink *sink, const char *name, const char *help, const char *labels, int64_t n)
{
    const struct metric row = { .name = name, .type = METRIC_GAUGE, .help = help };

    metric_write_head(sink, &row);
    metric_write_value(sink, &row, NULL, labels, n);
}

static void write_seconds(struct sink *sink, const char *name, const char *help, int64_t ns)
{
    const struct metric row = { .name = name, .type = METRIC_GAUGE, .unit = METRIC_NS_AS_SECONDS, .help = help };

    metric_write_head(sink, &row);
    metric_write_value(sink, &row, NULL, NULL, ns);
}

/* What the machine denies the node: each has a line of its own at the start. */
static void write_degraded(const struct node *node, struct sink *sink)
{
    static const char *const names[PLAN_SHORTAGES] = {
        [SHORTAGE_MEMORY] = "memory",
        [SHORTAGE_FILES] = "descriptors",
        [SHORTAGE_LOCKED] = "locked_memory",
    };
    const struct metric row = { .name = "sluice_degraded",
                                .type = METRIC_GAUGE,
                                .help = "1: the node works with less of this than it would like" };
    char labels[LABELS_MAX];

    metric_write_head(sink, &row);
    metric_write_value(sink, &row, NULL, "what=\"direct_io\"", node_buffered(node));
    for (unsigned i = 0; i < PLAN_SHORTAGES; i++) {
        (void)snprintf(labels, sizeof(labels), "what=\"%s\"", names[i]);
        metric_write_value(sink, &row, NULL, labels, node->plan.shortages[i] != NULL);
    }
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
    write_seconds(sink, "sluice_uptime_seconds", "since the start", pages_clock_ns() - pages->began_ns);
    if (!pages->node) return;
    write_seconds(sink, "sluice_recovery_seconds", "how long the last start took to open or recover the log directory",
                  pages->recovery_ms * NS_PER_MS);
    write_degraded(pages->node, sink);
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

/* ---- topics ---- */

static int by_topic(const void *a, const void *b)
{
    const struct log_fact *const *left = a, *const *right = b;
    return strcmp((*left)->topic, (*right)->topic);
}

static uint32_t count_logs(const struct survey *survey)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        if (!survey->parts[i].silent) count += survey->parts[i].log_count;
    }
    return count;
}

static void traffic_join(struct traffic *to, const struct traffic *from)
{
    to->appends += from->appends;
    to->appends_failed += from->appends_failed;
    to->records_in += from->records_in;
    to->bytes_in += from->bytes_in;
    to->bytes_refused += from->bytes_refused;
    to->reads += from->reads;
    to->reads_failed += from->reads_failed;
    to->bytes_out += from->bytes_out;
}

/* The partitions of all shards, joined by name; the caller gives them back. */
static struct topic_fact *topics_join(const struct survey *survey, uint32_t *topic_count)
{
    uint32_t log_count = count_logs(survey), count = 0;
    const struct log_fact **logs = heap_take(survey->heap, log_count * sizeof(struct log_fact *));
    struct topic_fact *topics = heap_take(survey->heap, log_count * sizeof(*topics));

    for (uint32_t i = 0, at = 0; i < survey->shard_count; i++) {
        const struct survey_part *part = &survey->parts[i];
        for (uint32_t j = 0; !part->silent && j < part->log_count; j++) logs[at++] = &part->logs[j];
    }
    qsort(logs, log_count, sizeof(struct log_fact *), by_topic);
    for (uint32_t i = 0; i < log_count; i++) {
        if (count == 0 || strcmp(topics[count - 1].name, logs[i]->topic) != 0) topics[count++].name = logs[i]->topic;
        topics[count - 1].partitions++;
        traffic_join(&topics[count - 1].traffic, &logs[i]->traffic);
    }
    heap_give(survey->heap, logs);
    *topic_count = count;
    return topics;
}

static struct partition_labels *labels_of(const struct survey *survey)
{
    struct partition_labels *labels = heap_take(survey->heap, count_logs(survey) * sizeof(*labels));
    struct partition_labels *at = labels;
    char topic[256];

    for (uint32_t i = 0; i < survey->shard_count; i++) {
        const struct survey_part *part = &survey->parts[i];
        for (uint32_t j = 0; !part->silent && j < part->log_count; j++) {
            metric_escape(part->logs[j].topic, topic, sizeof(topic));
            (void)snprintf(at++->text, sizeof(at->text), "topic=\"%s\",partition=\"%d\"", topic,
                           part->logs[j].partition);
        }
    }
    return labels;
}

/* ---- all of it ---- */

/* Since the last time that it was looked at, which is a second ago at least; of the shards that have clients. */
static double idle_share(struct pages *pages)
{
    enum { LOOK_NS = 1000000000 };
    const struct survey *survey = &pages->survey;
    uint32_t count = survey->shard_count - 1;
    int64_t now_ns = pages_clock_ns();
    int64_t busy_ns = metric_read(&survey->metrics, survey->cells, count, SURVEY_BUSY, 0);
    int64_t passed_ns = now_ns - pages->idle_at_ns;

    if (passed_ns < LOOK_NS) return pages->idle;
    pages->idle = 1 - (double)(busy_ns - pages->idle_busy_ns) / ((double)passed_ns * count);
    pages->idle = max_of(min_of(pages->idle, 1.0), 0.0);
    pages->idle_at_ns = now_ns;
    pages->idle_busy_ns = busy_ns;
    return pages->idle;
}

/* On large nodes partitions would be more series than anybody stores: then only the sums. */
static bool partitions_listed(const struct survey *survey)
{
    return metric_read(&survey->metrics, survey->cells, survey->shard_count, SURVEY_PARTITIONS, 0) <= SURVEY_LOGS_MAX;
}

static void write_names(struct pages *pages, struct names_facts *facts, int patience_ms, struct sink *sink)
{
    struct survey *survey = &pages->survey;
    struct topic_fact *topics = NULL;
    struct partition_labels *labels = NULL;

    facts->listed = facts->surveyed && partitions_listed(survey);
    if (facts->surveyed) facts->idle = idle_share(pages);
    if (facts->listed) {
        survey_take_logs(survey, patience_ms);
        facts->topics = topics = topics_join(survey, &facts->topic_count);
        facts->labels = labels = labels_of(survey);
    }
    kafka_names_write(facts, sink);
    heap_give(survey->heap, topics);
    heap_give(survey->heap, labels);
    if (facts->listed) survey_drop_logs(survey);
}

void metrics_page_write(struct pages *pages, int patience_ms, struct sink *sink)
{
    struct survey *survey = &pages->survey;

    write_node(pages, sink);
    process_write(sink);
    if (!pages->node) return;
    uint32_t face_count = pages->node->shard_count - 1;
    struct metric_cells *faces = heap_take(survey->heap, face_count * sizeof(*faces));
    struct names_facts facts = { .node = pages->node,
                                 .survey = survey,
                                 .surveyed = !node_stopping(pages->node),
                                 .faces = faces,
                                 .face_count = face_count };

    for (uint32_t i = 0; i < face_count; i++) faces[i] = pages->node->shards[i]->face->cells;
    if (facts.surveyed) {
        (void)survey_take(survey, patience_ms);
        write_silence(pages, sink);
        metrics_write(&survey->metrics, survey->cells, survey->shard_count, sink);
    }
    metrics_write(&pages->node->metrics, faces, face_count, sink);
    write_names(pages, &facts, patience_ms, sink);
    heap_give(survey->heap, faces);
}
