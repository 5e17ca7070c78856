/* replication/cluster/image_topics.c   Topics and partitions of the image.
 *
 *     topic --> partitions[0 .. count)  --> | replicas | isr | removing | ... | directories of the replicas |
 *          \--> shared: the one piece that all partitions point at while they agree, as they do on a single node
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

struct image_topic *image_topic_from(const struct image *image, struct text name)
{
    uint32_t place = sorted_place(image, name);
    return place == image->topic_count ? NULL : image_work(image)->sorted[place];
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

/* ---- partitions ---- */

/* What a partition's lists are to be. */
struct partition_lists {
    const int32_t *ids[IMAGE_LISTS];
    uint16_t counts[IMAGE_LISTS];
    const struct uuid *directories; /* of the replicas; NULL: nobody said where they are */
};

static uint32_t ids_before(const uint16_t counts[IMAGE_LISTS], uint32_t list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list; i++) count += counts[i];
    return count;
}

const int32_t *image_partition_list(const struct image_partition *partition, enum image_list list)
{
    return partition->replicas + ids_before(partition->counts, list);
}

const struct uuid *image_partition_directories(const struct image_partition *partition)
{
    return (const struct uuid *)image_partition_list(partition, IMAGE_LISTS);
}

static size_t piece_size(const struct partition_lists *lists)
{
    return ids_before(lists->counts, IMAGE_LISTS) * sizeof(int32_t) +
           lists->counts[IMAGE_REPLICAS] * sizeof(struct uuid);
}

static void lists_write(const struct partition_lists *lists, uint8_t *to)
{
    for (uint32_t i = 0; i < IMAGE_LISTS; i++) {
        size_t size = lists->counts[i] * sizeof(int32_t);
        if (size > 0) memcpy(to, lists->ids[i], size);
        to += size;
    }
    size_t size = lists->counts[IMAGE_REPLICAS] * sizeof(struct uuid);
    if (lists->directories && size > 0) memcpy(to, lists->directories, size);
}

/* Whether lists_write would write what is there, which is as large. */
static bool lists_equal(const struct partition_lists *lists, const uint8_t *there)
{
    for (uint32_t i = 0; i < IMAGE_LISTS; i++) {
        size_t size = lists->counts[i] * sizeof(int32_t);
        if (size > 0 && memcmp(there, lists->ids[i], size) != 0) return false;
        there += size;
    }
    static const struct uuid nowhere;
    for (uint32_t i = 0; i < lists->counts[IMAGE_REPLICAS]; i++, there += sizeof(nowhere)) {
        if (memcmp(there, lists->directories ? &lists->directories[i] : &nowhere, sizeof(nowhere)) != 0) return false;
    }
    return true;
}

/* Makes the partition point at these lists: the topic's shared piece when that says the same, else one of its own. */
static void set_lists(struct image *image, struct image_topic_piece *piece, struct image_partition *partition,
                      const struct partition_lists *lists)
{
    int32_t *old = partition->replicas, *made = piece->shared;
    size_t size = piece_size(lists);

    if (!piece->shared || piece->shared_size != size || !lists_equal(lists, (const uint8_t *)made)) {
        made = heap_take(image->heap, size);
        lists_write(lists, (uint8_t *)made);
    }
    if (!piece->shared) {
        piece->shared = made;
        piece->shared_size = size;
    }
    partition->replicas = made;
    memcpy(partition->counts, lists->counts, sizeof(partition->counts));
    if (old != piece->shared) heap_give(image->heap, old);
}

/* Where the two records say what the lists are to be. */
/* clang-format off */
static const size_t partition_record_lists[IMAGE_LISTS] = {
    [IMAGE_REPLICAS]   = offsetof(struct partition_record, replicas),
    [IMAGE_ISR]        = offsetof(struct partition_record, isr),
    [IMAGE_REMOVING]   = offsetof(struct partition_record, removing_replicas),
    [IMAGE_ADDING]     = offsetof(struct partition_record, adding_replicas),
    [IMAGE_ELIGIBLE]   = offsetof(struct partition_record, eligible_leader_replicas),
    [IMAGE_LAST_KNOWN] = offsetof(struct partition_record, last_known_elr),
};
static const size_t partition_change_lists[IMAGE_LISTS] = {
    [IMAGE_REPLICAS]   = offsetof(struct partition_change_record, replicas),
    [IMAGE_ISR]        = offsetof(struct partition_change_record, isr),
    [IMAGE_REMOVING]   = offsetof(struct partition_change_record, removing_replicas),
    [IMAGE_ADDING]     = offsetof(struct partition_change_record, adding_replicas),
    [IMAGE_ELIGIBLE]   = offsetof(struct partition_change_record, eligible_leader_replicas),
    [IMAGE_LAST_KNOWN] = offsetof(struct partition_change_record, last_known_elr),
};
/* clang-format on */

