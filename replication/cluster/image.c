/* replication/cluster/image.c   Records come in, one after the other, and the image is what they say. Topics and their
 * partitions are in image_topics.c, nodes in image_brokers.c, clients' quotas and credentials in image_access.c, what
 * they may do in image_grants.c; here are the switch over the types, configs, features, producer ids and transactions.
 *
 * Everything that a record says is kept, whether anybody asks for it yet or not: once the log begins with a snapshot,
 * what the image forgot is gone. Only NoOp and ZkMigrationState say nothing. */
#include "cluster/image.h"

#include <string.h>

#include "cluster/image_work.h"

enum { TRANSACTION_SIZE_MAX = 64 << 20 };

static bool topic_has_name(const void *value, const void *key)
{
    return text_equal(((const struct image_topic *)value)->name, *(const struct text *)key);
}

static bool topic_has_id(const void *value, const void *key)
{
    return uuid_equal(((const struct image_topic *)value)->id, *(const struct uuid *)key);
}

struct resource_key {
    int8_t type;
    struct text name;
};

static bool resource_has_key(const void *value, const void *key)
{
    const struct image_resource *resource = value;
    const struct resource_key *wanted = key;
    return resource->type == wanted->type && text_equal(resource->name, wanted->name);
}

static uint64_t resource_hash(const struct resource_key *key)
{
    return hash_join((uint64_t)key->type, text_hash(key->name));
}

void image_init(struct image *image, struct heap *heap, uint32_t shard_count)
{
    *image = (struct image){ .heap = heap, .epoch = -1, .controller = -1 };
    list_init(&image->topics);
    list_init(&image->brokers);
    list_init(&image->controllers);
    map_init(&image->by_name, heap, topic_has_name);
    map_init(&image->by_id, heap, topic_has_id);

    struct image_work *work = heap_take(heap, sizeof(*work));
    placement_init(&work->placement, shard_count);
    map_init(&work->resources, heap, resource_has_key);
    arena_init(&work->transaction, heap, NULL, 0, TRANSACTION_SIZE_MAX);
    image->work = work;
    image_grants_init(image);
}

static void resource_end(struct heap *heap, struct image_resource *resource)
{
    image_configs_end(heap, resource->configs, resource->config_count);
    heap_give(heap, (void *)resource->name.data);
    heap_give(heap, resource);
}

void image_end(struct image *image)
{
    struct image_work *work = image_work(image);

    image_topics_end(image);
    image_nodes_end(image);
    image_grants_end(image);
    map_each(&work->resources, struct image_resource, resource) resource_end(image->heap, resource);
    map_end(&work->resources);
    for (uint32_t i = 0; i < work->feature_count; i++) heap_give(image->heap, (void *)work->features[i].name.data);
    heap_give(image->heap, work->features);
    arena_reset(&work->transaction);
    image_access_end(image->heap, &work->access);
    map_end(&image->by_name);
    map_end(&image->by_id);
    heap_give(image->heap, work);
    *image = (struct image){ .heap = image->heap };
}

void image_advance(struct image *image, int64_t offset, int32_t epoch)
{
    invariant(offset >= image->offset && epoch >= image->epoch);
    image->offset = offset;
    image->epoch = epoch;
}

void image_lead(struct image *image, int32_t controller)
{
    image->controller = controller;
}

struct text image_text_copy(struct heap *heap, struct text text)
{
    if (!text.data) return TEXT_NULL;
    char *data = heap_take(heap, text.size + 1);
    memcpy(data, text.data, text.size);
    return (struct text){ data, text.size };
}

struct image_config image_config_make(struct heap *heap, struct text name, struct text value)
{
    char *piece = heap_take(heap, name.size + value.size + 1);
    memcpy(piece, name.data, name.size);
    memcpy(piece + name.size, value.data, value.size);
    return (struct image_config){ { piece, name.size }, { piece + name.size, value.size } };
}

