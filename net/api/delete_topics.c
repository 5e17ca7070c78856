/* net/api/delete_topics.c   DeleteTopics, by name or (from version 6) by id. */
#include "messages/delete_topics.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"

struct delete_topics {
    struct request *request;
    struct controller_call call;
    uint32_t item_count; /* of the request */
    struct delete_topics_answer answer;
};

/* A topic that is named by its name and by its id is refused in one row: that of the name, which says the id, too. */
static bool ids_told(const struct controller_call *call, struct seen *told)
{
    if (!seen_init(told, call->arena, call->delete_count)) return false;
    for (uint32_t i = 0; i < call->delete_count; i++) {
        const struct topic_delete *delete = &call->deletes[i];
        if (delete->by == DELETE_BY_NAME) (void)seen_add(told, uuid_hash(delete->id));
    }
    return true;
}

static void delete_done(struct controller_call *call)
{
    struct delete_topics *work = container_of(call, struct delete_topics, call);
    struct seen told;

    if (!ids_told(call, &told)) {
        request_abort(work->request, "no memory");
        return;
    }
    for (uint32_t i = 0; i < call->delete_count; i++) {
        const struct topic_delete *delete = &call->deletes[i];
        if (delete->by == DELETE_BY_ID && seen_has(&told, uuid_hash(delete->id))) continue;
        struct delete_topics_topic_answer *row = &work->answer.topics.items[work->answer.topics.count++];
        enum status status = call->status != STATUS_OK ? call->status : delete->status;

        *row = (struct delete_topics_topic_answer){ .name = delete->name,
                                                    .topic_id = delete->id,
                                                    .error = error_tell(work->request, error_of(status)) };
        if (status != STATUS_OK) row->error_message = delete->why.data ? delete->why : error_text(status);
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static void row_refuse(struct delete_topics *work, struct text name, struct uuid id, int16_t error, struct text why)
{
    work->answer.topics.items[work->answer.topics.count++] = (struct delete_topics_topic_answer){
        .name = name,
        .topic_id = id,
        .error = error_tell(work->request, error),
        .error_message = why,
    };
}

/* What an item names, by name or by id; false: neither or both, which its own words refuse. */
static bool item_hash(const struct topic_delete *delete, uint64_t *hash)
{
    bool named = delete->name.data != NULL;

    *hash = named ? text_hash(delete->name) : uuid_hash(delete->id);
    return named == uuid_equal(delete->id, UUID_NONE);
}

/* What is named twice is refused, once, and not deleted. */
static bool doubles_strike(struct delete_topics *work)
{
    struct controller_call *call = &work->call;
    struct seen once, twice;
    uint32_t kept = 0;
    uint64_t hash;

    if (!seen_init(&once, &work->request->arena, call->delete_count)) return false;
    if (!seen_init(&twice, &work->request->arena, call->delete_count)) return false;
    for (uint32_t i = 0; i < call->delete_count; i++) {
        const struct topic_delete *delete = &call->deletes[i];
        if (!item_hash(delete, &hash) || seen_add(&once, hash) || !seen_add(&twice, hash)) continue;
        row_refuse(work, delete->name, delete->id, ERROR_INVALID_REQUEST,
                   delete->name.data ? TEXT("Duplicate topic name.") : TEXT("Duplicate topic id."));
    }
    for (uint32_t i = 0; i < call->delete_count; i++) {
        if (item_hash(&call->deletes[i], &hash) && seen_has(&twice, hash)) continue;
        call->deletes[kept++] = call->deletes[i];
    }
    call->delete_count = kept;
    return true;
}

static struct topic_delete item_of(const struct request *request, size_t i)
{
    const struct delete_topics_ask *ask = request->ask;

    if (request->version < 6) return (struct topic_delete){ .name = ask->topic_names.items[i], .id = UUID_NONE };
    return (struct topic_delete){ .name = ask->topics.items[i].name, .id = ask->topics.items[i].topic_id };
}

static bool delete_make(struct delete_topics *work, const struct delete_topics_ask *ask)
{
    struct arena *arena = &work->request->arena;
    bool listed = work->request->version >= 6;
    size_t count = (size_t)max_of(listed ? ask->topics.count : ask->topic_names.count, 0);
    struct controller_call *call = &work->call;

    call->deletes = arena_take(arena, count * sizeof(*call->deletes));
    work->answer.topics.items = arena_take(arena, count * sizeof(*work->answer.topics.items));
    if (!call->deletes || !work->answer.topics.items) return false;
    for (size_t i = 0; i < count; i++) {
        call->deletes[call->delete_count++] = item_of(work->request, i);
    }
    work->item_count = (uint32_t)count;
    return doubles_strike(work);
}

/* Kafka's controller finds the time over before it looks at a topic, and then none of the request is done; what is
 * refused before anybody asks the controller is refused as ever, when there is nothing else. */
static bool delete_late(const struct delete_topics *work, const struct delete_topics_ask *ask)
{
    uint64_t hash;

    if (ask->timeout_ms > 0) return false;
    for (uint32_t i = 0; i < work->call.delete_count; i++) {
        if (item_hash(&work->call.deletes[i], &hash)) return true;
    }
    return false;
}

static void delete_refuse(struct delete_topics *work)
{
    work->answer.topics.count = 0;
    for (uint32_t i = 0; i < work->item_count; i++) {
        struct topic_delete item = item_of(work->request, i);
        row_refuse(work, item.name, item.id, ERROR_REQUEST_TIMED_OUT, TEXT_NULL);
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

void delete_topics_begin(struct request *request)
{
    const struct delete_topics_ask *ask = request->ask;
    struct delete_topics *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !delete_make(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    if (delete_late(work, ask)) {
        delete_refuse(work);
        return;
    }
    work->call.caller = request->shard;
    work->call.kind = CONTROLLER_DELETE_TOPICS;
    work->call.arena = &request->arena;
    work->call.done = delete_done;
    controller_begin(request->shard, &work->call);
}
