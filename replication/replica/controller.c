/* replication/replica/controller.c   The order of things: calls are decided one by one against the image that is ahead
 * of what is committed, written, and answered when every shard of the node has applied them. Flushes gather: while one
 * decision is on its way to the device, the next ones are made. A decision of many records is made in portions, a step
 * each: struct decision. */
#include "replica/controller.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cluster/configs.h"
#include "replica/controller_work.h"
#include "replica/metadata_log.h"
#include "replica/replicas.h"

enum { RETRY_NS = 5000000, DECISION_SIZE_MAX = 64 << 20, DECISION_PORTION = 2000, DECISION_SMALL = 256 << 10 };

static void controller_go(struct controller *controller);

/* ---- calls ---- */

static void call_returned(struct mail *mail, struct shard *at)
{
    struct controller_call *call = container_of(mail, struct controller_call, mail);
    invariant(at == call->caller);
    call->done(call);
}

static void call_finish(struct controller *controller, struct controller_call *call, enum status status)
{
    list_remove(&call->node);
    call->status = status;
    mail_post(controller->shard, call->caller->index, &call->mail, call_returned);
}

static void call_delivered(struct mail *mail, struct shard *at)
{
    struct controller_call *call = container_of(mail, struct controller_call, mail);
    struct controller *controller = at->replicas->controller;

    invariant(controller);
    list_node_init(&call->node);
    list_append(&controller->calls, &call->node);
    controller_go(controller);
}

/* The arena's heap belongs to the caller's thread, so room for texts is taken here, unless the caller brought it, and
 * only filled by the controller. */
static bool room_furnish(struct controller_call *call, char **room)
{
    if (!*room) *room = arena_take_raw(call->arena, CONTROLLER_WHY_MAX);
    return *room != NULL;
}

static bool call_furnish(struct controller_call *call)
{
    bool whole = true;

    for (uint32_t i = 0; whole && i < call->create_count; i++) whole = room_furnish(call, &call->creates[i].room);
    for (uint32_t i = 0; whole && i < call->delete_count; i++) {
        struct topic_delete *delete = &call->deletes[i];
        bool named = delete->name.data != NULL, numbered = !uuid_none(delete->id);
        delete->by =
            named ? (numbered ? DELETE_BY_BOTH : DELETE_BY_NAME) : (numbered ? DELETE_BY_ID : DELETE_BY_NOTHING);
        whole = room_furnish(call, &delete->room);
    }
    for (uint32_t i = 0; whole && i < call->grow_count; i++) whole = room_furnish(call, &call->grows[i].room);
    for (uint32_t i = 0; whole && i < call->alter_count; i++) whole = room_furnish(call, &call->alters[i].room);
    return whole;
}

struct text controller_words(char *room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(room, CONTROLLER_WHY_MAX, format, args);
    va_end(args);
    return (struct text){ room, (size_t)min_of(max_of(size, 0), CONTROLLER_WHY_MAX - 1) };
}

void controller_begin(struct shard *from, struct controller_call *call)
{
    invariant(call->done && call->arena);
    call->caller = from;
    call->status = call_furnish(call) ? STATUS_OK : STATUS_NO_MEMORY;
    if (call->status != STATUS_OK) {
        mail_post(from, from->index, &call->mail, call_returned);
    } else {
        mail_post(from, from->replicas->controller_shard, &call->mail, call_delivered);
    }
}

static void calls_finish(struct controller *controller, struct list *calls, enum status status)
{
    list_each(calls, node)
    {
        call_finish(controller, container_of(node, struct controller_call, node), status);
    }
}

/* ---- writing ---- */

enum status controller_write(struct controller *controller, struct record_list *list)
{
    struct shard *shard = controller->shard;
    int64_t limit;
    if (list->count == 0) return STATUS_OK;

    struct bytes batch = record_batch_make(&shard->heap, list, shard_wall_ms(shard));
    enum status status = metadata_log_append(controller->log, batch, &limit);
    if (status != STATUS_OK) {
        heap_give(&shard->heap, (void *)batch.data);
        return status;
    }

