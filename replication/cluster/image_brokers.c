/* replication/cluster/image_brokers.c   Nodes of the image: brokers that are registered, fenced and unfenced, gone;
 * controllers; voters. A broker's epoch is the offset of its registration; a change that names another epoch speaks of
 * an earlier life of the broker and contradicts the image. */
#include <string.h>

#include "cluster/control.h"
#include "cluster/image_work.h"

/* ---- what brokers and controllers have in common ---- */

static struct image_endpoint *endpoints_copy(struct heap *heap, const struct record_endpoint *from, uint32_t count)
{
    struct image_endpoint *endpoints = heap_take(heap, count * sizeof(*endpoints));
    for (uint32_t i = 0; i < count; i++) {
        endpoints[i] =
            (struct image_endpoint){ image_text_copy(heap, from[i].name), image_text_copy(heap, from[i].host),
                                     from[i].port, from[i].security_protocol };
    }
    return endpoints;
}

static void endpoints_end(struct heap *heap, struct image_endpoint *endpoints, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        heap_give(heap, (void *)endpoints[i].listener.data);
        heap_give(heap, (void *)endpoints[i].host.data);
    }
    heap_give(heap, endpoints);
}

static struct image_range *features_copy(struct heap *heap, const struct record_feature *from, uint32_t count)
{
    struct image_range *features = heap_take(heap, count * sizeof(*features));
    for (uint32_t i = 0; i < count; i++) {
        features[i] = (struct image_range){ image_text_copy(heap, from[i].name), from[i].min_supported_version,
                                            from[i].max_supported_version };
    }
    return features;
}

static void features_end(struct heap *heap, struct image_range *features, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) heap_give(heap, (void *)features[i].name.data);
    heap_give(heap, features);
}

static uint32_t count_of(int32_t count)
{
    return (uint32_t)max_of(count, 0);
}

static struct uuid *ids_copy(struct heap *heap, const struct uuid *ids, uint32_t count)
{
    struct uuid *copy = heap_take(heap, count * sizeof(*copy));
    if (count > 0) memcpy(copy, ids, count * sizeof(*copy));
    return copy;
}

/* ---- brokers ---- */

static void broker_clear(struct heap *heap, struct image_broker *broker)
{
    endpoints_end(heap, broker->endpoints, broker->endpoint_count);
    features_end(heap, broker->features, broker->feature_count);
    heap_give(heap, broker->directories);
    heap_give(heap, broker->cordoned);
    heap_give(heap, (void *)broker->rack.data);
}

struct image_broker *image_broker(const struct image *image, int32_t id)
{
    list_each(&image->brokers, node)
    {
        struct image_broker *broker = container_of(node, struct image_broker, node);
        if (broker->id == id) return broker;
    }
    return NULL;
}

static struct image_broker *broker_make(struct image *image, int32_t id)
{
    struct image_broker *broker = heap_take(image->heap, sizeof(*broker));
    broker->id = id;
    list_node_init(&broker->node);

    struct list_node *place = image->brokers.head.next;
    while (place != &image->brokers.head && container_of(place, struct image_broker, node)->id < id) {
        place = place->next;
    }
    list_insert_before(place, &broker->node);
    return broker;
}

static void broker_set_directories(struct heap *heap, struct image_broker *broker, const struct uuid *ids,
                                   uint32_t count)
{
    heap_give(heap, broker->directories);
    broker->directories = ids_copy(heap, ids, count);
    broker->directory_count = count;
    broker->directory = count > 0 ? ids[0] : UUID_NONE;
}

/* Null (a count below 0): nobody said so, which differs from none. */
static void broker_set_cordoned(struct heap *heap, struct image_broker *broker, const struct uuid *ids, int32_t count)
{
    heap_give(heap, broker->cordoned);
    broker->cordoned_count = count_of(count);
    broker->cordoned = count >= 0 ? ids_copy(heap, ids, broker->cordoned_count) : NULL;
}

enum status image_add_broker(struct image *image, const struct register_broker_record *record)
{
    struct heap *heap = image->heap;
    struct image_broker *broker = image_broker(image, record->broker_id);
    if (broker) {
        broker_clear(heap, broker);
        broker->directories = broker->cordoned = NULL;
    } else {
        broker = broker_make(image, record->broker_id);
    }

    broker->epoch = record->broker_epoch;
    broker->incarnation = record->incarnation_id;
    broker->fenced = record->fenced;
    broker->stopping = record->in_controlled_shutdown;
    broker->migrating = record->migrating_zk_broker;
    broker->rack = image_text_copy(heap, record->rack);
    broker->endpoint_count = count_of(record->endpoints.count);
    broker->endpoints = endpoints_copy(heap, record->endpoints.items, broker->endpoint_count);
    broker->feature_count = count_of(record->features.count);
    broker->features = features_copy(heap, record->features.items, broker->feature_count);
    broker_set_directories(heap, broker, record->log_dirs.items, count_of(record->log_dirs.count));
    broker_set_cordoned(heap, broker, record->cordoned_log_dirs.items, record->cordoned_log_dirs.count);
    return STATUS_OK;
}

static void broker_end(struct heap *heap, struct image_broker *broker)
{
    list_remove(&broker->node);
    broker_clear(heap, broker);
    heap_give(heap, broker);
}

