/* replication/replica/quorum_view.c   Read off raft. The leader's own end is that of its log; a static quorum knows no
 * directories. */
#include "replica/quorum_view.h"

#include "replica/controller_work.h"
#include "replica/metadata_log.h"

void quorum_look(const struct controller *controller, struct controller_call *call)
{
    const struct raft *raft = &controller->log->raft;
    struct quorum_view *view = call->quorum;

    view->leader = raft->ballot.leader;
    view->epoch = raft->ballot.term;
    view->committed = raft->committed;
    view->controller = &controller->identity->controller;
    view->count = raft->quorum.count;
    for (uint32_t i = 0; i < view->count; i++) {
        view->members[i] = raft->quorum.members[i];
        if (view->members[i].voter.id == raft->self.id) view->members[i].end = raft->last.offset;
        if (!controller->log->dynamic) view->members[i].voter.directory = UUID_NONE;
    }
}
