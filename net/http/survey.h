/* net/http/survey.h   Asking the shards how they are. The HTTP thread posts one mail to each, every shard writes what
 * it knows into cells of its own and lets the mail go, and the thread waits for all of them, but not for ever:
 *
 *     survey_take --mail--> shard: cells, logs --home--> survey_take goes on
 *
 * A mail that is still out when the patience ends stays out: its shard counts as silent, and is not asked again before
 * it has answered. Nothing here is allocated on a shard. */
#ifndef NET_HTTP_SURVEY_H
#define NET_HTTP_SURVEY_H

#include <semaphore.h>

#include "http/facts.h"
#include "node/node.h"
#include "shard/mailbox.h"

enum survey_metric {
    SURVEY_TURNS,
    SURVEY_STEP_MAX,
    SURVEY_STALLS,
    SURVEY_STALLED,
    SURVEY_BUSY,
    SURVEY_ALLOCATIONS,
    SURVEY_HEAP,
    SURVEY_MEMORY_USED,
    SURVEY_MEMORY_LIMIT,
    SURVEY_SUBMITS,
    SURVEY_POLLED,
    SURVEY_NAPS,
    SURVEY_COMPLETIONS,
    SURVEY_IN_FLIGHT,
    SURVEY_MAIL,
    SURVEY_WAKES,
    SURVEY_JOBS,
    SURVEY_WAL_BYTES,
    SURVEY_WAL_CHUNKS,
    SURVEY_FLUSH_TIME,
    SURVEY_WAL_USED,
    SURVEY_WAL_LIMIT,
    SURVEY_SPILLS,
    SURVEY_SPILL_BYTES,
    SURVEY_CHECKPOINTS,
    SURVEY_CHECKPOINT_BYTES,
    SURVEY_CACHE_HITS,
    SURVEY_CACHE_READS,
    SURVEY_CACHE_BYTES,
    SURVEY_CACHE_WAITS,
    SURVEY_DISK_FULL,
    /* Of partitions. */
    SURVEY_PARTITIONS,
    SURVEY_LEADERS,
    SURVEY_OFFLINE_REPLICAS,
    SURVEY_OFFLINE_DIRECTORIES,
    SURVEY_UNDER_REPLICATED,
    SURVEY_UNDER_MIN,
    SURVEY_AT_MIN,
    /* Known to the replication shard only. */
    SURVEY_CONTROLLERS,
    SURVEY_TOPICS_GLOBAL,
    SURVEY_PARTITIONS_GLOBAL,
    SURVEY_PARTITIONS_OFFLINE,
    SURVEY_BROKERS,
    SURVEY_BROKERS_ACTIVE,
    SURVEY_BROKERS_FENCED,
    SURVEY_RAFT_LEADER,
    SURVEY_RAFT_EPOCH,
    SURVEY_RAFT_COMMITTED,
    SURVEY_RAFT_END,
    SURVEY_COUNT,
};

enum { SURVEY_LOGS_MAX = 2000 }; /* more partitions than that on a node have no series of their own */

extern const struct metric survey_rows[SURVEY_COUNT];

enum { SURVEY_CLIENTS_MAX = 1000 };

struct survey_part {
    struct survey *survey;
    struct mail mail;
    _Atomic bool out;   /* with its shard: everything below but `silent` is the shard's */
    bool silent;        /* did not answer the last time */
    struct ready ready; /* the next portion */
    struct shard *shard;
    struct facts facts;
    struct log_fact *logs;
    uint32_t log_room, log_count;
    struct client_fact *clients;
    uint32_t client_room, client_count;
};

struct survey {
    const struct node *node;
    struct heap *heap; /* of the HTTP thread */
    struct metrics metrics;
    struct metric_cells *cells; /* by shard */
    struct survey_part *parts;  /* by shard */
    uint32_t shard_count;
    sem_t answered; /* only a wake-up: what counts is `out` */
};

void survey_init(struct survey *survey, const struct node *node, struct heap *heap);
/* No shard runs any more. */
void survey_end(struct survey *survey);

/* Asks all shards and waits until they have answered, at most `patience_ms`. Returns how many were silent. */
uint32_t survey_take(struct survey *survey, int patience_ms);
/* After a survey: again, and every partition too, in the parts' logs until survey_drop_logs. */
void survey_take_logs(struct survey *survey, int patience_ms);
void survey_drop_logs(struct survey *survey);
/* The same for connections. */
void survey_take_clients(struct survey *survey, int patience_ms);
void survey_drop_clients(struct survey *survey);
/* The first silent shard of the last survey. */
uint32_t survey_silent(const struct survey *survey);

#endif
