/* net/http/pages.c   Two questions, kept apart, because an orchestrator does different things with the answers: /livez,
 * "do the loops turn?" (no: kill it), and /readyz, "may clients come?" (no: send them elsewhere, and wait). A node that
 * recovers, stops or has lost its disk is alive and not ready. */
#include "http/pages.h"

#include <string.h>
#include <time.h>

#include "base/sink.h"
#include "conn/face.h"
#include "http/clients_page.h"
#include "http/metrics_page.h"

enum { HTTP_OK = 200, HTTP_UNAVAILABLE = 503, PATIENCE_MS = 2000 };

#define TEXT_PLAIN "text/plain; charset=utf-8"

static int page_index(struct pages *pages, struct sink *sink)
{
    sink_format(sink,
                "sluice %s\n\n/metrics  Prometheus text\n/clients  the same, of each connection\n"
                "/livez    do the loops turn?\n/readyz   may clients come?\n",
                pages->settings->version);
    return HTTP_OK;
}

/* A loop that sleeps wakes up for the mail; one that is stuck does not answer. */
static int page_live(struct pages *pages, struct sink *sink)
{
    if (!pages->node || node_stopping(pages->node) || survey_take(&pages->survey, PATIENCE_MS) == 0) {
        sink_format(sink, "alive\n");
        return HTTP_OK;
    }
    if (node_stopping(pages->node)) { /* meanwhile */
        sink_format(sink, "alive\n");
        return HTTP_OK;
    }
    sink_format(sink, "shard %u has not answered for %d ms\n", survey_silent(&pages->survey), PATIENCE_MS);
    return HTTP_UNAVAILABLE;
}

static int page_ready(struct pages *pages, struct sink *sink)
{
    const struct node *node = pages->node;

    if (!node) {
        sink_format(sink, "not ready: the log directory is being recovered\n");
    } else if (node_status(node) != STATUS_OK) {
        sink_format(sink, "not ready: the log directory is out of service: %s\n", status_text(node_status(node)));
    } else if (node_stopping(node)) {
        sink_format(sink, "not ready: the node is stopping\n");
    } else if (!node_serving(node)) {
        sink_format(sink, "not ready: the node is registering with its controller\n");
    } else {
        sink_format(sink, "ready\n");
        return HTTP_OK;
    }
    return HTTP_UNAVAILABLE;
}

static int page_metrics(struct pages *pages, struct sink *sink)
{
    metrics_page_write(pages, PATIENCE_MS, sink);
    return HTTP_OK;
}

static int page_clients(struct pages *pages, struct sink *sink)
{
    clients_page_write(pages, PATIENCE_MS, sink);
    return HTTP_OK;
}

#define TEXT_METRICS "text/plain; version=0.0.4; charset=utf-8"

/* clang-format off */
static const struct page table[] = {
    { "/",                TEXT_PLAIN,   page_index },
    { "/metrics",         TEXT_METRICS, page_metrics },
    { "/clients",         TEXT_METRICS, page_clients },
    { "/livez",           TEXT_PLAIN,   page_live },
    { "/readyz",          TEXT_PLAIN,   page_ready },
    { "/v1/status/ready", TEXT_PLAIN,   page_ready }, /* where Redpanda has it */
};
/* clang-format on */

const struct page *page_find(const char *path)
{
    for (size_t i = 0; i < array_count(table); i++) {
        if (strcmp(table[i].path, path) == 0) return &table[i];
    }
    return NULL;
}

int64_t pages_clock_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
