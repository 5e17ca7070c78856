/* net/conn/request.h   One request, from its frame to its answer. It lives in a slot of its connection, whose order
 * decides when the answer leaves: requests of a connection start in order, finish in any order, are answered in
 * order.
 *
 *     frame --> authorize --> account --> api->begin(request) ... request_answer | request_silence | request_abort
 *
 * Whoever began it finishes it exactly once, now or after any number of waits. If the connection dies meanwhile, the
 * request goes on to its end and the answer is dropped; nothing it refers to is freed before. */
#ifndef NET_CONN_REQUEST_H
#define NET_CONN_REQUEST_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/codec.h"
#include "base/text.h"
#include "shard/memory.h"
#include "shard/shard.h"

struct api;
struct connection;
struct face;
struct listener;
struct request;

/* A row of the dispatch table (net/api/table.c), which ApiVersions answers from: we can't claim what we don't do. */
struct api {
    int16_t key;
    const char *name;
    int16_t since, until;     /* versions we serve */
    int16_t advertised_since; /* what ApiVersions says (Produce: 0) */
    int16_t flexible_from;
    const struct schema *ask, *answer;
    void (*begin)(struct request *request);
    uint8_t callers;  /* which listeners: API_CLIENTS, API_BROKERS, API_CONTROLLERS */
    bool any_version; /* also begun, with no `ask`, in versions that are not served (ApiVersions) */
};

enum api_callers { API_CLIENTS = 1, API_BROKERS = 2, API_CONTROLLERS = 4 };

/* The clock readings of its stages, in ns (0: not reached); timing.c draws them. */
struct request_times {
    int64_t queued; /* how long its frame waited for room */
    int64_t received, begun;
    int64_t waited; /* set by an api that begins to wait at a mark */
    int64_t answered, sending, sent;
};

struct request {
    struct face *face; /* the net floor of the shard that accepted the connection */
    struct shard *shard;
    struct connection *connection;
    const struct listener *listener;
    const struct api *api;
    struct text principal; /* User:ANONYMOUS until there is authentication */
    struct text client_id; /* may be null */
    int16_t key, version;
    int32_t correlation;
    struct request_times times;
    bool patient;       /* it waits at a mark because its client asked to: no sign of slowness */
    struct bytes body;  /* behind the header; lives until the request is finished */
    void *ask;          /* decoded by the frame stage, in the arena: a struct of api->ask; NULL: any_version */
    struct arena arena; /* for everything of this request */
    void *work;         /* the api's own */
    void (*give_up)(
        struct request *request); /* set by an api while it waits for long: the connection died or the node stops,
                                  * so finish soon; may finish at once, may be called again */
};

/* Encodes `answer` (a struct of api->answer) behind its header and queues it. Record bytes that were left out (struct
 * records with data NULL) are filled by `extents` in order (the array lives in the request's arena); they stay pinned
 * until `sent` is called (on this shard, exactly once, also when the connection died), which may be NULL when there
 * are none. The request is finished then: it must not be touched after `sent`. */
void request_answer(struct request *request, const void *answer, struct extent *extents, uint32_t extent_count,
                    void (*sent)(struct request *request));
/* As request_answer, for an answer with about so many rows (items of arrays of structs): a large one is encoded in
 * portions, a step each. So the answer, and all that it points to, lies in the arena or the body, or never changes. */
void request_answer_rows(struct request *request, const void *answer, uint32_t row_count);
/* Finished without an answer (acks=0). */
void request_silence(struct request *request);
/* Finished by closing the connection, as Kafka does where it has no other way to complain. `why` is counted and
 * traced, rate-limited. */
void request_abort(struct request *request, const char *why);

#endif
