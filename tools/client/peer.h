/* client/peer.h   One connection to one broker: made when it is first needed, made again after it broke. Blocking, with
 * a deadline for every step, so that a broker that vanishes is an error and never a hang.
 *
 * The first exchange of a connection is ApiVersions; from its answer each request gets the greatest version that both
 * sides know. What a broker must not be (HTTP, TLS, anything) is told in words. */
#ifndef CLIENT_PEER_H
#define CLIENT_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/status.h"
#include "messages/apis.h"

enum { PEER_APIS = 128, PEER_HOST_MAX = 256, PEER_WHY_MAX = 512, PEER_ANSWER_MAX = 1 << 30 };

struct peer {
    struct heap *heap;
    const char *client_id;
    int32_t node; /* -1: only its address is known */
    char host[PEER_HOST_MAX];
    uint16_t port;

    int socket;          /* -1: not connected */
    int32_t correlation; /* of the last request, */
    int32_t answered;    /* and of the last that has its answer, or gets none: answers come in order */
    struct {
        int16_t least, greatest; /* greatest below least: not served */
    } versions[PEER_APIS];

    char why[PEER_WHY_MAX]; /* the last failure, for people */
};

/* Host without brackets. Nothing is sent. */
void peer_init(struct peer *peer, struct heap *heap, const char *client_id, int32_t node, const char *host,
               uint16_t port);
void peer_end(struct peer *peer);

/* Connects and asks for the versions, unless that is done. STATUS_CLOSED, STATUS_TIMED_OUT, STATUS_MISMATCH (not a
 * Kafka), STATUS_NOT_FOUND (no such host). `deadline_ms` as clock_ms counts. */
must_check enum status peer_connect(struct peer *peer, int64_t deadline_ms);

/* The greatest version of an API up to `most` that both sides know; -1: none. Only while connected. */
int16_t peer_version(const struct peer *peer, int16_t key, int16_t most);

/* One request, written whole. With STATUS_CLOSED and STATUS_TIMED_OUT the connection is gone. */
must_check enum status peer_send(struct peer *peer, int16_t key, int16_t version, const void *ask, int64_t deadline_ms);
/* The request that was just sent gets no answer. Those before it have theirs. */
void peer_unanswered(struct peer *peer);
/* The answer to the oldest request that has none yet; its texts and bytes live in the arena. */
must_check enum status peer_receive(struct peer *peer, int16_t key, int16_t version, void *answer, struct arena *arena,
                                    int64_t deadline_ms);

int64_t clock_ms(void); /* monotonic */

#endif