/* Where `name` is, or where it belongs. */
static uint32_t config_place(const struct image_config *configs, uint32_t count, struct text name)
{
    uint32_t first = 0, limit = count;
    while (first < limit) {
        uint32_t middle = first + (limit - first) / 2;
        if (text_compare(configs[middle].name, name) < 0) {
            first = middle + 1;
        } else {
            limit = middle;
        }
    }
    return first;
}

void image_config_set(struct heap *heap, struct image_config **configs, uint32_t *count, struct text name,
                      struct text value)
{
    uint32_t place = config_place(*configs, *count, name);
    bool there = place < *count && text_equal((*configs)[place].name, name);

    if (there) {
        void *old = (void *)(*configs)[place].name.data; /* `name` and `value` may lie in it */
        if (value.data) {
            (*configs)[place] = image_config_make(heap, name, value);
        } else {
            memmove(*configs + place, *configs + place + 1, (*count - place - 1) * sizeof(**configs));
            (*count)--;
        }
        heap_give(heap, old);
    } else if (value.data) {
        *configs = heap_resize(heap, *configs, (*count + 1) * sizeof(**configs));
        memmove(*configs + place + 1, *configs + place, (*count - place) * sizeof(**configs));
        (*configs)[place] = image_config_make(heap, name, value);
        (*count)++;
    }
}

struct text image_config_find(const struct image_config *configs, uint32_t count, struct text name)
{
    uint32_t place = config_place(configs, count, name);
    return place < count && text_equal(configs[place].name, name) ? configs[place].value : TEXT_NULL;
}

void image_configs_end(struct heap *heap, struct image_config *configs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) heap_give(heap, (void *)configs[i].name.data);
    heap_give(heap, configs);
}

static struct image_resource *resource_find(const struct image *image, int8_t type, struct text name)
{
    struct resource_key key = { type, name };
    return map_find(&image_work(image)->resources, resource_hash(&key), &key);
}

static struct image_resource *resource_make(struct image *image, int8_t type, struct text name)
{
    struct image_resource *resource = heap_take(image->heap, sizeof(*resource));
    resource->type = type;
    resource->name = image_text_copy(image->heap, name);

    struct resource_key key = { type, resource->name };
    map_add(&image_work(image)->resources, resource_hash(&key), &key, resource);
    return resource;
}

static enum status set_config(struct image *image, const struct config_record *record)
{
    if (record->resource_type == RESOURCE_TOPIC) {
        struct image_topic *topic = image_topic_by_name(image, record->resource_name);
        if (!topic) return STATUS_DAMAGED;
        image_config_set(image->heap, &topic->configs, &topic->config_count, record->name, record->value);
        return STATUS_OK;
    }

    struct resource_key key = { record->resource_type, record->resource_name };
    struct image_resource *resource = resource_find(image, key.type, key.name);
    if (!resource && !record->value.data) return STATUS_OK;
    if (!resource) resource = resource_make(image, key.type, key.name);
    image_config_set(image->heap, &resource->configs, &resource->config_count, record->name, record->value);
    if (resource->config_count == 0) {
        map_remove(&image_work(image)->resources, resource_hash(&key), &key);
        resource_end(image->heap, resource);
    }
    return STATUS_OK;
}

struct text image_broker_config(const struct image *image, int32_t broker, struct text name)
{
    char digits[12];
    struct text id = { digits, 0 };
    for (uint32_t rest = (uint32_t)max_of(broker, 0), unit = 1000000000; unit && broker >= 0; unit /= 10) {
        if (rest / unit || id.size || unit == 1) digits[id.size++] = (char)('0' + rest / unit);
        rest %= unit;
    }

    const struct image_resource *resource = resource_find(image, RESOURCE_BROKER, id);
    return resource ? image_config_find(resource->configs, resource->config_count, name) : TEXT_NULL;
}

