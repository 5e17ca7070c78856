/* net/api/describe_log_dirs.c   DescribeLogDirs: the log directory, the space on its volume, and the size of every log
 * that was asked for. What is asked for and isn't here is left out, as Kafka does it.
 *
 *     begin --space (a job)--> walk: a row per partition --> visit: its size --> walk: those that have one --> answer
 */
#include "messages/describe_log_dirs.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/topics_all.h"
#include "api/topics_named.h"
#include "api/visit.h"
#include "io/files.h"
#include "log/segment.h"
#include "log/store.h"
#include "shard/jobs.h"

enum { SPACE_SINCE = 4, SEGMENTS_PER_ITEM = 64, SIZE_NONE = -1 };

/* A partition that is asked for. */
struct log_dirs_row {
    struct visit_row visit;
    struct uuid topic;
    struct describe_log_dirs_partition *told; /* its owner writes the size; SIZE_NONE: it does not have it */
};

struct log_dirs {
    struct walk walk;
    struct visit visit;
    struct request *request;
    struct job job;
    uint64_t available, total;
    struct rows rows;          /* of all topics, */
    struct topics_all all;     /* which the walk goes over; */
    struct topics_named named; /* or of those that are named, */
    struct seen seen;          /* each partition once; */
    struct image_topic *topic; /* that the walk is at, in this step, */
    struct describe_log_dirs_topic_answer *row;
    int32_t kept, kept_partitions; /* of what was looked up: topics, partitions of the present one */
    uint32_t room;                 /* for partitions of a topic: so many as it had when the walk came to it */
    uint32_t partition_count;      /* that are told */
    struct describe_log_dirs_answer answer;
    struct describe_log_dirs_result result;
};

static struct log_dirs *work_of(struct walk *walk)
{
    return container_of(walk, struct log_dirs, walk);
}

/* ---- what has a size is told ---- */

static bool telling_begin(struct walk *walk)
{
    walk->count = (uint32_t)work_of(walk)->result.topics.count;
    work_of(walk)->kept = 0;
    return true;
}

static bool telling_open(struct walk *walk, uint32_t at)
{
    struct log_dirs *work = work_of(walk);

    work->row = &work->result.topics.items[at];
    walk->parts = (uint32_t)work->row->partitions.count;
    if (walk->part == 0) work->kept_partitions = 0;
    return true;
}

/* What is kept moves up, partitions and then their topic. */
static bool partition_tell(struct walk *walk, uint32_t at, uint32_t part)
{
    struct log_dirs *work = work_of(walk);
    struct describe_log_dirs_partition *partitions = work->row->partitions.items;
    (void)at;

    if (partitions[part].partition_size != SIZE_NONE) partitions[work->kept_partitions++] = partitions[part];
    if (part + 1 < walk->parts || work->kept_partitions == 0) return true;
    work->row->partitions.count = work->kept_partitions;
    work->partition_count += (uint32_t)work->kept_partitions;
    work->result.topics.items[work->kept++] = *work->row;
    return true;
}

static void all_told(struct walk *walk)
{
    struct log_dirs *work = work_of(walk);

    if (!walk_whole(walk)) return;
    work->result.topics.count = work->kept;
    request_answer_rows(work->request, &work->answer, work->partition_count + (uint32_t)work->kept);
}

static const struct walk_pass telling[] = { { telling_begin, telling_open, partition_tell }, { NULL, NULL, NULL } };

/* ---- sizes, where the logs are ---- */

static uint32_t size_look(struct visit_row *visit, struct shard *owner)
{
    struct log_dirs_row *row = container_of(visit, struct log_dirs_row, visit);
    const struct partition *partition = replicas_find(owner->replicas, row->topic, row->told->index);

    if (!partition) return 1;
    row->told->partition_size = (int64_t)segments_size(partition->log);
    return 1 + (partition->log->segments ? partition->log->segments->count / SEGMENTS_PER_ITEM : 0);
}

static void sizes_joined(struct visit *visit)
{
    struct log_dirs *work = container_of(visit, struct log_dirs, visit);
    walk_begin(&work->walk, work->request, telling, all_told);
}

static void all_looked_up(struct walk *walk)
{
    if (walk_whole(walk)) visit_go(&work_of(walk)->visit);
}

/* ---- what is asked for ---- */

/* A partition of the present topic. False: no memory. */
static bool partition_add(struct log_dirs *work, const struct route_place *place, int32_t index)
{
    struct log_dirs_row *row = arena_take_raw(&work->request->arena, sizeof(*row));

    if (!row) return false;
    row->topic = place->topic->id;
    row->told = &work->row->partitions.items[work->row->partitions.count++];
    *row->told = (struct describe_log_dirs_partition){ .index = index, .partition_size = SIZE_NONE };
    visit_add(&work->visit, place->owner, &row->visit);
    return true;
}

static bool all_begin(struct walk *walk)
{
    struct log_dirs *work = work_of(walk);
    const struct image *image = &apis_of(walk->request)->replicas->image;

    walk->count = UINT32_MAX;
    return rows_begin(&work->rows, &walk->request->arena, &work->result.topics, sizeof(*work->row), image->topic_count);
}

