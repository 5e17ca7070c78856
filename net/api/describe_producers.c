/* net/api/describe_producers.c   DescribeProducers: what a partition remembers of its idempotent producers, for people
 * who look for transactions that hang (KIP-664). How many there are only the owner knows, and the answer's memory is
 * home's: a part comes back with the number, gets that much room, and is visited again.
 *
 *     walk: a part per partition --> visit: counted --> walk: told, or lent room --> answer
 *                                      \__ filled <--those that lacked room--'
 */
#include "messages/describe_producers.h"
#include "api/error.h"
#include "api/topic_name.h"
#include "api/visit.h"
#include "api/walk.h"
#include "log/producer_state.h"

struct producers_part {
    struct visit_row visit;
    struct uuid topic;
    uint32_t owner;
    struct describe_producers_partition *row;
    struct describe_producers_producer *producers; /* room for `room`, lent by home */
    uint32_t room, count;
    enum status status;
    struct producers_part *next;
};

struct describe_producers {
    struct walk walk;
    struct visit visit;
    struct request *request;
    struct image_topic *topic;            /* that the walk is at, in this step */
    struct producers_part *first, **last; /* of the parts that are to be visited */
    uint32_t part_count;
    struct producers_part *part; /* of those that were, the one that the walk is at */
    uint32_t row_count;
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

/* All of a partition in one step, of which there are at most PRODUCERS_MAX. */
static uint32_t part_look(struct visit_row *visit, struct shard *owner)
{
    struct producers_part *part = container_of(visit, struct producers_part, visit);
    const struct partition *partition = replicas_find(owner->replicas, part->topic, part->row->index);
    const struct producer_state *state = NULL;
    uint32_t shown = 0;

    part->status = partition ? partition_check(partition, -1) : STATUS_NOT_FOUND;
    if (part->status == STATUS_OK) state = partition->log->producers;
    part->count = state ? state->by_id.count : 0;
    if (part->count == 0 || part->count > part->room) return 1;
    list_each(&state->recent, node)
    {
        producer_show(container_of(node, struct producer, recent), &part->producers[shown++]);
    }
    invariant(shown == part->count);
    return 1 + shown;
}

static struct describe_producers *work_of(struct walk *walk)
{
    return container_of(walk, struct describe_producers, walk);
}

static void parts_joined(struct visit *visit);

/* From here on parts are gathered for the next visit. False: no memory. */
static bool parts_begin(struct describe_producers *work)
{
    work->first = NULL;
    work->last = &work->first;
    work->part_count = 0;
    return visit_begin(&work->visit, work->request, part_look, parts_joined);
}

static void part_add(struct describe_producers *work, struct producers_part *part)
{
    part->next = NULL;
    *work->last = part;
    work->last = &part->next;
    work->part_count++;
    visit_add(&work->visit, part->owner, &part->visit);
}

/* ---- parts that came home ---- */

static bool telling_begin(struct walk *walk)
{
    struct describe_producers *work = work_of(walk);

    walk->count = work->part_count;
    work->part = work->first;
    return parts_begin(work);
}

/* More room for those that had too little. */
static bool part_lend(struct describe_producers *work, struct producers_part *part)
{
    part->room = part->count + part->count / 8; /* Others come meanwhile. */
    part->producers = arena_take_raw(&work->request->arena, part->room * sizeof(*part->producers));
    part_add(work, part);
    return part->producers != NULL;
}

static bool part_tell(struct walk *walk, uint32_t at, uint32_t number)
{
    struct describe_producers *work = work_of(walk);
    struct producers_part *part = work->part;
    (void)at, (void)number;

    work->part = part->next;
    if (part->count > part->room) return part_lend(work, part);
    part->row->error = error_tell(work->request, error_of(part->status));
    part->row->producers.items = part->producers;
    part->row->producers.count = (int32_t)part->count;
    work->row_count += part->count;
    return true;
}

static void all_told(struct walk *walk)
{
    struct describe_producers *work = work_of(walk);

    if (!walk_whole(walk)) return;
    if (work->part_count > 0) {
        visit_go(&work->visit);
    } else {
        request_answer_rows(work->request, &work->answer, work->row_count);
    }
}

static const struct walk_pass telling[] = { { telling_begin, NULL, part_tell }, { NULL, NULL, NULL } };

static void parts_joined(struct visit *visit)
{
    struct describe_producers *work = container_of(visit, struct describe_producers, visit);
    walk_begin(&work->walk, work->request, telling, all_told);
}

/* ---- what is asked for ---- */

/* Kafka explains a topic that is not there, and says nothing of a partition. */
static void row_refuse(struct describe_producers *work, struct text name, bool topic,
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

static bool topics_begin(struct walk *walk)
{
    struct describe_producers *work = work_of(walk);
    const struct describe_producers_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    work->answer.topics.items = arena_take_raw(&walk->request->arena, walk->count * sizeof(*work->answer.topics.items));
    return work->answer.topics.items && parts_begin(work);
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    struct describe_producers *work = work_of(walk);
    const struct describe_producers_ask *ask = walk->request->ask;
    const struct describe_producers_topic_ask *asked = &ask->topics.items[at];
    struct describe_producers_topic_answer *topic = &work->answer.topics.items[at];

    walk->parts = (uint32_t)asked->partitions.count;
    work->topic = image_topic_by_name(&apis_of(walk->request)->replicas->image, asked->name);
    if (walk->part > 0) return true;
    topic->name = asked->name;
    topic->partitions.items = arena_take_raw(&walk->request->arena, walk->parts * sizeof(*topic->partitions.items));
    topic->partitions.count = 0;
    work->answer.topics.count++;
    return topic->partitions.items != NULL;
}

static bool partition_take(struct walk *walk, uint32_t at, uint32_t number)
{
    struct describe_producers *work = work_of(walk);
    const struct describe_producers_ask *ask = walk->request->ask;
    const struct describe_producers_topic_ask *asked = &ask->topics.items[at];
    struct describe_producers_topic_answer *topic = &work->answer.topics.items[at];
    struct describe_producers_partition *row = &topic->partitions.items[topic->partitions.count++];
    struct route_place place = route_in(work->topic, asked->partitions.items[number]);

    work->row_count++;
    *row = (struct describe_producers_partition){ .index = asked->partitions.items[number] };
    if (!place.partition) {
        row_refuse(work, asked->name, place.topic != NULL, row);
        return true;
    }
    struct producers_part *part = arena_take(&walk->request->arena, sizeof(*part));
    if (!part) return false;
    part->topic = place.topic->id;
    part->owner = place.owner;
    part->row = row;
    part_add(work, part);
    return true;
}

static void all_taken(struct walk *walk)
{
    if (walk_whole(walk)) visit_go(&work_of(walk)->visit);
}

static const struct walk_pass asking[] = { { topics_begin, topic_open, partition_take }, { NULL, NULL, NULL } };

void describe_producers_begin(struct request *request)
{
    struct describe_producers *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    work->request = request;
    walk_begin(&work->walk, request, asking, all_taken);
}
