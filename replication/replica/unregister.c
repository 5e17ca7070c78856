/* replication/replica/unregister.c   A broker that will not come back is taken out of the cluster: first out of the
 * in-sync replicas and the leadership of its partitions, then its registration. It stays among their replicas, until
 * somebody moves them. */
#include "replica/controller_work.h"

enum { PARTITIONS_AN_ITEM = 8 }; /* of the decision: looking at a topic costs as much as at so many of its partitions */

/* The in-sync replicas without `broker`, when that leaves some. */
static void isr_without(const struct image_partition *state, int32_t broker, struct partition_change_record *record,
                        struct record_list *list)
{
    const int32_t *isr = state->replicas + state->replica_count;
    int32_t *left = arena_take(list->arena, state->isr_count * sizeof(*left));
    int32_t count = 0;
    if (!left) {
        list->full = true;
        return;
    }

    for (uint16_t i = 0; i < state->isr_count; i++) {
        if (isr[i] != broker) left[count++] = isr[i];
    }
    if (count == 0 || count == state->isr_count) return;
    record->isr.items = left;
    record->isr.count = count;
}

static bool in_sync(const struct image_partition *state, int32_t broker)
{
    for (uint16_t i = 0; i < state->isr_count; i++) {
        if (state->replicas[state->replica_count + i] == broker) return true;
    }
    return false;
}

static void leave(const struct image_topic *topic, int32_t index, int32_t broker, struct record_list *list)
{
    const struct image_partition *state = &topic->partitions[index];
    bool leads = state->replicas && state->leader == broker;
    bool shared = state->replicas && state->isr_count > 1 && in_sync(state, broker);
    if (!leads && !shared) return;

    struct partition_change_record *record = &record_list_add(list, RECORD_PARTITION_CHANGE)->partition_change;
    record->index = index;
    record->topic_id = topic->id;
    if (leads) record->leader = -1;
    isr_without(state, broker, record, list);
}

/* The next few partitions of a topic; behind its last one comes the next topic. */
static void partitions_leave(struct decision *decision, int32_t broker, struct record_list *list)
{
    const struct image_topic *topic = container_of(decision->next.topic, struct image_topic, node);
    int32_t limit = min_of(decision->next.partition + PARTITIONS_AN_ITEM, topic->partition_count);

    while (decision->next.partition < limit) leave(topic, decision->next.partition++, broker, list);
    if (limit < topic->partition_count) return;
    decision->next.topic = decision->next.topic->next;
    decision->next.partition = 0;
}

bool broker_unregister(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    const struct image_broker *broker = image_broker(&controller->ahead, call->broker);
    const struct list *topics = &controller->ahead.topics;
    struct decision *decision = &controller->decision;

    if (!broker) call->status = STATUS_NOT_FOUND;
    if (broker && broker->id == controller->identity->id) call->status = STATUS_INVALID_REQUEST;
    if (call->status != STATUS_OK) return false;

    if (!decision->next.topic) decision->next.topic = topics->head.next;
    if (decision->next.topic != &topics->head) {
        partitions_leave(decision, broker->id, list);
        return true;
    }
    struct unregister_broker_record *record = &record_list_add(list, RECORD_UNREGISTER_BROKER)->unregister_broker;
    record->broker_id = broker->id;
    record->broker_epoch = broker->epoch;
    return false;
}
