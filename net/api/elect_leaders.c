/* net/api/elect_leaders.c   ElectLeaders on one node: a partition that it holds is led by it since it started, so there
 * is never anything to elect, and every answer can be read off the image, in portions. When all partitions are meant,
 * those that need no election are left out, but their topics are not; as Kafka does it. */
#include "messages/elect_leaders.h"
#include "api/api.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/topics_all.h"

enum { ELECT_PREFERRED = 0, ELECT_UNCLEAN = 1 };

struct elect_leaders {
    struct walk walk;
    struct request *request;
    const struct elect_leaders_ask *ask;
    const struct image_topic *topic; /* that the walk is at, in this step */
    struct topics_all all;           /* when nothing is named */
    struct rows topics, partitions;  /* of the answer then; those of the last topic */
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

/* ---- what is named ---- */

static bool topics_begin(struct walk *walk)
{
    struct elect_leaders *work = work_of(walk);

    walk->count = work->row_count = (uint32_t)work->ask->topics.count;
    work->answer.topics.count = work->ask->topics.count;
    work->answer.topics.items = walk_take(walk, walk->count * sizeof(*work->answer.topics.items));
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
    topic->partitions.items = walk_take(walk, walk->parts * sizeof(*topic->partitions.items));
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

/* ---- all ---- */

static bool all_begin(struct walk *walk)
{
    struct elect_leaders *work = work_of(walk);
    uint32_t count = apis_of(walk->request)->replicas->image.topic_count;

    walk->count = work->answer.error == ERROR_NONE ? UINT32_MAX : 0;
    return rows_begin(&work->topics, &walk->request->arena, &work->answer.topics, sizeof(*work->answer.topics.items),
                      count);
}

static bool topic_show(struct elect_leaders *work)
{
    struct elect_leaders_topic_answer *topic = rows_add(&work->topics);
    if (!topic) return false;

    topic->name = work->all.name;
    work->row_count++;
    return rows_begin(&work->partitions, &work->request->arena, &topic->partitions, sizeof(*topic->partitions.items),
                      0);
}

/* Of a topic that goes while it is told, what was told stays. */
static bool any_open(struct walk *walk, uint32_t at)
{
    struct elect_leaders *work = work_of(walk);
    bool again = walk->part > 0;
    (void)at;

    if (!topics_all_open(&work->all, walk)) return false;
    work->topic = work->all.topic;
    if (!work->topic) return true;
    walk->parts = (uint32_t)work->topic->partition_count;
    return again || topic_show(work);
}

static bool any_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct elect_leaders *work = work_of(walk);
    const struct image_partition *state = &work->topic->partitions[part];
    (void)at;

    if (!state->replicas) return true;
    int16_t error = election_error(state, work->ask->election_type);
    if (error == ERROR_ELECTION_NOT_NEEDED) return true;

    struct elect_leaders_partition *row = rows_add(&work->partitions);
    if (!row) return false;
    *row = (struct elect_leaders_partition){ (int32_t)part, error_tell(work->request, error), election_words(error) };
    work->row_count++;
    return true;
}

/* ---- the way ---- */

static const struct walk_pass named[] = { { topics_begin, topic_open, partition_take }, { NULL, NULL, NULL } };
static const struct walk_pass all[] = { { all_begin, any_open, any_take }, { NULL, NULL, NULL } };

static void walked(struct walk *walk)
{
    struct elect_leaders *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, work->row_count);
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
    walk_begin(&work->walk, request, work->ask->topics.count >= 0 ? named : all, walked);
}
