/* net/api/list_offsets.c   ListOffsets: the offset at a time, or at one of the ends. Ends are read off the log; a
 * search by time may have to wait for cold bytes, so each partition is a part that travels to its owner and comes
 * back. Those of a large request leave in portions: each finds its owner in the image of its step. */
#include "messages/list_offsets.h"
#include "api/error.h"
#include "api/route.h"
#include "api/topics_named.h"
#include "api/walk.h"

struct list_offsets_part {
    struct route_part route;
    struct shard *owner;
    struct list_offsets *work;
    struct uuid topic;
    int32_t index, current_epoch;
    int64_t timestamp_ms;
    struct log_search search;
    struct list_offsets_partition_answer *row;
    enum status status;
    int64_t offset, found_ms;
    int32_t epoch;
};

struct list_offsets {
    struct walk walk;
    struct request *request;
    struct route route;
    bool read_committed;
    struct topics_named named;
    struct numbered partitions; /* how often each is named; 0 again: it was told that it is twice */
    uint64_t hash;              /* of the topic that the walk is at, */
    struct image_topic *topic;  /* in this step, */
    struct list_offsets_topic_answer *row;
    struct list_offsets_answer answer;
};

static void part_finish(struct list_offsets_part *part, enum status status)
{
    part->status = status;
    route_return(&part->route, part->owner);
}

/* What is not below the reader's limit is not there for him. */
static void part_found(struct list_offsets_part *part, const struct partition *partition)
{
    const struct log_search *search = &part->search;
    bool seen = search->status == STATUS_OK && search->offset < partition_limit(partition, part->work->read_committed);

    if (seen) {
        part->offset = search->offset;
        part->found_ms = search->found_timestamp_ms;
        part->epoch = search->leader_epoch;
    }
    bool nothing = search->status == STATUS_NOT_FOUND || search->status == STATUS_OK;
    part_finish(part, nothing ? STATUS_OK : search->status);
}

static void part_searched(struct ready *ready)
{
    struct list_offsets_part *part = container_of(ready, struct list_offsets_part, search.ready);
    struct partition *partition = replicas_find(part->owner->replicas, part->topic, part->index);

    if (!partition) {
        part_finish(part, STATUS_NOT_FOUND);
        return;
    }
    part_found(part, partition);
}

static void part_search(struct list_offsets_part *part, struct partition *partition)
{
    bool largest = part->timestamp_ms == LIST_OFFSETS_MAX_TIMESTAMP;

    part->search =
        (struct log_search){ .log = partition->log, .timestamp_ms = largest ? LOG_SEARCH_MAX : part->timestamp_ms };
    ready_init(&part->search.ready, part_searched);
    if (log_search_begin(&part->search)) part_found(part, partition);
}

/* An end that moves is the leader's; so is the beginning of a log without records. */
static int32_t epoch_of(const struct list_offsets_part *part, const struct partition *partition)
{
    const struct log *log = partition->log;
    bool ours = part->timestamp_ms == LIST_OFFSETS_LATEST || part->offset == log->end;

    return ours ? partition->leader_epoch : log_epoch_at(log, part->offset);
}

static void part_arrive(struct route_part *route, struct shard *owner)
{
    struct list_offsets_part *part = container_of(route, struct list_offsets_part, route);
    struct partition *partition = replicas_find(owner->replicas, part->topic, part->index);

    part->owner = owner;
    part->offset = part->found_ms = part->epoch = -1;
    enum status status = partition ? partition_check(partition, part->current_epoch) : STATUS_NOT_FOUND;
    if (status != STATUS_OK) {
        part_finish(part, status);
        return;
    }

    const struct log *log = partition->log;
    switch (part->timestamp_ms) {
    case LIST_OFFSETS_LATEST: part->offset = partition_limit(partition, part->work->read_committed); break;
    case LIST_OFFSETS_EARLIEST:
    case LIST_OFFSETS_EARLIEST_LOCAL: part->offset = log->start; break;
    case LIST_OFFSETS_LATEST_TIERED:
    case LIST_OFFSETS_EARLIEST_PENDING_UPLOAD: break; /* Nothing is tiered. */
    default: part_search(part, partition); return;
    }
    if (part->offset >= 0) part->epoch = epoch_of(part, partition);
    part_finish(part, STATUS_OK);
}

/* The version from which a special may be asked; 0 for times, NEVER for what nobody knows. */
static int16_t special_since(int64_t timestamp_ms)
{
    static const int16_t since[] = { 1, 1, 7, 8, 9, 11 };
    if (timestamp_ms >= 0) return 0;
    if (timestamp_ms < -(int64_t)array_count(since)) return NEVER;
    return since[-timestamp_ms - 1];
}

/* ---- the way ---- */

static void part_home(struct route *route, struct route_part *home)
{
    struct list_offsets *work = container_of(route, struct list_offsets, route);
    const struct list_offsets_part *part = container_of(home, struct list_offsets_part, route);

    part->row->error = error_tell(work->request, error_of(part->status));
    if (part->status != STATUS_OK) return;
    part->row->offset = part->offset;
    part->row->timestamp_ms = part->found_ms;
    part->row->leader_epoch = part->epoch;
}

