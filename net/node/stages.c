/* net/node/stages.c   How a running node comes up and goes down. Every step that concerns all shards is an order by
 * mail, carried out there and answered by the same mail; the replication shard counts the answers and gives the next
 * order.
 *
 *     order_open    faces accept                   order_store   the store writes out and closes
 *     order_close   faces close                    order_end     the loop ends
 */
#include "cluster/configs.h"
#include "node/node_work.h"
#include "shard/probe.h"

static void stage_next(struct node *node);

static struct shard *replication(const struct node *node)
{
    return &replication_part(node)->shard;
}

static void tell(struct node *node)
{
    if (node->platform->changed) node->platform->changed(node->platform);
}

/* ---- orders ---- */

static void order_answered(struct mail *mail, struct shard *at)
{
    struct node *node = container_of(mail, struct node_shard, mail)->node;
    struct node_work *work = node_work(node);

    invariant(at == replication(node) && work->pending > 0);
    if (--work->pending == 0 && work->stage != NODE_STOPPED) stage_next(node);
}

static void order_done(struct node_shard *part)
{
    mail_post(&part->shard, part->node->shard_count - 1, &part->mail, order_answered);
}

static void part_done(struct ready *ready)
{
    order_done(container_of(ready, struct node_shard, done));
}

static void order_all(struct node *node, void (*deliver)(struct mail *mail, struct shard *at))
{
    struct node_work *work = node_work(node);
    invariant(work->pending == 0);
    work->pending = node->shard_count;
    for (uint32_t i = 0; i < node->shard_count; i++) mail_post(replication(node), i, &work->parts[i].mail, deliver);
}

static void order_open(struct mail *mail, struct shard *at)
{
    struct node_shard *part = container_of(mail, struct node_shard, mail);
    if (at->face) {
        face_begin(at->face);
        part->face_open = true;
    }
    order_done(part);
}

static void order_close(struct mail *mail, struct shard *at)
{
    struct node_shard *part = container_of(mail, struct node_shard, mail);
    store_hurry(part->store);
    if (at->face) {
        face_close(at->face, &part->done);
    } else {
        order_done(part);
    }
}

static void order_store(struct mail *mail, struct shard *at)
{
    struct node_shard *part = container_of(mail, struct node_shard, mail);
    invariant(at == &part->shard);
    store_close(part->store, &part->done);
}

/* Has mail of its own: where a store failed while it closed, its answer may never come, or still be under way. */
static void end_answered(struct mail *mail, struct shard *at)
{
    struct node_work *work = node_work(container_of(mail, struct node_shard, end)->node);
    invariant(work->ending > 0);
    if (--work->ending == 0) shard_stop(at);
}

static void order_end(struct mail *mail, struct shard *at)
{
    shard_stop(at);
    mail_post(at, at->shard_count - 1, mail, end_answered);
}

/* ---- stages ---- */

static void stage_move(struct node_work *work, enum node_stage stage)
{
    PROBE2(node__stage, work->stage, stage);
    work->stage = stage;
}

static void farewell(struct node *node)
{
    struct node_work *work = node_work(node);
    stage_move(work, NODE_LEAVING);
    if (work->status != STATUS_OK) {
        stage_next(node);
    } else {
        controller_stop(work->controller, &work->farewell);
    }
}

static void store_away(struct node *node)
{
    struct node_work *work = node_work(node);
    stage_move(work, NODE_STORING);
    if (work->status != STATUS_OK) {
        stage_next(node);
    } else {
        order_all(node, order_store);
    }
}

/* The other shards first: their answers are the last mail that this one needs. */
static void end_shards(struct node *node)
{
    struct node_work *work = node_work(node);
    stage_move(work, NODE_STOPPED);
    work->ending = node->shard_count - 1;
    for (uint32_t i = 0; i + 1 < node->shard_count; i++) {
        mail_post(replication(node), i, &work->parts[i].end, order_end);
    }
}

static void close_faces(struct node *node)
{
    stage_move(node_work(node), NODE_CLOSING);
    node_work(node)->serving = false;
    order_all(node, order_close);
}

