/* net/messages/fetch.h   Fetch, key 1, versions 4-18, flexible from 12: record batches for consumers and followers.
 * KIP-227 (sessions, 7), KIP-320 (leader epochs, 9), KIP-392 (nearest replica, 11), KIP-595 (Raft, 12), KIP-516
 * (topic ids, 13), KIP-903 (replica state, 15), KIP-951 (endpoints, 16), KIP-853 (directory ids, 17), KIP-1166 (high
 * watermark, 18). */
#ifndef NET_MESSAGES_FETCH_H
#define NET_MESSAGES_FETCH_H

#include "base/codec.h"
#include "messages/leader.h"

struct fetch_replica_state {
    int32_t replica_id;
    int64_t replica_epoch; /* the broker epoch, which fences older incarnations */
};

struct fetch_partition_ask {
    int32_t index;
    int32_t current_leader_epoch; /* -1: not checked */
    int64_t fetch_offset;
    int32_t last_fetched_epoch;       /* followers only: finds where the logs diverge */
    int64_t log_start_offset;         /* of the follower */
    int32_t max_bytes;                /* the first batch of an answer is whole even if larger */
    struct uuid replica_directory_id; /* of a voter of the metadata log */
    int64_t high_watermark;           /* the follower's; a stale one is answered at once */
};

struct fetch_topic_ask {
    struct text name; /* until version 12, then the id */
    struct uuid topic_id;
    ARRAY_OF(struct fetch_partition_ask) partitions;
};

struct fetch_forgotten_topic {
    struct text name;
    struct uuid topic_id;
    ARRAY_OF(int32_t) partitions;
};

struct fetch_ask {
    struct text cluster_id;                    /* followers of the metadata log only */
    int32_t replica_id;                        /* until version 14; -1: a consumer */
    struct fetch_replica_state *replica_state; /* NULL: a consumer */
    int32_t max_wait_ms;                       /* how long to wait for min_bytes */
    int32_t min_bytes;
    int32_t max_bytes;
    int8_t isolation_level; /* 0 read uncommitted, 1 read committed */
    int32_t session_id;     /* 0: none yet */
    int32_t session_epoch;  /* -1: no session; 0: make a new one; else the next number of the session */
    ARRAY_OF(struct fetch_topic_ask) topics;                 /* in a session: only what is new or changed */
    ARRAY_OF(struct fetch_forgotten_topic) forgotten_topics; /* what the session shall drop */
    struct text rack_id;                                     /* of the consumer, empty if it has none */
};

struct fetch_diverging_epoch {
    int32_t epoch;
    int64_t end_offset;
};

struct fetch_snapshot_id {
    int64_t end_offset;
    int32_t epoch;
};

struct fetch_aborted_transaction {
    int64_t producer_id;
    int64_t first_offset; /* from here to the abort marker, the producer's records are skipped */
};

struct fetch_partition_answer {
    int32_t index;
    int16_t error;
    int64_t high_watermark; /* -1 with any error */
    int64_t last_stable_offset;
    int64_t log_start_offset;
    struct fetch_diverging_epoch *diverging_epoch; /* the follower must cut its log to this */
    struct current_leader *current_leader;         /* with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH, else NULL */
    struct fetch_snapshot_id *snapshot_id;         /* the follower must fetch this snapshot first */
    ARRAY_OF(struct fetch_aborted_transaction) aborted_transactions; /* null when reading uncommitted */
    int32_t preferred_read_replica;                                  /* ask there instead; -1: stay */
    struct records records; /* batches; the last one may be cut; empty, never null, with an error */
};

struct fetch_topic_answer {
    struct text name;
    struct uuid topic_id;
    ARRAY_OF(struct fetch_partition_answer) partitions;
};

struct fetch_answer {
    int32_t throttle_time_ms;
    int16_t error;
    int32_t session_id; /* 0: no session */
    ARRAY_OF(struct fetch_topic_answer) topics;
    ARRAY_OF(struct node_endpoint) node_endpoints;
};

extern const struct schema fetch_ask_schema, fetch_answer_schema;

#endif
