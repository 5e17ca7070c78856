/* replication/replica/metadata_log.c   Raft's driver. A step's effects are carried out in order; only saving the ballot
 * takes time, and while it does, durable records wait to be told to raft.
 *
 *     READY --RAFT_SAVE_BALLOT--> SAVING --job done--> READY: the rest of the effects
 */
#include "replica/metadata_log.h"

#include "cluster/configs.h"
#include "cluster/control.h"
#include "io/files.h"
#include "log/store.h"
#include "replica/bootstrap.h"
#include "replica/controller_work.h"
#include "replica/metadata_batch.h"
#include "replica/quorum_state.h"
#include "replica/replicas.h"

/* One batch on its way through the shards. */
struct publication_mail {
    struct mail mail;
    struct list_node node; /* on the replication shard: resting */
    struct publication *publication;
    struct replicas_batch batch;
};

struct publication {
    struct list_node node;
    struct metadata_log *metadata;
    struct bytes batch; /* stamped, as the log has it */
    int64_t limit;
    uint32_t pending; /* shards that have not applied it yet */
    bool posted;
    _Atomic int status; /* of a shard that could not: STATUS_OK so far */
    struct publication_mail mails[];
};

static void effects_run(struct metadata_log *metadata);

/* ---- publishing ---- */

static void publication_returned(struct mail *mail, struct shard *at)
{
    struct publication *publication = container_of(mail, struct publication_mail, mail)->publication;
    struct metadata_log *metadata = publication->metadata;

    invariant(publication->pending > 0);
    if (--publication->pending > 0) return;

    /* The shards answer in order, so the oldest is done first. */
    invariant(list_first(&metadata->publications) == &publication->node);
    list_remove(&publication->node);
    metadata->publication_count--;
    int64_t limit = publication->limit;
    enum status status = (enum status)publication->status;
    heap_give(&at->heap, (void *)publication->batch.data);
    heap_give(&at->heap, publication);

    if (status != STATUS_OK) {
        controller_failed(metadata->controller, status);
    } else {
        controller_applied(metadata->controller, limit);
    }
}

/* On the shard that applies. The status is only written when it says something, by shards that differ in time, not in
 * what they find: all of them apply the same bytes to the same image. */
static void publication_applied(struct replicas_batch *batch)
{
    struct publication_mail *slip = container_of(batch, struct publication_mail, batch);
    struct publication *publication = slip->publication;
    struct metadata_log *metadata = publication->metadata;
    struct shard *at = batch->replicas->shard;

    if (batch->status != STATUS_OK) publication->status = batch->status;
    if (at == metadata->shard) {
        metadata->applying = false;
        if (batch->status == STATUS_OK) snapshots_applied(&metadata->snapshots, publication->batch);
        if (!list_empty(&metadata->resting)) shard_ready(at, &metadata->resume);
    }
    mail_post(at, metadata->shard->index, &slip->mail, publication_returned);
}

static void publication_apply(struct publication_mail *slip, struct shard *at)
{
    slip->batch.batches = slip->publication->batch;
    slip->batch.done = publication_applied;
    replicas_begin(at->replicas, &slip->batch);
}

/* On the replication shard one after the other, and none while a snapshot is made of its image. */
static void publications_resume(struct ready *ready)
{
    struct metadata_log *metadata = container_of(ready, struct metadata_log, resume);

    while (!metadata->applying && !snapshots_walking(&metadata->snapshots) && !list_empty(&metadata->resting)) {
        struct list_node *node = list_take_first(&metadata->resting);
        metadata->applying = true;
        publication_apply(container_of(node, struct publication_mail, node), metadata->shard);
    }
}

void metadata_log_resume(struct metadata_log *metadata)
{
    publications_resume(&metadata->resume);
}

static void publication_deliver(struct mail *mail, struct shard *at)
{
    struct publication_mail *slip = container_of(mail, struct publication_mail, mail);
    struct metadata_log *metadata = slip->publication->metadata;

    if (at == metadata->shard) {
        list_append(&metadata->resting, &slip->node);
        metadata_log_resume(metadata);
    } else {
        publication_apply(slip, at);
    }
}

static void publication_post(struct publication *publication)
{
    struct shard *shard = publication->metadata->shard;

    publication->posted = true;
    publication->pending = shard->shard_count;
    for (uint32_t i = 0; i < shard->shard_count; i++) {
        publication->mails[i].publication = publication;
        list_node_init(&publication->mails[i].node);
        mail_post(shard, i, &publication->mails[i].mail, publication_deliver);
    }
}

