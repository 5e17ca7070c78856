/* client/client.h   A cluster as a tool sees it: a list of addresses to begin with, the brokers that these name, and
 * the way to ask any of them anything. Blocking, one request at a time; commands are short and patient.
 *
 * What is asked may be asked again when a connection breaks (`repeatable`), or may not: then a broker that vanishes
 * mid-way is an error that says that nobody knows whether it was done. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "base/text.h"
#include "client/peer.h"
#include "messages/metadata.h"

enum { CLIENT_PEERS_MAX = 256, CLIENT_WHY_MAX = 640 };
/* Whom to ask, where it is no broker's number. */
enum { CLIENT_ANY = -1, CLIENT_CONTROLLER = -2 };

struct client {
    struct heap heap;
    const char *client_id;
    int64_t timeout_ms;

    struct peer *peers[CLIENT_PEERS_MAX]; /* first the bootstrap servers, then the brokers by number */
    uint32_t peer_count, bootstrap_count;
    int32_t controller; /* -1: not known yet */
    bool knows_brokers, met;

    char why[CLIENT_WHY_MAX]; /* the last failure, as a sentence */
};

/* `servers` is HOST[:PORT],... (9092 where nothing is said). STATUS_INVALID with `why`. Nothing is sent yet. */
must_check enum status client_open(struct client *client, const char *servers, const char *client_id,
                                   int64_t timeout_ms);
void client_close(struct client *client);

struct client_call {
    int32_t node;
    int16_t key;
    int16_t version_max; /* LATEST */
    bool repeatable;
    int32_t wait_ms; /* how long the broker may take by itself, on top of the timeout */
    const void *ask;
    void *answer; /* NULL: none comes (Produce with acks 0) */
    struct arena *arena;
    int16_t version;     /* out: what was spoken */
    int32_t answered_by; /* out: -1 where only the address is known */
};
/* STATUS_UNSUPPORTED: the broker does not serve this API, or no version that we know. */
must_check enum status client_ask(struct client *client, struct client_call *call);

/* Topics by name, or all of them with count -1. Refreshes what is known of the brokers. */
must_check enum status client_metadata(struct client *client, const struct text *names, int32_t count, bool create,
                                       struct metadata_answer *answer, struct arena *arena);

/* The connection to a broker, made if need be: for those who send several requests before they read an answer. NULL
 * with `why`. */
struct peer *client_peer(struct client *client, int32_t node, int64_t deadline_ms);
/* A moment, before something that was refused for now is tried again. */
void client_pause(void);
/* Keeps a sentence for people. */
void client_explain(struct client *client, const char *format, ...) printf_like(2, 3);

#endif
