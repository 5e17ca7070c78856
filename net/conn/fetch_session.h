/* net/conn/fetch_session.h   Incremental fetch sessions (KIP-227): what a consumer fetches is remembered here, so that
 * its requests name only what changed and its answers only what is news. Each shard has its share of the node's
 * sessions (max.incremental.fetch.session.cache.slots); a session lives on the shard whose connection opened it, and
 * ids are unique over the shards. When all are taken, one that was idle for two minutes makes room, else the client
 * goes without: that is always allowed. */
#ifndef NET_CONN_FETCH_SESSION_H
#define NET_CONN_FETCH_SESSION_H

#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "base/uuid.h"
#include "messages/fetch.h"

struct face;

struct fetch_sessions;

enum { FETCH_EPOCH_FINAL = -1, FETCH_EPOCH_INITIAL = 0 };

struct fetch_session_partition {
    struct list_node node;          /* in the session; what was given records last stands last */
    struct uuid topic;              /* none: the topic was unknown when it was named */
    struct text name;               /* empty: fetched by id */
    struct fetch_partition_ask ask; /* the latest */
    int64_t told_high_watermark;    /* what the client has heard last; -1: nothing yet */
    int64_t told_start;
};

struct fetch_session {
    struct list_node node; /* oldest use first */
    struct fetch_sessions *sessions;
    int32_t id;
    int32_t epoch; /* that the next request must have */
    bool by_id;    /* topics are named by id (version 13), not by name */
    int64_t used_ns;
    struct list partitions; /* in the order in which they are served */
    struct map by_key;
    uint32_t partition_count;
};

struct fetch_sessions *fetch_sessions_make(struct face *face, uint32_t session_max);
void fetch_sessions_end(struct fetch_sessions *sessions);

/* NULL when there is none; counts as use. */
struct fetch_session *fetch_session_find(struct fetch_sessions *sessions, int32_t id);
/* A new one, whose next epoch is 1; NULL when there is no room. */
struct fetch_session *fetch_session_open(struct fetch_sessions *sessions, bool by_id);
void fetch_session_close(struct fetch_session *session);
/* After a request with the right epoch: 1 follows the largest. */
void fetch_session_advance(struct fetch_session *session);

/* Adds or replaces what is asked of a partition. False: the shard's sessions hold too many already, or no topic can
 * have that name: such names are not kept. */
bool fetch_session_put(struct fetch_session *session, struct uuid topic, struct text name,
                       const struct fetch_partition_ask *ask);
/* NULL when it is not in the session. */
struct fetch_session_partition *fetch_session_get(struct fetch_session *session, struct uuid topic, struct text name,
                                                  int32_t index);
void fetch_session_drop(struct fetch_session *session, struct uuid topic, struct text name, int32_t index);
/* What has got records goes to the end, so that all have their turn when answers are full. */
void fetch_session_rotate(struct fetch_session *session, struct fetch_session_partition *partition);

#endif
