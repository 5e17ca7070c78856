/* tests/sim/actor.c   What the outside world does to the logs of one shard: appends and their retries, bad batches,
 * reads that hold their pins, raised starts, truncations, deletions and new logs under the old names. Each answer is
 * held against the model at once. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/host.h"

static struct host_log *log_choose(struct host_shard *at);
static void act_append(struct host_log *held);
static void act_burst(struct host_log *held);
static void act_again(struct host_log *held);
static void act_bad(struct host_log *held);
static void act_read(struct host_log *held, int64_t offset, uint32_t size_max, int64_t hold_ns);
static void act_raise(struct host_log *held);
static void act_truncate(struct host_log *held);
static void act_remove(struct host_log *held);
static void act_search(struct host_log *held);
static void ticket_make(struct host_log *held, enum ticket_kind kind, struct watermark *mark, int64_t at,
                        int64_t limit);
static void note_durable(struct host_log *held);
static void refused(struct host_log *held, const char *what, enum status status);

void actor_act(struct host_shard *at)
{
    struct host *host = at->host;
    struct prng *prng = &host->prng;
    struct host_log *held = log_choose(at);
    if (!held) return;

    note_durable(held);
    const struct host_weights *w = &host->weights;
    uint64_t draw = prng_below(prng, w->append + w->burst + w->again + w->bad + w->read + w->raise + w->truncate +
                                         w->search + w->remove);
    if (draw < w->append) {
        act_append(held);
    } else if ((draw -= w->append) < w->burst) {
        act_burst(held);
    } else if ((draw -= w->burst) < w->again) {
        act_again(held);
    } else if ((draw -= w->again) < w->bad) {
        act_bad(held);
    } else if ((draw -= w->bad) < w->read) {
        struct log *log = held->log;
        int64_t span = log->committed.at - log->start;
        int64_t offset = log->start + (span > 0 ? (int64_t)prng_below(prng, (uint64_t)span + 1) : 0);
        if (sim_chance(prng, 1, 2)) offset = max_of(log->start, log->committed.at - 10);
        uint32_t size_max = (uint32_t)sim_between(prng, 1, 200000);
        act_read(held, offset, size_max, (int64_t)prng_below(prng, 10000000));
    } else if ((draw -= w->read) < w->raise) {
        act_raise(held);
    } else if ((draw -= w->raise) < w->truncate) {
        act_truncate(held);
    } else if (draw - w->truncate < w->search) {
        act_search(held);
    } else {
        act_remove(held);
    }
}

/* ---- appends ---- */

static enum status append(struct host_log *held, uint8_t *data, uint32_t size, struct log_append *done)
{
    *done = (struct log_append){ .batches = { data, size },
                                 .origin = APPEND_CLIENT,
                                 .leader_epoch = held->model->leader_epoch };
    return log_append(held->log, done);
}

static void append_sized(struct host_log *held, uint32_t records, uint32_t value_size)
{
    struct host *host = held->host;
    struct model_log *model = held->model;
    struct prng *prng = &host->prng;
    int producer = model->replica || sim_chance(prng, 1, 3) ? -1 : (int)prng_below(prng, model->producer_count);
    uint32_t size;
    struct log_append done;

    int32_t sequence = producer < 0 ? -1 : model->producers[producer].next_sequence;
    uint8_t *data = model_batch_build(&host->model, model, producer, sequence, records, value_size, &size);
    if (model->truncated >= 0) {
        heap_give(&host->world->heap, data);
        return;
    }
    enum status status = append(held, data, size, &done);
    if (status != STATUS_OK) {
        heap_give(&host->world->heap, data);
        bool beyond = (int64_t)size > held->log->settings->segment_bytes;
        if (status != STATUS_BEYOND_SEGMENT || !beyond) refused(held, "append", status);
        return;
    }
    if (done.duplicate) sim_fail(host->world, "exactly-once: %s took a new batch for a duplicate", model->name);
    model_appended(&host->model, model, data, size, producer, sequence, done.first, done.limit);
    if (producer >= 0) model->producers[producer].next_sequence += (int32_t)records;
    if (sim_chance(prng, 9, 10)) ticket_make(held, TICKET_BATCH, &held->log->durable, done.limit, done.limit);
}

