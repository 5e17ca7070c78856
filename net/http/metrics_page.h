/* net/http/metrics_page.h   /metrics: everything that is counted, in one text. */
#ifndef NET_HTTP_METRICS_PAGE_H
#define NET_HTTP_METRICS_PAGE_H

#include "http/pages.h"

void metrics_page_write(struct pages *pages, int patience_ms, struct sink *sink);

#endif
