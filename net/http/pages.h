/* net/http/pages.h   What is answered to which path. */
#ifndef NET_HTTP_PAGES_H
#define NET_HTTP_PAGES_H

#include "http/http.h"
#include "http/survey.h"

struct sink;

/* What pages tell of. */
struct pages {
    const struct http_settings *settings;
    const struct node *node; /* NULL: still being made */
    struct survey survey;    /* while there is a node */
    int64_t began_ns;        /* pages_clock_ns when the process was young */
    int64_t recovery_ms;
    /* The last look at how idle the shards are. */
    int64_t idle_at_ns, idle_busy_ns;
    double idle;
};

int64_t pages_clock_ns(void);

struct page {
    const char *path, *type;
    int (*write)(struct pages *pages, struct sink *sink); /* returns the HTTP status */
};

/* NULL: there is no such page. */
const struct page *page_find(const char *path);

#endif
