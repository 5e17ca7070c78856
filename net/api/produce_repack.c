/* net/api/produce_repack.c   Batches that come in another codec than their topic wants are made anew by jobs, and keep
 * their turn: whoever arrives for the same partition meanwhile waits behind, whatever its codec.
 *
 *     arrives --another codec--> the end of its line, and the list of those that wait for a place
 *        |                         place free --> job --> made
 *        +--somebody in its line--> the end of the line
 *     the first of a line is made (or wants nothing) --> on to the partition (produce_part.c)
 *
 * A line is that of all partitions whose keys have the same hash modulo PRODUCE_LINES, so nothing is searched and
 * nothing refers to a partition over a wait; that two partitions share one costs no more than a wait.
 *
 * What is opened, made and packed is memory beside the plan. So there are PLACES of them per shard, each held from the
 * job's begin until the batch is appended, and a bound for what a batch may open to: a sixth of what the shard has for
 * request bodies, 16 MiB at least. So all places together take about as much as that once more (opened, made,
 * packed).
 *
 * Four shards share a lane of jobs: half of the helpers (plan.c has one for two cores) stay free for files, which
 * everybody waits for. */
#include "api/produce.h"
#include "shard/jobs.h"

enum { PLACES = 2, OPEN_SHARE = 6, OPEN_MIN = 16 << 20, OPEN_MAX = 256 << 20, LANE_SHARDS = 4, LANES = 4 };

struct produce_repack {
    struct job job;
    struct repack repack;
    struct produce_part *part;
    struct list_node node; /* among those that wait for a place */
    bool placed;           /* has one of the PLACES */
    bool made;             /* the job is done */
};

static struct list *line_of(struct produce_queue *queue, const struct produce_part *part)
{
    return &queue->lines[hash_partition(part->topic, part->index) % PRODUCE_LINES];
}

/* ---- jobs ---- */

static size_t open_max(const struct shard *owner)
{
    size_t budget = memory_free(owner->memory, MEMORY_RECEIVE) + memory_used(owner->memory, MEMORY_RECEIVE);
    return min_of(max_of(budget / OPEN_SHARE, (size_t)OPEN_MIN), (size_t)OPEN_MAX);
}

static void repack_work(struct job *job)
{
    struct produce_repack *work = container_of(job, struct produce_repack, job);
    repack_run(&work->repack);
}

/* Lets those on who have waited for the first of the line. */
static void line_go(struct produce_queue *queue, struct list *line)
{
    while (!list_empty(line)) {
        struct produce_part *part = container_of(list_first(line), struct produce_part, node);
        if (part->repack && !part->repack->made) return;
        list_remove(&part->node);
        queue->lined_count--;
        produce_part_enter(part);
    }
}

static void repack_done(struct job *job)
{
    struct produce_repack *work = container_of(job, struct produce_repack, job);
    struct produce_queue *queue = produce_queue_of(work->part->owner);

    work->made = true;
    line_go(queue, line_of(queue, work->part));
}

/* 2, 4, 6, 8: no log's lane, which are odd (log_lane). */
static uint64_t lane_of(const struct shard *owner)
{
    return UINT64_C(2) * (owner->index / LANE_SHARDS % LANES + 1);
}

static void places_fill(struct produce_queue *queue)
{
    while (queue->placed_count < PLACES && !list_empty(&queue->unplaced)) {
        struct produce_repack *work = container_of(list_take_first(&queue->unplaced), struct produce_repack, node);
        queue->placed_count++;
        work->placed = true;
        jobs_begin(queue->owner, &work->job, lane_of(queue->owner), repack_work, repack_done);
    }
}

/* ---- arriving ---- */

/* What is refused as it stands is not opened: it goes on, and is. */
static bool wants_repack(const struct produce_part *part, const struct log_settings *settings)
{
    struct batch batch;

    if (!settings->codec_set || batch_read_produced(part->records, &batch) != STATUS_OK) return false;
    unsigned codec = batch.attributes & BATCH_CODEC;
    return codec != settings->codec && codec < COMPRESSION_COUNT && batch.size <= (uint32_t)settings->message_bytes_max;
}

static void repack_make(struct produce_part *part, const struct log *log)
{
    struct produce_queue *queue = produce_queue_of(part->owner);
    struct produce_repack *work = heap_take(&part->owner->heap, sizeof(*work));

    repack_init(&work->repack);
    work->repack.produced = part->records;
    work->repack.rules = log_rules(log);
    work->repack.codec = log->settings->codec;
    work->repack.level = log->settings->codec_level;
    work->repack.size_max = (size_t)log->settings->message_bytes_max;
    work->repack.open_max = open_max(part->owner);
    work->part = part;
    part->repack = work;
    list_node_init(&work->node);
    list_append(&queue->unplaced, &work->node);
}

bool produce_line_join(struct produce_part *part, const struct log *log)
{
    struct produce_queue *queue = produce_queue_of(part->owner);
    bool wants = log && wants_repack(part, log->settings);
    if (!wants && queue->lined_count == 0) return false;

    struct list *line = line_of(queue, part);
    if (!wants && list_empty(line)) return false;
    if (wants) repack_make(part, log);
    part->stage = PART_LINE;
    list_append(line, &part->node);
    queue->lined_count++;
    places_fill(queue);
    return true;
}

/* ---- at the partition ---- */

enum status produce_repack_take(struct produce_part *part, struct bytes *batches)
{
    const struct repack *repack = &part->repack->repack;

    invariant(part->repack->made);
    part->bad_record = repack->bad_record;
    if (repack->status == STATUS_OK) *batches = repack->made;
    return repack->status;
}

void produce_repack_end(struct produce_part *part)
{
    struct produce_queue *queue = produce_queue_of(part->owner);
    struct produce_repack *work = part->repack;

    if (!work) return;
    invariant(work->made && work->placed && queue->placed_count > 0);
    queue->placed_count--;
    repack_end(&work->repack);
    heap_give(&part->owner->heap, work);
    part->repack = NULL;
    places_fill(queue);
}
