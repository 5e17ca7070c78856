/* net/api/alter_reassignments.c   AlterPartitionReassignments on one node: replicas can be put where they are already,
 * and nowhere else. Everything is read off the image; the rules are those of Kafka's controller, in its words. */
#include "messages/alter_reassignments.h"
#include "api/api.h"
#include "api/error.h"

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
        row->error_message = assignment_fault(image, ask->replicas.items, ask->replicas.count, &request->arena);
        if (!row->error_message.data && !same_replicas(&topic->partitions[ask->index], ask)) {
            row->error_message = TEXT("Replicas can't be moved: this node has nowhere to move them to.");
        }
        row->error = row->error_message.data ? ERROR_INVALID_REPLICA_ASSIGNMENT : ERROR_NONE;
    }
    (void)error_tell(request, row->error);
}

static bool topics_show(struct request *request, const struct alter_reassignments_ask *ask,
                        struct alter_reassignments_answer *answer)
{
    const struct image *image = &apis_of(request)->replicas->image;

    answer->topics.items = arena_take(&request->arena, (size_t)ask->topics.count * sizeof(*answer->topics.items));
    if (!answer->topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct alter_reassignments_topic_ask *asked = &ask->topics.items[i];
        struct alter_reassignments_topic_answer *topic = &answer->topics.items[answer->topics.count++];
        topic->name = asked->name;
        topic->partitions.items =
            arena_take(&request->arena, (size_t)asked->partitions.count * sizeof(*topic->partitions.items));
        if (!topic->partitions.items) return false;
        for (int32_t j = 0; j < asked->partitions.count; j++) {
            partition_show(request, image_topic_by_name(image, asked->name), asked->name, &asked->partitions.items[j],
                           &topic->partitions.items[topic->partitions.count++]);
        }
    }
    return true;
}

void alter_reassignments_begin(struct request *request)
{
    const struct alter_reassignments_ask *ask = request->ask;
    struct alter_reassignments_answer answer;

    message_clear(request->api->answer, &answer);
    answer.allow_factor_change = ask->allow_factor_change;
    if (ask_late(ask)) answer.error = error_tell(request, ERROR_REQUEST_TIMED_OUT);
    answer.error_message = ask->topics.count == 0 ? TEXT("") : TEXT_NULL;
    if (topics_show(request, ask, &answer)) {
        request_answer(request, &answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
