/* replication/raft/quorum.h   Who votes, who granted us a vote, and how far each voter's log is durable. A voter is the
 * pair (node id, directory id), because a node whose disk was wiped has forgotten what it promised (KIP-853). */
#ifndef REPLICATION_RAFT_QUORUM_H
#define REPLICATION_RAFT_QUORUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"

enum { QUORUM_MAX = 16 };

struct voter {
    int32_t id;
    struct uuid directory;
};

struct quorum_member {
    struct voter voter;
    bool granted; /* its vote, in this term */
    int64_t end;  /* durable up to here; -1: not known in this term */
};

struct quorum {
    struct quorum_member members[QUORUM_MAX];
    uint32_t count;
};

void quorum_init(struct quorum *quorum);
/* Voters are added once each; at most QUORUM_MAX. */
void quorum_add(struct quorum *quorum, struct voter voter);
/* NULL: no voter. */
struct quorum_member *quorum_find(struct quorum *quorum, struct voter voter);
/* A new term: no votes, no ends. */
void quorum_reset(struct quorum *quorum);
bool quorum_granted(const struct quorum *quorum);
/* The offset that a majority has; -1 when that is not known. */
int64_t quorum_end(const struct quorum *quorum);

#endif
