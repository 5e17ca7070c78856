/* net/api/create_topics.c   CreateTopics: from rows of the request to one call of the controller, and back. The rules
 * are the controller's. When the call is done every shard of this node knows the topics; the answer shows them with
 * their configs (KIP-525), each as it is in its step.
 *
 *     begin --all are taken--> the controller --done--> all are shown --> answered
 *           \_/ a portion, a step                      \_/ a portion, a step
 */
#include "messages/create_topics.h"
#include "api/api.h"
#include "api/config_rows.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/walk.h"

enum { SHOWN_ITEMS = 15 }; /* what a topic with its configs costs more than an item of a walk */

struct create_topics {
    struct walk walk;
    struct request *request;
    struct controller_call call;
    struct numbered configs; /* of the topic that is taken: where each name stands, plus 1 */
    struct seen seen;        /* names that are told */
    struct numbered names;   /* how often each is asked for, when the time is over */
    bool late;               /* it is over, for one that is asked for once */
    uint32_t row_count;
    struct create_topics_answer answer;
    uint32_t step;                                  /* of the walk: */
    struct config_rows common;                      /* of topics without configs, in this step */
    const struct create_topics_topic_answer *plain; /* one of them: the others share its rows */
};

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
    uint32_t count = 0;

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
    const struct config_view *views = config_rows_of_topic(&work->common, &place, &request->arena, &count);
    if (!views) return false;
    row->configs.items = arena_take(&request->arena, count * sizeof(*row->configs.items));
    if (!row->configs.items) return false;
    if (topic->config_count == 0) work->plain = row;
    for (uint32_t i = 0; i < count; i++) {
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

/* ---- the way ---- */

static struct create_topics *work_of(struct walk *walk)
{
    return container_of(walk, struct create_topics, walk);
}

static bool showing_begin(struct walk *walk)
{
    struct create_topics *work = work_of(walk);

    walk->count = work->call.create_count;
    return seen_prepare(&work->seen, walk, walk->count);
}

/* A name that was asked for twice was refused twice, and is answered once. */
static bool topic_tell(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_topics *work = work_of(walk);
    const struct topic_create *create = &work->call.creates[at];
    (void)part;

    if (work->step != walk->steps) {
        work->step = walk->steps;
        work->common = (struct config_rows){ 0 };
        work->plain = NULL;
    }
    if (!seen_add(&work->seen, text_hash(create->name))) return true;
    if (create->status == STATUS_OK) walk->spent += SHOWN_ITEMS;
    return create_show(work, create);
}

static void all_told(struct walk *walk)
{
    struct create_topics *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, work->row_count);
}

static const struct walk_pass showing[] = { { showing_begin, NULL, topic_tell }, { NULL, NULL, NULL } };

static void create_done(struct controller_call *call)
{
    struct create_topics *work = container_of(call, struct create_topics, call);
    walk_begin(&work->walk, work->request, showing, all_told);
}

static const struct create_topics_topic_ask *topic_of(const struct walk *walk, uint32_t at)
{
    const struct create_topics_ask *ask = walk->request->ask;
    return &ask->topics.items[at];
}

static bool taking_begin(struct walk *walk)
{
    struct create_topics *work = work_of(walk);
    const struct create_topics_ask *ask = walk->request->ask;

    walk->count = (uint32_t)max_of(ask->topics.count, 0);
    work->call.creates = walk_take(walk, walk->count * sizeof(*work->call.creates));
    return work->call.creates != NULL;
}

/* The topic itself, each of its configs, each of its assignments. */
static bool topic_open(struct walk *walk, uint32_t at)
{
    const struct create_topics_topic_ask *topic = topic_of(walk, at);

    walk->parts = 1 + (uint32_t)topic->configs.count + (uint32_t)max_of(topic->assignments.count, 0);
    return true;
}

static bool assignments_furnish(struct walk *walk, struct topic_create *create, size_t count)
{
    if (count == 0) return true;
    create->assignments = walk_take(walk, count * sizeof(*create->assignments));
    create->assignment_sizes = walk_take(walk, count * sizeof(*create->assignment_sizes));
    create->assignment_indexes = walk_take(walk, count * sizeof(*create->assignment_indexes));
    return create->assignments && create->assignment_sizes && create->assignment_indexes;
}

static bool topic_take(struct walk *walk, const struct create_topics_topic_ask *topic)
{
    struct create_topics *work = work_of(walk);
    struct topic_create *create = &work->call.creates[work->call.create_count++];
    uint32_t config_count = (uint32_t)topic->configs.count;

    create->name = topic->name;
    create->partition_count = topic->partition_count;
    create->replication_factor = topic->replication_factor;
    create->room = arena_take_raw(&walk->request->arena, CONTROLLER_WHY_MAX);
    create->configs = walk_take(walk, config_count * sizeof(*create->configs));
    return create->room && create->configs &&
           (config_count == 0 || numbered_prepare(&work->configs, walk, config_count)) &&
           assignments_furnish(walk, create, (size_t)max_of(topic->assignments.count, 0));
}

