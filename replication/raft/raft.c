/* replication/raft/raft.c   The step: what happened is given to its handler, and what must be durable first is put
 * first.
 *
 * Invariants: the term never falls; in a term this node votes at most once; a leader's log only grows; committed never
 * falls and never passes what a majority has on its devices. */
#include "raft/raft.h"

#include "base/sink.h"
#include "raft/raft_step.h"

void raft_init(struct raft *raft, struct voter self, const struct quorum *quorum, struct ballot ballot,
               struct history history, struct position last)
{
    *raft = (struct raft){ .self = self,
                           .quorum = *quorum,
                           .ballot = ballot,
                           .history = history,
                           .last = last,
                           .durable = last.offset,
                           .committed = -1 };
    if (last.term > ballot.term) term_enter(raft, last.term);
}

void raft_end(struct raft *raft)
{
    history_end(&raft->history);
}

struct raft_effect *effect_add(struct raft_effects *effects, enum raft_effect_kind kind)
{
    invariant(effects->count < RAFT_EFFECTS_MAX);
    struct raft_effect *effect = &effects->items[effects->count++];
    *effect = (struct raft_effect){ .kind = kind };
    return effect;
}

void effect_send(struct raft *raft, struct raft_effects *effects, struct raft_message message)
{
    message.from = raft->self.id;
    message.directory = raft->self.directory;
    message.term = raft->ballot.term;
    message.leader = raft->ballot.leader;
    effect_add(effects, RAFT_SEND)->message = message;
}

void term_enter(struct raft *raft, int32_t term)
{
    invariant(term > raft->ballot.term);
    raft->ballot = (struct ballot){ .term = term, .vote = RAFT_NOBODY, .leader = RAFT_NOBODY };
    raft->role = RAFT_UNATTACHED;
    quorum_reset(&raft->quorum);
}

static bool ballot_equal(const struct ballot *a, const struct ballot *b)
{
    return a->term == b->term && a->vote == b->vote && a->leader == b->leader &&
           uuid_equal(a->vote_directory, b->vote_directory);
}

/* A node that led this term in an earlier life may have appended records of it that it no longer knows of: it must not
 * lead it again (KAFKA-10527), and vote_begin takes a new term anyway. A sole voter needs nobody's answer. */
static void start(struct raft *raft, struct raft_effects *effects)
{
    invariant(!raft->started);
    raft->started = true;
    if (raft->quorum.count == 1 && quorum_find(&raft->quorum, raft->self)) {
        vote_begin(raft, effects);
    } else {
        effect_add(effects, RAFT_SET_DEADLINE);
    }
}

static void message(struct raft *raft, const struct raft_message *message, struct raft_effects *effects)
{
    /* Raft 3.3: whoever sees a higher term moves to it first. */
    if (message->term > raft->ballot.term) {
        bool led = raft->role == RAFT_LEADER;
        term_enter(raft, message->term);
        if (led) effect_add(effects, RAFT_FOLLOW)->ballot = raft->ballot;
        effect_add(effects, RAFT_SET_DEADLINE);
    }

    switch (message->kind) {
    case RAFT_VOTE_ASK: vote_asked(raft, message, effects); break;
    case RAFT_VOTE_ANSWER: vote_answered(raft, message, effects); break;
    case RAFT_BEGIN:
        if (message->term == raft->ballot.term) follow_begin(raft, message->from, effects);
        break;
    case RAFT_FETCH_ASK: fetch_asked(raft, message, effects); break;
    case RAFT_FETCH_ANSWER: break; /* the follower's part comes with the second voter */
    }
}

void raft_step(struct raft *raft, const struct raft_event *event, struct raft_effects *effects)
{
    struct ballot before = raft->ballot;
    invariant(raft->started == (event->kind != RAFT_START));

    effects->count = 0;
    struct raft_effect *save = effect_add(effects, RAFT_SAVE_BALLOT);
    switch (event->kind) {
    case RAFT_START: start(raft, effects); break;
    case RAFT_TIMEOUT:
        if (raft->role != RAFT_LEADER) vote_begin(raft, effects);
        break;
    case RAFT_APPENDED: append_noted(raft, event->offset, event->term); break;
    case RAFT_DURABLE: append_durable(raft, event->offset, effects); break;
    case RAFT_MESSAGE: message(raft, &event->message, effects); break;
    }

    invariant(raft->ballot.term >= before.term);
    save->ballot = raft->ballot;
    if (ballot_equal(&before, &raft->ballot)) {
        effects->count--;
        for (uint32_t i = 0; i < effects->count; i++) effects->items[i] = effects->items[i + 1];
    }
}

static void print_message(struct sink *sink, const struct raft_message *message)
{
    static const char *const names[] = { "vote?", "vote", "begin", "fetch?", "fetch" };
    sink_format(sink, "%s term %d", names[message->kind], message->term);
    switch (message->kind) {
    case RAFT_VOTE_ASK:
    case RAFT_FETCH_ASK: sink_format(sink, " at %lld/%d", (long long)message->last.offset, message->last.term); break;
    case RAFT_VOTE_ANSWER: sink_format(sink, message->granted ? " granted" : " refused"); break;
    case RAFT_FETCH_ANSWER:
        if (message->diverged)
            sink_format(sink, " cut to %lld/%d", (long long)message->last.offset, message->last.term);
        break;
    case RAFT_BEGIN: break;
    }
}

void raft_print_event(struct sink *sink, const struct raft_event *event)
{
    switch (event->kind) {
    case RAFT_START: sink_format(sink, "start\n"); break;
    case RAFT_TIMEOUT: sink_format(sink, "timeout\n"); break;
    case RAFT_APPENDED: sink_format(sink, "appended to %lld\n", (long long)event->offset); break;
    case RAFT_DURABLE: sink_format(sink, "durable to %lld\n", (long long)event->offset); break;
    case RAFT_MESSAGE:
        sink_format(sink, "%d says ", event->message.from);
        print_message(sink, &event->message);
        sink_format(sink, "\n");
        break;
    }
}

void raft_print_effect(struct sink *sink, const struct raft_effect *effect)
{
    switch (effect->kind) {
    case RAFT_SAVE_BALLOT:
        sink_format(sink, "  save term %d vote %d leader %d\n", effect->ballot.term, effect->ballot.vote,
                    effect->ballot.leader);
        break;
    case RAFT_LEAD: sink_format(sink, "  lead term %d\n", effect->ballot.term); break;
    case RAFT_FOLLOW: sink_format(sink, "  follow %d\n", effect->ballot.leader); break;
    case RAFT_COMMIT: sink_format(sink, "  commit %lld\n", (long long)effect->offset); break;
    case RAFT_SEND:
        sink_format(sink, "  to %d: ", effect->message.to);
        print_message(sink, &effect->message);
        sink_format(sink, "\n");
        break;
    case RAFT_SET_DEADLINE: sink_format(sink, "  deadline\n"); break;
    }
}
