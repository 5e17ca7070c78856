/* net/api/create_partitions.c   CreatePartitions: more partitions for topics, from rows of the request to one call of
 * the controller, and back. A topic that is named twice is refused here, and answered once. KIP-195. */
#include "messages/create_partitions.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"

struct create_partitions {
    struct request *request;
    struct controller_call call;
    struct create_partitions_answer answer; /* first the topics that were named twice */
};

static void answer_add(struct create_partitions *work, struct text name, int16_t error, struct text why)
{
    work->answer.topics.items[work->answer.topics.count++] = (struct create_partitions_topic_answer){
        .name = name, .error = error_tell(work->request, error), .error_message = why
    };
}

static void grown(struct controller_call *call)
{
    struct create_partitions *work = container_of(call, struct create_partitions, call);

    for (uint32_t i = 0; i < call->grow_count; i++) {
        const struct topic_grow *grow = &call->grows[i];
        enum status status = call->status != STATUS_OK ? call->status : grow->status;
        struct text why = call->status != STATUS_OK ? error_text(status) : grow->why;
        answer_add(work, grow->name, error_of(status), why);
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static bool assignments_read(struct topic_grow *grow, const struct create_partitions_topic_ask *ask,
                             struct arena *arena)
{
    size_t count = (size_t)max_of(ask->assignments.count, 0);

    grow->by_hand = ask->assignments.count >= 0;
    grow->assignments = arena_take(arena, count * sizeof(*grow->assignments));
    grow->assignment_sizes = arena_take(arena, count * sizeof(*grow->assignment_sizes));
    if (!grow->assignments || !grow->assignment_sizes) return false;
    for (size_t i = 0; i < count; i++) {
        const struct create_partitions_assignment *assignment = &ask->assignments.items[i];
        grow->assignments[i] = assignment->broker_ids.items;
        grow->assignment_sizes[i] = (uint16_t)min_of(max_of(assignment->broker_ids.count, 0), UINT16_MAX);
    }
    grow->assignment_count = (uint32_t)count;
    return true;
}

/* What is named once goes to the controller, what is named more often into the answer. */
static bool topics_read(struct create_partitions *work, const struct create_partitions_ask *ask)
{
    struct arena *arena = &work->request->arena;
    uint32_t count = (uint32_t)max_of(ask->topics.count, 0);
    struct controller_call *call = &work->call;
    struct seen once, twice;

    call->grows = arena_take(arena, count * sizeof(*call->grows));
    work->answer.topics.items = arena_take(arena, count * sizeof(*work->answer.topics.items));
    if (!call->grows || !work->answer.topics.items) return false;
    if (!seen_init(&once, arena, count) || !seen_init(&twice, arena, count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = text_hash(ask->topics.items[i].name);
        if (seen_add(&once, hash) || !seen_add(&twice, hash)) continue;
        answer_add(work, ask->topics.items[i].name, ERROR_INVALID_REQUEST, TEXT("Duplicate topic name."));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct create_partitions_topic_ask *topic = &ask->topics.items[i];
        if (seen_has(&twice, text_hash(topic->name))) continue;
        struct topic_grow *grow = &call->grows[call->grow_count++];
        grow->name = topic->name;
        grow->count = topic->count;
        if (!assignments_read(grow, topic, arena)) return false;
    }
    return true;
}

/* Kafka's controller finds the time over before it looks at a topic; then none of the request is done. */
static void grow_refuse(struct create_partitions *work, const struct create_partitions_ask *ask)
{
    work->answer.topics.count = 0;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        answer_add(work, ask->topics.items[i].name, ERROR_REQUEST_TIMED_OUT, TEXT_NULL);
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

void create_partitions_begin(struct request *request)
{
    const struct create_partitions_ask *ask = request->ask;
    struct create_partitions *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !topics_read(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    if (ask->timeout_ms <= 0 && work->call.grow_count > 0) {
        grow_refuse(work, ask);
        return;
    }
    work->call.caller = request->shard;
    work->call.kind = CONTROLLER_CREATE_PARTITIONS;
    work->call.validate_only = ask->validate_only;
    work->call.arena = &request->arena;
    work->call.done = grown;
    controller_begin(request->shard, &work->call);
}
