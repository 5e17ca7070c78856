/* replication/replica/snapshots.c   From the image to a file, and what may go afterwards.
 *
 *     RESTING --enough written, or long ago--> WALKING --all told--> WRITING --durable--> older ones expired?
 *                                                                                          no: RESTING
 *                yes: RAISING (the log's start) --durable--> REMOVING (older files) --> RESTING
 *
 * The picture can't be blurred: while the image is walked, a bounded number of records per turn, what is committed
 * waits to be applied on this shard (and whoever asked for it waits for its answer), once an hour or once in 20 MiB.
 * The records of the walk are held in memory, so that nobody waits for the device; writing is a job's.
 *
 * At any moment a start finds a snapshot that is durable and reaches up to where the log begins: the file comes first,
 * then the log's start, then older files go. Segments below the start are let go by the store's own rounds.
 *
 * Want of space is no failure: the draft is dropped, and the next trigger tries again. Any other failed write ends the
 * node, as one of the WAL does. */
#include "replica/snapshots.h"

#include "cluster/configs.h"
#include "io/files.h"
#include "log/store.h"
#include "replica/controller_work.h"
#include "replica/metadata_log.h"
#include "replica/replicas.h"

enum {
    STEP_RECORDS = 1024, /* as many as Kafka puts into one batch of a snapshot */
    STEP_BYTES = 512 << 10,
    STEP_ARENA_MAX = 64 << 20,
    LOOK_MS_MAX = 60000,
};

/* ---- limits ---- */

struct snapshot_limits snapshot_limits_of(const struct broker_values *values)
{
    return (struct snapshot_limits){ .bytes = values->metadata_snapshot_bytes,
                                     .interval_ms = values->metadata_snapshot_interval_ms,
                                     .retention_bytes = values->metadata_retention_bytes,
                                     .retention_ms = values->metadata_retention_ms };
}

uint32_t snapshots_expired(const struct snapshot_id *ids, uint32_t count, uint64_t log_size,
                           const struct snapshot_limits *limits, int64_t now_ms)
{
    uint64_t size = log_size;
    uint32_t expired = 0;

    for (uint32_t i = 0; i < count; i++) size += ids[i].size;
    while (expired + 1 < count && limits->retention_bytes >= 0 && size > (uint64_t)limits->retention_bytes) {
        size -= ids[expired++].size;
    }
    while (expired + 1 < count && limits->retention_ms >= 0 &&
           now_ms - ids[expired].timestamp_ms > limits->retention_ms) {
        expired++;
    }
    return expired;
}

static struct shard *shard_of(const struct snapshots *snapshots)
{
    return snapshots->metadata->shard;
}

static const struct image *image_of(const struct snapshots *snapshots)
{
    return &shard_of(snapshots)->replicas->image;
}

/* The store takes entries, and the node does not stop. */
static bool may_work(const struct snapshots *snapshots)
{
    const struct store *store = snapshots->metadata->log->store;
    return snapshots->stage == SNAPSHOTS_RESTING && !store->closing && !store->failed;
}

/* ---- older ones ---- */

static void files_go(struct job *job)
{
    struct snapshots *snapshots = container_of(job, struct snapshots, job);
    char name[SNAPSHOT_NAME_SIZE];

    for (uint32_t i = 0; i < snapshots->expired; i++) {
        snapshot_name(&snapshots->known[i], "", name);
        enum status status = files_remove(job->shard->files, snapshots->metadata->directory, name);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) job->status = status;
    }
}

/* One that could not be removed is looked at again by the next start. */
static void files_gone(struct job *job)
{
    struct snapshots *snapshots = container_of(job, struct snapshots, job);

    invariant(snapshots->stage == SNAPSHOTS_REMOVING && snapshots->expired < snapshots->known_count);
    snapshots->known_count -= snapshots->expired;
    memmove(snapshots->known, snapshots->known + snapshots->expired,
            snapshots->known_count * sizeof(*snapshots->known));
    snapshots->stage = SNAPSHOTS_RESTING;
}

static void remove_begin(struct snapshots *snapshots)
{
    snapshots->stage = SNAPSHOTS_REMOVING;
    jobs_begin(shard_of(snapshots), &snapshots->job, 0, files_go, files_gone);
}

