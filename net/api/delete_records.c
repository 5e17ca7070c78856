/* net/api/delete_records.c   DeleteRecords: the start of a log moves forward, up to the high watermark. Answered when
 * the new start is on the device, or a reader could see a record again after a crash.
 *
 *     arrives --log_raise_start--> the entry is flushed --> returns */
#include "messages/delete_records.h"
#include "api/error.h"
#include "api/route.h"
#include "api/seen.h"
#include "log/store.h"

enum { BUSY_PAUSE_MS = 5 };

struct delete_records_part {
    struct route_part route;
    struct shard *owner;
    struct uuid topic;
    int32_t index;
    int64_t offset;
    struct watermark_wait wait;
    struct timer pause; /* no room in the WAL: tried again */
    struct delete_records_partition_answer *row;
    enum status status;
    int64_t start;
};

struct delete_records {
    struct request *request;
    struct route route;
    struct delete_records_part *parts;
    uint32_t part_count;
    const bool *again;     /* of the request's partitions in a row: named again later, and only that holds */
    const uint32_t *first; /* of its topics: where each was named first */
    struct delete_records_answer answer;
};

static void part_finish(struct delete_records_part *part, enum status status)
{
    part->status = status;
    route_return(&part->route, part->owner);
}

static void part_flushed(struct ready *ready)
{
    struct delete_records_part *part = container_of(ready, struct delete_records_part, wait.ready);
    part_finish(part, part->wait.status);
}

static void part_raise(struct delete_records_part *part)
{
    struct shard *owner = part->owner;
    struct partition *partition = replicas_find(owner->replicas, part->topic, part->index);
    enum status status = partition ? partition_check(partition, -1) : STATUS_NOT_FOUND;
    int64_t sequence = 0;

    if (status == STATUS_OK && !partition->log->settings->delete_old) status = STATUS_POLICY;
    if (status == STATUS_OK) {
        int64_t offset = part->offset == -1 ? partition->log->committed.at : part->offset;
        status = offset < 0 ? STATUS_OUT_OF_RANGE : log_raise_start(partition->log, offset, &sequence);
    }
    if (status == STATUS_BUSY) {
        timer_set(&owner->timers, &part->pause, shard_now_ns(owner) + (int64_t)BUSY_PAUSE_MS * 1000000);
    } else if (status != STATUS_OK) {
        part_finish(part, status);
    } else {
        part->start = partition->log->start;
        ready_init(&part->wait.ready, part_flushed);
        watermark_wait(owner, &owner->store->flushed, &part->wait, sequence);
    }
}

static void part_again(struct timer *timer)
{
    part_raise(container_of(timer, struct delete_records_part, pause));
}

static void part_arrive(struct route_part *route, struct shard *owner)
{
    struct delete_records_part *part = container_of(route, struct delete_records_part, route);

    part->owner = owner;
    timer_init(&part->pause, part_again);
    part_raise(part);
}

static void delete_records_joined(struct route *route)
{
    struct delete_records *work = container_of(route, struct delete_records, route);

    for (uint32_t i = 0; i < work->part_count; i++) {
        const struct delete_records_part *part = &work->parts[i];
        part->row->error = error_tell(work->request, error_of(part->status));
        if (part->status == STATUS_OK) part->row->low_watermark = part->start;
    }
    request_answer_rows(work->request, &work->answer, work->part_count);
}

static bool again_find(struct delete_records *work, const struct delete_records_ask *ask, uint32_t count)
{
    struct arena *arena = &work->request->arena;
    uint64_t *topics = arena_take(arena, (size_t)ask->topics.count * sizeof(*topics));
    uint64_t *hashes = arena_take(arena, count * sizeof(*hashes));
    uint32_t at = 0;

    if (!topics || !hashes) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct delete_records_topic_ask *topic = &ask->topics.items[i];
        topics[i] = text_hash(topic->name);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            hashes[at++] = hash_join(topics[i], (uint32_t)topic->partitions.items[j].index);
        }
    }
    work->again = seen_again(arena, hashes, count);
    work->first = seen_first(arena, topics, (uint32_t)ask->topics.count);
    return work->again && work->first;
}

static struct topic_rows rows_of(struct delete_records *work)
{
    return (struct topic_rows){ &work->answer.topics, sizeof(struct delete_records_topic_answer),
                                offsetof(struct delete_records_topic_answer, partitions),
                                sizeof(struct delete_records_partition_answer) };
}

static bool delete_records_make(struct delete_records *work, const struct delete_records_ask *ask)
{
    struct arena *arena = &work->request->arena;
    struct topic_rows rows = rows_of(work);
    uint32_t count = 0;

    work->answer.topics.items = arena_take(arena, (size_t)ask->topics.count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        struct delete_records_topic_answer *topic = &work->answer.topics.items[work->answer.topics.count++];
        topic->name = ask->topics.items[i].name;
        topic->partitions.count = ask->topics.items[i].partitions.count;
        count += (uint32_t)topic->partitions.count;
    }
    work->parts = arena_take(arena, count * sizeof(*work->parts));
    return work->parts && again_find(work, ask, count) && topics_join(arena, &rows, work->first);
}

static void topic_send(struct delete_records *work, const struct delete_records_topic_ask *topic, const bool *again,
                       struct delete_records_topic_answer *answer)
{
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        if (again[i]) continue;
        const struct delete_records_partition_ask *ask = &topic->partitions.items[i];
        struct route_place place = route_by_name(apis_of(work->request), topic->name, ask->index);
        struct delete_records_partition_answer *row = &answer->partitions.items[answer->partitions.count++];

        *row = (struct delete_records_partition_answer){ ask->index, -1, ERROR_UNKNOWN_TOPIC_OR_PARTITION };
        if (!place.partition) continue;
        if (image_internal(topic->name)) {
            row->error = ERROR_INVALID_TOPIC;
            continue;
        }
        struct delete_records_part *part = &work->parts[work->part_count++];
        part->topic = place.topic->id;
        part->index = ask->index;
        part->offset = ask->offset;
        part->row = row;
        route_send(&work->route, &part->route, place.owner, part_arrive);
    }
}

void delete_records_begin(struct request *request)
{
    const struct delete_records_ask *ask = request->ask;
    struct delete_records *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !delete_records_make(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    route_begin(&work->route, request->shard, delete_records_joined);
    uint32_t at = 0;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        topic_send(work, &ask->topics.items[i], &work->again[at], &work->answer.topics.items[work->first[i]]);
        at += (uint32_t)ask->topics.items[i].partitions.count;
    }
    struct topic_rows rows = rows_of(work);
    topics_close_up(&rows);
    route_release(&work->route);
}
