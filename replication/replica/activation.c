/* replication/replica/activation.c   What a node writes about itself when it comes and when it goes, batch by batch, as
 * a real single node of Kafka 4.3.1 does:
 *
 *     comes   (new log) BeginTransaction, FeatureLevel ..., EndTransaction
 *             (made by an older release) FeatureLevel ...
 *             RegisterController
 *             RegisterBroker (fenced; its epoch is its own offset)
 *             BrokerRegistrationChange {no cordoned directories}
 *             BrokerRegistrationChange {unfenced}, PartitionChange {leader: we} for each of our partitions
 *     goes    BrokerRegistrationChange {in controlled shutdown}, PartitionChange {leader: none} for each that we lead
 *             BrokerRegistrationChange {fenced}
 *
 * So leader epochs rise by two over a clean restart, and by one over a crash, after which nobody was told that we
 * left. */
#include "cluster/features.h"
#include "replica/controller_work.h"
#include "replica/metadata_log.h"

enum activation_step { COME_BOOTSTRAP, COME_FEATURES, COME_CONTROLLER, COME_BROKER, COME_CORDONED, COME_PARTITIONS };
enum farewell_step { GO_PARTITIONS };

void script_begin(struct controller *controller)
{
    controller->step = 0;
    controller->topic = controller->ahead.topics.head.next;
    controller->partition = 0;
    controller->script_end = -1;
}

static void bootstrap_records(struct controller *controller, struct record_list *list)
{
    if (!controller->image_empty) return;

    record_list_add(list, RECORD_BEGIN_TRANSACTION)->begin_transaction.name = TEXT("Bootstrap records");
    for (uint32_t i = 0; i < feature_count; i++) {
        if (!features[i].in_log || features[i].finalized == 0) continue;
        struct any_record *record = record_list_add(list, RECORD_FEATURE_LEVEL);
        record->feature_level.name = features[i].name;
        record->feature_level.level = features[i].finalized;
    }
    (void)record_list_add(list, RECORD_END_TRANSACTION);
}

/* A directory that an older release made: its records are written in our versions from now on. */
static void feature_records(struct controller *controller, struct record_list *list)
{
    for (uint32_t i = 0; i < feature_count; i++) {
        if (!features[i].in_log || image_feature(&controller->ahead, features[i].name) >= features[i].finalized)
            continue;
        struct any_record *record = record_list_add(list, RECORD_FEATURE_LEVEL);
        record->feature_level.name = features[i].name;
        record->feature_level.level = features[i].finalized;
    }
}

static struct record_endpoint *endpoints_of(struct arena *arena, const struct image_endpoint *from, uint32_t count)
{
    struct record_endpoint *endpoints = arena_take(arena, (count + 1) * sizeof(*endpoints));
    invariant(endpoints);
    for (uint32_t i = 0; i < count; i++) {
        endpoints[i] = (struct record_endpoint){ from[i].listener, from[i].host, from[i].port, from[i].protocol };
    }
    return endpoints;
}

static struct record_feature *features_of(struct arena *arena)
{
    struct record_feature *ranges = arena_take(arena, feature_count * sizeof(*ranges));
    invariant(ranges);
    for (uint32_t i = 0; i < feature_count; i++) {
        ranges[i] = (struct record_feature){ features[i].name, features[i].least, features[i].most };
    }
    return ranges;
}

static void controller_record(struct controller *controller, struct record_list *list)
{
    const struct node_identity *identity = controller->identity;
    struct register_controller_record *record = &record_list_add(list, RECORD_REGISTER_CONTROLLER)->register_controller;

    record->controller_id = identity->id;
    record->incarnation_id = uuid_draw(&controller->shard->prng);
    record->endpoints.items = endpoints_of(list->arena, &identity->controller, 1);
    record->endpoints.count = 1;
    record->features.items = features_of(list->arena);
    record->features.count = (int32_t)feature_count;
}

