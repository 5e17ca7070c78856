/* net/api/create_partitions.c   CreatePartitions: more partitions for topics, from rows of the request to one call of
 * the controller, and back. A topic that is named twice is refused here, and answered once. KIP-195.
 *
 *     begin --names--> who is named twice --the others are taken--> the controller --done--> all are shown --> answered
 *           \_/ a portion, a step        \_/ a portion, a step                    \_/ a portion, a step
 */
#include "messages/create_partitions.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/walk.h"

struct create_partitions {
    struct walk walk;
    struct request *request;
    struct controller_call call;
    struct seen once, twice; /* names */
    bool late;
    struct create_partitions_answer answer; /* first the topics that were named twice */
};

static struct create_partitions *work_of(struct walk *walk)
{
    return container_of(walk, struct create_partitions, walk);
}

static const struct create_partitions_topic_ask *topic_of(const struct walk *walk, uint32_t at)
{
    const struct create_partitions_ask *ask = walk->request->ask;
    return &ask->topics.items[at];
}

static void answer_add(struct create_partitions *work, struct text name, int16_t error, struct text why)
{
    work->answer.topics.items[work->answer.topics.count++] = (struct create_partitions_topic_answer){
        .name = name, .error = error_tell(work->request, error), .error_message = why
    };
}

/* ---- the answer ---- */

static bool showing_begin(struct walk *walk)
{
    walk->count = work_of(walk)->call.grow_count;
    return true;
}

static bool topic_show(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_partitions *work = work_of(walk);
    const struct topic_grow *grow = &work->call.grows[at];
    (void)part;

    if (work->call.status != STATUS_OK) {
        answer_add(work, grow->name, error_of(work->call.status), error_text(work->call.status));
    } else {
        answer_add(work, grow->name, error_of(grow->status), grow->why);
    }
    return true;
}

static void all_shown(struct walk *walk)
{
    struct create_partitions *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, (uint32_t)work->answer.topics.count);
}

static const struct walk_pass showing[] = { { showing_begin, NULL, topic_show }, { NULL, NULL, NULL } };

static void grown(struct controller_call *call)
{
    struct create_partitions *work = container_of(call, struct create_partitions, call);
    walk_begin(&work->walk, work->request, showing, all_shown);
}

/* ---- the question ---- */

static bool topics_begin(struct walk *walk)
{
    const struct create_partitions_ask *ask = walk->request->ask;

    walk->count = (uint32_t)max_of(ask->topics.count, 0);
    return true;
}

static bool naming_begin(struct walk *walk)
{
    struct create_partitions *work = work_of(walk);

    (void)topics_begin(walk);
    work->answer.topics.items = walk_take(walk, walk->count * sizeof(*work->answer.topics.items));
    return work->answer.topics.items && seen_prepare(&work->once, walk, walk->count) &&
           seen_prepare(&work->twice, walk, walk->count);
}

/* What is named once goes to the controller, what is named more often into the answer. */
static bool name_note(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_partitions *work = work_of(walk);
    struct text name = topic_of(walk, at)->name;
    uint64_t hash = text_hash(name);
    (void)part;

    if (seen_add(&work->once, hash) || !seen_add(&work->twice, hash)) return true;
    answer_add(work, name, ERROR_INVALID_REQUEST, TEXT("Duplicate topic name."));
    return true;
}

static bool taking_begin(struct walk *walk)
{
    struct create_partitions *work = work_of(walk);

    (void)topics_begin(walk);
    work->call.grows = walk_take(walk, walk->count * sizeof(*work->call.grows));
    return work->call.grows != NULL;
}

/* The topic itself, then each of its assignments. */
static bool topic_open(struct walk *walk, uint32_t at)
{
    const struct create_partitions_topic_ask *topic = topic_of(walk, at);
    bool twice = seen_has(&work_of(walk)->twice, text_hash(topic->name));

    walk->parts = twice ? 0 : 1 + (uint32_t)max_of(topic->assignments.count, 0);
    return true;
}

static bool topic_take(struct walk *walk, const struct create_partitions_topic_ask *topic)
{
    struct create_partitions *work = work_of(walk);
    struct topic_grow *grow = &work->call.grows[work->call.grow_count++];
    size_t count = (size_t)max_of(topic->assignments.count, 0);

    grow->name = topic->name;
    grow->count = topic->count;
    grow->by_hand = topic->assignments.count >= 0;
    grow->room = arena_take_raw(&work->request->arena, CONTROLLER_WHY_MAX);
    grow->assignments = walk_take(walk, count * sizeof(*grow->assignments));
    grow->assignment_sizes = walk_take(walk, count * sizeof(*grow->assignment_sizes));
    return grow->room && grow->assignments && grow->assignment_sizes;
}

static bool part_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_partitions *work = work_of(walk);
    const struct create_partitions_topic_ask *topic = topic_of(walk, at);
    if (part == 0) return topic_take(walk, topic);

    struct topic_grow *grow = &work->call.grows[work->call.grow_count - 1];
    const struct create_partitions_assignment *assignment = &topic->assignments.items[part - 1];
    grow->assignments[part - 1] = assignment->broker_ids.items;
    grow->assignment_sizes[part - 1] = (uint16_t)min_of(max_of(assignment->broker_ids.count, 0), UINT16_MAX);
    grow->assignment_count = part;
    return true;
}

/* Kafka's controller finds the time over before it looks at a topic; then none of the request is done. */
static bool refusing_begin(struct walk *walk)
{
    struct create_partitions *work = work_of(walk);
    const struct create_partitions_ask *ask = walk->request->ask;

    work->late = ask->timeout_ms <= 0 && work->call.grow_count > 0;
    if (!work->late) return true;
    work->answer.topics.count = 0;
    return topics_begin(walk);
}

static bool topic_refuse(struct walk *walk, uint32_t at, uint32_t part)
{
    (void)part;

    answer_add(work_of(walk), topic_of(walk, at)->name, ERROR_REQUEST_TIMED_OUT, TEXT_NULL);
    return true;
}

static void all_taken(struct walk *walk)
{
    struct create_partitions *work = work_of(walk);
    const struct create_partitions_ask *ask = walk->request->ask;

    if (work->late || walk->status != STATUS_OK) {
        all_shown(walk);
        return;
    }
    work->call.kind = CONTROLLER_CREATE_PARTITIONS;
    work->call.validate_only = ask->validate_only;
    work->call.arena = &work->request->arena;
    work->call.done = grown;
    controller_begin(work->request->shard, &work->call);
}

static const struct walk_pass taking[] = {
    { naming_begin, NULL, name_note },
    { taking_begin, topic_open, part_take },
    { refusing_begin, NULL, topic_refuse },
    { NULL, NULL, NULL },
};

void create_partitions_begin(struct request *request)
{
    struct create_partitions *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    walk_begin(&work->walk, request, taking, all_taken);
}
