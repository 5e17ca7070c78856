/* net/api/produce_part.c   A batch at its partition: placed, then waiting for the mark that acks asked for. While there
 * is no room the parts of this shard wait in one queue, so that batches never overtake each other. */
#include "api/produce.h"
#include "log/store.h"
#include "shard/probe.h"

enum { BATCH_COUNT_AT = 57 };

/* An answer that comes too late for the client counts as what it was: an append. */
static void part_count(const struct produce_part *part, enum status status)
{
    struct face *face = part->owner->face;
    int64_t size = (int64_t)part->records.size;

    face_count(face, CONN_METRIC_PRODUCES, 1);
    if (status == STATUS_OK) {
        face_count(face, CONN_METRIC_RECORD_BYTES_IN, size);
        face_count(face, CONN_METRIC_RECORDS_IN, load_i32(part->records.data + BATCH_COUNT_AT));
    } else {
        face_count(face, CONN_METRIC_PRODUCES_FAILED, 1);
        if (status == STATUS_TOO_LARGE) face_count(face, CONN_METRIC_RECORD_BYTES_REFUSED, size);
    }
}

static void part_finish(struct produce_part *part, enum status status)
{
    part_count(part, status);
    part->status = status;
    PROBE3(produce__home, part->owner->index, part, status);
    part->stage = PART_HOME;
    route_return(&part->route, part->owner);
}

static void part_reached(struct ready *ready)
{
    struct produce_part *part = container_of(ready, struct produce_part, wait.ready);

    invariant(part->stage == PART_MARK);
    part_finish(part, part->wait.status);
}

/* Looked up for every try: it may be gone by then. */
static struct partition *partition_of(const struct produce_part *part)
{
    return replicas_find(part->owner->replicas, part->topic, part->index);
}

static enum status part_append(struct produce_part *part, struct partition *partition, struct log_append *append)
{
    enum status status = partition_check(partition, -1);

    if (status == STATUS_OK && part->repack) status = produce_repack_take(part, &append->batches);
    if (status == STATUS_OK) status = partition_append(partition, append);
    if (status == STATUS_BUSY) return status;

    struct traffic *traffic = &partition->log->traffic;
    if (status == STATUS_OK) {
        traffic_append(traffic, load_i32(part->records.data + BATCH_COUNT_AT), part->records.size);
    } else {
        traffic_append_fail(traffic, status == STATUS_TOO_LARGE ? part->records.size : 0);
    }
    if (status != STATUS_OK) {
        part->rules = log_rules(partition->log);
        part->start = partition->log->start;
    }
    return status;
}

/* False: no room, and nothing has changed. */
static bool part_place(struct produce_part *part, struct partition *partition)
{
    struct shard *owner = part->owner;
    struct log_append append = { .batches = part->records, .origin = APPEND_CLIENT };

    enum status status = partition ? part_append(part, partition, &append) : STATUS_NOT_FOUND;
    if (status == STATUS_BUSY) return false;
    produce_repack_end(part);
    if (status != STATUS_OK || part->acks == 0) {
        part_finish(part, status);
        return true;
    }

    part->base_offset = append.first;
    part->append_time_ms = append.append_time_ms;
    part->start = partition->log->start;
    PROBE4(produce__mark, owner->index, part, append.first, append.limit);
    part->stage = PART_MARK;
    part->placed_ns = shard_now_ns(owner);
    ready_init(&part->wait.ready, part_reached);
    part->wait.impatient = true;
    watermark_wait(owner, partition_mark(partition, part->acks), &part->wait, append.limit);
    return true;
}

/* ---- the queue of a shard ---- */

/* Nothing when it waits, or is ready to try, already. */
static void queue_wait(struct produce_queue *queue)
{
    if (!list_linked(&queue->room.node)) store_wait(queue->owner->store, &queue->wait);
}

static void queue_go(struct ready *ready)
{
    struct produce_queue *queue = container_of(ready, struct produce_queue, room);

    store_leave(&queue->wait);
    while (!list_empty(&queue->parts)) {
        struct produce_part *part = container_of(list_first(&queue->parts), struct produce_part, node);
        list_remove(&part->node); /* Once it is placed it may be gone. */
        if (!part_place(part, partition_of(part))) {
            list_prepend(&queue->parts, &part->node);
            queue_wait(queue);
            return;
        }
    }
}

void produce_queue_init(struct produce_queue *queue, struct shard *owner)
{
    list_init(&queue->parts);
    for (uint32_t i = 0; i < PRODUCE_LINES; i++) list_init(&queue->lines[i]);
    list_init(&queue->unplaced);
    queue->lined_count = queue->placed_count = 0;
    ready_init(&queue->room, queue_go);
    list_node_init(&queue->wait.node);
    queue->wait.ready = &queue->room;
    queue->owner = owner;
}

static void part_go(struct produce_part *part, struct partition *partition)
{
    struct produce_queue *queue = produce_queue_of(part->owner);

    if (list_empty(&queue->parts) && part_place(part, partition)) return;

    PROBE2(produce__room, part->owner->index, part);
    part->stage = PART_ROOM;
    list_append(&queue->parts, &part->node);
    queue_wait(queue);
}

void produce_part_enter(struct produce_part *part)
{
    part_go(part, partition_of(part));
}

void produce_part_arrive(struct route_part *route, struct shard *owner)
{
    struct produce_part *part = container_of(route, struct produce_part, route);

    part->owner = owner;
    part->repack = NULL;
    list_node_init(&part->node);
    struct partition *partition = partition_of(part);
    if (!produce_line_join(part, partition ? partition->log : NULL)) part_go(part, partition);
}
