/* net/api/elect_leaders.c   ElectLeaders on one node: a partition that it holds is led by it since it started, so there
 * is never anything to elect, and every answer can be read off the image; many that are named, in portions. When all
 * partitions are meant, those that need no election are left out, but their topics are not; as Kafka does it. */
#include "messages/elect_leaders.h"
#include "api/api.h"
#include "api/error.h"
#include "api/walk.h"

enum { ELECT_PREFERRED = 0, ELECT_UNCLEAN = 1 };

struct elect_leaders {
    struct walk walk;
    struct request *request;
    const struct elect_leaders_ask *ask;
    const struct image_topic *topic; /* that the walk is at, in this step */
    uint32_t row_count;
    struct elect_leaders_answer answer;
};

static bool known_kind(const struct elect_leaders_ask *ask)
{
    return ask->election_type == ELECT_PREFERRED || ask->election_type == ELECT_UNCLEAN;
}

/* Somebody else would have to lead, and there is nobody else. */
static int16_t election_error(const struct image_partition *state, int8_t kind)
{
    bool settled = kind == ELECT_UNCLEAN ? state->leader >= 0 : state->leader == state->replicas[0];
    if (settled) return ERROR_ELECTION_NOT_NEEDED;
    return kind == ELECT_UNCLEAN ? ERROR_ELIGIBLE_LEADERS_NOT_AVAILABLE : ERROR_PREFERRED_LEADER_NOT_AVAILABLE;
}

static struct text election_words(int16_t error)
{
    switch (error) {
    case ERROR_ELECTION_NOT_NEEDED: return TEXT("Leader election not needed for topic partition.");
    case ERROR_PREFERRED_LEADER_NOT_AVAILABLE: return TEXT("The preferred leader was not available.");
    default: return TEXT("Eligible topic partition leaders are not available.");
    }
}

static void partition_show(struct elect_leaders *work, struct text name, struct elect_leaders_partition *row)
{
    const struct image_topic *topic = work->topic;
    struct arena *arena = &work->request->arena;
    bool inside = topic && row->index >= 0 && row->index < topic->partition_count;

    if (work->ask->timeout_ms <= 0) {
        row->error = ERROR_REQUEST_TIMED_OUT;
    } else if (!known_kind(work->ask)) {
        row->error = ERROR_INVALID_REQUEST;
        row->error_message = text_format(arena, "Unknown election type %d", work->ask->election_type);
    } else if (!topic) {
        row->error = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        row->error_message = text_format(arena, "No such topic as %.*s", TEXT_ARGS(name));
    } else if (!inside || !topic->partitions[row->index].replicas) {
        row->error = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        row->error_message = text_format(arena, "No such partition as %.*s-%d", TEXT_ARGS(name), row->index);
    } else {
        row->error = election_error(&topic->partitions[row->index], work->ask->election_type);
        row->error_message = election_words(row->error);
    }
    (void)error_tell(work->request, row->error);
}

static struct elect_leaders *work_of(struct walk *walk)
{
    return container_of(walk, struct elect_leaders, walk);
}

static bool topics_begin(struct walk *walk)
{
    struct elect_leaders *work = work_of(walk);

    walk->count = work->row_count = (uint32_t)work->ask->topics.count;
    work->answer.topics.count = work->ask->topics.count;
    work->answer.topics.items = arena_take(&walk->request->arena, walk->count * sizeof(*work->answer.topics.items));
    return work->answer.topics.items != NULL;
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    struct elect_leaders *work = work_of(walk);
    const struct elect_leaders_topic_ask *asked = &work->ask->topics.items[at];
    struct elect_leaders_topic_answer *topic = &work->answer.topics.items[at];

    walk->parts = (uint32_t)asked->partitions.count;
    work->topic = image_topic_by_name(&apis_of(work->request)->replicas->image, asked->name);
    if (topic->partitions.items) return true;
    topic->name = asked->name;
    topic->partitions.items = arena_take(&walk->request->arena, walk->parts * sizeof(*topic->partitions.items));
    return topic->partitions.items != NULL;
}

static bool partition_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct elect_leaders *work = work_of(walk);
    const struct elect_leaders_topic_ask *asked = &work->ask->topics.items[at];
    struct elect_leaders_topic_answer *topic = &work->answer.topics.items[at];
    struct elect_leaders_partition *row = &topic->partitions.items[topic->partitions.count++];

    work->row_count++;
    row->index = asked->partitions.items[part];
    partition_show(work, asked->name, row);
    return true;
}

static void all_taken(struct walk *walk)
{
    struct elect_leaders *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, work->row_count);
}

static const struct walk_pass passes[] = { { topics_begin, topic_open, partition_take }, { NULL, NULL, NULL } };

static bool topic_show(struct elect_leaders *work, const struct image_topic *topic,
                       struct elect_leaders_topic_answer *answer)
{
    answer->name = topic->name;
    for (int pass = 0; pass < 2; pass++) {
        int32_t count = 0;
        for (int32_t i = 0; i < topic->partition_count; i++) {
            const struct image_partition *state = &topic->partitions[i];
            if (!state->replicas) continue;
            int16_t error = election_error(state, work->ask->election_type);
            if (error == ERROR_ELECTION_NOT_NEEDED) continue;
            if (pass == 1) {
                answer->partitions.items[count] = (struct elect_leaders_partition){ i, error, election_words(error) };
            }
            count++;
        }
        answer->partitions.count = count;
        if (pass == 0) {
            answer->partitions.items =
                arena_take(&work->request->arena, (size_t)count * sizeof(*answer->partitions.items));
        }
        if (!answer->partitions.items) return false;
    }
    return true;
}

static bool all_show(struct elect_leaders *work)
{
    const struct image *image = &apis_of(work->request)->replicas->image;

    if (work->answer.error != ERROR_NONE) return true;
    work->answer.topics.items =
        arena_take(&work->request->arena, image->topic_count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    list_each(&image->topics, node)
    {
        struct elect_leaders_topic_answer *topic = &work->answer.topics.items[work->answer.topics.count++];
        if (!topic_show(work, container_of(node, struct image_topic, node), topic)) return false;
    }
    return true;
}

/* Who names nothing is told of nothing; a time that is over before the controller looks is told before a kind that is
 * none. */
static int16_t whole_error(const struct elect_leaders_ask *ask)
{
    if (ask->topics.count == 0) return ERROR_NONE;
    if (ask->timeout_ms <= 0) return ERROR_REQUEST_TIMED_OUT;
    return known_kind(ask) ? ERROR_NONE : ERROR_INVALID_REQUEST;
}

void elect_leaders_begin(struct request *request)
{
    struct elect_leaders *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    work->ask = request->ask;
    work->answer.error = error_tell(request, whole_error(work->ask));
    if (work->ask->topics.count >= 0) {
        walk_begin(&work->walk, request, passes, all_taken);
    } else if (all_show(work)) {
        request_answer(request, &work->answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
