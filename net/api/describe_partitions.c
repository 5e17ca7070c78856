/* net/api/describe_partitions.c   DescribeTopicPartitions: topics by name, page by page, so that nobody has to take a
 * million partitions at once. A page ends where its partitions are used up; the cursor says where the next one begins.
 * KIP-966. Eligible leader replicas are none: no such replica is kept yet.
 *
 *     all topics:    walk from the cursor's --page is full--> answer
 *     named topics:  walk: onto a heap --> walk: off it, the least first --page is full--> answer
 *
 * As many as there are, in portions; what is told is copied, because the image changes between them. */
#include "messages/describe_partitions.h"

#include "api/api.h"
#include "api/endpoint.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/topic_name.h"
#include "api/topics_all.h"

struct describe_partitions {
    struct walk walk;
    struct request *request;
    const struct describe_partitions_ask *ask;
    const struct image *image;
    struct endpoint *endpoints; /* that are alive */
    uint32_t endpoint_count;
    int32_t left; /* partitions that the page still takes */
    struct topics_all all;
    struct text *names; /* a heap of those that are named: none is below the one at half its place */
    uint32_t name_count;
    struct text name; /* the least, which was taken off it last */
    bool met;         /* the cursor's topic among them, or there is no cursor */
    struct rows rows;
    const struct image_topic *topic; /* that the walk is at, in this step, */
    struct describe_partitions_topic_answer *row;
    int32_t first, count; /* of its partitions that the page takes */
    uint32_t row_count;
    struct describe_partitions_answer answer;
};

static struct describe_partitions *work_of(struct walk *walk)
{
    return container_of(walk, struct describe_partitions, walk);
}

/* ---- names in their order ---- */

static bool below(const struct describe_partitions *work, uint32_t a, uint32_t b)
{
    return text_compare(work->names[a], work->names[b]) < 0;
}

static void names_swap(struct describe_partitions *work, uint32_t a, uint32_t b)
{
    struct text name = work->names[a];
    work->names[a] = work->names[b];
    work->names[b] = name;
}

static void names_put(struct describe_partitions *work, struct text name)
{
    uint32_t at = work->name_count++;

    work->names[at] = name;
    for (uint32_t above = (at - 1) / 2; at > 0 && below(work, at, above); above = (at - 1) / 2) {
        names_swap(work, at, above);
        at = above;
    }
}

static struct text names_take(struct describe_partitions *work)
{
    struct text least = work->names[0];

    work->names[0] = work->names[--work->name_count];
    for (uint32_t at = 0, child = 1; child < work->name_count; child = 2 * at + 1) {
        if (child + 1 < work->name_count && below(work, child + 1, child)) child++;
        if (!below(work, child, at)) break;
        names_swap(work, child, at);
        at = child;
    }
    return least;
}

/* ---- what a page says ---- */

static bool partition_fill(struct describe_partitions *work, const struct image_partition *partition, int32_t index,
                           struct describe_partitions_partition *answer)
{
    struct arena *arena = &work->request->arena;
    bool led = partition->leader >= 0 && endpoints_hold(work->endpoints, work->endpoint_count, partition->leader);
    size_t count = (size_t)partition->replica_count + partition->isr_count;
    int32_t *ids = arena_copy(arena, partition->replicas, count * sizeof(int32_t));
    int32_t *offline = arena_take(arena, partition->replica_count * sizeof(int32_t));
    if (!ids || !offline) return false;

    *answer = (struct describe_partitions_partition){
        .error = led ? ERROR_NONE : ERROR_LEADER_NOT_AVAILABLE,
        .index = index,
        .leader_id = led ? partition->leader : -1,
        .leader_epoch = partition->leader_epoch,
        .replicas = { ids, partition->replica_count },
        .isr = { ids + partition->replica_count, partition->isr_count },
        .offline_replicas = { offline, 0 },
    };
    for (uint16_t i = 0; i < partition->replica_count; i++) {
        if (endpoints_hold(work->endpoints, work->endpoint_count, ids[i])) continue;
        offline[answer->offline_replicas.count++] = ids[i];
    }
    work->row_count++;
    return true;
}

