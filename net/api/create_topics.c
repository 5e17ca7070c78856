/* net/api/create_topics.c   CreateTopics: from rows of the request to one call of the controller, and back. The rules
 * are the controller's. When the call is done every shard of this node knows the topics; the answer shows them with
 * their configs (KIP-525). */
#include "messages/create_topics.h"
#include "api/api.h"
#include "api/config_rows.h"
#include "api/error.h"
#include "api/seen.h"

enum { TOPICS_PORTION = 64 };

struct create_topics {
    struct request *request;
    struct controller_call call;
    struct ready ready;
    struct seen seen;
    uint32_t shown; /* of the call's topics */
    uint32_t row_count;
    struct create_topics_answer answer;
    struct config_rows common;                      /* of topics without configs, in this portion */
    const struct create_topics_topic_answer *plain; /* one of them: the others share its rows */
};

static bool create_configs(struct topic_create *create, const struct create_topics_topic_ask *ask, struct arena *arena)
{
    create->configs = arena_take(arena, (size_t)ask->configs.count * sizeof(*create->configs));
    if (!create->configs) return false;
    for (int32_t i = 0; i < ask->configs.count; i++) {
        create->configs[create->config_count++] =
            (struct config_change){ .name = ask->configs.items[i].name, .value = ask->configs.items[i].value };
    }
    return true;
}

static bool create_assignments(struct topic_create *create, const struct create_topics_topic_ask *ask,
                               struct arena *arena)
{
    size_t count = (size_t)max_of(ask->assignments.count, 0);
    if (count == 0) return true;

    create->assignments = arena_take(arena, count * sizeof(*create->assignments));
    create->assignment_sizes = arena_take(arena, count * sizeof(*create->assignment_sizes));
    create->assignment_indexes = arena_take(arena, count * sizeof(*create->assignment_indexes));
    if (!create->assignments || !create->assignment_sizes || !create->assignment_indexes) return false;
    for (size_t i = 0; i < count; i++) {
        const struct create_topics_assignment *assignment = &ask->assignments.items[i];
        create->assignments[i] = assignment->broker_ids.items;
        create->assignment_sizes[i] = (uint16_t)min_of(max_of(assignment->broker_ids.count, 0), UINT16_MAX);
        create->assignment_indexes[i] = assignment->index;
    }
    create->assignment_count = (uint32_t)count;
    return true;
}

/* What the topic would be: it was only validated, so it is in no image. */
static struct image_topic *topic_imagined(const struct topic_create *create, struct arena *arena)
{
    struct image_topic *topic = arena_take(arena, sizeof(*topic));
    struct image_config *configs = arena_take(arena, create->config_count * sizeof(*configs));

    if (!topic || !configs) return NULL;
    topic->name = create->name;
    topic->configs = configs;
    for (uint32_t i = 0; i < create->config_count; i++) {
        if (!create->configs[i].value.data) continue;
        configs[topic->config_count++] = (struct image_config){ create->configs[i].name, create->configs[i].value };
    }
    return topic;
}

/* A topic that is as it was asked for, with what its configs are now. False: no memory to tell them. */
static bool topic_show(struct create_topics *work, const struct topic_create *create,
                       struct create_topics_topic_answer *row)
{
    struct request *request = work->request;
    const struct apis *apis = apis_of(request);
    const struct image_topic *topic = image_topic_by_id(&apis->replicas->image, create->id);
    const struct create_topics_topic_answer *plain = work->plain;

    row->topic_id = work->call.validate_only ? UUID_NONE : create->id;
    row->partition_count = create->partition_count;
    row->replication_factor = create->replication_factor;
    if (request->version < 5) return true;
    if (!topic) topic = topic_imagined(create, &request->arena);
    if (!topic) return false;
    if (topic->config_count == 0 && plain) {
        row->configs.items = plain->configs.items;
        row->configs.count = plain->configs.count;
        return true;
    }
    struct config_place place = replicas_configs(apis->replicas, topic);
    const struct config_view *views = config_rows_of_topic(&work->common, &place, &request->arena);
    if (!views) return false;
    row->configs.items = arena_take(&request->arena, work->common.count * sizeof(*row->configs.items));
    if (!row->configs.items) return false;
    if (topic->config_count == 0) work->plain = row;
    for (uint32_t i = 0; i < work->common.count; i++) {
        struct text value = views[i].value;
        if (!config_keep(&value, views[i].origin, &request->arena)) return false;
        row->configs.items[row->configs.count++] =
            (struct create_topics_config_answer){ .name = text_of(views[i].row->name),
                                                  .value = value,
                                                  .read_only = views[i].read_only,
                                                  .source = (int8_t)views[i].origin,
                                                  .is_sensitive = views[i].sensitive };
    }
    return true;
}