static void act_append(struct host_log *held)
{
    struct host *host = held->host;
    uint32_t records = (uint32_t)sim_between(&host->prng, 1, host->records_max);
    uint32_t value_size = (uint32_t)sim_between(&host->prng, 1, host->value_size_max);

    if (sim_chance(&host->prng, 1, 200) && host->value_size_max >= 4000)
        value_size = (uint32_t)sim_between(&host->prng, 50000, 90000) / records;
    append_sized(held, records, value_size);
}

/* So much at once that it goes straight to its segment. */
static void act_burst(struct host_log *held)
{
    uint64_t count = sim_between(&held->host->prng, 4, 8);

    while (count-- > 0) append_sized(held, 1, (uint32_t)sim_between(&held->host->prng, 50000, 90000));
}

/* A retry of one of the last five batches of a producer must be told the offsets of the first time. */
static void act_again(struct host_log *held)
{
    struct host *host = held->host;
    struct model_log *model = held->model;
    struct log_append done;
    int producer = (int)prng_below(&host->prng, model->producer_count);
    uint32_t seen = 0;

    for (uint32_t i = model->count; i-- > 0;) {
        struct model_batch *batch = &model->batches[i];
        if (batch->producer != producer) continue;
        if (++seen > MODEL_IN_FLIGHT || batch->first < model->start) return;
        if (sim_chance(&host->prng, 1, 2)) continue;

        uint8_t *copy = heap_take(&host->world->heap, batch->size);
        memcpy(copy, batch->data, batch->size);
        store_i64(copy, 0);
        store_i32(copy + 12, -1);
        enum status status = append(held, copy, batch->size, &done);
        heap_give(&host->world->heap, copy);
        bool forgotten = seen > 1 && batch->limit <= model->forgotten;
        if (forgotten && (status == STATUS_OUT_OF_ORDER || status == STATUS_DUPLICATE)) return;
        if (status != STATUS_OK) {
            refused(held, "retry", status);
        } else if (!done.duplicate || done.first != batch->first || done.limit != batch->limit) {
            sim_fail(host->world, "exactly-once: %s: the retry of the batch at %ld was %s at %ld", model->name,
                     batch->first, done.duplicate ? "found" : "appended", done.first);
        }
        return;
    }
}

static void act_bad(struct host_log *held)
{
    struct host *host = held->host;
    struct model_log *model = held->model;
    struct log_append done;
    uint32_t size;
    enum { WRONG_SUM, GAP, OLD_EPOCH };
    uint64_t kind = prng_below(&host->prng, 3);
    bool sequenced = !model->replica && model->producers[0].next_sequence > 0;
    if (kind != WRONG_SUM && !sequenced) return;

    int32_t sequence = model->producers[0].next_sequence + (kind == GAP ? 7 : 0);
    int16_t epoch = model->producers[0].epoch;
    if (kind == OLD_EPOCH) model->producers[0].epoch = (int16_t)(epoch - 1);
    if (kind == OLD_EPOCH && epoch == 0) kind = WRONG_SUM;
    uint8_t *data = model_batch_build(&host->model, model, kind == WRONG_SUM ? -1 : 0, sequence, 2, 100, &size);
    model->producers[0].epoch = epoch;
    if (kind == WRONG_SUM) data[21 + prng_below(&host->prng, size - 21)] ^= 1;
    enum status status = append(held, data, size, &done);
    heap_give(&host->world->heap, data);
    static const enum status wanted[] = { STATUS_CORRUPT, STATUS_OUT_OF_ORDER, STATUS_FENCED };
    if (status == STATUS_OK)
        sim_fail(host->world, "%s took a batch that it should refuse (kind %d)", model->name, (int)kind);
    if (status != wanted[kind] && status != STATUS_BAD_RECORD && status != STATUS_BUSY)
        refused(held, "bad batch", status);
}

/* What may be refused at any time. */
static void refused(struct host_log *held, const char *what, enum status status)
{
    struct host *host = held->host;

    sim_told(host->world, what, "refused: status %lu", status, 0, 0, 0);
    if (status == STATUS_BUSY || host->machine.disk.frozen || host->failed) return;
    if (host->errors && (status == STATUS_NO_SPACE || status == STATUS_OFFLINE || status == STATUS_IO_ERROR)) return;
    sim_fail(host->world, "%s: %s: %s", held->model->name, what, status_text(status));
}

