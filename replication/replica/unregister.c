/* replication/replica/unregister.c   A broker that will not come back is taken out of the cluster: first out of the
 * in-sync replicas and the leadership of its partitions, then its registration. It stays among their replicas, until
 * somebody moves them. */
#include "replica/controller_work.h"

enum {
    UNREGISTER_PORTION = 4096, /* partitions looked at in a step */
    UNREGISTER_TOPIC = 8,      /* what a topic counts: its memory is elsewhere */
};

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

/* A portion of all partitions there are; true: that was the last. */
static bool partitions_leave(struct decision *decision, const struct list *topics, int32_t broker,
                             struct record_list *list)
{
    int32_t portion = UNREGISTER_PORTION;

    while (decision->next.topic != &topics->head && portion > 0) {
        const struct image_topic *topic = container_of(decision->next.topic, struct image_topic, node);
        for (; decision->next.partition < topic->partition_count && portion > 0; portion--) {
            leave(topic, decision->next.partition++, broker, list);
        }
        if (decision->next.partition < topic->partition_count) break;
        decision->next.topic = decision->next.topic->next;
        decision->next.partition = 0;
        portion -= UNREGISTER_TOPIC;
    }
    return decision->next.topic == &topics->head;
}

bool broker_unregister(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    const struct image_broker *broker = image_broker(&controller->ahead, call->broker);
    const struct list *topics = &controller->ahead.topics;
    struct decision *decision = &controller->decision;

    if (!broker) call->status = STATUS_NOT_FOUND;
    if (broker && broker->id == controller->identity->id) call->status = STATUS_INVALID_REQUEST;
    if (call->status != STATUS_OK) return true;

    if (!decision->next.topic) decision->next.topic = topics->head.next;
    if (!partitions_leave(decision, topics, broker->id, list)) return false;
    struct unregister_broker_record *record = &record_list_add(list, RECORD_UNREGISTER_BROKER)->unregister_broker;
    record->broker_id = broker->id;
    record->broker_epoch = broker->epoch;
    return true;
}