/* The present order was carried out everywhere. */
static void stage_next(struct node *node)
{
    struct node_work *work = node_work(node);

    switch (work->stage) {
    case NODE_STARTING:
        stage_move(work, NODE_SERVING);
        if (work->stop_posted || work->failure_posted) {
            close_faces(node);
        } else {
            work->serving = true;
            tell(node);
        }
        break;
    case NODE_SERVING: break;
    case NODE_CLOSING: farewell(node); break;
    case NODE_LEAVING: store_away(node); break;
    case NODE_STORING: end_shards(node); break;
    case NODE_STOPPED: break;
    }
}

static struct node *node_of(struct node_work *work)
{
    return work->parts[0].node;
}

static void started(struct ready *ready)
{
    struct node_work *work = container_of(ready, struct node_work, start);
    if (work->stage != NODE_STARTING) return; /* A failure was first. */
    if (node_of(work)->platform->recover_only) {
        store_away(node_of(work));
    } else {
        controller_start(work->controller, &work->active, &work->failed);
    }
}

static void active(struct ready *ready)
{
    struct node_work *work = container_of(ready, struct node_work, active);
    if (work->stage != NODE_STARTING) return; /* as above */
    if (work->stop_posted || work->failure_posted) {
        close_faces(node_of(work));
    } else {
        order_all(node_of(work), order_open);
    }
}

static void controller_gone(struct ready *ready)
{
    struct node_work *work = container_of(ready, struct node_work, failed);
    stages_fail(node_of(work), controller_status(work->controller));
}

/* A farewell that could not be written is a failure like any other. */
static void farewell_done(struct ready *ready)
{
    struct node_work *work = container_of(ready, struct node_work, farewell);
    if (controller_status(work->controller) != STATUS_OK && work->status == STATUS_OK) {
        work->status = controller_status(work->controller);
    }
    stage_next(node_of(work));
}

/* A start is carried to its end first; it looks whether a stop was asked for. */
static void stop_delivered(struct mail *mail, struct shard *at)
{
    struct node *node = node_of(container_of(mail, struct node_work, stop));

    invariant(at == replication(node));
    if (node_work(node)->stage == NODE_SERVING) close_faces(node);
}

void node_stop(struct node *node)
{
    struct node_work *work = node_work(node);
    if (atomic_exchange(&work->stop_posted, true)) return;
    mail_post_outside(replication(node), &work->stop, stop_delivered);
}

/* ---- failure ---- */

/* Where an order is under way, stage_next looks. Stores that failed while they closed may never answer. */
static void failure_delivered(struct mail *mail, struct shard *at)
{
    struct node *node = node_of(container_of(mail, struct node_work, failure));
    struct node_work *work = node_work(node);

    invariant(at == replication(node));
    if (work->stage <= NODE_SERVING && work->pending == 0) close_faces(node);
    if (work->stage == NODE_STORING) end_shards(node);
}

/* From any shard. The first word counts. */
void stages_fail(struct node *node, enum status status)
{
    struct node_work *work = node_work(node);
    int expected = STATUS_OK;

    (void)atomic_compare_exchange_strong(&work->status, &expected, (int)status);
    if (atomic_exchange(&work->failure_posted, true)) return;
    if (node->platform->say) {
        char line[200];
        struct arena arena;
        arena_init(&arena, NULL, line, sizeof(line), 0);
        struct text text =
            text_format(&arena, "the log directory is out of service: %s. The node stops.", status_text(status));
        node->platform->say(node->platform, text.data ? text.data : "the log directory is out of service");
    }
    mail_post_outside(replication(node), &work->failure, failure_delivered);
    tell(node);
}

static void store_failed(struct store *store, enum status status)
{
    struct node_shard *part = container_of(store->shard, struct node_shard, shard);
    stages_fail(part->node, status);
}

void stages_init(struct node *node)
{
    struct node_work *work = node_work(node);

    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct node_shard *part = &work->parts[i];
        ready_init(&part->done, part_done);
        part->store->on_failure = store_failed;
    }
    ready_init(&work->start, started);
    ready_init(&work->active, active);
    ready_init(&work->failed, controller_gone);
    ready_init(&work->farewell, farewell_done);
    shard_ready(replication(node), &work->start);
}
