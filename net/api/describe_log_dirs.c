/* net/api/describe_log_dirs.c   DescribeLogDirs: the log directory, the space on its volume, and the size of every log
 * that was asked for. What is asked for and isn't here is left out, as Kafka does it. One part per shard, however many
 * partitions there are:
 *
 *     begin --space (a job)--> a part per shard: sizes --> answer */
#include "messages/describe_log_dirs.h"
#include "api/error.h"
#include "api/route.h"
#include "api/seen.h"
#include "io/files.h"
#include "log/segment.h"
#include "log/store.h"
#include "shard/jobs.h"

enum { SPACE_SINCE = 4 };

struct log_dirs_row {
    struct uuid topic;
    int32_t index;
    int64_t size; /* -1: the owner does not have it */
    struct describe_log_dirs_topic_answer *answer;
    struct log_dirs_row *next;
};

/* The rows of one shard. */
struct log_dirs_part {
    struct route_part route;
    struct log_dirs_row *rows;
};

struct log_dirs {
    struct request *request;
    struct route route;
    struct job job;
    uint64_t available, total;
    struct seen seen;
    struct log_dirs_row *rows;
    uint32_t row_count;
    struct log_dirs_part *parts; /* by shard */
    struct describe_log_dirs_answer answer;
    struct describe_log_dirs_result result;
};

static void part_arrive(struct route_part *route, struct shard *owner)
{
    struct log_dirs_part *part = container_of(route, struct log_dirs_part, route);

    for (struct log_dirs_row *row = part->rows; row; row = row->next) {
        const struct partition *partition = replicas_find(owner->replicas, row->topic, row->index);
        row->size = partition ? (int64_t)segments_size(partition->log) : -1;
    }
    route_return(&part->route, owner);
}

static struct topic_rows topic_rows_of(struct log_dirs *work)
{
    return (struct topic_rows){ &work->result.topics, sizeof(struct describe_log_dirs_topic_answer),
                                offsetof(struct describe_log_dirs_topic_answer, partitions),
                                sizeof(struct describe_log_dirs_partition) };
}

static void sizes_joined(struct route *route)
{
    struct log_dirs *work = container_of(route, struct log_dirs, route);
    struct topic_rows topics = topic_rows_of(work);

    for (uint32_t i = 0; i < work->row_count; i++) {
        const struct log_dirs_row *row = &work->rows[i];
        if (row->size < 0) continue;
        row->answer->partitions.items[row->answer->partitions.count++] =
            (struct describe_log_dirs_partition){ .index = row->index, .partition_size = row->size };
    }
    topics_close_up(&topics);
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static void sizes_begin(struct log_dirs *work)
{
    struct shard *home = work->request->shard;

    route_begin(&work->route, home, sizes_joined);
    for (uint32_t i = 0; i + 1 < home->shard_count; i++) {
        if (work->parts[i].rows) route_send(&work->route, &work->parts[i].route, i, part_arrive);
    }
    route_release(&work->route);
}

/* ---- what is asked for ---- */

static void row_add(struct log_dirs *work, struct describe_log_dirs_topic_answer *answer, struct image_topic *topic,
                    int32_t index)
{
    struct route_place place = route_in(topic, index);
    if (!place.partition || !seen_add(&work->seen, hash_partition(topic->id, index))) return;

    struct log_dirs_row *row = &work->rows[work->row_count++];
    struct log_dirs_part *part = &work->parts[place.owner];
    *row = (struct log_dirs_row){ topic->id, index, -1, answer, part->rows };
    part->rows = row;
}

static bool rows_take(struct log_dirs *work, uint32_t topics, uint32_t partitions)
{
    struct arena *arena = &work->request->arena;

    work->result.topics.items = arena_take(arena, topics * sizeof(*work->result.topics.items));
    work->rows = arena_take(arena, partitions * sizeof(*work->rows));
    work->parts = arena_take(arena, work->request->shard->shard_count * sizeof(*work->parts));
    return work->result.topics.items && work->rows && work->parts && seen_init(&work->seen, arena, partitions);
}

static bool all_make(struct log_dirs *work, const struct image *image)
{
    struct arena *arena = &work->request->arena;

    if (!rows_take(work, image->topic_count, image->partition_count)) return false;
    list_each(&image->topics, node)
    {
        struct image_topic *topic = container_of(node, struct image_topic, node);
        struct describe_log_dirs_topic_answer *answer = &work->result.topics.items[work->result.topics.count++];
        answer->name = text_copy(arena, topic->name); /* It may go before we answer. */
        answer->partitions.items =
            arena_take(arena, (size_t)topic->partition_count * sizeof(*answer->partitions.items));
        if (!answer->name.data || !answer->partitions.items) return false;
        for (int32_t i = 0; i < topic->partition_count; i++) row_add(work, answer, topic, i);
    }
    return true;
}

/* A topic that is named twice has one row. */
static bool named_make(struct log_dirs *work, const struct describe_log_dirs_ask *ask, const struct image *image)
{
    struct arena *arena = &work->request->arena;
    struct topic_rows topics = topic_rows_of(work);
    uint64_t *hashes = arena_take(arena, (size_t)ask->topics.count * sizeof(*hashes));
    uint32_t count = 0;

    for (int32_t i = 0; i < ask->topics.count; i++) count += (uint32_t)ask->topics.items[i].partitions.count;
    if (!hashes || !rows_take(work, (uint32_t)ask->topics.count, count)) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        struct describe_log_dirs_topic_answer *answer = &work->result.topics.items[work->result.topics.count++];
        answer->name = ask->topics.items[i].name;
        answer->partitions.count = ask->topics.items[i].partitions.count;
        hashes[i] = text_hash(answer->name);
    }
    const uint32_t *first = seen_first(arena, hashes, (uint32_t)ask->topics.count);
    if (!first || !topics_join(arena, &topics, first)) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct describe_log_dirs_topic_ask *asked = &ask->topics.items[i];
        struct image_topic *topic = image_topic_by_name(image, asked->name);
        for (int32_t j = 0; topic && j < asked->partitions.count; j++) {
            row_add(work, &work->result.topics.items[first[i]], topic, asked->partitions.items[j]);
        }
    }
    return true;
}

static bool rows_make(struct log_dirs *work, const struct describe_log_dirs_ask *ask)
{
    const struct image *image = &apis_of(work->request)->replicas->image;

    return ask->topics.count < 0 ? all_make(work, image) : named_make(work, ask, image);
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
    sizes_begin(work);
}

void describe_log_dirs_begin(struct request *request)
{
    struct log_dirs *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !rows_make(work, request->ask)) {
        request_abort(request, "no memory");
        return;
    }
    const struct directory *directory = directory_of(work);
    work->answer.results.items = &work->result;
    work->answer.results.count = 1;
    work->result.log_dir = text_of(directory->path);
    work->result.total_bytes = work->result.usable_bytes = -1;
    if (directory->failed) {
        work->result.error = error_tell(request, ERROR_KAFKA_STORAGE_ERROR);
        work->result.topics.count = 0;
        request_answer(request, &work->answer, NULL, 0, NULL);
    } else if (request->version >= SPACE_SINCE) {
        jobs_begin(request->shard, &work->job, 0, space_work, space_done);
    } else {
        sizes_begin(work);
    }
}