const struct image_config *image_configs(const struct image *image, int8_t type, struct text name, uint32_t *count)
{
    const struct image_resource *resource = resource_find(image, type, name);
    *count = resource ? resource->config_count : 0;
    return *count > 0 ? resource->configs : NULL;
}

bool image_next_resource(const struct image *image, uint32_t *cursor, int8_t *type, struct text *name)
{
    const struct image_resource *resource = map_next(&image_work(image)->resources, cursor);
    if (!resource) return false;

    *type = resource->type;
    *name = resource->name;
    return true;
}

uint32_t image_resources_behind(const struct image *image, int8_t type, struct text name)
{
    struct resource_key key = { type, name };
    return map_behind(&image_work(image)->resources, resource_hash(&key), &key);
}

struct text image_topic_config(const struct image_topic *topic, struct text name)
{
    return image_config_find(topic->configs, topic->config_count, name);
}

static enum status set_feature(struct image *image, const struct feature_level_record *record)
{
    struct image_work *work = image_work(image);
    uint32_t place = 0;
    while (place < work->feature_count && text_compare(work->features[place].name, record->name) < 0) place++;

    bool there = place < work->feature_count && text_equal(work->features[place].name, record->name);
    if (there && record->level == 0) {
        heap_give(image->heap, (void *)work->features[place].name.data);
        work->feature_count--;
        memmove(work->features + place, work->features + place + 1,
                (work->feature_count - place) * sizeof(*work->features));
        return STATUS_OK;
    }
    if (there || record->level == 0) {
        if (there) work->features[place].level = record->level;
        return STATUS_OK;
    }
    work->features = heap_resize(image->heap, work->features, (work->feature_count + 1) * sizeof(*work->features));
    memmove(work->features + place + 1, work->features + place,
            (work->feature_count - place) * sizeof(*work->features));
    work->features[place] = (struct image_feature){ image_text_copy(image->heap, record->name), record->level };
    work->feature_count++;
    return STATUS_OK;
}

int16_t image_feature(const struct image *image, struct text name)
{
    const struct image_work *work = image_work(image);
    for (uint32_t i = 0; i < work->feature_count; i++) {
        if (text_equal(work->features[i].name, name)) return work->features[i].level;
    }
    return 0;
}

bool image_next_feature(const struct image *image, uint32_t *cursor, struct text *name, int16_t *level)
{
    const struct image_work *work = image_work(image);
    if (*cursor == work->feature_count) return false;

    *name = work->features[*cursor].name;
    *level = work->features[*cursor].level;
    (*cursor)++;
    return true;
}

static enum status set_producer_ids(struct image *image, const struct producer_ids_record *record)
{
    struct image_work *work = image_work(image);
    if (record->next_producer_id < work->next_producer_id) return STATUS_DAMAGED;
    work->next_producer_id = record->next_producer_id;
    return STATUS_OK;
}

int64_t image_next_producer_id(const struct image *image)
{
    return image_work(image)->next_producer_id;
}

/* The switch. FenceBroker and UnfenceBroker are BrokerRegistrationChange in the words of Kafka 3.0. */
static enum status apply(struct image *image, const struct any_record *record)
{
    struct broker_change_record change = { .cordoned_log_dirs.count = -1 };

