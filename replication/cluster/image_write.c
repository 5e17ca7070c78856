/* replication/cluster/image_write.c   One function per kind of record: each tells the next one, or that there is none
 * left, and then the next kind's turn begins. */
#include "cluster/image_write.h"

#include "cluster/access.h"
#include "cluster/features.h"
#include "cluster/grants.h"
#include "cluster/image_work.h"

static void *room_for(struct arena *arena, uint32_t count, size_t size)
{
    void *room = arena_take(arena, (count + 1) * size);
    invariant(room);
    return room;
}

/* ---- features ---- */

static bool next_metadata_version(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    (void)arena;
    int16_t level = image_feature(walk->image, FEATURE_METADATA);
    if (walk->cursor++ > 0 || level == 0) return false;

    record_clear(record, RECORD_FEATURE_LEVEL);
    record->feature_level.name = FEATURE_METADATA;
    record->feature_level.level = level;
    return true;
}

static bool next_feature(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    struct text name;
    int16_t level;
    (void)arena;
    do {
        if (!image_next_feature(walk->image, &walk->cursor, &name, &level)) return false;
    } while (text_equal(name, FEATURE_METADATA));

    record_clear(record, RECORD_FEATURE_LEVEL);
    record->feature_level.name = name;
    record->feature_level.level = level;
    return true;
}

/* ---- nodes ---- */

static struct record_endpoint *endpoints_of(struct arena *arena, const struct image_endpoint *from, uint32_t count)
{
    struct record_endpoint *endpoints = room_for(arena, count, sizeof(*endpoints));
    for (uint32_t i = 0; i < count; i++) {
        endpoints[i] = (struct record_endpoint){ from[i].listener, from[i].host, from[i].port, from[i].protocol };
    }
    return endpoints;
}

static struct record_feature *features_of(struct arena *arena, const struct image_range *from, uint32_t count)
{
    struct record_feature *ranges = room_for(arena, count, sizeof(*ranges));
    for (uint32_t i = 0; i < count; i++) {
        ranges[i] = (struct record_feature){ from[i].name, from[i].least, from[i].most };
    }
    return ranges;
}

static bool next_broker(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    if (walk->node == &walk->image->brokers.head) return false;
    const struct image_broker *broker = container_of(walk->node, struct image_broker, node);
    struct register_broker_record *to = &record->register_broker;
    walk->node = walk->node->next;

    record_clear(record, RECORD_REGISTER_BROKER);
    to->broker_id = broker->id;
    to->migrating_zk_broker = broker->migrating;
    to->incarnation_id = broker->incarnation;
    to->broker_epoch = broker->epoch;
    to->endpoints.items = endpoints_of(arena, broker->endpoints, broker->endpoint_count);
    to->endpoints.count = (int32_t)broker->endpoint_count;
    to->features.items = features_of(arena, broker->features, broker->feature_count);
    to->features.count = (int32_t)broker->feature_count;
    to->rack = broker->rack;
    to->fenced = broker->fenced;
    to->in_controlled_shutdown = broker->stopping;
    to->log_dirs.items = broker->directories;
    to->log_dirs.count = (int32_t)broker->directory_count;
    to->cordoned_log_dirs.items = broker->cordoned;
    to->cordoned_log_dirs.count = broker->cordoned ? (int32_t)broker->cordoned_count : -1;
    return true;
}

static bool next_controller(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    if (walk->node == &walk->image->controllers.head) return false;
    const struct image_controller *controller = container_of(walk->node, struct image_controller, node);
    struct register_controller_record *to = &record->register_controller;
    walk->node = walk->node->next;

    record_clear(record, RECORD_REGISTER_CONTROLLER);
    to->controller_id = controller->id;
    to->incarnation_id = controller->incarnation;
    to->zk_migration_ready = controller->migration_ready;
    to->endpoints.items = endpoints_of(arena, controller->endpoints, controller->endpoint_count);
    to->endpoints.count = (int32_t)controller->endpoint_count;
    to->features.items = features_of(arena, controller->features, controller->feature_count);
    to->features.count = (int32_t)controller->feature_count;
    return true;
}

/* ---- topics ---- */

