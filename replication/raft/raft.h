/* replication/raft/raft.h   Raft as Kafka's metadata log speaks it (KIP-595), as a state and a step: an event goes in,
 * effects come out. No clock, no I/O, no memory but the heap's. Who drives it (replica/metadata_log.c) feeds it what
 * happened and carries the effects out, in their order, each only when the one before it is done:
 *
 *     RAFT_SAVE_BALLOT stands first in a step's effects, so a vote and a term are on the device before anybody hears of
 *     them, and before the first record of the term is appended.
 *
 * A follower fetches, a leader does not push; that a follower fetches from an offset says that everything below is on
 * its device, and the same holds for the leader's own log: only durable bytes count (RAFT_DURABLE).
 * Rules are quoted from Ongaro's dissertation (sections as "Raft 3.4") and reference behaviour of Kafka 4.3.1. */
#ifndef REPLICATION_RAFT_RAFT_H
#define REPLICATION_RAFT_RAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/uuid.h"
#include "raft/history.h"
#include "raft/quorum.h"

struct sink;

enum { RAFT_NOBODY = -1, RAFT_EFFECTS_MAX = 2 * QUORUM_MAX + 4 };

/* What quorum-state holds: durable before it is acted on. */
struct ballot {
    int32_t term;
    int32_t vote; /* whom this node chose in this term; RAFT_NOBODY */
    struct uuid vote_directory;
    int32_t leader; /* of this term, when known */
};

/*
 *     UNATTACHED --timeout--> CANDIDATE --majority--> LEADER --a higher term--> UNATTACHED
 *         \--the term's leader is known--> FOLLOWER --timeout--> CANDIDATE
 *
 * Who was leader when it stopped begins the next life with a higher term: nobody leads twice in a term. */
enum raft_role { RAFT_UNATTACHED, RAFT_CANDIDATE, RAFT_FOLLOWER, RAFT_LEADER };

enum raft_message_kind {
    RAFT_VOTE_ASK,     /* term, from, last */
    RAFT_VOTE_ANSWER,  /* term, from, granted */
    RAFT_BEGIN,        /* a leader says so: term, from */
    RAFT_FETCH_ASK,    /* a follower has everything below last.offset; last.term is that of its last record */
    RAFT_FETCH_ANSWER, /* diverged: cut to `last` and ask again; else fetch goes on from there */
};

struct raft_message {
    enum raft_message_kind kind;
    int32_t from, to;
    struct uuid directory; /* of the asker: a voter is the pair (id, directory) */
    int32_t term;
    int32_t leader;
    struct position last;
    bool granted, diverged;
};

enum raft_event_kind {
    RAFT_START,    /* once, first */
    RAFT_TIMEOUT,  /* the deadline that RAFT_SET_DEADLINE asked for */
    RAFT_APPENDED, /* records were appended to the own log: `offset` is its new end, `term` that of the last record */
    RAFT_DURABLE,  /* everything below `offset` is on the own device */
    RAFT_MESSAGE,
};

struct raft_event {
    enum raft_event_kind kind;
    int64_t offset;
    int32_t term;
    struct raft_message message;
};

enum raft_effect_kind {
    RAFT_SAVE_BALLOT, /* write quorum-state, durably */
    RAFT_LEAD,        /* append the LeaderChange batch of `ballot.term` */
    RAFT_FOLLOW,      /* fetch from ballot.leader; or nobody leads: RAFT_NOBODY */
    RAFT_COMMIT,      /* the high watermark is `offset` */
    RAFT_SEND,
    RAFT_SET_DEADLINE, /* an election timeout from now, drawn anew each time */
};

struct raft_effect {
    enum raft_effect_kind kind;
    struct ballot ballot;
    int64_t offset;
    struct raft_message message;
};

struct raft_effects {
    struct raft_effect items[RAFT_EFFECTS_MAX];
    uint32_t count;
};

struct raft {
    struct voter self;
    struct quorum quorum;
    struct ballot ballot;
    struct history history;
    struct position last; /* end of the own log, and the term of its last record */
    int64_t durable;
    int64_t committed;  /* -1: not known yet in this life */
    int64_t term_start; /* leader: the end of the log when the term began */
    enum raft_role role;
    bool started;
};

/* `ballot` as it was saved (term 0 and nobody for a new node), `last` and `history` as the log says; the term of the
 * log may be ahead of the ballot's (a lost quorum-state), which is then raised to it. The history becomes the
 * raft's. */
void raft_init(struct raft *raft, struct voter self, const struct quorum *quorum, struct ballot ballot,
               struct history history, struct position last);
void raft_end(struct raft *raft);
void raft_step(struct raft *raft, const struct raft_event *event, struct raft_effects *effects);

/* For transcripts: one line each. */
void raft_print_event(struct sink *sink, const struct raft_event *event);
void raft_print_effect(struct sink *sink, const struct raft_effect *effect);

#endif
