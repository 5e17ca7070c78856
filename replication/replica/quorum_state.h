/* replication/replica/quorum_state.h   The file quorum-state beside the metadata log: raft's ballot as Kafka writes it,
 * on one line.
 *
 *     kraft.version 1:  {"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA",
 *                        "data_version":1}
 *     kraft.version 0:  {"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,
 *                        "currentVoters":[{"voterId":1}],"data_version":0} */
#ifndef REPLICATION_REPLICA_QUORUM_STATE_H
#define REPLICATION_REPLICA_QUORUM_STATE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "raft/raft.h"

/* STATUS_MALFORMED: no such file. `dynamic`: of kraft.version 1. */
must_check enum status quorum_state_parse(struct text text, struct ballot *ballot, bool *dynamic);
/* TEXT_NULL: the arena is used up. */
struct text quorum_state_print(const struct ballot *ballot, const struct quorum *quorum, bool dynamic,
                               struct arena *arena);

#endif
