/* net/node/node.c   Making a node and taking it apart, in opposite orders. What fails on the way up is taken apart from
 * where it stood; only a node that ran may leave Kafka's clean marker. */
#include "node/node.h"

#include <stdio.h>

#include "api/api.h"
#include "cluster/configs.h"
#include "conn/metrics.h"
#include "io/files.h"
#include "io/io.h"
#include "node/node_work.h"
#include "shard/jobs.h"
#include "shard/memory.h"

enum { NODE_ARENA_MAX = 256 << 20, REQUESTS_PER_SHARD = 4096 };

/* A Produce of one batch of the largest size, with its header and names. */
static uint32_t request_size_min(const struct broker_values *values)
{
    enum { AROUND = 64 << 10 };
    return min_of((uint32_t)values->batch_size_max + AROUND, (uint32_t)values->request_size_max);
}

enum status node_plan(const struct node_platform *platform, const struct settings *settings, struct plan *plan,
                      struct arena *arena, const char **why)
{
    const struct broker_values *values = &settings->values;
    const struct setting *row = setting_find(&broker_table, TEXT("socket.request.max.bytes"));
    bool asked = settings->origins && settings->origins[row - broker_table.rows];
    struct plan_input input = {
        .memory_size = values->memory > 0 ? (uint64_t)values->memory : platform->memory_size,
        .core_count = platform->core_count,
        .shard_count = (uint32_t)values->shards,
        .connections_max = (uint32_t)values->connections_max,
        .partition_count = (uint32_t)values->partitions,
        .request_size_max = (uint32_t)values->request_size_max,
        .request_size_min = asked ? 0 : request_size_min(values),
        .wal_size = (uint64_t)values->wal_size,
        .wal_file_size = (uint64_t)values->wal_file_size,
        .file_count = platform->file_count,
        .locked_size = platform->locked_size,
    };
    enum status status = plan_make(&input, plan, arena, why);
    if (status != STATUS_OK) return status;

    plan->data.from_heap = plan->replication.from_heap = platform->memory_from_heap;
    plan->poll_ns = INT64_C(1000) * values->poll_us;
    plan->nap_ns = INT64_C(1000) * values->nap_us;
    return STATUS_OK;
}

static enum status make_shards(struct node *node, const char **why)
{
    struct node_platform *platform = node->platform;
    struct node_work *work = node_work(node);
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < node->shard_count; i++) {
        work->parts[i].node = node;
        node->shards[i] = &work->parts[i].shard;
    }
    if (platform->threads) {
        status = threads_make(node, why);
    } else {
        for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++) {
            status = platform->make_io(platform, &node->plan, i, &work->parts[i].shard.io, why);
        }
    }
    for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++) {
        struct shard *shard = node->shards[i];
        const struct memory_plan *memory = i + 1 < node->shard_count ? &node->plan.data : &node->plan.replication;
        shard_init(shard, i, node->shard_count, node->shards, shard->io, platform->files, work->jobs,
                   platform->seed + 0x9e3779b97f4a7c15u * (i + 1));
        status = memory_make(shard, memory, &shard->memory);
        if (status != STATUS_OK) *why = "the planned memory can't be had";
    }
    return status;
}

static enum status make_faces(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);
    const struct broker_values *values = &work->settings->values;
    uint32_t data_shards = node->shard_count - 1;

    metrics_init(&node->metrics, conn_metric_rows, CONN_METRIC_COUNT, &node->heap);
    admission_init(&work->admission, (uint32_t)values->connections_max,
                   values->connections_per_ip_max == INT32_MAX ? UINT32_MAX : (uint32_t)values->connections_per_ip_max,
                   node->platform->seed, &node->heap);
    admission_bound(&work->admission, node->plan.connections_total);
    if (!admission_override(&work->admission, values->connections_per_ip_overrides, why)) return STATUS_INVALID;
    for (uint32_t i = 0; i < data_shards; i++) {
        struct face_settings settings = {
            .apis = served_apis,
            .api_count = served_api_count,
            .listeners = work->listeners,
            .listener_count = work->listener_count,
            .admission = &work->admission,
            .metrics = &node->metrics,
            .trace = node->platform->trace,
            .connections_max = node->plan.connections_max,
            .requests_max = REQUESTS_PER_SHARD,
            .requests_size = node->plan.requests_size,
            .request_size_max = node->plan.request_size_max,
            .fetch_session_max = (uint32_t)values->fetch_sessions_max / data_shards,
            .backlog = values->listen_backlog,
            .idle_ms = values->connection_idle_ms,
            .slow_ms = min_of(values->slow_request_ms, INT64_C(86400000)),
            .zero_copy = values->send_zero_copy,
        };
        struct face *face;
        enum status status = face_make(node->shards[i], &settings, &face);
        if (status != STATUS_OK) {
            *why = "no memory for connections";
            return status;
        }
        struct apis_settings apis = { work->settings, work->directory->identity.cluster, work->identity.id,
                                      work->metadata.dynamic };
        apis_attach(face, &apis);
    }
    return listeners_bind(node, why);
}

static bool shard_made(const struct shard *shard)
{
    return shard && shard->shards;
}

