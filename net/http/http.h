/* net/http/http.h   What a node says of itself over HTTP: /metrics, /clients, /livez, /readyz; on a thread of its own,
 * which reaches the shards by mail only.
 *
 *     http_make (bound; "starting") -> http_attach (a node to tell of) ... node_stopped -> http_end -> node_end */
#ifndef NET_HTTP_HTTP_H
#define NET_HTTP_HTTP_H

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"

struct http;
struct node;

struct http_settings {
    struct text listen; /* host:port; port 0: the kernel chooses */
    const char *version;
    bool relaxed;            /* sluice.durability */
    int32_t exchange_ms_max; /* for a request and its answer; 0: 30 s */
    /* A line for people, from the HTTP thread. */
    void (*say)(void *context, const char *line);
    void *context;
};

/* Binds and begins to answer. `why` is a sentence when it fails: STATUS_INVALID, STATUS_ADDRESS_IN_USE ... */
must_check enum status http_make(const struct http_settings *settings, struct http **http, char why[256]);
/* From now on it tells of this node, until http_end. `recovery_ms`: how long its making took. */
void http_attach(struct http *http, const struct node *node, int64_t recovery_ms);
/* Before node_end. What is being answered is finished first. */
void http_end(struct http *http);
uint16_t http_port(const struct http *http);

#endif
