/* net/api/offset_for_leader_epoch.c   OffsetForLeaderEpoch: where an epoch ends in a log, so that a consumer that read
 * on from an older leader finds out whether what it read is still there (KIP-320). A part per partition; those of a
 * large request leave in portions. */
#include "messages/offset_for_leader_epoch.h"
#include "api/error.h"
#include "api/route.h"
#include "api/walk.h"

struct epoch_part {
    struct route_part route;
    struct uuid topic;
    int32_t index, current_epoch, epoch;
    int64_t end;
    struct offset_for_leader_epoch_partition_answer *row;
    enum status status;
};

struct offset_for_leader_epoch {
    struct walk walk;
    struct request *request;
    struct route route;
    struct image_topic *topic; /* that the walk is at, in this step */
    uint32_t row_count;
    struct offset_for_leader_epoch_answer answer;
};

static void part_arrive(struct route_part *route, struct shard *owner)
{
    struct epoch_part *part = container_of(route, struct epoch_part, route);
    const struct partition *partition = replicas_find(owner->replicas, part->topic, part->index);

    part->status = partition ? partition_check(partition, part->current_epoch) : STATUS_NOT_FOUND;
    if (part->status == STATUS_OK && partition_epoch_end(partition, &part->epoch, &part->end) != STATUS_OK) {
        part->epoch = -1; /* An epoch that nobody knows is no error. */
        part->end = -1;
    }
    route_return(&part->route, owner);
}

static void part_home(struct route *route, struct route_part *home)
{
    struct offset_for_leader_epoch *work = container_of(route, struct offset_for_leader_epoch, route);
    const struct epoch_part *part = container_of(home, struct epoch_part, route);

    part->row->error = error_tell(work->request, error_of(part->status));
    if (part->status != STATUS_OK) return;
    part->row->leader_epoch = part->epoch;
    part->row->end_offset = part->end;
}

static void offset_for_leader_epoch_joined(struct route *route)
{
    struct offset_for_leader_epoch *work = container_of(route, struct offset_for_leader_epoch, route);

    if (walk_whole(&work->walk)) request_answer_rows(work->request, &work->answer, work->row_count);
}

static struct offset_for_leader_epoch *work_of(struct walk *walk)
{
    return container_of(walk, struct offset_for_leader_epoch, walk);
}

static bool topics_begin(struct walk *walk)
{
    struct offset_for_leader_epoch *work = work_of(walk);
    const struct offset_for_leader_epoch_ask *ask = walk->request->ask;

    walk->count = work->row_count = (uint32_t)ask->topics.count;
    work->answer.topics.count = ask->topics.count;
    work->answer.topics.items = walk_take(walk, walk->count * sizeof(*work->answer.topics.items));
    return work->answer.topics.items != NULL;
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    struct offset_for_leader_epoch *work = work_of(walk);
    const struct offset_for_leader_epoch_ask *ask = walk->request->ask;
    const struct offset_for_leader_epoch_topic_ask *asked = &ask->topics.items[at];
    struct offset_for_leader_epoch_topic_answer *topic = &work->answer.topics.items[at];

    walk->parts = (uint32_t)asked->partitions.count;
    work->topic = image_topic_by_name(&apis_of(work->request)->replicas->image, asked->name);
    if (topic->partitions.items) return true;
    topic->name = asked->name;
    topic->partitions.items = walk_take(walk, walk->parts * sizeof(*topic->partitions.items));
    return topic->partitions.items != NULL;
}

static bool partition_send(struct walk *walk, uint32_t at, uint32_t number)
{
    struct offset_for_leader_epoch *work = work_of(walk);
    const struct offset_for_leader_epoch_ask *asked = walk->request->ask;
    const struct offset_for_leader_epoch_partition_ask *ask = &asked->topics.items[at].partitions.items[number];
    struct offset_for_leader_epoch_topic_answer *topic = &work->answer.topics.items[at];
    struct offset_for_leader_epoch_partition_answer *row = &topic->partitions.items[topic->partitions.count++];
    struct route_place place = route_in(work->topic, ask->index);

    work->row_count++;
    *row =
        (struct offset_for_leader_epoch_partition_answer){ .index = ask->index, .leader_epoch = -1, .end_offset = -1 };
    if (!place.partition) {
        row->error = error_tell(work->request, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        return true;
    }
    struct epoch_part *part = arena_take(&walk->request->arena, sizeof(*part));
    if (!part) return false;
    part->topic = place.topic->id;
    part->index = ask->index;
    part->current_epoch = ask->current_leader_epoch;
    part->epoch = ask->leader_epoch;
    part->row = row;
    route_send(&work->route, &part->route, place.owner, part_arrive);
    return true;
}

static void all_sent(struct walk *walk)
{
    route_release(&work_of(walk)->route);
}

static const struct walk_pass passes[] = { { topics_begin, topic_open, partition_send }, { NULL, NULL, NULL } };

void offset_for_leader_epoch_begin(struct request *request)
{
    struct offset_for_leader_epoch *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    route_begin(&work->route, request->shard, offset_for_leader_epoch_joined);
    work->route.returned = part_home;
    walk_begin(&work->walk, request, passes, all_sent);
}
