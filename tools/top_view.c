/* tools/top_view.c   From the top: the node, its shards, requests by API, partitions, clients; of the latter
 * three those that moved most since the last look. Times of requests are means of that while. */
#include "top_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "output.h"

enum { LABELS_MAX = 640, NAME_MAX_SHOWN = 40, NUMBER_MAX = 24 };

struct view {
    const struct look *before, *now;
    double passed_s;
    uint32_t rows;
    FILE *out;
};

/* ---- numbers ---- */

/* 950, 12.3k, 4.56M: three places, and what they are of. */
static const char *short_number(double n, const char *unit, char text[NUMBER_MAX])
{
    static const char *const steps[] = { "", "k", "M", "G", "T", "P" };
    size_t step = 0;

    while (n >= 999.5 && step + 1 < array_count(steps)) {
        n /= 1000;
        step++;
    }
    int places = n >= 99.95 || (step == 0 && n == (double)(int64_t)n) ? 0 : n >= 9.995 ? 1 : 2;
    (void)snprintf(text, NUMBER_MAX, "%.*f%s%s%s", places, n, *unit ? " " : "", steps[step], unit);
    return text;
}

static void cell_number(struct table *table, double n, const char *unit)
{
    char text[NUMBER_MAX];
    table_cell(table, "%s", short_number(n, unit, text));
}

static double rate(const struct view *view, double before, double now)
{
    return now > before && view->passed_s > 0 ? (now - before) / view->passed_s : 0;
}

static double rate_of(const struct view *view, const char *name, const char *labels)
{
    return rate(view, page_value(&view->before->metrics, name, labels), page_value(&view->now->metrics, name, labels));
}

static double rate_sum(const struct view *view, const char *name)
{
    return rate(view, page_sum(&view->before->metrics, name), page_sum(&view->now->metrics, name));
}

/* ---- the node ---- */

static void write_uptime(FILE *out, double seconds)
{
    const long long minute = 60, hour = 60 * minute, day = 24 * hour, passed = (long long)seconds;

    if (passed >= 2 * day) {
        fprintf(out, "%lld days", passed / day);
    } else if (passed >= 2 * hour) {
        fprintf(out, "%lld h %lld min", passed / hour, passed % hour / minute);
    } else if (passed >= 2 * minute) {
        fprintf(out, "%lld min", passed / minute);
    } else {
        fprintf(out, "%lld s", passed);
    }
}

static void write_node(const struct view *view, const char *where)
{
    const struct page *now = &view->now->metrics;
    char version[NAME_MAX_SHOWN] = "", durability[NAME_MAX_SHOWN] = "", a[NUMBER_MAX], b[NUMBER_MAX], c[NUMBER_MAX];
    size_t count;

    const struct sample *info = page_samples(now, "sluice_build_info", &count);
    if (count > 0) sample_label(info, "version", version, sizeof(version));
    info = page_samples(now, "sluice_durability_info", &count);
    if (count > 0) sample_label(info, "mode", durability, sizeof(durability));

    fprintf(view->out, "sluice %s at %s, %s, %s, up ", version, where, durability,
            page_value(now, "sluice_ready", "") > 0 ? "ready" : "NOT READY");
    write_uptime(view->out, page_value(now, "sluice_uptime_seconds", ""));
    fprintf(view->out, "\nrecords in %s/s, %s/s", short_number(rate_of(view, "sluice_records_in_total", ""), "", a),
            short_number(rate_of(view, "sluice_record_bytes_in_total", ""), "B", b));
    fprintf(view->out, "; out %s/s; requests %s/s, errors %s/s",
            short_number(rate_of(view, "sluice_record_bytes_out_total", ""), "B", a),
            short_number(rate_sum(view, "sluice_requests_total"), "", b),
            short_number(rate_sum(view, "sluice_errors_total"), "", c));
    fprintf(view->out, "\nconnections %s, cpu %.0f %%, memory %s",
            short_number(page_value(now, "sluice_connections", ""), "", a),
            100 * rate_of(view, "process_cpu_seconds_total", ""),
            short_number(page_value(now, "process_resident_memory_bytes", ""), "B", b));
    fprintf(view->out, ", disk write %s/s, partitions %s, offline %.0f%s\n",
            short_number(rate_of(view, "kafka_server_kafkaserver_linux_disk_write_bytes", ""), "B", a),
            short_number(page_sum(now, "sluice_partitions"), "", b), page_sum(now, "sluice_partitions_offline"),
            page_value(now, "sluice_disk_reserve_reached", "") > 0 ? ", DISK FULL" : "");
}

/* ---- shards ---- */

static void cell_budget(const struct view *view, struct table *table, const char *budget, const char *shard)
{
    char labels[LABELS_MAX];

    (void)snprintf(labels, sizeof(labels), "budget=\"%s\",shard=\"%s\"", budget, shard);
    cell_number(table, page_value(&view->now->metrics, "sluice_memory_used_bytes", labels), "B");
}