static void start_durable(struct ready *ready)
{
    struct snapshots *snapshots = container_of(ready, struct snapshots, raised.ready);

    invariant(snapshots->stage == SNAPSHOTS_RAISING);
    if (snapshots->raised.status == STATUS_OK) {
        remove_begin(snapshots);
    } else {
        snapshots->stage = SNAPSHOTS_RESTING;
    }
}

static void retain(struct snapshots *snapshots)
{
    struct shard *shard = shard_of(snapshots);
    struct log *log = snapshots->metadata->log;
    int64_t sequence;

    snapshots->expired = snapshots_expired(snapshots->known, snapshots->known_count, (uint64_t)log_size(log),
                                           &snapshots->limits, shard_wall_ms(shard));
    if (snapshots->expired == 0) return;

    int64_t start = snapshots->known[snapshots->expired].end;
    if (start <= log->start) {
        remove_begin(snapshots);
        return;
    }
    if (log_raise_start(log, start, &sequence) != STATUS_OK) return; /* no room in the WAL: the next look */
    snapshots->stage = SNAPSHOTS_RAISING;
    watermark_wait(shard, &log->store->flushed, &snapshots->raised, sequence);
}

/* ---- writing ---- */

static void file_make(struct job *job)
{
    struct snapshots *snapshots = container_of(job, struct snapshots, job);
    const struct metadata_log *metadata = snapshots->metadata;
    char name[SNAPSHOT_NAME_SIZE];

    /* A snapshot must not outlive what it was made of. */
    job->status = STATUS_OK;
    if (metadata->log->directory->relaxed) job->status = files_sync_all(job->shard->files, metadata->directory);
    snapshot_name(&snapshots->id, "", name);
    if (job->status == STATUS_OK) {
        job->status = snapshot_draft_write(&snapshots->draft, job->shard->files, metadata->directory, name);
    }
}

static void file_made(struct job *job)
{
    struct snapshots *snapshots = container_of(job, struct snapshots, job);

    invariant(snapshots->stage == SNAPSHOTS_WRITING);
    snapshots->stage = SNAPSHOTS_RESTING;
    snapshots->id.size = snapshots->draft.size;
    snapshot_draft_end(&snapshots->draft);
    if (job->status == STATUS_OK) {
        snapshots_note(snapshots, &snapshots->id);
        if (may_work(snapshots)) retain(snapshots);
    } else if (job->status != STATUS_NO_SPACE) {
        controller_failed(snapshots->metadata->controller, job->status);
    }
}

/* ---- walking ---- */

static void walk_done(struct snapshots *snapshots)
{
    struct shard *shard = shard_of(snapshots);

    snapshot_draft_finish(&snapshots->draft, shard_wall_ms(shard));
    snapshots->stage = SNAPSHOTS_WRITING;
    jobs_begin(shard, &snapshots->job, 0, file_make, file_made);
    metadata_log_resume(snapshots->metadata);
}

static void walk_step(struct ready *ready)
{
    struct snapshots *snapshots = container_of(ready, struct snapshots, step);
    struct shard *shard = shard_of(snapshots);
    struct any_record record;
    struct record_list list;
    size_t size = 0;

    invariant(snapshots->stage == SNAPSHOTS_WALKING && image_of(snapshots)->offset == snapshots->id.end);
    record_list_init(&list, &snapshots->arena);
    while (list.count < STEP_RECORDS && size < STEP_BYTES &&
           image_walk_next(&snapshots->walk, &record, &snapshots->arena)) {
        *record_list_add(&list, record.type) = record;
        size += record_size(&record);
    }
    invariant(!list.full);
    if (list.count > 0) {
        snapshot_draft_add(&snapshots->draft, record_batch_make(&shard->heap, &list, shard_wall_ms(shard)));
    }
    arena_reset(&snapshots->arena);
    if (snapshots->walk.stage == WALK_END) {
        walk_done(snapshots);
    } else {
        shard_ready(shard, &snapshots->step);
    }
}