/* No topic is walked to behind it. */
static bool page_ends(struct describe_partitions *work, struct text topic, int32_t index)
{
    struct describe_partitions_cursor *cursor = arena_take(&work->request->arena, sizeof(*cursor));
    if (!cursor) return false;
    *cursor = (struct describe_partitions_cursor){ topic, index };
    work->answer.next_cursor = cursor;
    return true;
}

/* NULL: no memory. */
static struct describe_partitions_topic_answer *topic_add(struct describe_partitions *work, struct text name,
                                                          int16_t error)
{
    struct describe_partitions_topic_answer *answer = rows_add(&work->rows);
    if (!answer) return NULL;
    answer->error = error_tell(work->request, error);
    answer->name = name;
    answer->is_internal = image_internal(name);
    answer->authorized_operations = OPERATIONS_TOPIC;
    return answer;
}

/* The walk goes over those of its partitions that the page takes. */
static bool topic_enter(struct describe_partitions *work, const struct image_topic *topic, struct text name)
{
    const struct describe_partitions_cursor *cursor = work->ask->cursor;

    work->first = cursor && text_equal(cursor->topic_name, name) ? cursor->partition_index : 0;
    int32_t rest = max_of(topic->partition_count - work->first, 0);
    work->count = min_of(rest, work->left);
    work->left -= work->count;
    work->topic = topic;
    work->row = topic_add(work, name, ERROR_NONE);
    if (!work->row) return false;
    work->row->topic_id = topic->id;
    work->row->partitions.items =
        arena_take_raw(&work->request->arena, (size_t)work->count * sizeof(*work->row->partitions.items));
    work->walk.parts = (uint32_t)work->count;
    if (!work->row->partitions.items) return false;
    return work->count == rest || page_ends(work, name, work->first + work->count);
}

/* In another step; NULL: it is gone, and the page is as if it had been gone before. */
static void topic_enter_again(struct describe_partitions *work, const struct image_topic *topic)
{
    work->topic = topic;
    work->walk.parts = topic ? (uint32_t)work->count : 0;
    if (topic) return;
    work->left += work->count;
    work->row_count -= (uint32_t)work->row->partitions.count;
    work->answer.topics.count--;
    work->answer.next_cursor = NULL;
}

static bool partition_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe_partitions *work = work_of(walk);
    const struct image_partition *partition = &work->topic->partitions[work->first + (int32_t)part];
    struct describe_partitions_topic_answer *row = work->row;
    (void)at;

    if (!partition->replicas) return true;
    return partition_fill(work, partition, work->first + (int32_t)part,
                          &row->partitions.items[row->partitions.count++]);
}

static bool rows_make(struct describe_partitions *work, uint32_t count)
{
    return rows_begin(&work->rows, &work->request->arena, &work->answer.topics, sizeof(*work->row), count);
}

/* ---- all topics ---- */

static bool all_begin(struct walk *walk)
{
    struct describe_partitions *work = work_of(walk);

    walk->count = UINT32_MAX;
    work->all.name = work->ask->cursor ? work->ask->cursor->topic_name : TEXT("");
    return rows_make(work, min_of(work->image->topic_count, (uint32_t)work->left));
}

static bool all_open(struct walk *walk, uint32_t at)
{
    struct describe_partitions *work = work_of(walk);
    bool again = walk->part > 0;
    (void)at;

    if (!again && work->answer.next_cursor) {
        walk_over(walk);
        return true;
    }
    if (!topics_all_open(&work->all, walk)) return false;
    if (again) topic_enter_again(work, work->all.topic);
    if (again || !work->all.topic) return true;
    if (work->left > 0) return topic_enter(work, work->all.topic, work->all.name);
    walk_over(walk);
    return page_ends(work, work->all.name, 0);
}

/* ---- those that are named ---- */

static bool sorting_begin(struct walk *walk)
{
    struct describe_partitions *work = work_of(walk);

    walk->count = (uint32_t)work->ask->topics.count;
    work->met = work->ask->cursor == NULL;
    work->names = arena_take_raw(&walk->request->arena, walk->count * sizeof(*work->names));
    return work->names != NULL;
}

