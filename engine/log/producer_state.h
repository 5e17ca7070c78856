/* engine/log/producer_state.h   What a log remembers of its producers: the last five batches of each (KIP-98,
 * idempotence), who has a transaction open since where, and which transactions ended above the high watermark. It is
 * a function of the log's batches, so it can be rebuilt from them; snapshots and checkpoints only make that short.
 *
 * Bounded: at most PRODUCERS_MAX per log, the one silent for longest goes first, never one with an open transaction. A
 * producer that was forgotten is unknown, and an unknown producer may begin with any sequence. */
#ifndef ENGINE_LOG_PRODUCER_STATE_H
#define ENGINE_LOG_PRODUCER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "log/batch.h"

enum { PRODUCER_BATCHES = 5, PRODUCERS_MAX = 16384 };

struct producer_batch {
    int32_t last_sequence;
    int32_t offset_delta; /* last offset - first offset */
    int64_t last_offset;
    int64_t timestamp_ms;
};

struct producer {
    int64_t id;
    int64_t transaction_first; /* -1: none open */
    int64_t timestamp_ms;      /* of its last batch or marker */
    int64_t used_ms;           /* when that was appended, or read at start: expiry goes by this */
    int32_t coordinator_epoch; /* -1: never in a transaction */
    int16_t epoch;
    uint8_t batch_count;
    struct producer_batch batches[PRODUCER_BATCHES]; /* oldest first */
    struct list_node recent;
    struct list_node open; /* ascending by transaction_first */
};

/* A transaction whose marker stands at `last`: undecided for readers until the high watermark is above it. */
struct decided {
    int64_t first, last;
};

struct producer_state {
    struct heap *heap;
    struct map by_id;
    struct list recent; /* the one silent for longest first */
    struct list open;
    struct decided *decided; /* ascending by last */
    uint32_t decided_count, decided_capacity;
};

/* What an applied marker ended. */
struct transaction_end {
    int64_t producer_id;
    int64_t first, last; /* first offset of its data; offset of the marker */
    int64_t last_stable; /* right after the marker */
    bool ended, aborted;
};

struct producer_state *producer_state_make(struct heap *heap);
void producer_state_end(struct producer_state *state); /* NULL is fine */
const struct producer *producer_find(const struct producer_state *state, int64_t id);

/* Kafka's rules for what a client or a coordinator appends. STATUS_OK; STATUS_DUPLICATE with the batch as it was
 * first appended; STATUS_OUT_OF_ORDER (gaps, retries older than five batches, a new epoch not from 0); STATUS_FENCED
 * (an older epoch, of producer or coordinator); STATUS_INVALID (outside of its own open transaction). Changes
 * nothing; `state` may be NULL. */
must_check enum status producer_state_check(const struct producer_state *state, const struct batch *batch,
                                            struct producer_batch *original);
/* A batch with a producer id was appended, with its final offsets. */
void producer_state_apply(struct producer_state *state, const struct batch *batch, int64_t now_ms,
                          struct transaction_end *end);
/* Forgets decisions below the high watermark. The first offset whose transaction is open, or ended at or above
 * `committed`; INT64_MAX: none. */
int64_t producer_state_commit(struct producer_state *state, int64_t committed);
/* producer.id.expiration.ms. True: some were forgotten. */
bool producer_state_expire(struct producer_state *state, int64_t now_ms, int64_t expiration_ms);

/* Kafka's <offset>.snapshot: the last batch of each producer. Load: into an empty state; STATUS_CORRUPT,
 * STATUS_MALFORMED. */
size_t producer_snapshot_size(const struct producer_state *state); /* NULL: the empty snapshot */
void producer_snapshot_write(const struct producer_state *state, uint8_t *to);
must_check enum status producer_snapshot_read(struct producer_state *state, struct bytes snapshot, int64_t now_ms);

/* Ours, for the checkpoint: everything. */
size_t producer_state_size(const struct producer_state *state);
void producer_state_write(const struct producer_state *state, uint8_t *to);
must_check enum status producer_state_read(struct producer_state *state, struct bytes saved, int64_t now_ms);

#endif