static void shard_row(const struct view *view, struct table *table, const char *shard)
{
    const struct page *now = &view->now->metrics;
    char labels[LABELS_MAX];

    (void)snprintf(labels, sizeof(labels), "shard=\"%s\"", shard);
    table_cell(table, "%s", shard);
    if (page_value(now, "sluice_shard_up", labels) > 0) {
        table_cell(table, "%.1f", 100 * rate_of(view, "sluice_shard_busy_seconds_total", labels));
    } else {
        table_cell(table, "SILENT");
    }
    cell_number(table, rate_of(view, "sluice_shard_turns_total", labels), "");
    table_cell(table, "%.1f", 1000 * page_value(now, "sluice_shard_step_seconds_max", labels));
    cell_number(table, rate_of(view, "sluice_wal_chunks_total", labels), "");
    cell_number(table, rate_of(view, "sluice_wal_written_bytes_total", labels), "B");
    double limit = page_value(now, "sluice_wal_limit_bytes", labels);
    table_cell(table, "%.0f", limit > 0 ? 100 * page_value(now, "sluice_wal_used_bytes", labels) / limit : 0);
    cell_number(table, rate_of(view, "sluice_segment_written_bytes_total", labels), "B");
    cell_budget(view, table, "receive", shard);
    cell_budget(view, table, "tail", shard);
    cell_budget(view, table, "cache", shard);
    cell_budget(view, table, "answer", shard);
}

static void write_shards(const struct view *view)
{
    static const char *const headings[] = { "SHARD",  ">BUSY %",     ">TURNS/S", ">STALL MS", ">FLUSHES/S", ">WAL/S",
                                            ">WAL %", ">SEGMENTS/S", ">RECEIVE", ">TAIL",     ">CACHE",     ">ANSWER" };
    struct table table;
    size_t count;

    table_begin(&table, headings, array_count(headings));
    const struct sample *shards = page_samples(&view->now->metrics, "sluice_shard_up", &count);
    for (size_t i = 0; i < count; i++) {
        char shard[NUMBER_MAX];
        sample_label(&shards[i], "shard", shard, sizeof(shard));
        shard_row(view, &table, shard);
    }
    fputs("\n\t", view->out);
    table_end(&table, view->out);
}

/* ---- tables of what moved most ---- */

struct mover {
    const struct sample *sample;
    double rate, value;
};

static int most_first(const void *a, const void *b)
{
    const struct mover *left = a, *right = b;

    if (left->rate != right->rate) return left->rate < right->rate ? 1 : -1;
    if (left->value != right->value) return left->value < right->value ? 1 : -1;
    return strcmp(left->sample->labels, right->sample->labels);
}

/* The samples of a name by how fast they grew; the caller frees them. */
static struct mover *movers(const struct view *view, const struct page *before, const struct page *now,
                            const char *name, size_t *count)
{
    const struct sample *samples = page_samples(now, name, count);
    struct mover *found = malloc((*count + 1) * sizeof(*found));

    invariant(found != NULL);
    for (size_t i = 0; i < *count; i++) {
        double was = page_value(before, name, samples[i].labels);
        found[i] = (struct mover){ &samples[i], rate(view, was, samples[i].value), samples[i].value };
    }
    qsort(found, *count, sizeof(*found), most_first);
    return found;
}

static void write_more(const struct view *view, size_t count, const char *what)
{
    if (count > view->rows) fprintf(view->out, "... and %zu more %s\n", count - view->rows, what);
}

/* The mean of a while, in ms. */
static void cell_mean(const struct view *view, struct table *table, const char *span, const char *labels)
{
    char sum[LABELS_MAX / 4], count[LABELS_MAX / 4];

    (void)snprintf(sum, sizeof(sum), "sluice_%s_seconds_sum", span);
    (void)snprintf(count, sizeof(count), "sluice_%s_seconds_count", span);
    double n = rate_of(view, count, labels);
    table_cell(table, "%.2f", n > 0 ? 1000 * rate_of(view, sum, labels) / n : 0);
}

static void write_requests(const struct view *view)
{
    static const char *const headings[] = { "REQUEST", ">PER S",   ">TOTAL MS", ">QUEUE",   ">LOCAL",
                                            ">REMOTE", ">WAITING", ">SENDING",  ">ERRORS/S" };
    size_t count;
    struct mover *apis = movers(view, &view->before->metrics, &view->now->metrics, "sluice_requests_total", &count);
    struct table table;

    table_begin(&table, headings, array_count(headings));
    for (size_t i = 0; i < min_of(count, (size_t)view->rows); i++) {
        const char *labels = apis[i].sample->labels;
        char name[NAME_MAX_SHOWN];
        sample_label(apis[i].sample, "request", name, sizeof(name));
        table_cell(&table, "%s", name);
        cell_number(&table, apis[i].rate, "");
        cell_mean(view, &table, "request_duration", labels);
        cell_mean(view, &table, "request_queue", labels);
        cell_mean(view, &table, "request_local", labels);
        cell_mean(view, &table, "request_remote", labels);
        cell_mean(view, &table, "response_queue", labels);
        cell_mean(view, &table, "response_send", labels);
        cell_number(&table, rate_of(view, "sluice_request_errors_total", labels), "");
    }
    fputs("\n\t", view->out);
    table_end(&table, view->out);
    write_more(view, count, "requests");
    free(apis);
}

