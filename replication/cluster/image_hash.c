/* replication/cluster/image_hash.c   One number for everything an image says, in a fixed order: topics by name, nodes
 * by id, configs and features by name, other resources in the order of their first config, and so on with clients.
 * Placement counts too: two shards that disagree about it would both, or neither, serve a partition. */
#include "cluster/image_work.h"

static uint64_t hash_ids(uint64_t hash, const struct uuid *ids, uint32_t count)
{
    hash = hash_join(hash, count);
    for (uint32_t i = 0; ids && i < count; i++) hash = hash_join(hash, uuid_hash(ids[i]));
    return hash;
}

static uint64_t hash_configs(uint64_t hash, const struct image_config *configs, uint32_t count)
{
    hash = hash_join(hash, count);
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_join(hash, text_hash(configs[i].name));
        hash = hash_join(hash, text_hash(configs[i].value));
    }
    return hash;
}

static uint64_t hash_partition_state(uint64_t hash, const struct image_partition *partition)
{
    hash = hash_join(hash, (uint64_t)partition->leader);
    hash = hash_join(hash, (uint64_t)partition->leader_epoch);
    hash = hash_join(hash, (uint64_t)partition->partition_epoch);
    hash = hash_join(hash, partition->shard);
    hash = hash_join(hash, (uint64_t)partition->recovery_state);
    if (!partition->replicas) return hash;
    for (uint32_t i = 0; i < IMAGE_LISTS; i++) {
        const int32_t *ids = image_partition_list(partition, (enum image_list)i);
        hash = hash_join(hash, partition->counts[i]);
        for (uint32_t j = 0; j < partition->counts[i]; j++) hash = hash_join(hash, (uint64_t)ids[j]);
    }
    return hash_ids(hash, image_partition_directories(partition), partition->replica_count);
}

static uint64_t hash_topic(uint64_t hash, const struct image_topic *topic)
{
    hash = hash_join(hash, uuid_hash(topic->id));
    hash = hash_join(hash, text_hash(topic->name));
    hash = hash_join(hash, (uint64_t)topic->partition_count);
    for (int32_t i = 0; i < topic->partition_count; i++) hash = hash_partition_state(hash, &topic->partitions[i]);
    return hash_configs(hash, topic->configs, topic->config_count);
}

static uint64_t hash_endpoints(uint64_t hash, const struct image_endpoint *endpoints, uint32_t count)
{
    hash = hash_join(hash, count);
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_join(hash, text_hash(endpoints[i].listener));
        hash = hash_join(hash, text_hash(endpoints[i].host));
        hash = hash_join(hash, (uint64_t)endpoints[i].port << 16 | (uint16_t)endpoints[i].protocol);
    }
    return hash;
}

static uint64_t hash_features(uint64_t hash, const struct image_range *features, uint32_t count)
{
    hash = hash_join(hash, count);
    for (uint32_t i = 0; i < count; i++) {
        hash = hash_join(hash, text_hash(features[i].name));
        hash = hash_join(hash, (uint64_t)features[i].least << 16 | (uint16_t)features[i].most);
    }
    return hash;
}

static uint64_t hash_broker(uint64_t hash, const struct image_broker *broker)
{
    hash = hash_join(hash, (uint64_t)broker->id);
    hash = hash_join(hash, (uint64_t)broker->epoch);
    hash = hash_join(hash, uuid_hash(broker->incarnation));
    hash = hash_join(hash, (uint64_t)(broker->fenced + 2 * broker->stopping + 4 * broker->migrating));
    hash = hash_join(hash, broker->rack.data ? text_hash(broker->rack) : 0);
    hash = hash_endpoints(hash, broker->endpoints, broker->endpoint_count);
    hash = hash_features(hash, broker->features, broker->feature_count);
    hash = hash_ids(hash, broker->directories, broker->directory_count);
    return hash_ids(hash_join(hash, broker->cordoned != NULL), broker->cordoned, broker->cordoned_count);
}

static uint64_t hash_controller(uint64_t hash, const struct image_controller *controller)
{
    hash = hash_join(hash, (uint64_t)controller->id << 1 | controller->migration_ready);
    hash = hash_join(hash, uuid_hash(controller->incarnation));
    hash = hash_endpoints(hash, controller->endpoints, controller->endpoint_count);
    return hash_features(hash, controller->features, controller->feature_count);
}

static uint64_t hash_quorum(uint64_t hash, const struct image_work *work)
{
    hash = hash_join(hash, (uint64_t)work->kraft_version << 32 | work->voter_count);
    for (uint32_t i = 0; i < work->voter_count; i++) {
        const struct image_voter *voter = &work->voters[i];
        hash = hash_join(hash, (uint64_t)voter->id);
        hash = hash_join(hash, uuid_hash(voter->directory));
        hash = hash_join(hash, (uint64_t)voter->kraft_least << 16 | (uint16_t)voter->kraft_most);
        hash = hash_endpoints(hash, voter->endpoints, voter->endpoint_count);
    }
    return hash;
}

uint64_t image_hash(const struct image *image)
{
    const struct image_work *work = image_work(image);
    uint64_t hash = hash_join((uint64_t)image->offset, (uint64_t)image->epoch);
    hash = hash_join(hash, (uint64_t)image->controller);

    list_each(&image->topics, node)
    {
        hash = hash_topic(hash, container_of(node, struct image_topic, node));
    }
    list_each(&image->brokers, node)
    {
        hash = hash_broker(hash, container_of(node, struct image_broker, node));
    }
    list_each(&image->controllers, node)
    {
        hash = hash_controller(hash, container_of(node, struct image_controller, node));
    }
    hash = hash_quorum(hash, work);
    map_each(&work->resources, struct image_resource, resource)
    {
        hash = hash_join(hash, (uint64_t)resource->type);
        hash = hash_join(hash, text_hash(resource->name));
        hash = hash_configs(hash, resource->configs, resource->config_count);
    }
    for (uint32_t i = 0; i < work->feature_count; i++) {
        hash = hash_join(hash, text_hash(work->features[i].name));
        hash = hash_join(hash, (uint64_t)work->features[i].level);
    }
    hash = image_access_hash(hash, &work->access);
    hash = image_grants_hash(hash, image);
    return hash_join(hash, (uint64_t)work->next_producer_id + work->in_transaction);
}
