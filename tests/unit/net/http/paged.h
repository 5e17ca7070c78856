/* tests/unit/net/http/paged.h   A node that serves and the pages that tell of it, written into memory without HTTP; and
 * a shard that is stuck for as long as a test wants. */
#ifndef TESTS_UNIT_NET_HTTP_PAGED_H
#define TESTS_UNIT_NET_HTTP_PAGED_H

#include "../node/records.h"
#include "base/sink.h"
#include "http/http.h"
#include "http/pages.h"

struct paged {
    struct bench bench;
    struct heap heap; /* of the HTTP thread, which is the test's */
    struct http_settings settings;
    struct pages pages;
    struct memory_sink sink;
    char *text; /* of the last page */
};

static inline void paged_begin(struct paged *paged)
{
    *paged = (struct paged){ .settings = { .version = "1.2.3" } };
    bench_init(&paged->bench);
    bench_start(&paged->bench);
    heap_init(&paged->heap);
    paged->pages.settings = &paged->settings;
    paged->pages.node = paged->bench.node;
    survey_init(&paged->pages.survey, paged->bench.node, &paged->heap);
}

/* No mail may be out any more. */
static inline void paged_end(struct paged *paged)
{
    bench_stop(&paged->bench);
    survey_end(&paged->pages.survey);
    free(paged->text);
    heap_end(&paged->heap);
    bench_end(&paged->bench);
}

static inline struct sink *paged_sink(struct paged *paged)
{
    memory_sink_init(&paged->sink, &paged->heap, 16 << 20);
    return &paged->sink.sink;
}

/* What was written since paged_sink; good until the next page. */
static inline const char *paged_text(struct paged *paged)
{
    struct text text = memory_sink_text(&paged->sink);

    free(paged->text);
    paged->text = strndup(text.data ? text.data : "", text.size);
    memory_sink_end(&paged->sink);
    return paged->text;
}

static inline void assert_says(const char *page, const char *line)
{
    if (!strstr(page, line)) fail_msg("'%s' is not in the page", line);
}

/* ---- a stuck shard ---- */

struct stuck {
    struct mail mail;
    _Atomic bool entered, free, left;
};

static inline void stuck_delivered(struct mail *mail, struct shard *at)
{
    struct stuck *stuck = container_of(mail, struct stuck, mail);

    (void)at;
    stuck->entered = true;
    while (!stuck->free) usleep(1000);
    stuck->left = true;
}

static inline void stuck_begin(struct stuck *stuck, struct bench *bench, uint32_t shard)
{
    *stuck = (struct stuck){ .entered = false };
    mail_post_outside(bench->node->shards[shard], &stuck->mail, stuck_delivered);
    bench_wait(&stuck->entered);
}

static inline void stuck_end(struct stuck *stuck)
{
    stuck->free = true;
    bench_wait(&stuck->left);
}

#endif
