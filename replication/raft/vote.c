/* replication/raft/vote.c   Elections. Raft 3.4: a candidate raises its term, votes for itself and asks everybody; a
 * majority makes it the leader. Raft 3.6.1: a vote goes only to a log that is at least as complete as the voter's
 * own. */
#include "raft/raft_step.h"

static void count_votes(struct raft *raft, struct raft_effects *effects)
{
    if (quorum_granted(&raft->quorum)) lead_begin(raft, effects);
}

void vote_begin(struct raft *raft, struct raft_effects *effects)
{
    struct quorum_member *self = quorum_find(&raft->quorum, raft->self);
    if (!self) return; /* an observer never asks for votes */

    term_enter(raft, raft->ballot.term + 1);
    raft->role = RAFT_CANDIDATE;
    raft->ballot.vote = raft->self.id;
    raft->ballot.vote_directory = raft->self.directory;
    self->granted = true;

    for (uint32_t i = 0; i < raft->quorum.count; i++) {
        const struct quorum_member *other = &raft->quorum.members[i];
        if (other == self) continue;
        struct raft_message ask = { .kind = RAFT_VOTE_ASK, .to = other->voter.id, .last = raft->last };
        effect_send(raft, effects, ask);
    }
    if (raft->quorum.count > 1) effect_add(effects, RAFT_SET_DEADLINE);
    count_votes(raft, effects);
}

/* One vote per term, and none once the term's leader is known. A vote is the candidate's identity with its
 * directory. */
void vote_asked(struct raft *raft, const struct raft_message *ask, struct raft_effects *effects)
{
    struct voter candidate = { ask->from, ask->directory };
    bool current = ask->term == raft->ballot.term;
    bool voter = quorum_find(&raft->quorum, candidate) != NULL;
    bool again = raft->ballot.vote == ask->from && uuid_equal(raft->ballot.vote_directory, ask->directory);
    bool available = raft->ballot.vote == RAFT_NOBODY && raft->ballot.leader == RAFT_NOBODY;
    bool caught_up = position_compare(ask->last, raft->last) >= 0;
    bool granted = current && voter && (again || (available && caught_up));

    if (granted && !again) {
        raft->ballot.vote = ask->from;
        raft->ballot.vote_directory = ask->directory;
        effect_add(effects, RAFT_SET_DEADLINE);
    }
    struct raft_message answer = { .kind = RAFT_VOTE_ANSWER, .to = ask->from, .granted = granted };
    effect_send(raft, effects, answer);
}

void vote_answered(struct raft *raft, const struct raft_message *answer, struct raft_effects *effects)
{
    struct voter from = { answer->from, answer->directory };
    struct quorum_member *member = quorum_find(&raft->quorum, from);
    if (raft->role != RAFT_CANDIDATE || answer->term != raft->ballot.term || !member) return;

    member->granted = answer->granted;
    count_votes(raft, effects);
}
