/* net/api/alter_reassignments.c   AlterPartitionReassignments on one node: replicas can be put where they are already,
 * and nowhere else. Everything is read off the image, many partitions in portions; the rules are those of Kafka's
 * controller, in its words. */
#include "messages/alter_reassignments.h"
#include "api/api.h"
#include "api/error.h"
#include "api/walk.h"

struct alter_reassignments {
    struct walk walk;
    const struct image_topic *topic; /* that the walk is at, in this step */
    uint32_t row_count;
    struct alter_reassignments_answer answer;
};

enum { REPLICAS_LOOKED_AT = 16384 }; /* of one partition, in a step: no cluster has so many brokers */

/* What Kafka would call the first fault of a sorted list: the least id that is not registered, or comes twice. */
static struct text assignment_fault(const struct image *image, const int32_t *replicas, int32_t count,
                                    struct arena *arena)
{
    int32_t unknown = INT32_MAX, twice = INT32_MAX;
    int32_t registered = 0;

    if (count == 0) return TEXT("The manual partition assignment includes an empty replica list.");
    list_each(&image->brokers, node)
    {
        const struct image_broker *broker = container_of(node, struct image_broker, node);
        int32_t times = 0;
        for (int32_t i = 0; i < count; i++) times += replicas[i] == broker->id;
        if (times > 1) twice = min_of(twice, broker->id);
        registered += times;
    }
    for (int32_t i = 0; i < count && registered < count; i++) {
        if (!image_broker(image, replicas[i])) unknown = min_of(unknown, replicas[i]);
    }
    if (registered < count && unknown <= twice) {
        return text_format(
            arena, "The manual partition assignment includes broker %d, but no such broker is registered.", unknown);
    }
    if (twice == INT32_MAX) return TEXT_NULL;
    return text_format(arena, "The manual partition assignment includes the broker %d more than once.", twice);
}

static bool same_replicas(const struct image_partition *state, const struct alter_reassignments_partition_ask *ask)
{
    if (ask->replicas.count != state->replica_count) return false;
    return memcmp(ask->replicas.items, state->replicas, state->replica_count * sizeof(*state->replicas)) == 0;
}

/* Kafka's controller finds the time over before it looks at a partition. */
static bool ask_late(const struct alter_reassignments_ask *ask)
{
    return ask->timeout_ms <= 0 && ask->topics.count > 0;
}

static void partition_show(struct request *request, const struct image_topic *topic, struct text name,
                           const struct alter_reassignments_partition_ask *ask,
                           struct alter_reassignments_partition_answer *row)
{
    const struct image *image = &apis_of(request)->replicas->image;
    bool there =
        topic && ask->index >= 0 && ask->index < topic->partition_count && topic->partitions[ask->index].replicas;

    row->index = ask->index;
    row->error_message = TEXT_NULL;
    if (ask_late(request->ask)) {
        row->error = ERROR_REQUEST_TIMED_OUT;
    } else if (!topic) {
        row->error = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        row->error_message = text_format(&request->arena, "Unable to find a topic named %.*s.", TEXT_ARGS(name));
    } else if (!there) {
        row->error = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        row->error_message =
            text_format(&request->arena, "Unable to find partition %.*s:%d.", TEXT_ARGS(name), ask->index);
    } else if (ask->replicas.count < 0) {
        row->error = ERROR_NO_REASSIGNMENT_IN_PROGRESS;
    } else {
        int32_t count = min_of(ask->replicas.count, (int32_t)REPLICAS_LOOKED_AT);
        row->error_message = assignment_fault(image, ask->replicas.items, count, &request->arena);
        if (!row->error_message.data && !same_replicas(&topic->partitions[ask->index], ask)) {
            row->error_message = TEXT("Replicas can't be moved: this node has nowhere to move them to.");
        }
        row->error = row->error_message.data ? ERROR_INVALID_REPLICA_ASSIGNMENT : ERROR_NONE;
    }
    (void)error_tell(request, row->error);
}

static struct alter_reassignments *work_of(struct walk *walk)
{
    return container_of(walk, struct alter_reassignments, walk);
}

static const struct alter_reassignments_topic_ask *topic_of(struct walk *walk, uint32_t at)
{
    const struct alter_reassignments_ask *ask = walk->request->ask;
    return &ask->topics.items[at];
}

static bool topics_begin(struct walk *walk)
{
    struct alter_reassignments *work = work_of(walk);
    const struct alter_reassignments_ask *ask = walk->request->ask;

    walk->count = work->row_count = (uint32_t)ask->topics.count;
    work->answer.topics.count = ask->topics.count;
    work->answer.topics.items = walk_take(walk, walk->count * sizeof(*work->answer.topics.items));
    return work->answer.topics.items != NULL;
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    struct alter_reassignments *work = work_of(walk);
    const struct alter_reassignments_topic_ask *asked = topic_of(walk, at);
    struct alter_reassignments_topic_answer *topic = &work->answer.topics.items[at];

    walk->parts = (uint32_t)asked->partitions.count;
    work->topic = image_topic_by_name(&apis_of(walk->request)->replicas->image, asked->name);
    if (topic->partitions.items) return true;
    topic->name = asked->name;
    topic->partitions.items = walk_take(walk, walk->parts * sizeof(*topic->partitions.items));
    return topic->partitions.items != NULL;
}

static bool partition_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_reassignments *work = work_of(walk);
    const struct alter_reassignments_topic_ask *asked = topic_of(walk, at);
    struct alter_reassignments_topic_answer *topic = &work->answer.topics.items[at];

    work->row_count++;
    walk->spent += (uint32_t)max_of(asked->partitions.items[part].replicas.count, 0);
    partition_show(walk->request, work->topic, asked->name, &asked->partitions.items[part],
                   &topic->partitions.items[topic->partitions.count++]);
    return true;
}

static void all_shown(struct walk *walk)
{
    struct alter_reassignments *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(walk->request, &work->answer, work->row_count);
}

static const struct walk_pass passes[] = { { topics_begin, topic_open, partition_take }, { NULL, NULL, NULL } };

void alter_reassignments_begin(struct request *request)
{
    const struct alter_reassignments_ask *ask = request->ask;
    struct alter_reassignments *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    message_clear(request->api->answer, &work->answer);
    work->answer.allow_factor_change = ask->allow_factor_change;
    if (ask_late(ask)) work->answer.error = error_tell(request, ERROR_REQUEST_TIMED_OUT);
    work->answer.error_message = ask->topics.count == 0 ? TEXT("") : TEXT_NULL;
    walk_begin(&work->walk, request, passes, all_shown);
}