enum status image_remove_broker(struct image *image, const struct unregister_broker_record *record)
{
    struct image_broker *broker = image_broker(image, record->broker_id);
    if (!broker || broker->epoch != record->broker_epoch) return STATUS_DAMAGED;

    broker_end(image->heap, broker);
    return STATUS_OK;
}

enum status image_change_broker(struct image *image, const struct broker_change_record *record)
{
    struct image_broker *broker = image_broker(image, record->broker_id);
    if (!broker || broker->epoch != record->broker_epoch) return STATUS_DAMAGED;

    if (record->fenced) broker->fenced = record->fenced > 0;
    if (record->in_controlled_shutdown) broker->stopping = record->in_controlled_shutdown > 0;
    if (record->log_dirs.count > 0) {
        broker_set_directories(image->heap, broker, record->log_dirs.items, (uint32_t)record->log_dirs.count);
    }
    if (record->cordoned_log_dirs.count >= 0) {
        broker_set_cordoned(image->heap, broker, record->cordoned_log_dirs.items, record->cordoned_log_dirs.count);
    }
    return STATUS_OK;
}

/* ---- controllers ---- */

static void controller_end(struct heap *heap, struct image_controller *controller)
{
    list_remove(&controller->node);
    endpoints_end(heap, controller->endpoints, controller->endpoint_count);
    features_end(heap, controller->features, controller->feature_count);
    heap_give(heap, controller);
}

enum status image_add_controller(struct image *image, const struct register_controller_record *record)
{
    struct heap *heap = image->heap;
    struct list_node *place = image->controllers.head.next;
    while (place != &image->controllers.head) {
        struct image_controller *other = container_of(place, struct image_controller, node);
        if (other->id > record->controller_id) break;
        place = place->next;
        if (other->id == record->controller_id) controller_end(heap, other);
    }

    struct image_controller *controller = heap_take(heap, sizeof(*controller));
    controller->id = record->controller_id;
    controller->incarnation = record->incarnation_id;
    controller->migration_ready = record->zk_migration_ready;
    controller->endpoint_count = count_of(record->endpoints.count);
    controller->endpoints = endpoints_copy(heap, record->endpoints.items, controller->endpoint_count);
    controller->feature_count = count_of(record->features.count);
    controller->features = features_copy(heap, record->features.items, controller->feature_count);
    list_node_init(&controller->node);
    list_insert_before(place, &controller->node);
    return STATUS_OK;
}

/* ---- the quorum ---- */

static void voters_end(struct heap *heap, struct image_work *work)
{
    for (uint32_t i = 0; i < work->voter_count; i++) {
        endpoints_end(heap, work->voters[i].endpoints, work->voters[i].endpoint_count);
    }
    heap_give(heap, work->voters);
    work->voters = NULL;
    work->voter_count = 0;
}

static void set_voters(struct heap *heap, struct image_work *work, const struct voters_record *record)
{
    voters_end(heap, work);
    work->voter_count = count_of(record->voters.count);
    work->voters = heap_take(heap, work->voter_count * sizeof(*work->voters));
    for (uint32_t i = 0; i < work->voter_count; i++) {
        const struct voter_record *from = &record->voters.items[i];
        struct image_voter *voter = &work->voters[i];
        *voter = (struct image_voter){ .id = from->voter_id,
                                       .directory = from->directory_id,
                                       .endpoint_count = count_of(from->endpoints.count),
                                       .kraft_least = from->kraft_versions.min_supported_version,
                                       .kraft_most = from->kraft_versions.max_supported_version };
        voter->endpoints = heap_take(heap, voter->endpoint_count * sizeof(*voter->endpoints));
        for (uint32_t j = 0; j < voter->endpoint_count; j++) {
            const struct voter_record_endpoint *endpoint = &from->endpoints.items[j];
            voter->endpoints[j] = (struct image_endpoint){ .listener = image_text_copy(heap, endpoint->name),
                                                           .host = image_text_copy(heap, endpoint->host),
                                                           .port = endpoint->port };
        }
    }
}

void image_hear(struct image *image, const struct any_control *control)
{
    struct image_work *work = image_work(image);

    switch (control->type) {
    case CONTROL_LEADER_CHANGE: image_lead(image, control->leader_change.leader_id); break;
    case CONTROL_KRAFT_VERSION: work->kraft_version = control->kraft_version.kraft_version; break;
    case CONTROL_VOTERS: set_voters(image->heap, work, &control->voters); break;
    case CONTROL_SNAPSHOT_HEADER:
    case CONTROL_SNAPSHOT_FOOTER: break;
    }
}

const struct image_voter *image_voters(const struct image *image, uint32_t *count)
{
    *count = image_work(image)->voter_count;
    return image_work(image)->voters;
}

int16_t image_kraft_version(const struct image *image)
{
    return image_work(image)->kraft_version;
}

void image_nodes_end(struct image *image)
{
    list_each(&image->brokers, node)
    {
        broker_end(image->heap, container_of(node, struct image_broker, node));
    }
    list_each(&image->controllers, node)
    {
        controller_end(image->heap, container_of(node, struct image_controller, node));
    }
    voters_end(image->heap, image_work(image));
}
