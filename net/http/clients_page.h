/* net/http/clients_page.h   /clients: every connection, in Prometheus text. */
#ifndef NET_HTTP_CLIENTS_PAGE_H
#define NET_HTTP_CLIENTS_PAGE_H

#include "http/pages.h"

void clients_page_write(struct pages *pages, int patience_ms, struct sink *sink);

#endif
