/* net/api/describe_producers.c   DescribeProducers: what a partition remembers of its idempotent producers, for people
 * who look for transactions that hang (KIP-664). How many there are only the owner knows, and the answer's memory is
 * home's: a part comes back with the number, gets that much room, and goes again.
 *
 *     part: owner counts --fits--> rows filled --> joined
 *                \--no room--> home lends room --> owner counts ... */
#include "messages/describe_producers.h"
#include "api/error.h"
#include "api/route.h"
#include "api/topic_name.h"
#include "log/producer_state.h"

struct producers_part {
    struct route_part route;
    struct uuid topic;
    int32_t index;
    uint32_t owner;
    struct describe_producers_partition *row;
    struct describe_producers_producer *producers; /* room for `room`, lent by home */
    uint32_t room, count;
    bool short_of_room;
    enum status status;
};

struct describe_producers {
    struct request *request;
    struct route route;
    struct producers_part *parts;
    uint32_t part_count;
    struct describe_producers_answer answer;
};

static void producer_show(const struct producer *producer, struct describe_producers_producer *row)
{
    const struct producer_batch *last =
        producer->batch_count > 0 ? &producer->batches[producer->batch_count - 1] : NULL;

    *row = (struct describe_producers_producer){ .producer_id = producer->id,
                                                 .producer_epoch = producer->epoch,
                                                 .last_sequence = last ? last->last_sequence : -1,
                                                 .last_timestamp_ms = producer->timestamp_ms,
                                                 .coordinator_epoch = producer->coordinator_epoch,
                                                 .current_transaction_start_offset = producer->transaction_first };
}

static void part_arrive(struct route_part *route, struct shard *owner)
{
    struct producers_part *part = container_of(route, struct producers_part, route);
    const struct partition *partition = replicas_find(owner->replicas, part->topic, part->index);
    const struct producer_state *state = NULL;

    part->status = partition ? partition_check(partition, -1) : STATUS_NOT_FOUND;
    if (part->status == STATUS_OK) state = partition->log->producers;
    part->count = state ? state->by_id.count : 0;
    if (state && part->count <= part->room) {
        uint32_t i = 0;
        list_each(&state->recent, node)
        {
            producer_show(container_of(node, struct producer, recent), &part->producers[i++]);
        }
        invariant(i == part->count);
    }
    route_return(&part->route, owner);
}

/* More room for those that had too little. False: no memory. */
static bool parts_lend(struct describe_producers *work, bool *again)
{
    for (uint32_t i = 0; i < work->part_count; i++) {
        struct producers_part *part = &work->parts[i];
        part->short_of_room = part->count > part->room;
        if (!part->short_of_room) continue;
        part->room = part->count + part->count / 8; /* Others come meanwhile. */
        part->producers = arena_take(&work->request->arena, part->room * sizeof(*part->producers));
        if (!part->producers) return false;
        *again = true;
    }
    return true;
}

static void producers_answer(struct describe_producers *work)
{
    for (uint32_t i = 0; i < work->part_count; i++) {
        const struct producers_part *part = &work->parts[i];
        part->row->error = error_tell(work->request, error_of(part->status));
        part->row->producers.items = part->producers;
        part->row->producers.count = (int32_t)part->count;
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static void joined(struct route *route)
{
    struct describe_producers *work = container_of(route, struct describe_producers, route);
    bool again = false;

    if (!parts_lend(work, &again)) {
        request_abort(work->request, "no memory");
    } else if (!again) {
        producers_answer(work);
    } else {
        route_begin(route, work->request->shard, joined);
        for (uint32_t i = 0; i < work->part_count; i++) {
            struct producers_part *part = &work->parts[i];
            if (part->short_of_room) route_send(route, &part->route, part->owner, part_arrive);
        }
        route_release(route);
    }
}

static bool producers_make(struct describe_producers *work, const struct describe_producers_ask *ask)
{
    struct arena *arena = &work->request->arena;
    uint32_t count = 0;

    work->answer.topics.items = arena_take(arena, (size_t)ask->topics.count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct describe_producers_topic_ask *asked = &ask->topics.items[i];
        struct describe_producers_topic_answer *topic = &work->answer.topics.items[work->answer.topics.count++];
        topic->name = asked->name;
        topic->partitions.items = arena_take(arena, (size_t)asked->partitions.count * sizeof(*topic->partitions.items));
        if (!topic->partitions.items) return false;
        count += (uint32_t)asked->partitions.count;
    }
    work->parts = arena_take(arena, count * sizeof(*work->parts));
    return work->parts != NULL;
}

/* Kafka explains a topic that is not there, and says nothing of a partition. */
static void part_refuse(struct describe_producers *work, struct text name, bool topic,
                        struct describe_producers_partition *row)
{
    bool valid = topic_name_status(name, NULL) == STATUS_OK;

    row->error = error_tell(work->request, valid ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_INVALID_TOPIC);
    if (!valid) {
        row->error_message = topic_name_why(name, &work->request->arena);
    } else if (!topic) {
        row->error_message = TEXT("This server does not host this topic-partition.");
    }
}

static void topic_send(struct describe_producers *work, const struct describe_producers_topic_ask *ask,
                       struct describe_producers_topic_answer *answer)
{
    for (int32_t i = 0; i < ask->partitions.count; i++) {
        int32_t index = ask->partitions.items[i];
        struct route_place place = route_by_name(apis_of(work->request), ask->name, index);
        struct describe_producers_partition *row = &answer->partitions.items[answer->partitions.count++];

        *row = (struct describe_producers_partition){ .index = index, .error_message = TEXT_NULL };
        if (!place.partition) {
            part_refuse(work, ask->name, place.topic != NULL, row);
            continue;
        }
        struct producers_part *part = &work->parts[work->part_count++];
        part->topic = place.topic->id;
        part->index = index;
        part->owner = place.owner;
        part->row = row;
        route_send(&work->route, &part->route, place.owner, part_arrive);
    }
}

void describe_producers_begin(struct request *request)
{
    const struct describe_producers_ask *ask = request->ask;
    struct describe_producers *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !producers_make(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    route_begin(&work->route, request->shard, joined);
    for (int32_t i = 0; i < ask->topics.count; i++) {
        topic_send(work, &ask->topics.items[i], &work->answer.topics.items[i]);
    }
    route_release(&work->route);
}