/* ---- waiting for the device ---- */

static void note_durable(struct host_log *held)
{
    struct log *log = held->log;

    if (log->offline || log->deleted) return;
    if (log->durable.at > log->end || log->committed.at > log->durable.at) {
        sim_fail(held->host->world, "%s: committed %ld, durable %ld, end %ld", held->model->name, log->committed.at,
                 log->durable.at, log->end);
    }
    model_promise(held->model, log->durable.at);
    if (log->durable.at > log->committed.at) log_commit(log, log->durable.at);
}

static void ticket_ready(struct ready *ready)
{
    struct host_ticket *ticket = container_of(ready, struct host_ticket, wait.ready);
    struct host_log *held = ticket->log;
    struct model_log *model = held->model;
    struct host *host = held->host;

    list_remove(&ticket->node);
    if (ticket->wait.status == STATUS_OK && !host->machine.disk.frozen) {
        sim_told(host->world, model->name, "told durable: kind %lu limit %lu", ticket->kind, (uint64_t)ticket->limit, 0,
                 0);
        switch (ticket->kind) {
        case TICKET_BATCH:
            if (held->log) note_durable(held);
            if (held->log && held->log->offline)
                model_promise(model, ticket->limit); /* It failed after this was durable. */
            if (model->promised < ticket->limit) sim_fail(host->world, "%s: woken before its time", model->name);
            break;
        case TICKET_START: model->start_promised = max_of(model->start_promised, ticket->limit); break;
        case TICKET_TRUNCATION:
            model_cut(&host->model, model, ticket->limit);
            model->truncated = -1;
            break;
        }
    }
    heap_give(&host->world->heap, ticket);
}

static void ticket_make(struct host_log *held, enum ticket_kind kind, struct watermark *mark, int64_t at, int64_t limit)
{
    struct host *host = held->host;
    struct host_ticket *ticket = heap_take(&host->world->heap, sizeof *ticket);

    ticket->log = held;
    ticket->limit = limit;
    ticket->kind = kind;
    ready_init(&ticket->wait.ready, ticket_ready);
    list_node_init(&ticket->node);
    list_append(&host->tickets, &ticket->node);
    watermark_wait(&host->shards[held->shard].shard, mark, &ticket->wait, at);
}

/* ---- starts, ends, removals ---- */

static void act_raise(struct host_log *held)
{
    struct log *log = held->log;
    int64_t span = log->committed.at - log->start, sequence;
    if (span <= 0) return;

    int64_t start = log->start + (int64_t)prng_below(&held->host->prng, (uint64_t)span + 1);
    enum status status = log_raise_start(log, start, &sequence);
    if (status != STATUS_OK) {
        refused(held, "raise start", status);
        return;
    }
    if (log->start != start)
        sim_fail(held->host->world, "%s: start %ld after DeleteRecords to %ld", held->model->name, log->start, start);
    held->model->start = max_of(held->model->start, start);
    ticket_make(held, TICKET_START, &log->store->flushed, sequence, start);
}

static void act_truncate(struct host_log *held)
{
    struct host *host = held->host;
    struct model_log *model = held->model;
    struct log *log = held->log;
    int64_t sequence;
    if (!model->replica || model->truncated >= 0 || model->count == 0) return;

    uint32_t back = (uint32_t)prng_below(&host->prng, min_of(model->count, 20u)) + 1;
    int64_t end = model->batches[model->count - back].first;
    if (end < log->start) return;
    list_each(&host->reads, node) if (container_of(node, struct host_read, node)->log == held) return;
    enum status status = log_truncate(log, end, &sequence);
    if (status != STATUS_OK) {
        refused(held, "truncate", status);
        return;
    }
    list_each(&host->tickets, node)
    {
        struct host_ticket *ticket = container_of(node, struct host_ticket, node);
        if (ticket->log != held || ticket->kind != TICKET_BATCH || ticket->limit <= end) continue;
        watermark_leave(&ticket->wait);
        list_remove(&ticket->node);
        heap_give(&host->world->heap, ticket);
    }
    sim_told(host->world, model->name, "truncate to %lu", (uint64_t)end, 0, 0, 0);
    model->promised = min_of(model->promised, end);
    model->settled = min_of(model->settled, end);
    model->truncated = end;
    ticket_make(held, TICKET_TRUNCATION, &log->store->flushed, sequence, end);
}