/* Of a name that is there twice the last value holds; a null is refused wherever it stands. */
static void config_take(struct create_topics *work, struct topic_create *create,
                        const struct create_topics_config_ask *config)
{
    uint32_t *place = config->value.data ? numbered_of(&work->configs, text_hash(config->name)) : NULL;

    if (place && *place > 0) {
        create->configs[*place - 1].value = config->value;
        return;
    }
    create->configs[create->config_count++] = (struct config_change){ .name = config->name, .value = config->value };
    if (place) *place = create->config_count;
}

static void assignment_take(struct topic_create *create, const struct create_topics_assignment *assignment)
{
    uint32_t at = create->assignment_count++;

    create->assignments[at] = assignment->broker_ids.items;
    create->assignment_sizes[at] = (uint16_t)min_of(max_of(assignment->broker_ids.count, 0), UINT16_MAX);
    create->assignment_indexes[at] = assignment->index;
}

static bool part_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_topics *work = work_of(walk);
    const struct create_topics_topic_ask *topic = topic_of(walk, at);
    uint32_t configs = (uint32_t)topic->configs.count;
    if (part == 0) return topic_take(walk, topic);

    struct topic_create *create = &work->call.creates[at];
    if (part <= configs) {
        config_take(work, create, &topic->configs.items[part - 1]);
    } else {
        assignment_take(create, &topic->assignments.items[part - 1 - configs]);
    }
    return true;
}

static bool rows_begin(struct walk *walk)
{
    struct create_topics *work = work_of(walk);
    size_t size = work->call.create_count * sizeof(*work->answer.topics.items);

    walk->count = 0;
    work->answer.topics.items = walk_take(walk, size);
    return work->answer.topics.items != NULL;
}

/* Kafka's controller finds the time over before it looks at a topic, and then none of the request is made; what is
 * refused before anybody asks the controller is refused as ever, when there is nothing else. */
static bool counting_begin(struct walk *walk)
{
    struct create_topics *work = work_of(walk);
    const struct create_topics_ask *ask = walk->request->ask;

    if (ask->timeout_ms > 0) return true;
    walk->count = work->call.create_count;
    return numbered_prepare(&work->names, walk, walk->count);
}

static bool name_count(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_topics *work = work_of(walk);
    (void)part;

    (*numbered_of(&work->names, text_hash(work->call.creates[at].name)))++;
    return true;
}

static bool judging_begin(struct walk *walk)
{
    const struct create_topics_ask *ask = walk->request->ask;

    walk->count = ask->timeout_ms > 0 ? 0 : work_of(walk)->call.create_count;
    return true;
}

static bool name_judge(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_topics *work = work_of(walk);
    struct text name = work->call.creates[at].name;
    (void)part;

    work->late |= *numbered_of(&work->names, text_hash(name)) == 1 && !text_equal(name, TEXT("__cluster_metadata"));
    return true;
}

static bool refusing_begin(struct walk *walk)
{
    walk->count = work_of(walk)->late ? work_of(walk)->call.create_count : 0;
    return true;
}

static bool topic_refuse(struct walk *walk, uint32_t at, uint32_t part)
{
    struct create_topics *work = work_of(walk);
    (void)part;

    work->answer.topics.items[work->answer.topics.count++] =
        (struct create_topics_topic_answer){ .name = work->call.creates[at].name,
                                             .error = error_tell(work->request, ERROR_REQUEST_TIMED_OUT),
                                             .partition_count = -1,
                                             .replication_factor = -1 };
    work->row_count++;
    return true;
}

static void all_taken(struct walk *walk)
{
    struct create_topics *work = work_of(walk);
    const struct create_topics_ask *ask = walk->request->ask;

    if (work->late || walk->status != STATUS_OK) {
        all_told(walk);
        return;
    }
    work->call.caller = work->request->shard;
    work->call.kind = CONTROLLER_CREATE_TOPICS;
    work->call.validate_only = ask->validate_only;
    work->call.arena = &work->request->arena;
    work->call.done = create_done;
    controller_begin(work->request->shard, &work->call);
}

static const struct walk_pass taking[] = {
    { taking_begin, topic_open, part_take }, { rows_begin, NULL, NULL },
    { counting_begin, NULL, name_count },    { judging_begin, NULL, name_judge },
    { refusing_begin, NULL, topic_refuse },  { NULL, NULL, NULL },
};

void create_topics_begin(struct request *request)
{
    struct create_topics *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    walk_begin(&work->walk, request, taking, all_taken);
}
