/* replication/raft/append.c   Leading and committing. A term begins with a record of its own (LeaderChange), because a
 * record of an earlier term is never committed by counting replicas (Raft 3.6.2): only when a majority has something of
 * this term is everything before it committed with it. */
#include "raft/raft_step.h"

static void commit(struct raft *raft, struct raft_effects *effects)
{
    int64_t end = quorum_end(&raft->quorum);
    if (end <= raft->term_start || end <= raft->committed) return;

    raft->committed = end;
    effect_add(effects, RAFT_COMMIT)->offset = end;
}

/* The vote is dropped with the election, as Kafka's quorum-state shows it; in this term nobody can ask again, since its
 * leader is known. */
void lead_begin(struct raft *raft, struct raft_effects *effects)
{
    invariant(raft->role == RAFT_CANDIDATE);
    raft->role = RAFT_LEADER;
    raft->ballot.leader = raft->self.id;
    raft->ballot.vote = RAFT_NOBODY;
    raft->ballot.vote_directory = UUID_NONE;
    raft->term_start = raft->last.offset;

    effect_add(effects, RAFT_LEAD)->ballot = raft->ballot;
    for (uint32_t i = 0; i < raft->quorum.count; i++) {
        int32_t to = raft->quorum.members[i].voter.id;
        if (to != raft->self.id) effect_send(raft, effects, (struct raft_message){ .kind = RAFT_BEGIN, .to = to });
    }
}

void follow_begin(struct raft *raft, int32_t leader, struct raft_effects *effects)
{
    if (raft->ballot.leader != RAFT_NOBODY) return; /* known already; who else claims this term is wrong */

    raft->role = RAFT_FOLLOWER;
    raft->ballot.leader = leader;
    effect_add(effects, RAFT_FOLLOW)->ballot = raft->ballot;
    effect_add(effects, RAFT_SET_DEADLINE);
}

void append_noted(struct raft *raft, int64_t offset, int32_t term)
{
    invariant(offset > raft->last.offset && term >= raft->last.term);
    history_note(&raft->history, term, raft->last.offset);
    raft->last = (struct position){ offset, term };
}

void append_durable(struct raft *raft, int64_t offset, struct raft_effects *effects)
{
    invariant(offset >= raft->durable && offset <= raft->last.offset);
    raft->durable = offset;
    if (raft->role != RAFT_LEADER) return;

    struct quorum_member *self = quorum_find(&raft->quorum, raft->self);
    if (self) self->end = offset;
    commit(raft, effects);
}

/* A fetch is the acknowledgement. Where the follower's last term ends earlier with us, its log has records that ours
 * has not: it is told where the two part. */
void fetch_asked(struct raft *raft, const struct raft_message *ask, struct raft_effects *effects)
{
    if (raft->role != RAFT_LEADER || ask->term != raft->ballot.term) return;

    struct raft_message answer = { .kind = RAFT_FETCH_ANSWER, .to = ask->from };
    struct position ours = history_find(&raft->history, ask->last.term, raft->last.offset);
    bool same = ask->last.offset == 0 || (ours.term == ask->last.term && ask->last.offset <= ours.offset);
    answer.diverged = !same;
    answer.last = same ? ask->last : ours;
    effect_send(raft, effects, answer);
    if (!same) return;

    struct quorum_member *member = quorum_find(&raft->quorum, (struct voter){ ask->from, ask->directory });
    if (!member) return;
    member->end = max_of(member->end, ask->last.offset);
    commit(raft, effects);
}
