/* net/api/fetch_answer.c   The answer of a Fetch: a row for each partition (in a session only for those with news),
 * record bytes left out and filled from pinned extents when the socket takes them. */
#include "api/error.h"
#include "api/fetch.h"
#include "api/hint.h"

static void fetch_sent(struct request *request)
{
    struct fetch *fetch = request->work;

    for (uint32_t i = 0; i < fetch->group_count; i++) {
        route_unpin(fetch->apis, fetch->groups[i]->extents, fetch->groups[i]->extent_count);
    }
}

/* Shards read without knowing of each other: what is too much together is left for the next time. */
static void parts_trim(struct fetch *fetch)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < fetch->part_count; i++) {
        struct fetch_part *part = &fetch->parts[i];
        if (fetch->group_count > 1 && size > 0 && size + part->size > (uint64_t)fetch->size_max) part->size = 0;
        size += part->size;
    }
}

static bool part_is_news(const struct fetch *fetch, const struct fetch_part *part)
{
    if (!fetch->incremental) return true;
    return part->size > 0 || part->error != ERROR_NONE || part->diverging.epoch >= 0 ||
           part->high_watermark != part->told_high_watermark || part->start != part->told_start;
}

static void session_tell(struct fetch_session *session, const struct fetch *fetch, const struct fetch_part *part)
{
    struct fetch_session_partition *known =
        session ? fetch_session_get(session, part->topic, part->name, part->ask.index) : NULL;
    if (!known) return;

    known->told_high_watermark = part->high_watermark;
    known->told_start = part->start;
    if (fetch->incremental && part->size > 0) fetch_session_rotate(session, known);
}

static bool leads_elsewhere(const struct fetch *fetch, const struct fetch_part *part)
{
    bool moved = part->error == ERROR_NOT_LEADER_OR_FOLLOWER || part->error == ERROR_FENCED_LEADER_EPOCH;
    return moved && fetch->request->version >= 16;
}

static void row_fill(const struct fetch *fetch, struct fetch_part *part, struct fetch_partition_answer *row,
                     struct leader_hints *hints)
{
    *row = (struct fetch_partition_answer){
        .index = part->ask.index,
        .error = error_tell(fetch->request, part->error),
        .high_watermark = part->high_watermark,
        .last_stable_offset = part->last_stable,
        .log_start_offset = part->start,
        .diverging_epoch = part->diverging.epoch >= 0 ? &part->diverging : NULL,
        .preferred_read_replica = -1,
        .records = { .size = (int32_t)part->size },
    };
    if (leads_elsewhere(fetch, part)) row->current_leader = hint_leader(hints, part->topic, part->ask.index);
    /* Null where nobody asks for them, or nothing could be read; empty where there is no such partition. As Kafka has
     * it. struct aborted and the row of the message are the same two numbers. */
    bool aborted_known = part->group ? fetch->read_committed && part->error == ERROR_NONE : true;
    row->aborted_transactions.items = (struct fetch_aborted_transaction *)(void *)part->aborted;
    row->aborted_transactions.count = aborted_known ? (int32_t)part->aborted_count : -1;
}

_Static_assert(sizeof(struct aborted) == sizeof(struct fetch_aborted_transaction), "rows are shared");
_Static_assert(offsetof(struct aborted, first_offset) == offsetof(struct fetch_aborted_transaction, first_offset),
               "rows are shared");

static bool topic_continues(const struct fetch *fetch, const struct fetch_topic_answer *topic,
                            const struct fetch_part *part)
{
    if (!topic) return false;
    return fetch->by_id ? uuid_equal(topic->topic_id, part->topic) : text_equal(topic->name, part->name);
}

struct fetch_rows {
    struct fetch_partition_answer *next;
    struct fetch_topic_answer *topic; /* the last that was begun */
    struct fetch_session *session;
    struct leader_hints hints;
};

/* Rows of one topic that follow each other share its head. */
static void row_add(struct fetch *fetch, struct fetch_answer *answer, struct fetch_rows *rows, struct fetch_part *part)
{
    if (!part_is_news(fetch, part)) return;

    session_tell(rows->session, fetch, part);
    if (!topic_continues(fetch, rows->topic, part)) {
        rows->topic = &answer->topics.items[answer->topics.count++];
        rows->topic->name = part->name;
        rows->topic->topic_id = part->topic;
        rows->topic->partitions.items = rows->next;
    }
    row_fill(fetch, part, rows->next++, &rows->hints);
    rows->topic->partitions.count++;
}

/* In the order of the request; what is nowhere comes last, as Kafka has it. */
static bool rows_fill(struct fetch *fetch, struct fetch_answer *answer, struct fetch_session *session)
{
    struct arena *arena = &fetch->request->arena;
    struct fetch_rows rows = { .session = session, .hints = { .request = fetch->request } };
    uint32_t nowhere = 0;

    rows.next = arena_take(arena, fetch->part_count * sizeof(*rows.next));
    answer->topics.items = arena_take(arena, fetch->part_count * sizeof(*answer->topics.items));
    if (!rows.next || !answer->topics.items) return false;
    for (uint32_t i = 0; i < fetch->part_count; i++) {
        struct fetch_part *part = &fetch->parts[i];
        if (part->group) row_add(fetch, answer, &rows, part);
        nowhere += !part->group;
    }
    for (uint32_t i = 0; nowhere > 0 && i < fetch->part_count; i++) {
        if (!fetch->parts[i].group) row_add(fetch, answer, &rows, &fetch->parts[i]);
    }
    answer->node_endpoints.items = rows.hints.nodes;
    answer->node_endpoints.count = rows.hints.node_count;
    return true;
}

/* The extents in the order of the rows, without those that are not sent. NULL: no memory. */
static struct extent *extents_join(struct fetch *fetch, uint32_t *count)
{
    uint32_t total = 0;

    *count = 0;
    for (uint32_t i = 0; i < fetch->group_count; i++) total += fetch->groups[i]->extent_count;
    if (fetch->group_count == 1 && fetch->part_count == 1) {
        *count = fetch->parts[0].size > 0 ? total : 0;
        return fetch->groups[0]->extents;
    }
    struct extent *extents = arena_take(&fetch->request->arena, total * sizeof(*extents));
    if (!extents) return NULL;
    for (uint32_t i = 0; i < fetch->part_count; i++) {
        const struct fetch_part *part = &fetch->parts[i];
        for (uint32_t j = 0; part->size > 0 && j < part->extent_count; j++) {
            extents[(*count)++] = part->group->extents[part->extent_first + j];
        }
    }
    return extents;
}

void fetch_reply(struct fetch *fetch)
{
    struct request *request = fetch->request;
    struct fetch_session *session =
        fetch->session_id != 0 ? fetch_session_find(request->face->sessions, fetch->session_id) : NULL;
    struct fetch_answer answer;
    uint32_t count = 0;

    message_clear(request->api->answer, &answer);
    answer.session_id = fetch->session_id;
    parts_trim(fetch);
    struct extent *extents = extents_join(fetch, &count);
    if (!extents || !rows_fill(fetch, &answer, session)) {
        fetch_sent(request);
        request_abort(request, "no memory");
        return;
    }
    request_answer(request, &answer, extents, count, fetch_sent);
}

void fetch_refuse(struct request *request, int16_t error)
{
    struct fetch_answer answer;

    message_clear(request->api->answer, &answer);
    answer.error = error_tell(request, error);
    request_answer(request, &answer, NULL, 0, NULL);
}