static void partition_tell(const struct image_partition *partition, struct partition_record *to)
{
#define TELL_LIST(member, list)                                                   \
    (to->member.items = (int32_t *)image_partition_list(partition, IMAGE_##list), \
     to->member.count = partition->counts[IMAGE_##list])
    TELL_LIST(replicas, REPLICAS);
    TELL_LIST(isr, ISR);
    TELL_LIST(removing_replicas, REMOVING);
    TELL_LIST(adding_replicas, ADDING);
    if (partition->counts[IMAGE_ELIGIBLE] > 0) TELL_LIST(eligible_leader_replicas, ELIGIBLE);
    if (partition->counts[IMAGE_LAST_KNOWN] > 0) TELL_LIST(last_known_elr, LAST_KNOWN);
#undef TELL_LIST
    to->leader = partition->leader;
    to->leader_recovery_state = partition->recovery_state;
    to->leader_epoch = partition->leader_epoch;
    to->partition_epoch = partition->partition_epoch;
    to->directories.items = (struct uuid *)image_partition_directories(partition);
    to->directories.count = partition->replica_count;
}

/* The topic itself, then its partitions; a number without a record is left out. */
static bool next_topic(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    (void)arena;
    for (; walk->node != &walk->image->topics.head; walk->node = walk->node->next, walk->index = -1) {
        const struct image_topic *topic = container_of(walk->node, struct image_topic, node);
        if (walk->index++ < 0) {
            record_clear(record, RECORD_TOPIC);
            record->topic.name = topic->name;
            record->topic.topic_id = topic->id;
            return true;
        }
        while (walk->index <= topic->partition_count && !topic->partitions[walk->index - 1].replicas) walk->index++;
        if (walk->index > topic->partition_count) continue;

        record_clear(record, RECORD_PARTITION);
        record->partition.index = walk->index - 1;
        record->partition.topic_id = topic->id;
        partition_tell(&topic->partitions[walk->index - 1], &record->partition);
        return true;
    }
    return false;
}

/* ---- configs ---- */

static void config_tell(struct any_record *record, int8_t type, struct text name, const struct image_config *config)
{
    record_clear(record, RECORD_CONFIG);
    record->config.resource_type = type;
    record->config.resource_name = name;
    record->config.name = config->name;
    record->config.value = config->value;
}

static bool next_topic_config(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    (void)arena;
    for (; walk->node != &walk->image->topics.head; walk->node = walk->node->next, walk->index = -1) {
        const struct image_topic *topic = container_of(walk->node, struct image_topic, node);
        if ((uint32_t)++walk->index >= topic->config_count) continue;
        config_tell(record, RESOURCE_TOPIC, topic->name, &topic->configs[walk->index]);
        return true;
    }
    return false;
}

static bool next_config(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    const struct image_resource *resource = walk->item;
    (void)arena;
    if (!resource || (uint32_t)walk->index == resource->config_count) {
        walk->item = resource = map_next(&image_work(walk->image)->resources, &walk->cursor);
        walk->index = 0;
    }
    if (!resource) return false;
    config_tell(record, resource->type, resource->name, &resource->configs[walk->index++]);
    return true;
}

/* ---- clients ---- */

static bool next_quota(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    const struct image_quota *quota = walk->item;
    if (!quota || (uint32_t)walk->index == quota->count) {
        walk->item = quota = image_next_quota(walk->image, &walk->cursor);
        walk->index = 0;
    }
    if (!quota) return false;

    struct client_quota_entity *entity = room_for(arena, QUOTA_KINDS, sizeof(*entity));
    int32_t count = 0;
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        if (!quota->entity.takes_part[kind]) continue;
        entity[count++] =
            (struct client_quota_entity){ quota_kind_name((enum quota_kind)kind), quota->entity.names[kind] };
    }
    record_clear(record, RECORD_CLIENT_QUOTA);
    record->client_quota.entity.items = entity;
    record->client_quota.entity.count = count;
    record->client_quota.key = quota->values[walk->index].key;
    record->client_quota.value = quota->values[walk->index].value;
    walk->index++;
    return true;
}

/* Kafka's snapshots say -1 for who took the last block. */
static bool next_producer_ids(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    int64_t next = image_next_producer_id(walk->image);
    (void)arena;
    if (walk->cursor++ > 0 || next == 0) return false;

    record_clear(record, RECORD_PRODUCER_IDS);
    record->producer_ids.broker_id = -1;
    record->producer_ids.broker_epoch = -1;
    record->producer_ids.next_producer_id = next;
    return true;
}

static bool next_rule(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    const struct image_rule *rule = image_next_rule(walk->image, &walk->cursor);
    struct access_control_entry_record *to = &record->access_control_entry;
    (void)arena;
    if (!rule) return false;

    record_clear(record, RECORD_ACCESS_CONTROL_ENTRY);
    to->id = rule->id;
    to->resource_type = rule->resource_type;
    to->resource_name = rule->resource;
    to->pattern_type = rule->pattern_type;
    to->principal = rule->principal;
    to->host = rule->host;
    to->operation = rule->operation;
    to->permission_type = rule->permission_type;
    return true;
}

static bool next_credential(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    const struct image_credential *credential = image_next_credential(walk->image, &walk->cursor);
    struct user_scram_credential_record *to = &record->user_scram_credential;
    (void)arena;
    if (!credential) return false;

    record_clear(record, RECORD_USER_SCRAM_CREDENTIAL);
    to->name = credential->user;
    to->mechanism = credential->mechanism;
    to->salt = credential->salt;
    to->stored_key = credential->stored_key;
    to->server_key = credential->server_key;
    to->iterations = credential->iterations;
    return true;
}

static bool next_token(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    const struct image_token *token = image_next_token(walk->image, &walk->cursor);
    struct delegation_token_record *to = &record->delegation_token;
    (void)arena;
    if (!token) return false;

    record_clear(record, RECORD_DELEGATION_TOKEN);
    to->owner = token->owner;
    to->requester = token->requester;
    to->renewers.items = token->renewers;
    to->renewers.count = (int32_t)token->renewer_count;
    to->issue_timestamp_ms = token->issue_ms;
    to->max_timestamp_ms = token->max_ms;
    to->expiration_timestamp_ms = token->expiration_ms;
    to->token_id = token->id;
    return true;
}

/* ---- the walk ---- */

static bool (*const stages[WALK_END])(struct image_walk *, struct any_record *, struct arena *) = {
    [WALK_METADATA_VERSION] = next_metadata_version,
    [WALK_FEATURES] = next_feature,
    [WALK_BROKERS] = next_broker,
    [WALK_CONTROLLERS] = next_controller,
    [WALK_TOPICS] = next_topic,
    [WALK_TOPIC_CONFIGS] = next_topic_config,
    [WALK_CONFIGS] = next_config,
    [WALK_QUOTAS] = next_quota,
    [WALK_PRODUCER_IDS] = next_producer_ids,
    [WALK_RULES] = next_rule,
    [WALK_CREDENTIALS] = next_credential,
    [WALK_TOKENS] = next_token,
};

static void stage_begin(struct image_walk *walk, enum image_walk_stage stage)
{
    const struct image *image = walk->image;
    walk->stage = stage;
    walk->cursor = 0;
    walk->index = -1;
    walk->item = NULL;
    walk->node = stage == WALK_BROKERS       ? image->brokers.head.next
                 : stage == WALK_CONTROLLERS ? image->controllers.head.next
                                             : image->topics.head.next;
}

void image_walk_begin(struct image_walk *walk, const struct image *image)
{
    walk->image = image;
    stage_begin(walk, WALK_METADATA_VERSION);
}

bool image_walk_next(struct image_walk *walk, struct any_record *record, struct arena *arena)
{
    while (walk->stage < WALK_END) {
        if (stages[walk->stage](walk, record, arena)) return true;
        stage_begin(walk, walk->stage + 1);
    }
    return false;
}

bool image_settled(const struct image *image)
{
    return !image_work(image)->in_transaction;
}

/* ---- the head ---- */

static void voters_tell(const struct image *image, struct voters_record *to, struct arena *arena)
{
    uint32_t count;
    const struct image_voter *from = image_voters(image, &count);
    to->voters.items = room_for(arena, count, sizeof(*to->voters.items));
    to->voters.count = (int32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        struct voter_record *voter = &to->voters.items[i];
        voter->voter_id = from[i].id;
        voter->directory_id = from[i].directory;
        voter->kraft_versions = (struct voter_record_versions){ from[i].kraft_least, from[i].kraft_most };
        voter->endpoints.items = room_for(arena, from[i].endpoint_count, sizeof(*voter->endpoints.items));
        voter->endpoints.count = (int32_t)from[i].endpoint_count;
        for (uint32_t j = 0; j < from[i].endpoint_count; j++) {
            const struct image_endpoint *endpoint = &from[i].endpoints[j];
            voter->endpoints.items[j] =
                (struct voter_record_endpoint){ endpoint->listener, endpoint->host, endpoint->port };
        }
    }
}

uint32_t image_head(const struct image *image, int64_t last_timestamp_ms, struct any_control controls[IMAGE_HEAD_MAX],
                    struct arena *arena)
{
    control_clear(&controls[0], CONTROL_SNAPSHOT_HEADER);
    controls[0].snapshot_header.last_contained_log_timestamp_ms = last_timestamp_ms;
    if (image_kraft_version(image) == 0) return 1;

    control_clear(&controls[1], CONTROL_KRAFT_VERSION);
    controls[1].kraft_version.kraft_version = image_kraft_version(image);
    control_clear(&controls[2], CONTROL_VOTERS);
    voters_tell(image, &controls[2].voters, arena);
    return 3;
}
