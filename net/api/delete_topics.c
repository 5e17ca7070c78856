/* net/api/delete_topics.c   DeleteTopics, by name or (from version 6) by id. */
#include "messages/delete_topics.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"

struct delete_topics {
    struct request *request;
    struct controller_call call;
    struct delete_topics_answer answer;
};

static void delete_done(struct controller_call *call)
{
    struct delete_topics *work = container_of(call, struct delete_topics, call);

    for (uint32_t i = 0; i < call->delete_count; i++) {
        const struct topic_delete *delete = &call->deletes[i];
        struct delete_topics_topic_answer *row = &work->answer.topics.items[work->answer.topics.count++];
        enum status status = call->status != STATUS_OK ? call->status : delete->status;

        *row = (struct delete_topics_topic_answer){ .name = delete->name,
                                                    .topic_id = delete->id,
                                                    .error = error_tell(work->request, error_of(status)) };
        if (status != STATUS_OK) row->error_message = delete->why.data ? delete->why : error_text(status);
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static void row_refuse(struct delete_topics *work, struct text name)
{
    work->answer.topics.items[work->answer.topics.count++] = (struct delete_topics_topic_answer){
        .name = name,
        .error = error_tell(work->request, ERROR_INVALID_REQUEST),
        .error_message = TEXT("Duplicate topic name."),
    };
}

/* What is named twice is refused, once, and not deleted. */
static bool names_strike(struct delete_topics *work)
{
    struct controller_call *call = &work->call;
    struct seen once, twice;
    uint32_t kept = 0;

    if (!seen_init(&once, &work->request->arena, call->delete_count)) return false;
    if (!seen_init(&twice, &work->request->arena, call->delete_count)) return false;
    for (uint32_t i = 0; i < call->delete_count; i++) {
        struct text name = call->deletes[i].name;
        if (!name.data || seen_add(&once, text_hash(name)) || !seen_add(&twice, text_hash(name))) continue;
        row_refuse(work, name);
    }
    for (uint32_t i = 0; i < call->delete_count; i++) {
        struct text name = call->deletes[i].name;
        if (name.data && seen_has(&twice, text_hash(name))) continue;
        call->deletes[kept++] = call->deletes[i];
    }
    call->delete_count = kept;
    return true;
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
        struct topic_delete *delete = &call->deletes[call->delete_count++];
        delete->name = listed ? ask->topics.items[i].name : ask->topic_names.items[i];
        delete->id = listed ? ask->topics.items[i].topic_id : UUID_NONE;
    }
    return names_strike(work);
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
    work->call.caller = request->shard;
    work->call.kind = CONTROLLER_DELETE_TOPICS;
    work->call.arena = &request->arena;
    work->call.done = delete_done;
    controller_begin(request->shard, &work->call);
}