static void log_removed(struct ready *ready)
{
    struct host_log *held = container_of(ready, struct host_log, removed);

    sim_told(held->host->world, held->model->name, "removed for good", 0, 0, 0, 0);
    if (!held->host->machine.disk.frozen && !held->host->failed) held->model->gone = true;
}

static void act_remove(struct host_log *held)
{
    struct host *host = held->host;
    uint32_t name = (uint32_t)strtoul(held->model->name + strlen("topic"), NULL, 10);

    sim_told(host->world, held->model->name, "delete", 0, 0, 0, 0);
    held->model->exists = false;
    ready_init(&held->removed, log_removed);
    list_each(&host->reads, node)
    {
        struct host_read *reading = container_of(node, struct host_read, node);
        if (reading->log == held) reading->give_at_ns = 0;
    }
    struct log *log = held->log;
    held->log = NULL;
    log_delete(log, &held->removed);

    struct model_log *next = host_log_draw(host, name);
    next->key.partition = held->model->key.partition;
    (void)host_open(host, next, NULL);
}

/* ---- reads ---- */

static void read_check(struct host_read *reading)
{
    struct host_log *held = reading->log;
    struct host *host = held->host;
    struct log_read *read = &reading->read;
    struct model_log *model = held->model;
    uint8_t *joined = NULL;
    size_t size = 0;

    reading->finished = true;
    if (host->machine.disk.frozen) return;
    if (read->status != STATUS_OK) {
        bool moved = read->status == STATUS_OUT_OF_RANGE && (!held->log || read->offset < held->log->start);
        bool taken = read->status == STATUS_NOT_FOUND && !held->log;
        bool memory = read->status == STATUS_NO_MEMORY || read->status == STATUS_CANCELLED;
        if (!moved && !taken && !memory) refused(held, "read", read->status);
        return;
    }
    joined = heap_take(&host->world->heap, read->size);
    for (uint32_t i = 0; i < read->extent_count; i++) {
        if (size + read->extents[i].size > read->size)
            sim_fail(host->world, "%s: extents are longer than the read", model->name);
        memcpy(joined + size, read->extents[i].data, read->extents[i].size);
        size += read->extents[i].size;
    }
    if (size != read->size) sim_fail(host->world, "%s: extents are shorter than the read", model->name);
    int64_t end = model_read(&host->model, model, read->offset, joined, size);
    heap_give(&host->world->heap, joined);

    uint32_t first = model_locate(model, read->offset);
    bool there = first < model->count && model->batches[first].first < read->limit;
    if (size == 0 && there && (read->first_whole || model->batches[first].size <= read->size_max)) {
        sim_fail(host->world, "%s: read nothing at %ld, where a batch is", model->name, read->offset);
    }
    if (size == 0) return;
    uint32_t last = model_locate(model, end - 1);
    if (model->batches[last].first >= read->limit) sim_fail(host->world, "%s: read past its limit", model->name);
    if (size > read->size_max && last != first) sim_fail(host->world, "%s: read more than it asked for", model->name);
}

static void read_ready(struct ready *ready)
{
    read_check(container_of(ready, struct host_read, read.ready));
}

static void act_read(struct host_log *held, int64_t offset, uint32_t size_max, int64_t hold_ns)
{
    struct host *host = held->host;
    struct host_read *reading = heap_take(&host->world->heap, sizeof *reading);

    reading->log = held;
    reading->give_at_ns = host->world->now_ns + hold_ns;
    reading->read = (struct log_read){
        .log = held->log,
        .offset = offset,
        .limit = held->log->committed.at,
        .size_max = size_max,
        .first_whole = true,
        .extents = reading->extents,
        .extent_max = HOST_EXTENTS,
    };
    ready_init(&reading->read.ready, read_ready);
    list_node_init(&reading->node);
    list_append(&host->reads, &reading->node);
    sim_told(host->world, held->model->name, "read: partition %lu from %lu below %lu size %lu",
             (uint64_t)held->model->key.partition, (uint64_t)offset, (uint64_t)held->log->committed.at, size_max);
    if (log_read_begin(&reading->read)) read_check(reading);
}

