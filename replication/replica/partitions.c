/* replication/replica/partitions.c   A topic gets more partitions: every rule of Kafka's controller, in its order and
 * in its words (read off a real 4.3.1). What the new ones hold is nothing: their logs are made when the records come.
 *
 *     exists -> more than now -> replicas, when the client chose them -> records */
#include "replica/controller_work.h"
#include "replica/replicas.h"

enum { PARTITIONS_MAX = 10000 };

enum status replicas_check(const struct controller *controller, const int32_t *replicas, uint16_t count, char *room,
                           struct text *why)
{
    if (count == 0) {
        *why = controller_words(room, "The manual partition assignment includes an empty replica list.");
        return STATUS_INVALID_ASSIGNMENT;
    }
    for (uint16_t i = 0; i < count; i++) {
        if (!image_broker(&controller->ahead, replicas[i])) {
            *why = controller_words(
                room, "The manual partition assignment includes broker %d, but no such broker is registered.",
                replicas[i]);
            return STATUS_INVALID_ASSIGNMENT;
        }
        for (uint16_t j = 0; j < i; j++) {
            if (replicas[j] != replicas[i]) continue;
            *why = controller_words(room, "The manual partition assignment includes the broker %d more than once.",
                                    replicas[i]);
            return STATUS_INVALID_ASSIGNMENT;
        }
    }
    return STATUS_OK;
}

void partition_record_add(struct controller *controller, struct record_list *list, struct uuid topic, int32_t index,
                          int32_t *replicas, int32_t count)
{
    struct partition_record *record = &record_list_add(list, RECORD_PARTITION)->partition;
    struct uuid *directories = arena_take(list->arena, (size_t)count * sizeof(*directories));

    if (!directories) {
        list->full = true;
        return;
    }
    for (int32_t i = 0; i < count; i++) directories[i] = image_broker(&controller->ahead, replicas[i])->directory;
    record->index = index;
    record->topic_id = topic;
    record->replicas.items = record->isr.items = replicas;
    record->replicas.count = record->isr.count = count;
    record->leader = replicas[0];
    record->leader_epoch = 0;
    record->partition_epoch = 0;
    record->directories.items = directories;
    record->directories.count = count;
}

static void check_count(struct topic_grow *grow, const struct image_topic *topic)
{
    int32_t now = topic->partition_count;

    if (grow->count == now) {
        refuse(grow, STATUS_INVALID_PARTITIONS, "Topic already has %d partition(s).", now);
    } else if (grow->count < now) {
        refuse(grow, STATUS_INVALID_PARTITIONS,
               "The topic %.*s currently has %d partition(s); %d would not be an increase.", TEXT_ARGS(grow->name), now,
               grow->count);
    } else if (grow->count - now > PARTITIONS_MAX) {
        refuse(grow, STATUS_POLICY, "Excessively large number of partitions per request.");
    }
}

/* Every partition of a topic has as many replicas as its first. */
static void check_assignments(const struct controller *controller, struct topic_grow *grow,
                              const struct image_topic *topic)
{
    int32_t more = grow->count - topic->partition_count;
    uint16_t factor = topic->partitions[0].replica_count;

    if (grow->assignment_count != (uint32_t)more) {
        refuse(grow, STATUS_INVALID_ASSIGNMENT,
               "Attempted to add %d additional partition(s), but only %u assignment(s) were specified.", more,
               grow->assignment_count);
        return;
    }
    for (uint32_t i = 0; i < grow->assignment_count && grow->status == STATUS_OK; i++) {
        uint16_t count = grow->assignment_sizes[i];
        grow->status = replicas_check(controller, grow->assignments[i], count, grow->room, &grow->why);
        if (grow->status != STATUS_OK || count == factor) continue;
        refuse(grow, STATUS_INVALID_ASSIGNMENT,
               "The manual partition assignment includes a partition with %u replica(s), but this is not consistent "
               "with previous partitions, which have %u replica(s).",
               count, factor);
    }
}

/* On one node there is one place for a replica; with several, the controller places as many as the topic has. */
static void check_brokers(const struct controller *controller, struct topic_grow *grow)
{
    const struct image_broker *self = image_broker(&controller->ahead, controller->identity->id);

    if (self && !self->fenced && !self->stopping) return;
    refuse(grow, STATUS_INVALID_REPLICATION,
           "Unable to replicate the partition 1 time(s): All brokers are currently fenced.");
}

static void grow_one(struct controller *controller, struct topic_grow *grow, struct record_list *list)
{
    const struct image_topic *topic = image_topic_by_name(&controller->ahead, grow->name);

    grow->status = STATUS_OK;
    grow->why = TEXT_NULL;
    if (!topic) {
        grow->status = STATUS_NOT_FOUND;
        return;
    }
    check_count(grow, topic);
    if (grow->status == STATUS_OK && grow->by_hand) check_assignments(controller, grow, topic);
    if (grow->status == STATUS_OK && !grow->by_hand) check_brokers(controller, grow);
    if (grow->status != STATUS_OK) return;

    record_list_reserve(list, (uint32_t)(grow->count - topic->partition_count));
    for (int32_t i = topic->partition_count; i < grow->count && !list->full; i++) {
        int32_t place = i - topic->partition_count;
        int32_t *replicas = grow->by_hand ? grow->assignments[place] : (int32_t *)&controller->identity->id;
        partition_record_add(controller, list, topic->id, i, replicas,
                             grow->by_hand ? grow->assignment_sizes[place] : 1);
    }
}

/* Topics may each be within their bounds and together far beyond a batch: the call is refused then. */
bool partitions_create(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    uint32_t *item = &controller->decision.next.item;

    if (*item == call->grow_count) return false;
    grow_one(controller, &call->grows[(*item)++], list);
    return true;
}
