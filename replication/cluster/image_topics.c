/* replication/cluster/image_topics.c   Topics and partitions of the image.
 *
 *     topic --> partitions[0 .. count)  --> replicas, isr
 *          \--> shared: the one list that all partitions point at while they agree, as they do on a single node
 *
 * A PartitionChange raises the partition epoch by one, and the leader epoch by one exactly when it names a leader, even
 * the same one (cluster.md 2.3). */
#include <string.h>

#include "cluster/image_work.h"

/* Of one topic; a number above is damage, not a wish for gigabytes. */
enum { PARTITIONS_MAX = 1 << 20 };

static struct image_topic_piece *piece_of(struct image_topic *topic)
{
    return container_of(topic, struct image_topic_piece, topic);
}

struct image_topic *image_topic_by_name(const struct image *image, struct text name)
{
    return map_find(&image->by_name, text_hash(name), &name);
}

struct image_topic *image_topic_by_id(const struct image *image, struct uuid id)
{
    return map_find(&image->by_id, uuid_hash(id), &id);
}

bool image_internal(struct text topic)
{
    return text_equal(topic, TEXT("__consumer_offsets")) || text_equal(topic, TEXT("__transaction_state")) ||
           text_equal(topic, TEXT("__share_group_state"));
}

static uint32_t sorted_place(const struct image *image, struct text name)
{
    const struct image_work *work = image_work(image);
    uint32_t first = 0, limit = image->topic_count;
    while (first < limit) {
        uint32_t middle = first + (limit - first) / 2;
        if (text_compare(work->sorted[middle]->name, name) < 0) {
            first = middle + 1;
        } else {
            limit = middle;
        }
    }
    return first;
}

enum status image_add_topic(struct image *image, const struct topic_record *record)
{
    if (image_topic_by_name(image, record->name) || image_topic_by_id(image, record->topic_id)) return STATUS_DAMAGED;

    struct image_work *work = image_work(image);
    struct image_topic_piece *piece = heap_take(image->heap, sizeof(*piece));
    struct image_topic *topic = &piece->topic;
    topic->id = record->topic_id;
    topic->name = image_text_copy(image->heap, record->name);
    topic->internal = image_internal(topic->name);
    list_node_init(&topic->node);

    if (image->topic_count == work->sorted_room) {
        work->sorted_room = max_of(2 * work->sorted_room, 8u);
        work->sorted = heap_resize(image->heap, work->sorted, work->sorted_room * sizeof(struct image_topic *));
    }
    uint32_t place = sorted_place(image, topic->name);
    struct list_node *next = place == image->topic_count ? &image->topics.head : &work->sorted[place]->node;
    list_insert_before(next, &topic->node);
    memmove(work->sorted + place + 1, work->sorted + place,
            (image->topic_count - place) * sizeof(struct image_topic *));
    work->sorted[place] = topic;
    image->topic_count++;

    map_add(&image->by_name, text_hash(topic->name), &topic->name, topic);
    map_add(&image->by_id, uuid_hash(topic->id), &topic->id, topic);
    return STATUS_OK;
}

static void topic_end(struct heap *heap, struct image_topic *topic)
{
    struct image_topic_piece *piece = piece_of(topic);
    for (int32_t i = 0; i < topic->partition_count; i++) {
        if (topic->partitions[i].replicas != piece->shared) heap_give(heap, topic->partitions[i].replicas);
    }
    heap_give(heap, topic->partitions);
    heap_give(heap, piece->shared);
    image_configs_end(heap, topic->configs, topic->config_count);
    heap_give(heap, (void *)topic->name.data);
    heap_give(heap, piece);
}

enum status image_remove_topic(struct image *image, const struct remove_topic_record *record)
{
    struct image_topic *topic = image_topic_by_id(image, record->topic_id);
    if (!topic) return STATUS_DAMAGED;

    struct image_work *work = image_work(image);
    uint32_t place = sorted_place(image, topic->name);
    invariant(work->sorted[place] == topic);
    memmove(work->sorted + place, work->sorted + place + 1,
            (image->topic_count - place - 1) * sizeof(struct image_topic *));
    list_remove(&topic->node);
    map_remove(&image->by_name, text_hash(topic->name), &topic->name);
    map_remove(&image->by_id, uuid_hash(topic->id), &topic->id);
    image->topic_count--;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        if (topic->partitions[i].replicas) image->partition_count--;
    }
    topic_end(image->heap, topic);
    return STATUS_OK;
}

