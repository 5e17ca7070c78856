/* net/api/describe_partitions.c   DescribeTopicPartitions: topics by name, page by page, so that nobody has to take a
 * million partitions at once. A page ends where its partitions are used up; the cursor says where the next one begins.
 * KIP-966. Eligible leader replicas are none: no such replica is kept yet. */
#include "messages/describe_partitions.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/endpoint.h"
#include "api/error.h"
#include "api/topic_name.h"

struct describe_partitions {
    struct request *request;
    const struct describe_partitions_ask *ask;
    const struct image *image;
    struct endpoint *endpoints; /* that are alive */
    uint32_t endpoint_count;
    int32_t left; /* partitions that the page still takes */
    struct describe_partitions_answer answer;
};

static int names_compare(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static bool partition_fill(struct describe_partitions *work, const struct image_partition *partition, int32_t index,
                           struct describe_partitions_partition *answer)
{
    bool led = partition->leader >= 0 && endpoints_hold(work->endpoints, work->endpoint_count, partition->leader);
    *answer = (struct describe_partitions_partition){
        .error = led ? ERROR_NONE : ERROR_LEADER_NOT_AVAILABLE,
        .index = index,
        .leader_id = led ? partition->leader : -1,
        .leader_epoch = partition->leader_epoch,
        .replicas = { partition->replicas, partition->replica_count },
        .isr = { partition->replicas + partition->replica_count, partition->isr_count },
    };
    answer->offline_replicas.items = arena_take(&work->request->arena, partition->replica_count * sizeof(int32_t));
    if (!answer->offline_replicas.items) return false;
    for (uint16_t i = 0; i < partition->replica_count; i++) {
        int32_t replica = partition->replicas[i];
        if (endpoints_hold(work->endpoints, work->endpoint_count, replica)) continue;
        answer->offline_replicas.items[answer->offline_replicas.count++] = replica;
    }
    return true;
}

static bool page_ends(struct describe_partitions *work, struct text topic, int32_t index)
{
    struct describe_partitions_cursor *cursor = arena_take(&work->request->arena, sizeof(*cursor));
    if (!cursor) return false;
    *cursor = (struct describe_partitions_cursor){ topic, index };
    work->answer.next_cursor = cursor;
    return true;
}

static struct describe_partitions_topic_answer *topic_add(struct describe_partitions *work, struct text name,
                                                          int16_t error)
{
    struct describe_partitions_topic_answer *answer = &work->answer.topics.items[work->answer.topics.count++];
    *answer = (struct describe_partitions_topic_answer){ .error = error_tell(work->request, error),
                                                         .name = name,
                                                         .is_internal = image_internal(name),
                                                         .authorized_operations = OPERATIONS_TOPIC };
    return answer;
}

static bool topic_fill(struct describe_partitions *work, const struct image_topic *topic, int32_t first)
{
    struct describe_partitions_topic_answer *answer = topic_add(work, topic->name, ERROR_NONE);
    int32_t rest = max_of(topic->partition_count - first, 0);
    int32_t count = min_of(rest, work->left);

    answer->topic_id = topic->id;
    answer->partitions.items = arena_take(&work->request->arena, (size_t)count * sizeof(*answer->partitions.items));
    if (!answer->partitions.items) return false;
    for (int32_t i = first; i < first + count; i++) {
        if (!topic->partitions[i].replicas) continue;
        if (!partition_fill(work, &topic->partitions[i], i, &answer->partitions.items[answer->partitions.count++])) {
            return false;
        }
    }
    work->left -= count;
    return count == rest || page_ends(work, topic->name, first + count);
}

/* The next topic of the page, when there is room for it; false: no memory. */
static bool topic_next(struct describe_partitions *work, struct text name, const struct image_topic *topic)
{
    const struct describe_partitions_cursor *cursor = work->ask->cursor;
    int32_t first = cursor && text_equal(cursor->topic_name, name) ? cursor->partition_index : 0;

    if (work->left == 0) return page_ends(work, name, 0);
    if (topic) return topic_fill(work, topic, first);
    bool valid = topic_name_status(name, NULL) == STATUS_OK;
    topic_add(work, name, valid ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_INVALID_TOPIC);
    return true;
}

static bool topics_all(struct describe_partitions *work)
{
    struct text from = work->ask->cursor ? work->ask->cursor->topic_name : TEXT("");

    work->answer.topics.items =
        arena_take(&work->request->arena, work->image->topic_count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    list_each(&work->image->topics, node)
    {
        const struct image_topic *topic = container_of(node, struct image_topic, node);
        if (text_compare(topic->name, from) < 0) continue;
        if (!topic_next(work, topic->name, topic)) return false;
        if (work->answer.next_cursor) break;
    }
    return true;
}

/* Kafka refuses every topic of a request whose cursor makes no sense. */
static bool topics_refuse(struct describe_partitions *work)
{
    const struct describe_partitions_ask *ask = work->ask;

    work->answer.topics.items =
        arena_take(&work->request->arena, (size_t)ask->topics.count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        struct describe_partitions_topic_answer *answer =
            topic_add(work, ask->topics.items[i].name, ERROR_INVALID_REQUEST);
        answer->is_internal = false;
        answer->authorized_operations = OPERATIONS_NOT_ASKED;
    }
    return true;
}

static bool topics_named(struct describe_partitions *work)
{
    const struct describe_partitions_ask *ask = work->ask;
    size_t count = (size_t)ask->topics.count;
    struct text *names = arena_take(&work->request->arena, count * sizeof(*names));
    bool met = ask->cursor == NULL;

    work->answer.topics.items = arena_take(&work->request->arena, count * sizeof(*work->answer.topics.items));
    if (!names || !work->answer.topics.items) return false;
    for (size_t i = 0; i < count; i++) {
        names[i] = ask->topics.items[i].name;
        met |= ask->cursor && text_equal(names[i], ask->cursor->topic_name);
    }
    if (!met) return topics_refuse(work);

    qsort(names, count, sizeof(*names), names_compare);
    for (size_t i = 0; i < count && !work->answer.next_cursor; i++) {
        if (i > 0 && text_equal(names[i], names[i - 1])) continue;
        if (ask->cursor && text_compare(names[i], ask->cursor->topic_name) < 0) continue;
        if (!topic_next(work, names[i], image_topic_by_name(work->image, names[i]))) return false;
    }
    return true;
}

static bool topics_fill(struct describe_partitions *work)
{
    const struct describe_partitions_ask *ask = work->ask;

    if (ask->cursor && ask->cursor->partition_index < 0) return topics_refuse(work);
    return ask->topics.count > 0 ? topics_named(work) : topics_all(work);
}

void describe_partitions_begin(struct request *request)
{
    const struct describe_partitions_ask *ask = request->ask;
    const struct apis *apis = apis_of(request);
    struct describe_partitions work = { .request = request, .ask = ask, .image = &apis->replicas->image };
    int32_t limit = apis->settings.settings->values.describe_partitions_max;

    message_clear(request->api->answer, &work.answer);
    work.left = max_of(min_of(limit, ask->response_partition_limit), 1);
    work.endpoints = endpoints_of(request, false, &work.endpoint_count);
    if (!work.endpoints || !topics_fill(&work)) {
        request_abort(request, "no memory");
        return;
    }
    request_answer(request, &work.answer, NULL, 0, NULL);
}
