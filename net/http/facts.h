/* net/http/facts.h   What a shard knows of itself, read on the shard. */
#ifndef NET_HTTP_FACTS_H
#define NET_HTTP_FACTS_H

#include "base/metrics.h"
#include "conn/connection.h"
#include "log/store.h"
#include "log/traffic.h"

enum { FACTS_PORTION = 1000 }; /* partitions that are looked at in one step, each some hundred nanoseconds */

/* What the cluster's metadata says of a partition; the last four are 0 or 1. */
struct log_replication {
    int64_t leader, replicas, in_sync, preferred, behind, under_min, at_min;
};

/* One partition, as its shard sees it. */
struct log_fact {
    char topic[256];
    int32_t partition;
    int64_t start, committed, end, size;
    struct traffic traffic;
    struct log_replication replication;
};

/* One connection. */
struct client_fact {
    struct in6_addr peer;
    uint16_t port;
    bool stalled;
    uint32_t in_flight;
    uint64_t owed; /* bytes of answers that are not sent yet */
    int64_t idle_ns;
    struct connection_traffic traffic;
};

/* A shard's partitions, as far as they are looked at. */
struct facts {
    struct store_walk walk;
    const struct shard *shard;
    const struct metric_cells *cells;
    uint64_t count, leading, offline, behind, under_min, at_min;
    struct log_fact *logs;
    uint32_t log_room, log_count;
};

/* Writes what the shard knows into `cells`, and a fact of each partition, but for the metadata log, as far as there is
 * room. Begins with all that is known at once; the partitions, which may be many, are looked at by facts_go. */
void facts_begin(struct facts *facts, const struct shard *shard, const struct metric_cells *cells,
                 struct log_fact *logs, uint32_t room);
/* A portion of them. True: that were all, the cells are complete. */
must_check bool facts_go(struct facts *facts);
/* The connections of the shard, up to `room`, the oldest first. */
uint32_t facts_note_clients(const struct shard *shard, struct client_fact *facts, uint32_t room);

#endif