static bool create_show(struct create_topics *work, const struct topic_create *create)
{
    struct create_topics_topic_answer *row = &work->answer.topics.items[work->answer.topics.count++];
    enum status status = work->call.status != STATUS_OK ? work->call.status : create->status;

    *row = (struct create_topics_topic_answer){ .name = create->name,
                                                .error = error_tell(work->request, error_of(status)),
                                                .partition_count = -1,
                                                .replication_factor = -1 };
    if (status != STATUS_OK) {
        row->error_message = create->why.data ? create->why : error_text(status);
    } else if (!topic_show(work, create, row)) {
        return false;
    }
    work->row_count += 1 + (uint32_t)max_of(row->configs.count, 0);
    return true;
}

/* A name that was asked for twice was refused twice, and is answered once. */
static void create_go(struct ready *ready)
{
    struct create_topics *work = container_of(ready, struct create_topics, ready);
    uint32_t limit = min_of(work->shown + TOPICS_PORTION, work->call.create_count);

    work->common = (struct config_rows){ 0 };
    work->plain = NULL;
    for (; work->shown < limit; work->shown++) {
        const struct topic_create *create = &work->call.creates[work->shown];
        if (!seen_add(&work->seen, text_hash(create->name)) || create_show(work, create)) continue;
        request_abort(work->request, "no memory");
        return;
    }
    if (limit < work->call.create_count) {
        shard_ready(work->request->shard, &work->ready);
    } else {
        request_answer_rows(work->request, &work->answer, work->row_count);
    }
}

static void create_done(struct controller_call *call)
{
    struct create_topics *work = container_of(call, struct create_topics, call);

    if (!seen_init(&work->seen, &work->request->arena, call->create_count)) {
        request_abort(work->request, "no memory");
        return;
    }
    ready_init(&work->ready, create_go);
    create_go(&work->ready);
}

static bool create_make(struct create_topics *work, const struct create_topics_ask *ask)
{
    struct arena *arena = &work->request->arena;
    size_t count = (size_t)max_of(ask->topics.count, 0);
    struct controller_call *call = &work->call;

    call->creates = arena_take(arena, count * sizeof(*call->creates));
    work->answer.topics.items = arena_take(arena, count * sizeof(*work->answer.topics.items));
    if (!call->creates || !work->answer.topics.items) return false;
    for (size_t i = 0; i < count; i++) {
        const struct create_topics_topic_ask *topic = &ask->topics.items[i];
        struct topic_create *create = &call->creates[call->create_count++];
        create->name = topic->name;
        create->partition_count = topic->partition_count;
        create->replication_factor = topic->replication_factor;
        if (!create_configs(create, topic, arena) || !create_assignments(create, topic, arena)) return false;
    }
    return true;
}

/* Kafka's controller finds the time over before it looks at a topic, and then none of the request is made; what is
 * refused before anybody asks the controller is refused as ever, when there is nothing else. False: no memory. */
static bool create_late(struct create_topics *work, const struct create_topics_ask *ask, bool *late)
{
    uint32_t count = work->call.create_count;
    struct seen once, twice;

    *late = false;
    if (ask->timeout_ms > 0) return true;
    if (!seen_init(&once, &work->request->arena, count) || !seen_init(&twice, &work->request->arena, count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = text_hash(ask->topics.items[i].name);
        if (!seen_add(&once, hash)) (void)seen_add(&twice, hash);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct text name = ask->topics.items[i].name;
        *late |= !seen_has(&twice, text_hash(name)) && !text_equal(name, TEXT("__cluster_metadata"));
    }
    return true;
}

static void create_refuse(struct create_topics *work, const struct create_topics_ask *ask)
{
    for (int32_t i = 0; i < ask->topics.count; i++) {
        work->answer.topics.items[work->answer.topics.count++] =
            (struct create_topics_topic_answer){ .name = ask->topics.items[i].name,
                                                 .error = error_tell(work->request, ERROR_REQUEST_TIMED_OUT),
                                                 .partition_count = -1,
                                                 .replication_factor = -1 };
    }
    request_answer_rows(work->request, &work->answer, (uint32_t)work->answer.topics.count);
}

void create_topics_begin(struct request *request)
{
    const struct create_topics_ask *ask = request->ask;
    struct create_topics *work = arena_take(&request->arena, sizeof(*work));
    bool late = false;

    if (work) work->request = request;
    if (!work || !create_make(work, ask) || !create_late(work, ask, &late)) {
        request_abort(request, "no memory");
        return;
    }
    if (late) {
        create_refuse(work, ask);
        return;
    }
    work->call.caller = request->shard;
    work->call.kind = CONTROLLER_CREATE_TOPICS;
    work->call.validate_only = ask->validate_only;
    work->call.arena = &request->arena;
    work->call.done = create_done;
    controller_begin(request->shard, &work->call);
}