static bool name_sort(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe_partitions *work = work_of(walk);
    struct text name = work->ask->topics.items[at].name;
    (void)part;

    work->met |= work->ask->cursor && text_equal(name, work->ask->cursor->topic_name);
    names_put(work, name);
    return true;
}

static bool naming_begin(struct walk *walk)
{
    struct describe_partitions *work = work_of(walk);

    walk->count = work->met ? work->name_count : 0;
    return rows_make(work, walk->count);
}

static bool topic_missing(struct describe_partitions *work)
{
    bool valid = topic_name_status(work->name, NULL) == STATUS_OK;
    return topic_add(work, work->name, valid ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_INVALID_TOPIC) != NULL;
}

static bool named_open(struct walk *walk, uint32_t at)
{
    struct describe_partitions *work = work_of(walk);
    const struct describe_partitions_cursor *cursor = work->ask->cursor;
    struct text last = work->name;

    if (walk->part > 0) {
        topic_enter_again(work, image_topic_by_id(work->image, work->row->topic_id));
        return work->topic || topic_missing(work);
    }
    walk->parts = 0;
    if (work->answer.next_cursor) {
        walk_over(walk);
        return true;
    }
    work->name = names_take(work);
    if (at > 0 && text_equal(work->name, last)) return true;
    if (cursor && text_compare(work->name, cursor->topic_name) < 0) return true;
    if (work->left == 0) return page_ends(work, work->name, 0);
    const struct image_topic *topic = image_topic_by_name(work->image, work->name);
    return topic ? topic_enter(work, topic, work->name) : topic_missing(work);
}

/* ---- a cursor that makes no sense ---- */

/* Kafka refuses every topic of such a request. */
static bool refusing_begin(struct walk *walk)
{
    struct describe_partitions *work = work_of(walk);

    walk->count = work->met ? 0 : (uint32_t)max_of(work->ask->topics.count, 0);
    return work->met || rows_make(work, walk->count);
}

static bool topic_refuse(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe_partitions *work = work_of(walk);
    struct describe_partitions_topic_answer *answer =
        topic_add(work, work->ask->topics.items[at].name, ERROR_INVALID_REQUEST);
    (void)part;

    if (!answer) return false;
    answer->is_internal = false;
    answer->authorized_operations = OPERATIONS_NOT_ASKED;
    return true;
}

/* ---- begin and end ---- */

static const struct walk_pass all_topics[] = { { all_begin, all_open, partition_take }, { NULL, NULL, NULL } };
static const struct walk_pass named_topics[] = {
    { sorting_begin, NULL, name_sort },
    { naming_begin, named_open, partition_take },
    { refusing_begin, NULL, topic_refuse },
    { NULL, NULL, NULL },
};
static const struct walk_pass refused_topics[] = { { refusing_begin, NULL, topic_refuse }, { NULL, NULL, NULL } };

static const struct walk_pass *passes_of(const struct describe_partitions_ask *ask)
{
    if (ask->cursor && ask->cursor->partition_index < 0) return refused_topics;
    return ask->topics.count > 0 ? named_topics : all_topics;
}

static void describe_partitions_end(struct walk *walk)
{
    struct describe_partitions *work = work_of(walk);
    uint32_t rows = work->row_count + (uint32_t)work->answer.topics.count;

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, rows);
}

void describe_partitions_begin(struct request *request)
{
    struct describe_partitions *work = arena_take(&request->arena, sizeof(*work));
    const struct apis *apis = apis_of(request);

    if (!work) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    work->request = request;
    work->ask = request->ask;
    work->image = &apis->replicas->image;
    int32_t limit = apis->settings.settings->values.describe_partitions_max;
    work->left = max_of(min_of(limit, work->ask->response_partition_limit), 1);
    message_clear(request->api->answer, &work->answer);
    work->endpoints = endpoints_of(request, false, &work->endpoint_count);
    if (!work->endpoints) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    walk_begin(&work->walk, request, passes_of(work->ask), describe_partitions_end);
}