int64_t actor_due(const struct host_shard *at, bool all)
{
    int64_t due_ns = INT64_MAX;

    list_each(&at->host->reads, node)
    {
        const struct host_read *reading = container_of(node, struct host_read, node);
        if (reading->log->shard != at->shard.index || !reading->finished) continue;
        due_ns = min_of(due_ns, all ? 0 : reading->give_at_ns);
    }
    return due_ns;
}

void actor_give(struct host_shard *at, bool all)
{
    struct host *host = at->host;

    list_each(&host->reads, node)
    {
        struct host_read *reading = container_of(node, struct host_read, node);
        if (reading->log->shard != at->shard.index || !reading->finished) continue;
        if (!all && reading->give_at_ns > host->world->now_ns) continue;
        for (uint32_t i = 0; i < reading->read.extent_count; i++)
            if (reading->read.extents[i].block) block_unpin(reading->read.extents[i].block);
        list_remove(&reading->node);
        heap_give(&host->world->heap, reading);
    }
}

void actor_read_all(struct host_shard *at)
{
    list_each(&at->host->logs, node)
    {
        struct host_log *held = container_of(node, struct host_log, node);
        if (held->log && held->shard == at->shard.index) act_read(held, held->log->start, 1 << 20, 0);
    }
}

/* ---- searches ---- */

struct search {
    struct log_search search;
    struct host_log *held;
    int64_t start; /* of the log, when it was begun */
};

static void search_check(struct search *search)
{
    struct host_log *held = search->held;
    struct host *host = held->host;
    struct log_search *found = &search->search;
    struct model_log *model = held->model;

    host->searches--;
    if (found->status == STATUS_OK && !host->machine.disk.frozen) {
        uint32_t place = model_locate(model, found->offset);
        bool inside = place < model->count && model->batches[place].first <= found->offset;
        if (!inside)
            sim_fail(host->world, "%s: found a time at offset %ld, where nothing is", model->name, found->offset);
        int64_t at_ms = model->batches[place].max_timestamp_ms - (model->batches[place].limit - 1 - found->offset);
        if (found->found_timestamp_ms != at_ms || at_ms < found->timestamp_ms) {
            sim_fail(host->world, "%s: searched time %ld, found %ld at offset %ld, whose time is %ld", model->name,
                     found->timestamp_ms, found->found_timestamp_ms, found->offset, at_ms);
        }
        int64_t start = held->log ? max_of(search->start, held->log->start) : found->offset; /* Raised meanwhile. */
        for (uint32_t i = model_locate(model, start); i < place; i++) {
            if (model->batches[i].first >= start && model->batches[i].max_timestamp_ms >= found->timestamp_ms) {
                sim_fail(host->world, "%s: searched time %ld, found offset %ld, the batch at %ld is earlier",
                         model->name, found->timestamp_ms, found->offset, model->batches[i].first);
            }
        }
    }
    heap_give(&host->world->heap, search);
}

static void search_ready(struct ready *ready)
{
    search_check(container_of(ready, struct search, search.ready));
}

static void act_search(struct host_log *held)
{
    struct host *host = held->host;
    struct model_log *model = held->model;
    if (model->count == 0 || model->replica) return;

    struct search *search = heap_take(&host->world->heap, sizeof *search);
    struct model_batch *batch = &model->batches[prng_below(&host->prng, model->count)];
    search->held = held;
    search->start = held->log->start;
    search->search.log = held->log;
    search->search.timestamp_ms = batch->max_timestamp_ms - (int64_t)prng_below(&host->prng, 3);
    ready_init(&search->search.ready, search_ready);
    host->searches++;
    if (log_search_begin(&search->search)) search_check(search);
}

static struct host_log *log_choose(struct host_shard *at)
{
    struct host_log *chosen = NULL;
    uint32_t count = 0;

    list_each(&at->host->logs, node)
    {
        struct host_log *held = container_of(node, struct host_log, node);
        if (held->shard != at->shard.index || !held->log) continue;
        if (prng_below(&at->host->prng, ++count) == 0) chosen = held;
    }
    return chosen;
}