static void write_partitions(const struct view *view)
{
    static const char *const headings[] = { "PARTITION", ">RECORDS/S", ">START", ">END", ">SIZE", ">LEADER", ">ISR" };
    const struct page *now = &view->now->metrics;
    size_t count;
    struct mover *partitions =
        movers(view, &view->before->metrics, now, "kafka_topic_partition_current_offset", &count);
    struct table table;

    table_begin(&table, headings, array_count(headings));
    for (size_t i = 0; i < min_of(count, (size_t)view->rows); i++) {
        const struct sample *sample = partitions[i].sample;
        char topic[NAME_MAX_SHOWN], index[NUMBER_MAX];
        sample_label(sample, "topic", topic, sizeof(topic));
        sample_label(sample, "partition", index, sizeof(index));
        table_cell(&table, "%s-%s", topic, index);
        cell_number(&table, partitions[i].rate, "");
        table_cell(&table, "%.0f", page_value(now, "kafka_topic_partition_oldest_offset", sample->labels));
        table_cell(&table, "%.0f", sample->value);
        cell_number(&table, page_value(now, "kafka_log_log_size", sample->labels), "B");
        table_cell(&table, "%.0f", page_value(now, "kafka_topic_partition_leader", sample->labels));
        table_cell(&table, "%.0f/%.0f", page_value(now, "kafka_topic_partition_in_sync_replica", sample->labels),
                   page_value(now, "kafka_topic_partition_replicas", sample->labels));
    }
    fputs("\n\t", view->out);
    table_end(&table, view->out);
    write_more(view, count, "partitions");
    if (count == 0 && page_sum(now, "sluice_partitions") > 0) {
        fputs("too many to be listed by the node\n", view->out);
    }
    free(partitions);
}

static void client_row(const struct view *view, struct table *table, const struct mover *mover)
{
    const struct page *before = &view->before->clients, *now = &view->now->clients;
    const char *labels = mover->sample->labels;
    char text[LABELS_MAX / 4];

    sample_label(mover->sample, "address", text, sizeof(text));
    table_cell(table, "%s", text);
    sample_label(mover->sample, "client", text, sizeof(text));
    table_cell(table, "%s", text);
    sample_label(mover->sample, "shard", text, sizeof(text));
    table_cell(table, "%s", text);
    cell_number(table, mover->rate, "");
    cell_number(table,
                rate(view, page_value(before, "sluice_client_received_bytes_total", labels),
                     page_value(now, "sluice_client_received_bytes_total", labels)),
                "B");
    cell_number(table,
                rate(view, page_value(before, "sluice_client_sent_bytes_total", labels),
                     page_value(now, "sluice_client_sent_bytes_total", labels)),
                "B");
    table_cell(table, "%.0f", page_value(now, "sluice_client_in_flight", labels));
    cell_number(table, page_value(now, "sluice_client_owed_bytes", labels), "B");
    if (page_value(now, "sluice_client_stalled", labels) > 0) {
        table_cell(table, "stalled");
    } else {
        table_cell(table, "%.0f s", page_value(now, "sluice_client_idle_seconds", labels));
    }
}

static void write_clients(const struct view *view)
{
    static const char *const headings[] = { "CLIENT", "ID",         ">SHARD", ">REQUESTS/S", ">IN/S",
                                            ">OUT/S", ">IN FLIGHT", ">OWED",  ">IDLE" };
    size_t count;
    struct mover *clients =
        movers(view, &view->before->clients, &view->now->clients, "sluice_client_requests_total", &count);
    struct table table;

    table_begin(&table, headings, array_count(headings));
    for (size_t i = 0; i < min_of(count, (size_t)view->rows); i++) client_row(view, &table, &clients[i]);
    fputs("\n\t", view->out);
    table_end(&table, view->out);
    write_more(view, count, "clients");
    free(clients);
}

void view_write(const struct look *before, const struct look *now, const char *where, uint32_t rows, FILE *out)
{
    struct view view = { .before = before, .now = now, .rows = rows, .out = out };

    view.passed_s = page_value(&now->metrics, "sluice_uptime_seconds", "") -
                    page_value(&before->metrics, "sluice_uptime_seconds", "");
    write_node(&view, where);
    write_shards(&view);
    write_requests(&view);
    write_partitions(&view);
    write_clients(&view);
}
