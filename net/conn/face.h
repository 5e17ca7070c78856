/* net/conn/face.h   The net floor of one shard: its listeners, connections, request slots and fetch sessions. net/node
 * makes one per data shard; nothing in it is shared but the counts of admission.h.
 *
 *     face_make -> apis_attach (net/api) -> face_listen per listener -> face_begin ... face_close -> face_end
 *
 * Bounds: connections_max connections; a slot for each, and `requests_max` more for those with several requests under
 * way; bodies in MEMORY_RECEIVE, answers in MEMORY_ANSWER. What finds no room waits with its socket unread. */
#ifndef NET_CONN_FACE_H
#define NET_CONN_FACE_H

#include "base/metrics.h"
#include "base/pool.h"
#include "base/trace.h"
#include "conn/admission.h"
#include "conn/metrics.h"
#include "conn/request.h"

struct face_listener {
    struct text name;                /* PLAINTEXT, CONTROLLER ... */
    struct sockaddr_storage address; /* port 0: the kernel chooses */
    struct text advertised_host;     /* empty: the address that the client reached */
    uint16_t advertised_port;        /* 0: the port that we are bound to */
    uint8_t callers;                 /* enum api_callers: which requests are served here */
};

struct face_settings {
    const struct api *apis; /* the dispatch table, ascending by key */
    uint32_t api_count;
    const struct face_listener *listeners; /* live as long as the face */
    uint32_t listener_count;
    struct admission *admission; /* of the node */
    struct metrics *metrics;     /* made from conn_metric_rows; NULL: the face makes its own */
    struct trace *trace;         /* NULL: says nothing */
    uint32_t connections_max;    /* of this shard */
    uint32_t requests_max;       /* beyond one per connection */
    size_t requests_size;        /* of the heap, for all requests that have begun */
    uint32_t request_size_max;   /* socket.request.max.bytes */
    uint32_t fetch_session_max;  /* of this shard; 0: no sessions */
    int32_t backlog;             /* socket.listen.backlog.size; 1024 at least */
    int64_t idle_ms;             /* connections.max.idle.ms; below 0: never */
    int64_t slow_ms;             /* sluice.slow.request.ms; 0: no request is slow */
    uint8_t zero_copy;           /* enum face_zero_copy */
};

/* sluice.send.zerocopy: the order of its choices. */
enum face_zero_copy {
    ZERO_COPY_AUTO,   /* where the peer is another machine */
    ZERO_COPY_ALWAYS, /* tried on loopback too, where the kernel copies: for tests */
    ZERO_COPY_NEVER,
};

enum face_stage { FACE_OPEN, FACE_CLOSING, FACE_CLOSED };

struct face {
    struct shard *shard;
    struct face_settings settings;
    enum face_stage stage;
    struct listener *listeners; /* settings.listener_count */
    struct pool connection_pool;
    struct list connections;
    struct list crowded; /* connections that wait for a request slot */
    struct list slots_free, windows_free;
    uint32_t slot_count; /* in use */
    size_t held;         /* by the arenas of requests that have begun, as far as it is known */
    struct fetch_sessions *sessions;
    struct metric_cells cells;
    struct trace_limit complaint_limit, slow_limit;
    struct timer patience; /* while closing: how long requests may still take */
    struct ready *closed;
    void *apis; /* net/api's own */
};

must_check enum status face_make(struct shard *shard, const struct face_settings *settings, struct face **face);
/* Binds listener `index`. `*port` in: the port to use when the address says 0 and another shard was first; out: the
 * port. */
must_check enum status face_listen(struct face *face, uint32_t index, uint16_t *port);
/* Accepts from now on. On the shard, as everything below. */
void face_begin(struct face *face);
/* Closes listeners and connections: what was asked is answered if it takes no longer than a few seconds. Then `closed`
 * becomes ready. */
void face_close(struct face *face, struct ready *closed);
void face_end(struct face *face);

/* Inside the room. */
void face_count(struct face *face, enum conn_metric metric, int64_t n);
/* Something was wrong with a client: one rate-limited line. */
void face_complain(struct face *face, const struct connection *connection, const char *what, const char *why);
/* A connection or a listener has come to its end. */
void face_settle(struct face *face);

#endif