static void commit(struct metadata_log *metadata, int64_t offset)
{
    metadata->committed = offset;
    log_commit(metadata->log, min_of(offset, metadata->log->durable.at));
    list_each(&metadata->publications, node)
    {
        struct publication *publication = container_of(node, struct publication, node);
        if (publication->limit > offset) break;
        if (!publication->posted) publication_post(publication);
    }
}

/* ---- the log ---- */

static void step(struct metadata_log *metadata, const struct raft_event *event)
{
    invariant(metadata->stage == METADATA_LOG_READY && metadata->effect_next == metadata->effects.count);
    raft_step(&metadata->raft, event, &metadata->effects);
    metadata->effect_next = 0;
    effects_run(metadata);
}

static void wait_durable(struct metadata_log *metadata)
{
    struct log *log = metadata->log;
    watermark_wait(metadata->shard, &log->durable, &metadata->durable, metadata->raft.durable + 1);
}

static void log_durable(struct ready *ready)
{
    struct metadata_log *metadata = container_of(ready, struct metadata_log, durable.ready);

    if (metadata->durable.status != STATUS_OK) {
        controller_failed(metadata->controller, metadata->durable.status);
        return;
    }
    if (metadata->stage == METADATA_LOG_SAVING) return; /* asked again when it is saved */

    struct raft_event event = { .kind = RAFT_DURABLE, .offset = metadata->log->durable.at };
    step(metadata, &event);
    if (metadata->stage == METADATA_LOG_READY) wait_durable(metadata);
}

enum status metadata_log_append(struct metadata_log *metadata, struct bytes batch, int64_t *limit)
{
    struct shard *shard = metadata->shard;
    struct log_append append = { .batches = batch,
                                 .origin = APPEND_COORDINATOR,
                                 .leader_epoch = metadata->raft.ballot.term };
    invariant(metadata->raft.role == RAFT_LEADER);
    enum status status = log_append(metadata->log, &append);
    if (status != STATUS_OK) return status;

    struct publication *publication =
        heap_take(&shard->heap, sizeof(*publication) + shard->shard_count * sizeof(publication->mails[0]));
    batch_stamp((uint8_t *)batch.data, append.first, append.leader_epoch);
    publication->metadata = metadata;
    publication->batch = batch;
    publication->limit = append.limit;
    list_node_init(&publication->node);
    list_append(&metadata->publications, &publication->node);
    metadata->publication_count++;

    /* Noting an append has no effects: the leader commits what is durable. */
    struct raft_effects none;
    struct raft_event event = { .kind = RAFT_APPENDED, .offset = append.limit, .term = append.leader_epoch };
    raft_step(&metadata->raft, &event, &none);
    invariant(none.count == 0);
    *limit = append.limit;
    return STATUS_OK;
}

/* The first batch of a term. In a new log it also says of which kind the quorum is, as Kafka's first leader does. */
static enum status append_leader_change(struct metadata_log *metadata)
{
    const struct node_identity *identity = metadata->identity;
    struct any_control controls[3];
    struct leader_change_voter self = { identity->id, identity->directory };
    struct voter_record_endpoint endpoint = { identity->controller.listener, identity->controller.host,
                                              identity->controller.port };
    struct voter_record voter = { .voter_id = identity->id, .directory_id = identity->directory };
    bool first = metadata->log->end == 0 && metadata->dynamic;

    control_clear(&controls[0], CONTROL_LEADER_CHANGE);
    controls[0].leader_change.leader_id = identity->id;
    controls[0].leader_change.voters.items = controls[0].leader_change.granting_voters.items = &self;
    controls[0].leader_change.voters.count = controls[0].leader_change.granting_voters.count = 1;

    control_clear(&controls[1], CONTROL_KRAFT_VERSION);
    controls[1].kraft_version.kraft_version = 1;

    control_clear(&controls[2], CONTROL_VOTERS);
    voter.endpoints.items = &endpoint;
    voter.endpoints.count = 1;
    voter.kraft_versions.max_supported_version = 1;
    controls[2].voters.voters.items = &voter;
    controls[2].voters.voters.count = 1;

    struct heap *heap = &metadata->shard->heap;
    struct bytes batch = control_batch_make(heap, controls, first ? 3 : 1, shard_wall_ms(metadata->shard));
    int64_t limit;
    enum status status = metadata_log_append(metadata, batch, &limit);
    if (status != STATUS_OK) heap_give(heap, (void *)batch.data);
    return status;
}

/* ---- raft's effects ---- */

static void ballot_write(struct job *job)
{
    struct metadata_log *metadata = container_of(job, struct metadata_log, ballot_job);
    char memory[1024];
    struct arena arena;

    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    struct text text = quorum_state_print(&metadata->saving, &metadata->raft.quorum, metadata->dynamic, &arena);
    invariant(text.data);
    job->status = files_replace(job->shard->files, metadata->directory, "quorum-state", text.data, text.size);
}

