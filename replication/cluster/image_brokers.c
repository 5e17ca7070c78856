/* replication/cluster/image_brokers.c   Brokers of the image: registered, fenced and unfenced, gone. A broker's epoch
 * is the offset of its registration; a change that names another epoch speaks of an earlier life of the broker and
 * contradicts the image. */
#include "cluster/image_work.h"

static void broker_clear(struct heap *heap, struct image_broker *broker)
{
    for (uint32_t i = 0; i < broker->endpoint_count; i++) {
        heap_give(heap, (void *)broker->endpoints[i].listener.data);
        heap_give(heap, (void *)broker->endpoints[i].host.data);
    }
    heap_give(heap, broker->endpoints);
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

enum status image_add_broker(struct image *image, const struct register_broker_record *record)
{
    struct image_broker *broker = image_broker(image, record->broker_id);
    if (broker) {
        broker_clear(image->heap, broker);
    } else {
        broker = broker_make(image, record->broker_id);
    }

    broker->epoch = record->broker_epoch;
    broker->incarnation = record->incarnation_id;
    broker->directory = record->log_dirs.count > 0 ? record->log_dirs.items[0] : UUID_NONE;
    broker->fenced = record->fenced;
    broker->stopping = record->in_controlled_shutdown;
    broker->rack = image_text_copy(image->heap, record->rack);
    broker->endpoint_count = (uint32_t)max_of(record->endpoints.count, 0);
    broker->endpoints = heap_take(image->heap, broker->endpoint_count * sizeof(*broker->endpoints));
    for (uint32_t i = 0; i < broker->endpoint_count; i++) {
        const struct record_endpoint *from = &record->endpoints.items[i];
        struct image_endpoint *to = &broker->endpoints[i];
        to->listener = image_text_copy(image->heap, from->name);
        to->host = image_text_copy(image->heap, from->host);
        to->port = from->port;
        to->protocol = from->security_protocol;
    }
    return STATUS_OK;
}

enum status image_remove_broker(struct image *image, const struct unregister_broker_record *record)
{
    struct image_broker *broker = image_broker(image, record->broker_id);
    if (!broker || broker->epoch != record->broker_epoch) return STATUS_DAMAGED;

    list_remove(&broker->node);
    broker_clear(image->heap, broker);
    heap_give(image->heap, broker);
    return STATUS_OK;
}

enum status image_change_broker(struct image *image, const struct broker_change_record *record)
{
    struct image_broker *broker = image_broker(image, record->broker_id);
    if (!broker || broker->epoch != record->broker_epoch) return STATUS_DAMAGED;

    if (record->fenced) broker->fenced = record->fenced > 0;
    if (record->in_controlled_shutdown) broker->stopping = record->in_controlled_shutdown > 0;
    if (record->log_dirs.count > 0) broker->directory = record->log_dirs.items[0];
    return STATUS_OK;
}

void image_brokers_end(struct image *image)
{
    list_each(&image->brokers, node)
    {
        struct image_broker *broker = container_of(node, struct image_broker, node);
        broker_clear(image->heap, broker);
        heap_give(image->heap, broker);
    }
}