static void walk_begin(struct snapshots *snapshots)
{
    struct shard *shard = shard_of(snapshots);
    const struct image *image = image_of(snapshots);
    struct any_control controls[IMAGE_HEAD_MAX];

    snapshots->stage = SNAPSHOTS_WALKING;
    snapshots->bytes = 0;
    snapshots->since_ns = shard_now_ns(shard);
    snapshots->id = (struct snapshot_id){
        .end = image->offset, .epoch = image->epoch, .timestamp_ms = snapshots->timestamp_ms, .hidden = true
    };
    snapshot_draft_begin(&snapshots->draft, &shard->heap, image->epoch);
    uint32_t count = image_head(image, snapshots->timestamp_ms, controls, &snapshots->arena);
    snapshot_draft_add(&snapshots->draft, control_batch_make(&shard->heap, controls, count, shard_wall_ms(shard)));
    arena_reset(&snapshots->arena);
    image_walk_begin(&snapshots->walk, image);
    shard_ready(shard, &snapshots->step);
}

bool snapshots_walking(const struct snapshots *snapshots)
{
    return snapshots->stage == SNAPSHOTS_WALKING;
}

/* ---- when ---- */

static void consider(struct snapshots *snapshots)
{
    const struct snapshot_limits *limits = &snapshots->limits;
    const struct image *image = image_of(snapshots);
    int64_t newest = snapshots->known_count ? snapshots->known[snapshots->known_count - 1].end : 0;
    if (!may_work(snapshots) || snapshots->metadata->applying) return;

    bool old = limits->interval_ms > 0 &&
               shard_now_ns(shard_of(snapshots)) - snapshots->since_ns >= ns_of_ms(limits->interval_ms);
    bool wanted = image->offset > newest && (snapshots->bytes >= limits->bytes || old);
    if (wanted && image_settled(image)) walk_begin(snapshots);
}

void snapshots_count(struct snapshots *snapshots, size_t bytes, int64_t timestamp_ms)
{
    snapshots->bytes += (int64_t)bytes;
    snapshots->timestamp_ms = timestamp_ms;
}

void snapshots_applied(struct snapshots *snapshots, struct bytes bytes)
{
    struct batch batch;
    enum status status = batch_read(bytes.data, bytes.size, &batch);
    invariant(status == STATUS_OK);
    snapshots_count(snapshots, bytes.size, batch.max_timestamp_ms);
    consider(snapshots);
}

static void look(struct timer *timer)
{
    struct snapshots *snapshots = container_of(timer, struct snapshots, look);
    struct shard *shard = shard_of(snapshots);
    int64_t pause_ms = LOOK_MS_MAX;

    if (may_work(snapshots)) retain(snapshots);
    consider(snapshots);
    if (snapshots->limits.interval_ms > 0) pause_ms = min_of(pause_ms, snapshots->limits.interval_ms);
    timer_set(&shard->timers, &snapshots->look, shard_now_ns(shard) + ns_of_ms(pause_ms));
}

/* ---- start and end ---- */

void snapshots_init(struct snapshots *snapshots, struct metadata_log *metadata, const struct snapshot_limits *limits)
{
    *snapshots = (struct snapshots){ .metadata = metadata, .limits = *limits };
    timer_init(&snapshots->look, look);
    ready_init(&snapshots->step, walk_step);
    ready_init(&snapshots->raised.ready, start_durable);
    list_node_init(&snapshots->raised.node);
    arena_init(&snapshots->arena, &metadata->shard->heap, NULL, 0, STEP_ARENA_MAX);
}

void snapshots_note(struct snapshots *snapshots, const struct snapshot_id *id)
{
    struct heap *heap = &shard_of(snapshots)->heap;

    invariant(snapshots->known_count == 0 || snapshots->known[snapshots->known_count - 1].end < id->end);
    snapshots->known = heap_resize(heap, snapshots->known, (snapshots->known_count + 1) * sizeof(*snapshots->known));
    snapshots->known[snapshots->known_count++] = *id;
}

void snapshots_start(struct snapshots *snapshots)
{
    snapshots->since_ns = shard_now_ns(shard_of(snapshots));
    look(&snapshots->look);
}

void snapshots_end(struct snapshots *snapshots)
{
    struct shard *shard = shard_of(snapshots);

    timer_clear(&shard->timers, &snapshots->look);
    watermark_leave(&snapshots->raised);
    list_remove(&snapshots->step.node);
    snapshot_draft_end(&snapshots->draft);
    arena_reset(&snapshots->arena);
    heap_give(&shard->heap, snapshots->known);
}
