/* replication/replica/decide.c   A decision is a walk: over the items of a call, and over what the image has where all
 * of it must be looked at. The files of the nouns decide one item at a time, and know nothing of portions; here is how
 * many of them make a step.
 *
 *     item_decide: the next item, or false: that was all    decide: items until a portion is full
 *
 * Between portions nobody else decides, and the image that is ahead stays as it is, so a walk may keep its place in
 * it. */
#include "replica/access.h"
#include "replica/controller_work.h"
#include "replica/quorum_view.h"

enum { PORTION = 500 }; /* items, and records: some hundred microseconds */

static bool item_decide(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    switch (call->kind) {
    case CONTROLLER_CREATE_TOPICS: return topics_create(controller, call, list);
    case CONTROLLER_DELETE_TOPICS: return topics_delete(controller, call, list);
    case CONTROLLER_CREATE_PARTITIONS: return partitions_create(controller, call, list);
    case CONTROLLER_ALTER_CONFIGS: return configs_alter(controller, call, list);
    case CONTROLLER_ALTER_ACCESS: return access_alter(controller, call, list);
    case CONTROLLER_UNREGISTER_BROKER: return broker_unregister(controller, call, list);
    case CONTROLLER_PRODUCER_IDS: producer_ids_take(controller, call, list); break;
    case CONTROLLER_DESCRIBE_QUORUM: quorum_look(controller, call); break;
    }
    return false;
}

bool decide(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    uint32_t *spent = &controller->decision.spent;
    bool more = true;

    for (*spent = 0; more && !list->full && *spent < PORTION; ++*spent) {
        uint32_t before = list->count;
        more = item_decide(controller, call, list);
        if (list->count > before) *spent += list->count - before;
    }
    if (more && !list->full) return false;
    if (call->validate_only && !list->full) record_list_init(list, list->arena);
    return true;
}