/* Null (a count below 0) leaves a list as it is; an empty one may have no items. False: longer than any list. */
static bool lists_take(struct partition_lists *lists, const void *record, const size_t places[IMAGE_LISTS])
{
    for (uint32_t list = 0; list < IMAGE_LISTS; list++) {
        struct array ids = array_get((const uint8_t *)record + places[list]);
        if (ids.count < 0) continue;
        if (ids.count > INT16_MAX) return false;
        lists->ids[list] = ids.items;
        lists->counts[list] = (uint16_t)ids.count;
    }
    return true;
}

enum status image_add_partition(struct image *image, const struct partition_record *record)
{
    struct image_topic *topic = image_topic_by_id(image, record->topic_id);
    struct partition_lists lists = { 0 };
    if (!topic || record->index < 0 || record->index >= PARTITIONS_MAX) return STATUS_DAMAGED;
    if (!lists_take(&lists, record, partition_record_lists)) return STATUS_DAMAGED;
    if (record->directories.count > 0) {
        if (record->directories.count != record->replicas.count) return STATUS_DAMAGED;
        lists.directories = record->directories.items;
    }

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
    partition->recovery_state = record->leader_recovery_state;
    set_lists(image, piece, partition, &lists);
    return STATUS_OK;
}

/* Other replicas without a word about their directories: those that stay are where they were. In the heap. */
static struct uuid *directories_carry(struct image *image, const struct image_partition *partition,
                                      const struct partition_lists *lists)
{
    const struct uuid *known = image_partition_directories(partition);
    uint16_t count = lists->counts[IMAGE_REPLICAS];
    struct uuid *directories = heap_take(image->heap, count * sizeof(*directories));
    for (uint16_t i = 0; i < count; i++) {
        for (uint16_t j = 0; j < partition->replica_count; j++) {
            if (partition->replicas[j] == lists->ids[IMAGE_REPLICAS][i]) directories[i] = known[j];
        }
    }
    return directories;
}

static enum status change_lists(struct image *image, struct image_topic_piece *piece, struct image_partition *partition,
                                const struct partition_change_record *record)
{
    struct partition_lists lists = { .directories = image_partition_directories(partition) };
    for (uint32_t i = 0; i < IMAGE_LISTS; i++) {
        lists.ids[i] = image_partition_list(partition, (enum image_list)i);
        lists.counts[i] = partition->counts[i];
    }
    if (!lists_take(&lists, record, partition_change_lists)) return STATUS_DAMAGED;

    struct uuid *carried = NULL;
    if (record->directories.count >= 0) {
        if (record->directories.count > 0 && record->directories.count != lists.counts[IMAGE_REPLICAS]) {
            return STATUS_DAMAGED;
        }
        lists.directories = record->directories.count > 0 ? record->directories.items : NULL;
    } else if (record->replicas.count >= 0) {
        lists.directories = carried = directories_carry(image, partition, &lists);
    }
    set_lists(image, piece, partition, &lists);
    heap_give(image->heap, carried);
    return STATUS_OK;
}

enum status image_change_partition(struct image *image, const struct partition_change_record *record)
{
    struct image_topic *topic = image_topic_by_id(image, record->topic_id);
    if (!topic || record->index < 0 || record->index >= topic->partition_count) return STATUS_DAMAGED;
    struct image_partition *partition = &topic->partitions[record->index];
    if (!partition->replicas) return STATUS_DAMAGED;

    bool same = record->replicas.count < 0 && record->isr.count < 0 && record->removing_replicas.count < 0 &&
                record->adding_replicas.count < 0 && record->eligible_leader_replicas.count < 0 &&
                record->last_known_elr.count < 0 && record->directories.count < 0;
    if (!same) {
        enum status status = change_lists(image, piece_of(topic), partition, record);
        if (status != STATUS_OK) return status;
    }
    if (record->leader != -2) {
        partition->leader = record->leader;
        partition->leader_epoch++;
    }
    if (record->leader_recovery_state >= 0) partition->recovery_state = record->leader_recovery_state;
    partition->partition_epoch++;
    return STATUS_OK;
}

/* A change of each partition that has eligible leaders, by which it has none. */
static void topic_clear_eligible(struct image *image, struct image_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        struct image_partition *partition = &topic->partitions[i];
        struct any_record change;
        if (!partition->replicas || partition->counts[IMAGE_ELIGIBLE] + partition->counts[IMAGE_LAST_KNOWN] == 0) {
            continue;
        }
        record_clear(&change, RECORD_PARTITION_CHANGE);
        change.partition_change.eligible_leader_replicas.count = change.partition_change.last_known_elr.count = 0;
        enum status status = change_lists(image, piece_of(topic), partition, &change.partition_change);
        invariant(status == STATUS_OK);
        partition->partition_epoch++;
    }
}

enum status image_clear_eligible(struct image *image, const struct clear_elr_record *record)
{
    if (record->name.size > 0) {
        struct image_topic *topic = image_topic_by_name(image, record->name);
        if (!topic) return STATUS_DAMAGED;
        topic_clear_eligible(image, topic);
        return STATUS_OK;
    }
    list_each(&image->topics, node) topic_clear_eligible(image, container_of(node, struct image_topic, node));
    return STATUS_OK;
}