void image_topics_end(struct image *image)
{
    list_each(&image->topics, node)
    {
        topic_end(image->heap, container_of(node, struct image_topic, node));
    }
    heap_give(image->heap, image_work(image)->sorted);
}

/* Makes the partition point at these lists: the topic's shared piece when that says the same, else one of its own. */
static void set_replicas(struct image *image, struct image_topic_piece *piece, struct image_partition *partition,
                         const int32_t *replicas, uint16_t replica_count, const int32_t *isr, uint16_t isr_count)
{
    int32_t *old = partition->replicas;
    uint16_t count = (uint16_t)(replica_count + isr_count);
    int32_t *list = heap_take(image->heap, count * sizeof(*list));
    if (replica_count) memcpy(list, replicas, replica_count * sizeof(*list));
    if (isr_count) memcpy(list + replica_count, isr, isr_count * sizeof(*list));

    if (!piece->shared) {
        piece->shared = list;
        piece->shared_count = count;
    } else if (piece->shared_count == count && memcmp(piece->shared, list, count * sizeof(*list)) == 0) {
        heap_give(image->heap, list);
        list = piece->shared;
    }
    partition->replicas = list;
    partition->replica_count = replica_count;
    partition->isr_count = isr_count;
    if (old != piece->shared) heap_give(image->heap, old);
}

static bool ids_fit(int32_t count)
{
    return count >= 0 && count <= INT16_MAX;
}

enum status image_add_partition(struct image *image, const struct partition_record *record)
{
    struct image_topic *topic = image_topic_by_id(image, record->topic_id);
    if (!topic || record->index < 0 || record->index >= PARTITIONS_MAX) return STATUS_DAMAGED;
    if (!ids_fit(record->replicas.count) || !ids_fit(record->isr.count)) return STATUS_DAMAGED;

    struct image_topic_piece *piece = piece_of(topic);
    if ((uint32_t)record->index >= piece->partition_room) {
        uint32_t room = max_of((uint32_t)record->index + 1, piece->partition_room + piece->partition_room / 2);
        topic->partitions = heap_resize(image->heap, topic->partitions, room * sizeof(*topic->partitions));
        piece->partition_room = room;
    }
    topic->partition_count = max_of(topic->partition_count, record->index + 1);

    struct image_partition *partition = &topic->partitions[record->index];
    if (!partition->replicas) {
        partition->shard = placement_take(&image_work(image)->placement);
        image->partition_count++;
    }
    partition->leader = record->leader;
    partition->leader_epoch = record->leader_epoch;
    partition->partition_epoch = record->partition_epoch;
    set_replicas(image, piece, partition, record->replicas.items, (uint16_t)record->replicas.count, record->isr.items,
                 (uint16_t)record->isr.count);
    return STATUS_OK;
}

enum status image_change_partition(struct image *image, const struct partition_change_record *record)
{
    struct image_topic *topic = image_topic_by_id(image, record->topic_id);
    if (!topic || record->index < 0 || record->index >= topic->partition_count) return STATUS_DAMAGED;
    struct image_partition *partition = &topic->partitions[record->index];
    if (!partition->replicas) return STATUS_DAMAGED;

    const int32_t *replicas = partition->replicas, *isr = partition->replicas + partition->replica_count;
    int32_t replica_count = partition->replica_count, isr_count = partition->isr_count;
    if (record->replicas.items) {
        replicas = record->replicas.items;
        replica_count = record->replicas.count;
    }
    if (record->isr.items) {
        isr = record->isr.items;
        isr_count = record->isr.count;
    }
    if (!ids_fit(replica_count) || !ids_fit(isr_count)) return STATUS_DAMAGED;
    if (record->replicas.items || record->isr.items) {
        set_replicas(image, piece_of(topic), partition, replicas, (uint16_t)replica_count, isr, (uint16_t)isr_count);
    }

    if (record->leader != -2) {
        partition->leader = record->leader;
        partition->leader_epoch++;
    }
    partition->partition_epoch++;
    return STATUS_OK;
}