    /* What was decided against the image fits it. */
    for (uint32_t i = 0; i < list->count; i++) {
        status = image_apply(&controller->ahead, &list->items[i]);
        invariant(status == STATUS_OK);
    }
    image_advance(&controller->ahead, limit, controller->log->raft.ballot.term);
    return STATUS_OK;
}

static void retry_later(struct controller *controller)
{
    timer_set(&controller->shard->timers, &controller->retry, shard_now_ns(controller->shard) + RETRY_NS);
}

/* ---- one decision ---- */

static void decision_begin(struct controller *controller, struct controller_call *call)
{
    struct decision *decision = &controller->decision;

    call->status = STATUS_OK;
    record_list_init(&decision->list, &controller->arena);
    decision->making = (struct batch_making){ 0 };
    memset(&decision->next, 0, sizeof(decision->next));
    decision->stage = DECISION_DECIDING;
}

static void decision_make(struct controller *controller)
{
    struct decision *decision = &controller->decision;
    struct shard *shard = controller->shard;

    controller->common = NULL;
    decision->ahead = 0;
    decision->limit = controller->ahead.offset;
    decision->stage = DECISION_AHEAD;
    if (decision->list.full || decision->list.count == 0) return;
    batch_making_begin(&decision->making, &shard->heap, &decision->list, shard_wall_ms(shard));
    decision->stage = DECISION_MAKING;
}

/* Its call has been taken out of the list, or goes with all others. */
static void decision_end(struct controller *controller)
{
    struct decision *decision = &controller->decision;

    if (decision->stage == DECISION_MAKING || decision->stage == DECISION_WRITING) {
        batch_making_drop(&decision->making);
    }
    decision->stage = DECISION_NONE;
    controller->common = NULL;
    list_remove(&decision->more.node);
    arena_reset(&controller->arena);
}

/* What was decided against the image fits it. True: the image has all of it. */
static bool decision_apply(struct controller *controller, uint32_t portion)
{
    struct decision *decision = &controller->decision;

    for (uint32_t spent = 0; decision->ahead < decision->list.count && spent < portion; decision->ahead++) {
        const struct any_record *record = &decision->list.items[decision->ahead];
        enum status status = image_apply(&controller->ahead, record);
        invariant(status == STATUS_OK);
        spent += record_weight(&controller->ahead, record, record_size(record));
    }
    if (decision->ahead < decision->list.count) return false;
    if (decision->ahead > 0) image_advance(&controller->ahead, decision->limit, controller->log->raft.ballot.term);
    return true;
}

/* The call runs: it is done when every shard has applied it. */
static void decision_done(struct controller *controller, struct controller_call *call)
{
    call->applied = controller->decision.limit;
    list_remove(&call->node);
    list_append(&controller->running, &call->node);
    decision_end(controller);
}

static void decision_refused(struct controller *controller, struct controller_call *call, enum status status)
{
    call_finish(controller, call, status);
    decision_end(controller);
}

enum decision_turn { DECISION_GOES_ON, DECISION_GIVES_WAY, DECISION_WAITS, DECISION_THROUGH };

static enum decision_turn decision_write(struct controller *controller, struct controller_call *call)
{
    struct decision *decision = &controller->decision;

    enum status status = metadata_log_append(controller->log, decision->making.batch, &decision->limit);
    if (status == STATUS_BUSY) {
        retry_later(controller);
        return DECISION_WAITS;
    }
    if (status != STATUS_OK) {
        decision_refused(controller, call, status);
        return DECISION_THROUGH;
    }
    decision->stage = DECISION_AHEAD;
    return DECISION_GOES_ON;
}

static enum decision_turn decision_resume(struct controller *controller, struct controller_call *call)
{
    struct decision *decision = &controller->decision;

