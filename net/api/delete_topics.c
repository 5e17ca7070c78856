/* net/api/delete_topics.c   DeleteTopics, by name or (from version 6) by id.
 *
 *     begin --all are taken, what is named twice is struck--> the controller --done--> all are shown --> answered
 *           \_/ a portion, a step                                             \_/ a portion, a step
 */
#include "messages/delete_topics.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/walk.h"

struct delete_topics {
    struct walk walk;
    struct request *request;
    struct controller_call call;
    uint32_t item_count;   /* of the request */
    struct numbered named; /* how often each is, by name or by id */
    bool late;
    struct seen told; /* ids of topics whose row is that of their name */
    struct delete_topics_answer answer;
};

static struct delete_topics *work_of(struct walk *walk)
{
    return container_of(walk, struct delete_topics, walk);
}

/* ---- the answer ---- */

static void all_told(struct walk *walk)
{
    struct delete_topics *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, (uint32_t)work->answer.topics.count);
}

static bool telling_begin(struct walk *walk)
{
    struct delete_topics *work = work_of(walk);

    walk->count = work->call.delete_count;
    return seen_prepare(&work->told, walk, walk->count);
}

/* A topic that is named by its name and by its id is refused in one row: that of the name, which says the id, too. */
static bool id_note(struct walk *walk, uint32_t at, uint32_t part)
{
    const struct topic_delete *delete = &work_of(walk)->call.deletes[at];
    (void)part;

    if (delete->by == DELETE_BY_NAME) (void)seen_add(&work_of(walk)->told, uuid_hash(delete->id));
    return true;
}

static bool showing_begin(struct walk *walk)
{
    walk->count = work_of(walk)->call.delete_count;
    return true;
}

static bool topic_show(struct walk *walk, uint32_t at, uint32_t part)
{
    struct delete_topics *work = work_of(walk);
    const struct controller_call *call = &work->call;
    const struct topic_delete *delete = &call->deletes[at];
    (void)part;

    if (delete->by == DELETE_BY_ID && seen_has(&work->told, uuid_hash(delete->id))) return true;
    struct delete_topics_topic_answer *row = &work->answer.topics.items[work->answer.topics.count++];
    enum status status = call->status != STATUS_OK ? call->status : delete->status;

    *row = (struct delete_topics_topic_answer){ .name = delete->name,
                                                .topic_id = delete->id,
                                                .error = error_tell(work->request, error_of(status)) };
    if (status != STATUS_OK) row->error_message = delete->why.data ? delete->why : error_text(status);
    return true;
}

static const struct walk_pass telling[] = {
    { telling_begin, NULL, id_note },
    { showing_begin, NULL, topic_show },
    { NULL, NULL, NULL },
};

static void delete_done(struct controller_call *call)
{
    struct delete_topics *work = container_of(call, struct delete_topics, call);
    walk_begin(&work->walk, work->request, telling, all_told);
}

/* ---- the question ---- */

static bool row_refuse(struct delete_topics *work, struct text name, struct uuid id, int16_t error, struct text why)
{
    work->answer.topics.items[work->answer.topics.count++] = (struct delete_topics_topic_answer){
        .name = name,
        .topic_id = id,
        .error = error_tell(work->request, error),
        .error_message = why,
    };
    return true;
}

/* What an item names, by name or by id; false: neither or both, which its own words refuse. */
static bool item_hash(const struct topic_delete *delete, uint64_t *hash)
{
    bool named = delete->name.data != NULL;

    *hash = named ? text_hash(delete->name) : uuid_hash(delete->id);
    return named == uuid_equal(delete->id, UUID_NONE);
}

static struct topic_delete item_of(const struct request *request, uint32_t i)
{
    const struct delete_topics_ask *ask = request->ask;

    if (request->version < 6) return (struct topic_delete){ .name = ask->topic_names.items[i], .id = UUID_NONE };
    return (struct topic_delete){ .name = ask->topics.items[i].name, .id = ask->topics.items[i].topic_id };
}

static bool rows_begin(struct walk *walk)
{
    struct delete_topics *work = work_of(walk);
    const struct delete_topics_ask *ask = walk->request->ask;
    bool listed = walk->request->version >= 6;

    work->item_count = (uint32_t)max_of(listed ? ask->topics.count : ask->topic_names.count, 0);
    work->answer.topics.items = walk_take(walk, work->item_count * sizeof(*work->answer.topics.items));
    walk->count = 0;
    return work->answer.topics.items && numbered_prepare(&work->named, walk, work->item_count);
}

static bool counting_begin(struct walk *walk)
{
    walk->count = work_of(walk)->item_count;
    return true;
}

/* What is named twice is refused, once, */
static bool item_count(struct walk *walk, uint32_t at, uint32_t part)
{
    struct delete_topics *work = work_of(walk);
    struct topic_delete item = item_of(work->request, at);
    uint64_t hash;
    (void)part;

    if (!item_hash(&item, &hash) || ++*numbered_of(&work->named, hash) != 2) return true;
    return row_refuse(work, item.name, item.id, ERROR_INVALID_REQUEST,
                      item.name.data ? TEXT("Duplicate topic name.") : TEXT("Duplicate topic id."));
}

static bool taking_begin(struct walk *walk)
{
    struct delete_topics *work = work_of(walk);

    walk->count = work->item_count;
    work->call.deletes = walk_take(walk, walk->count * sizeof(*work->call.deletes));
    return work->call.deletes != NULL;
}

/* and not deleted. */
static bool item_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct delete_topics *work = work_of(walk);
    const struct delete_topics_ask *ask = walk->request->ask;
    struct topic_delete item = item_of(work->request, at);
    uint64_t hash;
    bool clear = item_hash(&item, &hash);
    (void)part;

    if (clear && *numbered_of(&work->named, hash) > 1) return true;
    item.room = arena_take_raw(&walk->request->arena, CONTROLLER_WHY_MAX);
    work->call.deletes[work->call.delete_count++] = item;
    work->late |= clear && ask->timeout_ms <= 0;
    return item.room != NULL;
}

/* Kafka's controller finds the time over before it looks at a topic, and then none of the request is done; what is
 * refused before anybody asks the controller is refused as ever, when there is nothing else. */
static bool refusing_begin(struct walk *walk)
{
    struct delete_topics *work = work_of(walk);

    walk->count = work->late ? work->item_count : 0;
    if (work->late) work->answer.topics.count = 0;
    return true;
}

static bool item_refuse(struct walk *walk, uint32_t at, uint32_t part)
{
    struct topic_delete item = item_of(walk->request, at);
    (void)part;

    return row_refuse(work_of(walk), item.name, item.id, ERROR_REQUEST_TIMED_OUT, TEXT_NULL);
}

static void all_taken(struct walk *walk)
{
    struct delete_topics *work = work_of(walk);

    if (work->late || walk->status != STATUS_OK) {
        all_told(walk);
        return;
    }
    work->call.caller = work->request->shard;
    work->call.kind = CONTROLLER_DELETE_TOPICS;
    work->call.arena = &work->request->arena;
    work->call.done = delete_done;
    controller_begin(work->request->shard, &work->call);
}

static const struct walk_pass taking[] = {
    { rows_begin, NULL, NULL },
    { counting_begin, NULL, item_count },
    { taking_begin, NULL, item_take },
    { refusing_begin, NULL, item_refuse },
    { NULL, NULL, NULL },
};

void delete_topics_begin(struct request *request)
{
    struct delete_topics *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    walk_begin(&work->walk, request, taking, all_taken);
}
