/* replication/cluster/image_hash.c   One number for everything an image says, in a fixed order: topics by name,
 * brokers by id, configs and features by name, other resources in the order of their first config, quotas and
 * credentials in theirs. Placement counts too: two shards that disagree about it would both, or neither, serve a
 * partition. */
#include "cluster/image_work.h"

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
    hash = hash_join(hash, partition->replica_count);
    for (uint32_t i = 0; i < (uint32_t)partition->replica_count + partition->isr_count; i++) {
        hash = hash_join(hash, (uint64_t)partition->replicas[i]);
    }
    return hash;
}

static uint64_t hash_topic(uint64_t hash, const struct image_topic *topic)
{
    hash = hash_join(hash, uuid_hash(topic->id));
    hash = hash_join(hash, text_hash(topic->name));
    hash = hash_join(hash, (uint64_t)topic->partition_count);
    for (int32_t i = 0; i < topic->partition_count; i++) hash = hash_partition_state(hash, &topic->partitions[i]);
    return hash_configs(hash, topic->configs, topic->config_count);
}

static uint64_t hash_broker(uint64_t hash, const struct image_broker *broker)
{
    hash = hash_join(hash, (uint64_t)broker->id);
    hash = hash_join(hash, (uint64_t)broker->epoch);
    hash = hash_join(hash, uuid_hash(broker->incarnation));
    hash = hash_join(hash, uuid_hash(broker->directory));
    hash = hash_join(hash, (uint64_t)(broker->fenced + 2 * broker->stopping));
    hash = hash_join(hash, broker->rack.data ? text_hash(broker->rack) : 0);
    for (uint32_t i = 0; i < broker->endpoint_count; i++) {
        const struct image_endpoint *endpoint = &broker->endpoints[i];
        hash = hash_join(hash, text_hash(endpoint->listener));
        hash = hash_join(hash, text_hash(endpoint->host));
        hash = hash_join(hash, (uint64_t)endpoint->port << 16 | (uint16_t)endpoint->protocol);
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
    list_each(&work->resources, node)
    {
        const struct image_resource *resource = container_of(node, struct image_resource, node);
        hash = hash_join(hash, (uint64_t)resource->type);
        hash = hash_join(hash, text_hash(resource->name));
        hash = hash_configs(hash, resource->configs, resource->config_count);
    }
    for (uint32_t i = 0; i < work->feature_count; i++) {
        hash = hash_join(hash, text_hash(work->features[i].name));
        hash = hash_join(hash, (uint64_t)work->features[i].level);
    }
    hash = image_access_hash(hash, &work->access);
    return hash_join(hash, (uint64_t)work->next_producer_id + work->in_transaction);
}