static void list_offsets_joined(struct route *route)
{
    struct list_offsets *work = container_of(route, struct list_offsets, route);

    if (walk_whole(&work->walk)) request_answer_rows(work->request, &work->answer, work->named.partition_count);
}

static struct list_offsets *work_of(struct walk *walk)
{
    return container_of(walk, struct list_offsets, walk);
}

static const struct list_offsets_topic_ask *topic_of(struct walk *walk, uint32_t at)
{
    const struct list_offsets_ask *ask = walk->request->ask;
    return &ask->topics.items[at];
}

static bool topics_begin(struct walk *walk)
{
    struct list_offsets *work = work_of(walk);
    const struct list_offsets_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    work->named = TOPICS_NAMED(&work->answer.topics, struct list_offsets_topic_answer);
    return topics_named_prepare(&work->named, walk, walk->count);
}

static bool topic_count(struct walk *walk, uint32_t at, uint32_t part)
{
    const struct list_offsets_topic_ask *ask = topic_of(walk, at);
    struct list_offsets_topic_answer *row =
        topics_named_count(&work_of(walk)->named, text_hash(ask->name), ask->partitions.count);
    (void)part;

    if (row) row->name = ask->name;
    return true;
}

static bool partitions_begin(struct walk *walk)
{
    struct list_offsets *work = work_of(walk);
    const struct list_offsets_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    return topics_named_furnish(&work->named, &walk->request->arena) &&
           numbered_prepare(&work->partitions, walk, work->named.partition_count);
}

/* A name is hashed once in a step, however many of its partitions are asked for. */
static bool topic_hash(struct walk *walk, uint32_t at)
{
    const struct list_offsets_topic_ask *ask = topic_of(walk, at);

    walk->parts = (uint32_t)ask->partitions.count;
    work_of(walk)->hash = text_hash(ask->name);
    return true;
}

static uint32_t *namings_of(struct list_offsets *work, int32_t index)
{
    return numbered_of(&work->partitions, hash_join(work->hash, (uint32_t)index));
}

static bool partition_count(struct walk *walk, uint32_t at, uint32_t part)
{
    (*namings_of(work_of(walk), topic_of(walk, at)->partitions.items[part].index))++;
    return true;
}

static bool sending_begin(struct walk *walk)
{
    const struct list_offsets_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    return true;
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    struct list_offsets *work = work_of(walk);
    const struct list_offsets_topic_ask *ask = topic_of(walk, at);

    (void)topic_hash(walk, at);
    if (walk->parts == 0) return true;
    work->topic = image_topic_by_name(&apis_of(work->request)->replicas->image, ask->name);
    work->row = topics_named_row(&work->named, work->hash);
    return true;
}

static bool part_send(struct list_offsets *work, const struct route_place *place,
                      const struct list_offsets_partition_ask *ask, struct list_offsets_partition_answer *row)
{
    struct list_offsets_part *part = arena_take(&work->request->arena, sizeof(*part));

    if (!part) return false;
    part->work = work;
    part->topic = place->topic->id;
    part->index = ask->index;
    part->current_epoch = ask->current_leader_epoch;
    part->timestamp_ms = ask->timestamp_ms;
    part->row = row;
    route_send(&work->route, &part->route, place->owner, part_arrive);
    return true;
}

/* Who names a partition twice is refused, once: nobody can tell which of its times was meant. */
static bool partition_send(struct walk *walk, uint32_t at, uint32_t part)
{
    struct list_offsets *work = work_of(walk);
    const struct list_offsets_partition_ask *ask = &topic_of(walk, at)->partitions.items[part];
    struct route_place place = route_in(work->topic, ask->index);
    uint32_t *namings = namings_of(work, ask->index);
    if (*namings == 0) return true;

    struct list_offsets_partition_answer *row = &work->row->partitions.items[work->row->partitions.count++];
    *row = (struct list_offsets_partition_answer){
        .index = ask->index, .timestamp_ms = -1, .offset = -1, .leader_epoch = -1
    };
    if (*namings > 1) {
        *namings = 0;
        row->error = error_tell(work->request, ERROR_INVALID_REQUEST);
    } else if (work->request->version < special_since(ask->timestamp_ms)) {
        row->error = error_tell(work->request, ERROR_UNSUPPORTED_VERSION);
    } else if (!place.partition) {
        row->error = error_tell(work->request, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    } else {
        return part_send(work, &place, ask, row);
    }
    return true;
}

static void all_sent(struct walk *walk)
{
    route_release(&work_of(walk)->route);
}

static const struct walk_pass list_offsets_passes[] = {
    { topics_begin, NULL, topic_count },
    { partitions_begin, topic_hash, partition_count },
    { sending_begin, topic_open, partition_send },
    { NULL, NULL, NULL },
};

void list_offsets_begin(struct request *request)
{
    const struct list_offsets_ask *ask = request->ask;
    struct list_offsets *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    work->read_committed = ask->isolation_level == 1;
    route_begin(&work->route, request->shard, list_offsets_joined);
    work->route.returned = part_home;
    walk_begin(&work->walk, request, list_offsets_passes, all_sent);
}