/* A topic that is gone in the midst of its partitions is not told of: one that has its name now may be. */
static bool all_open(struct walk *walk, uint32_t at)
{
    struct log_dirs *work = work_of(walk);
    (void)at;

    if (!topics_all_open(&work->all, walk)) return false;
    work->topic = work->all.topic;
    if (!work->topic && walk->part > 0) work->result.topics.count--;
    if (!work->topic) return true;
    if (walk->part == 0) work->room = (uint32_t)work->topic->partition_count;
    walk->parts = work->room;
    if (walk->part > 0) return true;
    work->row = rows_add(&work->rows);
    if (!work->row) return false;
    work->row->name = work->all.name;
    work->row->partitions.items =
        arena_take_raw(&walk->request->arena, walk->parts * sizeof(*work->row->partitions.items));
    return work->row->partitions.items != NULL;
}

static bool all_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct log_dirs *work = work_of(walk);
    struct route_place place = route_in(work->topic, (int32_t)part);
    (void)at;

    return !place.partition || partition_add(work, &place, (int32_t)part);
}

static const struct describe_log_dirs_topic_ask *topic_of(struct walk *walk, uint32_t at)
{
    const struct describe_log_dirs_ask *ask = walk->request->ask;
    return &ask->topics.items[at];
}

static bool counting_begin(struct walk *walk)
{
    struct log_dirs *work = work_of(walk);
    const struct describe_log_dirs_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    work->named = TOPICS_NAMED(&work->result.topics, struct describe_log_dirs_topic_answer);
    return topics_named_prepare(&work->named, walk, walk->count);
}

static bool topic_count(struct walk *walk, uint32_t at, uint32_t part)
{
    const struct describe_log_dirs_topic_ask *ask = topic_of(walk, at);
    struct describe_log_dirs_topic_answer *row =
        topics_named_count(&work_of(walk)->named, text_hash(ask->name), ask->partitions.count);
    (void)part;

    if (row) row->name = ask->name;
    return true;
}

static bool naming_begin(struct walk *walk)
{
    struct log_dirs *work = work_of(walk);
    const struct describe_log_dirs_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->topics.count;
    return topics_named_furnish(&work->named, &walk->request->arena) &&
           seen_prepare(&work->seen, walk, work->named.partition_count);
}

static bool naming_open(struct walk *walk, uint32_t at)
{
    struct log_dirs *work = work_of(walk);
    const struct describe_log_dirs_topic_ask *ask = topic_of(walk, at);

    walk->parts = (uint32_t)ask->partitions.count;
    if (walk->parts == 0) return true;
    work->row = topics_named_row(&work->named, text_hash(ask->name));
    work->topic = image_topic_by_name(&apis_of(walk->request)->replicas->image, ask->name);
    return true;
}

static bool named_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct log_dirs *work = work_of(walk);
    int32_t index = topic_of(walk, at)->partitions.items[part];
    struct route_place place = route_in(work->topic, index);

    if (!place.partition || !seen_add(&work->seen, hash_partition(place.topic->id, index))) return true;
    return partition_add(work, &place, index);
}

static const struct walk_pass all_topics[] = { { all_begin, all_open, all_take }, { NULL, NULL, NULL } };
static const struct walk_pass named_topics[] = {
    { counting_begin, NULL, topic_count },
    { naming_begin, naming_open, named_take },
    { NULL, NULL, NULL },
};

static void looking_begin(struct log_dirs *work)
{
    const struct describe_log_dirs_ask *ask = work->request->ask;

    walk_begin(&work->walk, work->request, ask->topics.count < 0 ? all_topics : named_topics, all_looked_up);
}

/* ---- the directory ---- */

static struct directory *directory_of(const struct log_dirs *work)
{
    return apis_of(work->request)->replicas->store->directory;
}

static void space_work(struct job *job)
{
    struct log_dirs *work = container_of(job, struct log_dirs, job);
    struct directory *directory = directory_of(work);

    job->status = files_space(directory->files, directory->handle, &work->available, &work->total);
}

static void space_done(struct job *job)
{
    struct log_dirs *work = container_of(job, struct log_dirs, job);

    if (job->status == STATUS_OK) {
        work->result.total_bytes = (int64_t)work->total;
        work->result.usable_bytes = (int64_t)work->available;
    }
    looking_begin(work);
}

void describe_log_dirs_begin(struct request *request)
{
    struct log_dirs *work = arena_take(&request->arena, sizeof(*work));

    if (!work || !visit_begin(&work->visit, request, size_look, sizes_joined)) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    work->request = request;
    const struct directory *directory = directory_of(work);
    work->answer.results.items = &work->result;
    work->answer.results.count = 1;
    work->result.log_dir = text_of(directory->path);
    work->result.total_bytes = work->result.usable_bytes = -1;
    if (directory->failed) {
        work->result.error = error_tell(request, ERROR_KAFKA_STORAGE_ERROR);
        request_answer(request, &work->answer, NULL, 0, NULL);
    } else if (request->version >= SPACE_SINCE) {
        jobs_begin(request->shard, &work->job, 0, space_work, space_done);
    } else {
        looking_begin(work);
    }
}
