/* replication/raft/raft_step.h   What the files of raft share: how effects are noted, and who handles what. Private to
 * the room. */
#ifndef REPLICATION_RAFT_RAFT_STEP_H
#define REPLICATION_RAFT_RAFT_STEP_H

#include "raft/raft.h"

/* A new effect at the end of the list, of this kind and otherwise zero. */
struct raft_effect *effect_add(struct raft_effects *effects, enum raft_effect_kind kind);
void effect_send(struct raft *raft, struct raft_effects *effects, struct raft_message message);

/* raft.c: a term begins without a vote and without a leader. */
void term_enter(struct raft *raft, int32_t term);

/* vote.c */
void vote_begin(struct raft *raft, struct raft_effects *effects);
void vote_asked(struct raft *raft, const struct raft_message *ask, struct raft_effects *effects);
void vote_answered(struct raft *raft, const struct raft_message *answer, struct raft_effects *effects);

/* append.c */
void lead_begin(struct raft *raft, struct raft_effects *effects);
void follow_begin(struct raft *raft, int32_t leader, struct raft_effects *effects);
void append_noted(struct raft *raft, int64_t offset, int32_t term);
void append_durable(struct raft *raft, int64_t offset, struct raft_effects *effects);
void fetch_asked(struct raft *raft, const struct raft_message *ask, struct raft_effects *effects);

#endif