/* Takes apart what stands on the shards, from the last made to the first: then nothing refers to the directory. */
static void end_floors(struct node *node)
{
    struct node_work *work = node_work(node);

    if (node->platform->threads) threads_join(node);
    if (work->jobs) jobs_end(work->jobs);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (!shard_made(shard) || !shard->face) continue;
        apis_detach(shard->face);
        face_end(shard->face);
    }
    if (work->controller) {
        metadata_log_end(&work->metadata);
        controller_end(work->controller);
    }
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (!shard_made(shard)) continue;
        if (shard->replicas) replicas_end(shard->replicas);
        if (shard->store) store_end(shard->store);
    }
    if (work->metadata_handle >= 0) files_close(node->platform->files, work->metadata_handle);
}

static void end_shards(struct node *node)
{
    struct node_work *work = node_work(node);

    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (!shard_made(shard)) continue;
        if (shard->memory) memory_end(shard->memory);
        heap_end(&shard->heap);
    }
    for (uint32_t i = 0; i < node->shard_count; i++) {
        if (work->parts[i].shard.io) io_end(work->parts[i].shard.io);
    }
    pthread_mutex_destroy(&work->mutex);
    pthread_cond_destroy(&work->changed);
    struct heap heap = node->heap; /* the node is one of its pieces */
    heap_end(&heap);
}

static enum status make(struct node *node, const char **why)
{
    struct node_platform *platform = node->platform;
    struct node_work *work = node_work(node);

    enum status status = node_plan(platform, work->settings, &node->plan, &work->arena, why);
    if (status == STATUS_OK && !platform->recover_only) status = listeners_read(node, why);
    if (status != STATUS_OK) return status;
    for (unsigned i = 0; i < PLAN_SHORTAGES && platform->say; i++) {
        if (node->plan.shortages[i]) platform->say(platform, node->plan.shortages[i]);
    }

    node->shard_count = node->plan.shard_count + 1;
    node->shards = heap_take(&node->heap, node->shard_count * sizeof(struct shard *));
    work->parts = heap_take(&node->heap, node->shard_count * sizeof(*work->parts));
    status = platform->make_jobs(platform, node->plan.job_thread_count, &work->jobs);
    if (status != STATUS_OK) {
        *why = "no threads for jobs";
        return status;
    }
    status = make_shards(node, why);
    if (status == STATUS_OK) status = boot(node, why);
    if (status == STATUS_OK && !platform->recover_only) status = make_faces(node, why);
    return status;
}

enum status node_make(struct node_platform *platform, const struct settings *settings, struct node **made,
                      const char **why)
{
    struct heap heap;
    heap_init(&heap);
    struct node *node = heap_take(&heap, sizeof(*node));
    struct node_work *work = heap_take(&heap, sizeof(*work));
    node->heap = heap;
    node->platform = platform;
    node->work = work;
    work->settings = settings;
    work->metadata_handle = -1;
    arena_init(&work->arena, &node->heap, NULL, 0, NODE_ARENA_MAX);
    pthread_mutex_init(&work->mutex, NULL);
    pthread_cond_init(&work->changed, NULL);

    *why = NULL;
    enum status status = make(node, why);
    if (status == STATUS_OK) {
        stages_init(node);
        if (platform->threads) threads_release(node, true);
        *made = node;
        return STATUS_OK;
    }

    (void)snprintf(platform->why, sizeof(platform->why), "%s", *why ? *why : status_text(status));
    *why = platform->why;
    if (platform->threads) threads_release(node, false);
    end_floors(node);
    if (work->directory) directory_abandon(work->directory);
    end_shards(node);
    return status;
}

bool node_serving(const struct node *node)
{
    return node_work(node)->serving;
}

bool node_stopping(const struct node *node)
{
    return node_work(node)->stop_posted || node_work(node)->failure_posted;
}

bool node_buffered(const struct node *node)
{
    return node_work(node)->directory->buffered;
}

enum status node_status(const struct node *node)
{
    return (enum status)node_work(node)->status;
}

static bool shard_at_rest(const struct shard *shard)
{
    return shard->stopping && shard->io->in_flight == 0 && shard->job_count == 0 && list_empty(&shard->ready) &&
           !mailbox_pending(shard);
}

bool node_stopped(const struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        const struct node_shard *part = &node_work(node)->parts[i];
        if (node->platform->threads ? !part->ended : !shard_at_rest(&part->shard)) return false;
    }
    return true;
}

enum status node_end(struct node *node)
{
    struct node_work *work = node_work(node);
    enum status status = node_status(node);

    int64_t broker_epoch = controller_broker_epoch(work->controller);
    invariant(node_stopped(node));
    if (status == STATUS_OK) {
        status = snapshots_show(node->platform->files, work->metadata_handle, &node->heap);
    }
    end_floors(node);
    if (status == STATUS_OK) {
        status = directory_close(work->directory, broker_epoch);
    } else {
        directory_abandon(work->directory);
    }
    end_shards(node);
    return status;
}

void node_abandon(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) heap_end(&node->shards[i]->heap);
    struct heap heap = node->heap;
    heap_end(&heap);
}

uint16_t node_port(const struct node *node, uint32_t index)
{
    invariant(index < node_work(node)->listener_count);
    return node_work(node)->ports[index];
}

bool node_told(const struct node *node, uint32_t index, struct text *name, struct text *host, uint16_t *port)
{
    const struct node_work *work = node_work(node);
    if (index >= work->listener_count) return false;

    const struct image_endpoint *endpoint = &work->identity.listeners[index];
    *name = endpoint->listener;
    *host = endpoint->host;
    *port = endpoint->port;
    return true;
}