    switch (decision->stage) {
    case DECISION_NONE: decision_begin(controller, call); return DECISION_GOES_ON;
    case DECISION_DECIDING:
        if (!decide(controller, call, &decision->list)) return DECISION_GIVES_WAY;
        decision_make(controller);
        if (!decision->list.full) return DECISION_GOES_ON;
        decision_refused(controller, call, STATUS_POLICY);
        return DECISION_THROUGH;
    case DECISION_MAKING:
        if (batch_making_go(&decision->making, DECISION_PORTION)) decision->stage = DECISION_WRITING;
        return DECISION_GOES_ON;
    case DECISION_WRITING: return decision_write(controller, call);
    case DECISION_AHEAD: break;
    }
    if (!decision_apply(controller, DECISION_PORTION)) return DECISION_GIVES_WAY;
    decision_done(controller, call);
    return DECISION_THROUGH;
}

/* As far as it is known. */
static bool decision_small(const struct decision *decision)
{
    return decision->list.count <= DECISION_PORTION && decision->making.total <= DECISION_SMALL;
}

/* A small decision in one step, a large one in several. False: it waits, for its next turn, or for room in the log,
 * which the retry will find. */
static bool call_go(struct controller *controller, struct controller_call *call)
{
    struct decision *decision = &controller->decision;
    enum decision_turn turn;

    if (list_linked(&decision->more.node)) return false;
    do {
        turn = decision_resume(controller, call);
    } while (turn == DECISION_GOES_ON && decision_small(decision));

    if (turn == DECISION_GOES_ON || turn == DECISION_GIVES_WAY) shard_ready(controller->shard, &decision->more);
    return turn == DECISION_THROUGH;
}

static void running_finish(struct controller *controller)
{
    list_each(&controller->running, node)
    {
        struct controller_call *call = container_of(node, struct controller_call, node);
        if (call->applied > controller->applied) break;
        call_finish(controller, call, call->status);
    }
}

/* ---- activation and farewell ---- */

static void script_done(struct controller *controller)
{
    if (controller->stage == CONTROLLER_ACTIVATING) {
        controller->stage = CONTROLLER_ACTIVE;
        shard_ready(controller->shard, controller->active);
    } else {
        controller->stage = CONTROLLER_STOPPED;
        shard_ready(controller->shard, controller->stopped);
    }
}

/* Writes batch after batch of the script, as far as the log takes them. */
static void script_go(struct controller *controller)
{
    bool more = controller->script_end < 0;
    while (more) {
        struct record_list list;
        struct list_node *topic = controller->topic;
        int32_t partition = controller->partition;

        record_list_init(&list, &controller->arena);
        more = controller->stage == CONTROLLER_ACTIVATING ? activation_next(controller, &list)
                                                          : farewell_next(controller, &list);
        invariant(!list.full);
        enum status status = more ? controller_write(controller, &list) : STATUS_OK;
        arena_reset(&controller->arena);
        if (status == STATUS_BUSY) {
            controller->topic = topic;
            controller->partition = partition;
            retry_later(controller);
            return;
        }
        if (status != STATUS_OK) {
            controller_failed(controller, status);
            return;
        }
        controller->step++;
    }
    if (controller->script_end < 0) controller->script_end = controller->ahead.offset;
    if (controller->applied >= controller->script_end) script_done(controller);
}

static void controller_go(struct controller *controller)
{
    if (controller->stage == CONTROLLER_ACTIVATING || controller->stage == CONTROLLER_STOPPING) script_go(controller);
    if (controller->stage >= CONTROLLER_STOPPING) {
        calls_finish(controller, &controller->calls,
                     controller->stage == CONTROLLER_FAILED ? STATUS_OFFLINE : STATUS_STOPPING);
    }
    while (controller->stage == CONTROLLER_ACTIVE && !list_empty(&controller->calls)) {
        struct controller_call *call = container_of(list_first(&controller->calls), struct controller_call, node);
        if (!call_go(controller, call)) break;
    }
    running_finish(controller);
}