static void broker_record(struct controller *controller, struct record_list *list)
{
    const struct node_identity *identity = controller->identity;
    struct register_broker_record *record = &record_list_add(list, RECORD_REGISTER_BROKER)->register_broker;
    struct uuid *directory = arena_copy(list->arena, &identity->directory, sizeof(*directory));

    invariant(directory);
    controller->broker_epoch = controller->ahead.offset;
    record->broker_id = identity->id;
    record->incarnation_id = uuid_draw(&controller->shard->prng);
    record->broker_epoch = controller->broker_epoch;
    record->endpoints.items = endpoints_of(list->arena, identity->listeners, identity->listener_count);
    record->endpoints.count = (int32_t)identity->listener_count;
    record->features.items = features_of(list->arena);
    record->features.count = (int32_t)feature_count;
    record->rack = identity->rack;
    record->fenced = true;
    record->log_dirs.items = directory;
    record->log_dirs.count = 1;
}

static struct broker_change_record *change_record(struct controller *controller, struct record_list *list)
{
    struct broker_change_record *record = &record_list_add(list, RECORD_BROKER_CHANGE)->broker_change;
    record->broker_id = controller->identity->id;
    record->broker_epoch = controller->broker_epoch;
    return record;
}

static bool holds(const int32_t *ids, uint32_t count, int32_t id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ids[i] == id) return true;
    }
    return false;
}

/* One record per partition that this node holds (coming) or leads (going), until the batch is full; true when some are
 * left. A partition whose last in-sync replica was taken out of the ISR, as Kafka does with eligible leader replicas,
 * gets it back. */
static bool partition_records(struct controller *controller, struct record_list *list, bool coming)
{
    int32_t self = controller->identity->id;
    bool elr = image_feature(&controller->ahead, TEXT("eligible.leader.replicas.version")) > 0;

    while (controller->topic != &controller->ahead.topics.head) {
        struct image_topic *topic = container_of(controller->topic, struct image_topic, node);
        for (; controller->partition < topic->partition_count; controller->partition++) {
            const struct image_partition *state = &topic->partitions[controller->partition];
            bool ours = coming ? state->replicas && holds(state->replicas, state->replica_count, self)
                               : state->replicas && state->leader == self;
            if (!ours) continue;
            if (list->count == RECORD_LIST_MAX) return true;

            struct partition_change_record *record = &record_list_add(list, RECORD_PARTITION_CHANGE)->partition_change;
            record->index = controller->partition;
            record->topic_id = topic->id;
            record->leader = coming ? self : -1;
            if (!coming || holds(state->replicas + state->replica_count, state->isr_count, self)) continue;
            record->isr.items = (int32_t *)&controller->identity->id;
            record->isr.count = 1;
            if (!elr) continue;
            record->eligible_leader_replicas.count = record->last_known_elr.count = 0;
        }
        controller->topic = controller->topic->next;
        controller->partition = 0;
    }
    return false;
}

bool activation_next(struct controller *controller, struct record_list *list)
{
    switch (controller->step) {
    case COME_BOOTSTRAP: bootstrap_records(controller, list); return true;
    case COME_FEATURES: feature_records(controller, list); return true;
    case COME_CONTROLLER: controller_record(controller, list); return true;
    case COME_BROKER: broker_record(controller, list); return true;
    case COME_CORDONED: change_record(controller, list)->cordoned_log_dirs.count = 0; return true;
    case COME_PARTITIONS: change_record(controller, list)->fenced = -1; break;
    default: break;
    }
    (void)partition_records(controller, list, true);
    return list->count > 0;
}

bool farewell_next(struct controller *controller, struct record_list *list)
{
    if (controller->step == GO_PARTITIONS) change_record(controller, list)->in_controlled_shutdown = 1;
    if (controller->topic) {
        bool more = partition_records(controller, list, false);
        if (!more && list->count == 0) {
            change_record(controller, list)->fenced = 1;
            controller->topic = NULL;
        }
        return true;
    }
    return false;
}