static void ballot_written(struct job *job)
{
    struct metadata_log *metadata = container_of(job, struct metadata_log, ballot_job);

    invariant(metadata->stage == METADATA_LOG_SAVING);
    metadata->stage = METADATA_LOG_READY;
    if (job->status != STATUS_OK) {
        controller_failed(metadata->controller, job->status); /* A vote that is not durable is no vote. */
        return;
    }
    effects_run(metadata);
    if (metadata->stage == METADATA_LOG_READY && !list_linked(&metadata->durable.node)) wait_durable(metadata);
}

static void ballot_save(struct metadata_log *metadata, const struct ballot *ballot)
{
    metadata->stage = METADATA_LOG_SAVING;
    metadata->saving = *ballot;
    jobs_begin(metadata->shard, &metadata->ballot_job, 0, ballot_write, ballot_written);
}

static void lead(struct metadata_log *metadata)
{
    enum status status = append_leader_change(metadata);
    if (status != STATUS_OK) {
        controller_failed(metadata->controller, status);
    } else {
        controller_lead(metadata->controller);
    }
}

static void effects_run(struct metadata_log *metadata)
{
    while (metadata->stage == METADATA_LOG_READY && metadata->effect_next < metadata->effects.count) {
        const struct raft_effect *effect = &metadata->effects.items[metadata->effect_next++];
        switch (effect->kind) {
        case RAFT_SAVE_BALLOT: ballot_save(metadata, &effect->ballot); break;
        case RAFT_LEAD: lead(metadata); break;
        case RAFT_COMMIT: commit(metadata, effect->offset); break;
        case RAFT_FOLLOW:
        case RAFT_SEND:
        case RAFT_SET_DEADLINE: invariant(metadata->raft.quorum.count > 1); break; /* of one: nobody to ask */
        }
    }
}

/* What stands behind the newest snapshot counts towards the next. */
static void count_found(struct snapshots *snapshots, const struct metadata_found *found)
{
    struct batch batch;

    for (uint32_t i = 0; i < found->snapshot_count; i++) snapshots_note(snapshots, &found->snapshots[i]);
    snapshots->timestamp_ms = found->snapshot_timestamp_ms;
    for (size_t at = 0; at < found->batches.size; at += batch.size) {
        enum status status = batch_read(found->batches.data + at, found->batches.size - at, &batch);
        invariant(status == STATUS_OK); /* checked when it was loaded */
        size_t bytes = batch.base_offset >= found->snapshot_end ? batch.size : 0;
        snapshots_count(snapshots, bytes, batch.max_timestamp_ms);
    }
}

void metadata_log_init(struct metadata_log *metadata, struct shard *shard, int directory,
                       const struct broker_values *values, const struct metadata_found *found)
{
    struct snapshot_limits limits = snapshot_limits_of(values);

    *metadata =
        (struct metadata_log){ .shard = shard, .dynamic = found->dynamic, .directory = directory, .committed = -1 };
    metadata->settings = (struct log_settings){
        .segment_bytes = values->metadata_segment_bytes_internal ? values->metadata_segment_bytes_internal
                                                                 : values->metadata_segment_bytes,
        .segment_ms = values->metadata_segment_ms,
        .retention_ms = -1,
        .retention_bytes = -1,
        .file_delete_delay_ms = 60000,
        .timestamp_before_max_ms = INT64_MAX,
        .timestamp_after_max_ms = INT64_MAX,
        .index_interval_bytes = 4096,
        .message_bytes_max = 8 << 20,
    };
    list_init(&metadata->publications);
    list_init(&metadata->resting);
    ready_init(&metadata->resume, publications_resume);
    snapshots_init(&metadata->snapshots, metadata, &limits);
    count_found(&metadata->snapshots, found);
    list_node_init(&metadata->durable.node);
    ready_init(&metadata->durable.ready, log_durable);
}

void metadata_log_start(struct metadata_log *metadata)
{
    struct raft_event event = { .kind = RAFT_START };
    step(metadata, &event);
    snapshots_start(&metadata->snapshots);
}

void metadata_log_end(struct metadata_log *metadata)
{
    struct heap *heap = &metadata->shard->heap;

    watermark_leave(&metadata->durable);
    list_remove(&metadata->resume.node);
    snapshots_end(&metadata->snapshots);
    list_each(&metadata->publications, node)
    {
        struct publication *publication = container_of(node, struct publication, node);
        heap_give(heap, (void *)publication->batch.data);
        heap_give(heap, publication);
    }
    raft_end(&metadata->raft);
}
