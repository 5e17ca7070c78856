/* net/api/offset_for_leader_epoch.c   OffsetForLeaderEpoch: where an epoch ends in a log, so that a consumer that read
 * on from an older leader finds out whether what it read is still there (KIP-320). A part per partition. */
#include "messages/offset_for_leader_epoch.h"
#include "api/error.h"
#include "api/route.h"

struct epoch_part {
    struct route_part route;
    struct uuid topic;
    int32_t index, current_epoch, epoch;
    int64_t end;
    struct offset_for_leader_epoch_partition_answer *row;
    enum status status;
};

struct offset_for_leader_epoch {
    struct request *request;
    struct route route;
    struct epoch_part *parts;
    uint32_t part_count;
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

static void offset_for_leader_epoch_joined(struct route *route)
{
    struct offset_for_leader_epoch *work = container_of(route, struct offset_for_leader_epoch, route);

    for (uint32_t i = 0; i < work->part_count; i++) {
        const struct epoch_part *part = &work->parts[i];
        part->row->error = error_tell(work->request, error_of(part->status));
        if (part->status != STATUS_OK) continue;
        part->row->leader_epoch = part->epoch;
        part->row->end_offset = part->end;
    }
    request_answer_rows(work->request, &work->answer, work->part_count);
}

static bool offset_for_leader_epoch_make(struct offset_for_leader_epoch *work,
                                         const struct offset_for_leader_epoch_ask *ask)
{
    struct arena *arena = &work->request->arena;
    uint32_t count = 0;

    work->answer.topics.items = arena_take(arena, (size_t)ask->topics.count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct offset_for_leader_epoch_topic_ask *asked = &ask->topics.items[i];
        struct offset_for_leader_epoch_topic_answer *topic = &work->answer.topics.items[work->answer.topics.count++];
        topic->name = asked->name;
        topic->partitions.items = arena_take(arena, (size_t)asked->partitions.count * sizeof(*topic->partitions.items));
        if (!topic->partitions.items) return false;
        count += (uint32_t)asked->partitions.count;
    }
    work->parts = arena_take(arena, count * sizeof(*work->parts));
    return work->parts != NULL;
}

static void part_send(struct offset_for_leader_epoch *work, struct text name,
                      const struct offset_for_leader_epoch_partition_ask *ask,
                      struct offset_for_leader_epoch_partition_answer *row)
{
    struct route_place place = route_by_name(apis_of(work->request), name, ask->index);

    *row =
        (struct offset_for_leader_epoch_partition_answer){ .index = ask->index, .leader_epoch = -1, .end_offset = -1 };
    if (!place.partition) {
        row->error = error_tell(work->request, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        return;
    }
    struct epoch_part *part = &work->parts[work->part_count++];
    part->topic = place.topic->id;
    part->index = ask->index;
    part->current_epoch = ask->current_leader_epoch;
    part->epoch = ask->leader_epoch;
    part->row = row;
    route_send(&work->route, &part->route, place.owner, part_arrive);
}

void offset_for_leader_epoch_begin(struct request *request)
{
    const struct offset_for_leader_epoch_ask *ask = request->ask;
    struct offset_for_leader_epoch *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !offset_for_leader_epoch_make(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    route_begin(&work->route, request->shard, offset_for_leader_epoch_joined);
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct offset_for_leader_epoch_topic_ask *topic = &ask->topics.items[i];
        struct offset_for_leader_epoch_topic_answer *answer = &work->answer.topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            part_send(work, topic->name, &topic->partitions.items[j],
                      &answer->partitions.items[answer->partitions.count++]);
        }
    }
    route_release(&work->route);
}
