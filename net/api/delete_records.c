/* net/api/delete_records.c   DeleteRecords: the start of a log moves forward, up to the high watermark. Answered when
 * the new start is on the device, or a reader could see a record again after a crash.
 *
 *     arrives --log_raise_start--> the entry is flushed --> returns
 *
 * Memory for all partitions is taken before the first of them leaves: none is touched for a request that can't be
 * answered. */
#include "messages/delete_records.h"
#include "api/error.h"
#include "api/route.h"
#include "api/topics_named.h"
#include "api/walk.h"
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
    struct walk walk;
    struct request *request;
    struct route route;
    struct topics_named named;
    struct delete_records_part **parts; /* of the request's partitions in a row */
    uint32_t place;                     /* in that row, of the partition that the walk is at, from 1 */
    struct numbered partitions;         /* the place where each is named last: only that holds */
    uint64_t hash;                      /* of the topic that the walk is at, */
    struct image_topic *topic;          /* in this step, */
    struct delete_records_topic_answer *row;
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

/* ---- the way ---- */

static void part_home(struct route *route, struct route_part *home)
{
    struct delete_records *work = container_of(route, struct delete_records, route);
    const struct delete_records_part *part = container_of(home, struct delete_records_part, route);

    part->row->error = error_tell(work->request, error_of(part->status));
    if (part->status == STATUS_OK) part->row->low_watermark = part->start;
}

static void delete_records_joined(struct route *route)
{
    struct delete_records *work = container_of(route, struct delete_records, route);

    if (walk_whole(&work->walk)) request_answer_rows(work->request, &work->answer, work->named.partition_count);
}

static struct delete_records *work_of(struct walk *walk)
{
    return container_of(walk, struct delete_records, walk);
}

static const struct delete_records_topic_ask *topic_of(struct walk *walk, uint32_t at)
{
    const struct delete_records_ask *ask = walk->request->ask;
    return &ask->topics.items[at];
}

static bool topics_begin(struct walk *walk)
{
    struct delete_records *work = work_of(walk);
    const struct delete_records_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    work->named = TOPICS_NAMED(&work->answer.topics, struct delete_records_topic_answer);
    return topics_named_prepare(&work->named, walk, walk->count);
}

static bool topic_count(struct walk *walk, uint32_t at, uint32_t part)
{
    const struct delete_records_topic_ask *ask = topic_of(walk, at);
    struct delete_records_topic_answer *row =
        topics_named_count(&work_of(walk)->named, text_hash(ask->name), ask->partitions.count);
    (void)part;

    if (row) row->name = ask->name;
    return true;
}

static bool partitions_begin(struct walk *walk)
{
    struct delete_records *work = work_of(walk);
    const struct delete_records_ask *ask = walk->request->ask;
    struct arena *arena = &walk->request->arena;

    walk->count = (uint32_t)ask->topics.count;
    uint32_t count = work->named.partition_count;
    work->parts = arena_take_raw(arena, count * sizeof(struct delete_records_part *));
    return work->parts && topics_named_furnish(&work->named, arena) && numbered_prepare(&work->partitions, walk, count);
}

static void topic_enter(struct walk *walk, uint32_t at)
{
    struct delete_records *work = work_of(walk);
    const struct delete_records_topic_ask *ask = topic_of(walk, at);

    walk->parts = (uint32_t)ask->partitions.count;
    if (walk->parts == 0) return;
    work->hash = text_hash(ask->name);
    work->row = topics_named_row(&work->named, work->hash);
}

static bool topic_furnish(struct walk *walk, uint32_t at)
{
    topic_enter(walk, at);
    return true;
}

static uint32_t *last_of(struct delete_records *work, int32_t index)
{
    return numbered_of(&work->partitions, hash_join(work->hash, (uint32_t)index));
}

static bool partition_furnish(struct walk *walk, uint32_t at, uint32_t part)
{
    struct delete_records *work = work_of(walk);
    struct delete_records_part *made = arena_take(&work->request->arena, sizeof(*made));

    work->parts[work->place++] = made;
    *last_of(work, topic_of(walk, at)->partitions.items[part].index) = work->place;
    return made != NULL;
}

static bool sending_begin(struct walk *walk)
{
    const struct delete_records_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    work_of(walk)->place = 0;
    return true;
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    struct delete_records *work = work_of(walk);

    topic_enter(walk, at);
    if (walk->parts == 0) return true;
    work->topic = image_topic_by_name(&apis_of(work->request)->replicas->image, topic_of(walk, at)->name);
    return true;
}

static bool partition_send(struct walk *walk, uint32_t at, uint32_t number)
{
    struct delete_records *work = work_of(walk);
    const struct delete_records_partition_ask *ask = &topic_of(walk, at)->partitions.items[number];
    struct delete_records_part *part = work->parts[work->place++];
    if (*last_of(work, ask->index) != work->place) return true;

    struct delete_records_partition_answer *row = &work->row->partitions.items[work->row->partitions.count++];
    struct route_place place = route_in(work->topic, ask->index);
    *row = (struct delete_records_partition_answer){ ask->index, -1, ERROR_UNKNOWN_TOPIC_OR_PARTITION };
    if (!place.partition) return true;
    if (image_internal(place.topic->name)) {
        row->error = ERROR_INVALID_TOPIC;
        return true;
    }
    part->topic = place.topic->id;
    part->index = ask->index;
    part->offset = ask->offset;
    part->row = row;
    route_send(&work->route, &part->route, place.owner, part_arrive);
    return true;
}

static void all_sent(struct walk *walk)
{
    route_release(&work_of(walk)->route);
}

static const struct walk_pass delete_records_passes[] = {
    { topics_begin, NULL, topic_count },
    { partitions_begin, topic_furnish, partition_furnish },
    { sending_begin, topic_open, partition_send },
    { NULL, NULL, NULL },
};

void delete_records_begin(struct request *request)
{
    struct delete_records *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    route_begin(&work->route, request->shard, delete_records_joined);
    work->route.returned = part_home;
    walk_begin(&work->walk, request, delete_records_passes, all_sent);
}