static void decision_more(struct ready *ready)
{
    controller_go(container_of(ready, struct controller, decision.more));
}

static void retry(struct timer *timer)
{
    controller_go(container_of(timer, struct controller, retry));
}

void controller_lead(struct controller *controller)
{
    invariant(controller->stage == CONTROLLER_STARTING);
    controller->stage = CONTROLLER_ACTIVATING;
    image_lead(&controller->ahead, controller->identity->id);
    image_advance(&controller->ahead, controller->log->raft.last.offset, controller->log->raft.ballot.term);
    script_begin(controller);
    controller_go(controller);
}

void controller_applied(struct controller *controller, int64_t offset)
{
    invariant(offset > controller->applied);
    controller->applied = offset;
    controller_go(controller);
}

void controller_failed(struct controller *controller, enum status status)
{
    if (controller->stage == CONTROLLER_FAILED || controller->stage == CONTROLLER_STOPPED) return;

    bool stopping = controller->stage == CONTROLLER_STOPPING;
    controller->stage = CONTROLLER_FAILED;
    controller->status = status;
    timer_clear(&controller->shard->timers, &controller->retry);
    decision_end(controller);
    calls_finish(controller, &controller->calls, STATUS_OFFLINE);
    calls_finish(controller, &controller->running, STATUS_OFFLINE);
    shard_ready(controller->shard, stopping ? controller->stopped : controller->failed);
}

/* ---- start and end ---- */

void controller_make(struct shard *shard, struct metadata_log *log, const struct node_identity *identity,
                     struct controller **made)
{
    struct controller *controller = heap_take(&shard->heap, sizeof(*controller));

    controller->shard = shard;
    controller->log = log;
    controller->identity = identity;
    controller->broker_epoch = -1;
    list_init(&controller->calls);
    list_init(&controller->running);
    timer_init(&controller->retry, retry);
    ready_init(&controller->decision.more, decision_more);
    arena_init(&controller->arena, &shard->heap, NULL, 0, DECISION_SIZE_MAX);
    image_init(&controller->ahead, &shard->heap, shard->shard_count - 1);
    log->controller = controller;
    log->identity = identity;
    shard->replicas->controller = controller;
    *made = controller;
}

struct image *controller_image(struct controller *controller)
{
    return &controller->ahead;
}

void controller_start(struct controller *controller, struct ready *active, struct ready *failed)
{
    invariant(controller->stage == CONTROLLER_STARTING);
    controller->active = active;
    controller->failed = failed;
    controller->applied = controller->ahead.offset;
    controller->image_empty = controller->ahead.offset == 0;
    metadata_log_start(controller->log);
}

enum status controller_status(const struct controller *controller)
{
    return controller->status;
}

/* What is in the log is decided; what is not gets STATUS_STOPPING with all other calls. */
static void decision_leave(struct controller *controller)
{
    const struct decision *decision = &controller->decision;

    if (decision->stage == DECISION_AHEAD) {
        bool through = decision_apply(controller, UINT32_MAX);
        invariant(through);
        decision_done(controller, container_of(list_first(&controller->calls), struct controller_call, node));
    } else {
        decision_end(controller);
    }
}

void controller_stop(struct controller *controller, struct ready *stopped)
{
    invariant(controller->stage == CONTROLLER_ACTIVE || controller->stage == CONTROLLER_FAILED);
    controller->stopped = stopped;
    if (controller->stage == CONTROLLER_FAILED) {
        shard_ready(controller->shard, stopped);
        return;
    }
    decision_leave(controller);
    controller->stage = CONTROLLER_STOPPING;
    script_begin(controller);
    controller_go(controller);
}

int64_t controller_broker_epoch(const struct controller *controller)
{
    return controller->broker_epoch;
}

void controller_end(struct controller *controller)
{
    timer_clear(&controller->shard->timers, &controller->retry);
    decision_end(controller);
    image_end(&controller->ahead);
    heap_give(&controller->shard->heap, controller);
}