    if (image->changing) image->changing(image, record);
    switch (record->type) {
    case RECORD_REGISTER_BROKER: return image_add_broker(image, &record->register_broker);
    case RECORD_UNREGISTER_BROKER: return image_remove_broker(image, &record->unregister_broker);
    case RECORD_BROKER_CHANGE: return image_change_broker(image, &record->broker_change);
    case RECORD_FENCE_BROKER:
        change.broker_id = record->fence_broker.broker_id;
        change.broker_epoch = record->fence_broker.broker_epoch;
        change.fenced = 1;
        return image_change_broker(image, &change);
    case RECORD_UNFENCE_BROKER:
        change.broker_id = record->unfence_broker.broker_id;
        change.broker_epoch = record->unfence_broker.broker_epoch;
        change.fenced = -1;
        return image_change_broker(image, &change);
    case RECORD_TOPIC: return image_add_topic(image, &record->topic);
    case RECORD_REMOVE_TOPIC: return image_remove_topic(image, &record->remove_topic);
    case RECORD_PARTITION: return image_add_partition(image, &record->partition);
    case RECORD_PARTITION_CHANGE: return image_change_partition(image, &record->partition_change);
    case RECORD_CONFIG: return set_config(image, &record->config);
    case RECORD_FEATURE_LEVEL: return set_feature(image, &record->feature_level);
    case RECORD_PRODUCER_IDS: return set_producer_ids(image, &record->producer_ids);
    case RECORD_CLIENT_QUOTA: return image_set_quota(image, &record->client_quota);
    case RECORD_USER_SCRAM_CREDENTIAL: return image_set_credential(image, &record->user_scram_credential);
    case RECORD_REMOVE_USER_SCRAM_CREDENTIAL:
        return image_remove_credential(image, &record->remove_user_scram_credential);
    case RECORD_CLEAR_ELR: return image_clear_eligible(image, &record->clear_elr);
    case RECORD_REGISTER_CONTROLLER: return image_add_controller(image, &record->register_controller);
    case RECORD_DELEGATION_TOKEN: return image_set_token(image, &record->delegation_token);
    case RECORD_REMOVE_DELEGATION_TOKEN: return image_remove_token(image, &record->remove_delegation_token);
    case RECORD_ACCESS_CONTROL_ENTRY: return image_add_rule(image, &record->access_control_entry);
    case RECORD_REMOVE_ACCESS_CONTROL_ENTRY: return image_remove_rule(image, &record->remove_access_control_entry);
    case RECORD_NO_OP:
    case RECORD_ZK_MIGRATION_STATE: return STATUS_OK;
    case RECORD_BEGIN_TRANSACTION:
    case RECORD_END_TRANSACTION:
    case RECORD_ABORT_TRANSACTION: break;
    }
    return STATUS_UNSUPPORTED;
}

/* Kept as bytes, because what the record points at is the caller's. */
static enum status transaction_keep(struct image_work *work, const struct any_record *record)
{
    size_t size = record_size(record);
    uint8_t *data = arena_take(&work->transaction, size);
    struct image_pending *pending = arena_take(&work->transaction, sizeof(*pending));
    if (!data || !pending) return STATUS_NO_MEMORY;

    struct writer writer = { .start = data, .at = data, .limit = data + size };
    record_write(record, &writer);
    invariant(!writer.overrun && writer.at == writer.limit);
    enum status status = record_read((struct bytes){ data, size }, &pending->record, &work->transaction);
    if (status != STATUS_OK) return status;

    if (work->last) {
        work->last->next = pending;
    } else {
        work->first = pending;
    }
    work->last = pending;
    return STATUS_OK;
}

static void transaction_end(struct image_work *work)
{
    work->in_transaction = false;
    work->first = work->last = NULL;
    arena_reset(&work->transaction);
}

enum status image_apply(struct image *image, const struct any_record *record)
{
    struct image_work *work = image_work(image);
    enum status status = STATUS_OK;

    if (record->type == RECORD_BEGIN_TRANSACTION) {
        if (work->in_transaction) return STATUS_DAMAGED;
        work->in_transaction = true;
    } else if (record->type == RECORD_END_TRANSACTION) {
        if (!work->in_transaction) return STATUS_DAMAGED;
        for (struct image_pending *at = work->first; at && status == STATUS_OK; at = at->next) {
            status = apply(image, &at->record);
        }
        transaction_end(work);
    } else if (record->type == RECORD_ABORT_TRANSACTION) {
        if (!work->in_transaction) return STATUS_DAMAGED;
        transaction_end(work);
    } else if (work->in_transaction) {
        status = transaction_keep(work, record);
    } else {
        status = apply(image, record);
    }
    return status;
}
