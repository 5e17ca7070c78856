/* net/api/list_offsets.c   ListOffsets: the offset at a time, or at one of the ends. Ends are read off the log; a
 * search by time may have to wait for cold bytes, so each partition is a part that travels to its owner and comes
 * back. */
#include "messages/list_offsets.h"
#include "api/error.h"
#include "api/route.h"
#include "api/seen.h"

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
    struct request *request;
    struct route route;
    bool read_committed;
    struct list_offsets_part *parts;
    uint32_t part_count;
    const uint64_t *hashes;     /* of the request's partitions in a row, by topic and index */
    const uint32_t *first;      /* of its topics: where each was named first */
    struct seen twice, refused; /* partitions that are named more than once; those that were told so */
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

static void list_offsets_joined(struct route *route)
{
    struct list_offsets *work = container_of(route, struct list_offsets, route);

    for (uint32_t i = 0; i < work->part_count; i++) {
        const struct list_offsets_part *part = &work->parts[i];
        part->row->error = error_tell(work->request, error_of(part->status));
        if (part->status != STATUS_OK) continue;
        part->row->offset = part->offset;
        part->row->timestamp_ms = part->found_ms;
        part->row->leader_epoch = part->epoch;
    }
    request_answer_rows(work->request, &work->answer, work->part_count);
}

static struct topic_rows rows_of(struct list_offsets *work)
{
    return (struct topic_rows){ &work->answer.topics, sizeof(struct list_offsets_topic_answer),
                                offsetof(struct list_offsets_topic_answer, partitions),
                                sizeof(struct list_offsets_partition_answer) };
}

/* A name is hashed once, however many of its partitions are asked for. */
static bool hashes_make(struct list_offsets *work, const struct list_offsets_ask *ask, uint32_t count)
{
    struct arena *arena = &work->request->arena;
    uint64_t *topics = arena_take(arena, (size_t)ask->topics.count * sizeof(*topics));
    uint64_t *hashes = arena_take(arena, count * sizeof(*hashes));
    uint32_t at = 0;

    if (!topics || !hashes) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct list_offsets_topic_ask *topic = &ask->topics.items[i];
        topics[i] = text_hash(topic->name);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            hashes[at++] = hash_join(topics[i], (uint32_t)topic->partitions.items[j].index);
        }
    }
    work->hashes = hashes;
    work->first = seen_first(arena, topics, (uint32_t)ask->topics.count);
    return work->first != NULL;
}

/* Nobody can tell which of its times was meant. */
static bool twice_find(struct list_offsets *work, uint32_t count)
{
    struct arena *arena = &work->request->arena;
    struct seen named;

    if (!seen_init(&named, arena, count) || !seen_init(&work->twice, arena, count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!seen_add(&named, work->hashes[i])) (void)seen_add(&work->twice, work->hashes[i]);
    }
    return seen_init(&work->refused, arena, count);
}

static bool list_offsets_make(struct list_offsets *work, const struct list_offsets_ask *ask)
{
    struct arena *arena = &work->request->arena;
    struct topic_rows rows = rows_of(work);
    uint32_t count = 0;

    work->answer.topics.items = arena_take(arena, (size_t)ask->topics.count * sizeof(*work->answer.topics.items));
    if (!work->answer.topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        struct list_offsets_topic_answer *topic = &work->answer.topics.items[work->answer.topics.count++];
        topic->name = ask->topics.items[i].name;
        topic->partitions.count = ask->topics.items[i].partitions.count;
        count += (uint32_t)topic->partitions.count;
    }
    work->parts = arena_take(arena, count * sizeof(*work->parts));
    return work->parts && hashes_make(work, ask, count) && topics_join(arena, &rows, work->first) &&
           twice_find(work, count);
}

static void part_send(struct list_offsets *work, const struct route_place *place, uint64_t hash,
                      const struct list_offsets_partition_ask *ask, struct list_offsets_partition_answer *row)
{
    struct list_offsets_part *part = NULL;

    *row = (struct list_offsets_partition_answer){
        .index = ask->index, .timestamp_ms = -1, .offset = -1, .leader_epoch = -1
    };
    if (seen_has(&work->twice, hash)) {
        row->error = error_tell(work->request, ERROR_INVALID_REQUEST);
    } else if (work->request->version < special_since(ask->timestamp_ms)) {
        row->error = error_tell(work->request, ERROR_UNSUPPORTED_VERSION);
    } else if (!place->partition) {
        row->error = error_tell(work->request, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    } else {
        part = &work->parts[work->part_count++];
        part->work = work;
        part->topic = place->topic->id;
        part->index = ask->index;
        part->current_epoch = ask->current_leader_epoch;
        part->timestamp_ms = ask->timestamp_ms;
        part->row = row;
        route_send(&work->route, &part->route, place->owner, part_arrive);
    }
}

/* `hashes`: of its partitions. */
static void topic_send(struct list_offsets *work, const struct list_offsets_topic_ask *ask, const uint64_t *hashes,
                       struct list_offsets_topic_answer *answer)
{
    struct image_topic *topic = image_topic_by_name(&apis_of(work->request)->replicas->image, ask->name);

    for (int32_t i = 0; i < ask->partitions.count; i++) {
        const struct list_offsets_partition_ask *partition = &ask->partitions.items[i];
        struct route_place place = route_in(topic, partition->index);
        if (seen_has(&work->twice, hashes[i]) && !seen_add(&work->refused, hashes[i])) continue; /* told once */
        part_send(work, &place, hashes[i], partition, &answer->partitions.items[answer->partitions.count++]);
    }
}

void list_offsets_begin(struct request *request)
{
    const struct list_offsets_ask *ask = request->ask;
    struct list_offsets *work = arena_take(&request->arena, sizeof(*work));
    uint32_t at = 0;

    if (work) work->request = request;
    if (!work || !list_offsets_make(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    work->read_committed = ask->isolation_level == 1;
    route_begin(&work->route, request->shard, list_offsets_joined);
    for (int32_t i = 0; i < ask->topics.count; i++) {
        topic_send(work, &ask->topics.items[i], &work->hashes[at], &work->answer.topics.items[work->first[i]]);
        at += (uint32_t)ask->topics.items[i].partitions.count;
    }
    struct topic_rows rows = rows_of(work);
    topics_close_up(&rows);
    route_release(&work->route);
}
