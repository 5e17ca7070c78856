/* replication/raft/history.h   The log without its payload: which term's records begin where. It answers where a
 * follower's log and ours part, without reading a record (KIP-101). */
#ifndef REPLICATION_RAFT_HISTORY_H
#define REPLICATION_RAFT_HISTORY_H

#include <stdint.h>

#include "base/heap.h"

/* The end of a log: the next offset, and the term of the record before it. Compared by term first (Raft 3.6.1). */
struct position {
    int64_t offset;
    int32_t term;
};

struct history_term {
    int32_t term;
    int64_t start;
};

struct history {
    struct heap *heap;
    struct history_term *terms; /* strictly growing in both columns */
    uint32_t count, room;
};

void history_init(struct history *history, struct heap *heap);
void history_end(struct history *history);
/* Records of `term` begin at `start`; nothing when the last term is this one. */
void history_note(struct history *history, int32_t term, int64_t start);
/* Forgets what begins at or above `offset`. */
void history_cut(struct history *history, int64_t offset);
/* The largest term of ours that is not above `term`, and where it ends; term -1 and offset 0 when there is none. `end`
 * is the end of the log. */
struct position history_find(const struct history *history, int32_t term, int64_t end);

/* Below, at or above 0: `a` is behind, equal or ahead. */
int position_compare(struct position a, struct position b);

#endif
