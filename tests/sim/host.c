/* tests/sim/host.c   Starting and stopping the storage engine on a simulated machine, in the order that store.h gives:
 *
 *     directory_open -> directory_recover -> store_make per shard -> log_open per log -> directory_begin -> turns
 *     turns until quiet -> store_close per shard -> store_end -> directory_close
 *
 * A power cut may freeze the disk inside any of these calls: then the step fails, and the story goes on with the next
 * start. */
#include "sim/host.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "io/files.h"
#include "sim/inode.h"

static void host_draw(struct host *host);
static bool host_open_logs(struct host *host);
static void host_check_logs(struct host *host);
static void log_settings_draw(struct host *host, struct log_settings *settings);
static bool stands(struct host *host, const char *what, enum status status, const char *why);
static void host_forget(struct host *host);
static int64_t host_step(struct sim_io *ring, void *context);

void host_init(struct host *host, struct sim_world *world)
{
    *host = (struct host){ .world = world, .model.world = world };
    prng_seed(&host->prng, prng_u64(&world->prng));
    sim_network_init(&host->network, world);
    sim_machine_init(&host->machine, world, &host->network, 0, 1 << 18);
    list_init(&host->logs);
    list_init(&host->tickets);
    list_init(&host->reads);
    host_draw(host);
    for (uint32_t i = 0; i < host->names; i++) (void)host_log_draw(host, i);
}

void host_end(struct host *host)
{
    sim_network_end(&host->network);
}

static bool coin(struct host *host, uint64_t parts, uint64_t of)
{
    return sim_chance(&host->prng, parts, of);
}

static uint64_t pick(struct host *host, const uint64_t *choices, size_t count)
{
    return choices[prng_below(&host->prng, count)];
}

static void host_draw(struct host *host)
{
    static const uint64_t wal_files[] = { 256 << 10, 512 << 10, 1 << 20, 2 << 20 };
    static const uint64_t gaps[] = { 1000, 20000, 100000, 1000000 };
    static const uint64_t values[] = { 50, 500, 4000, 20000 };
    struct prng *prng = &host->prng;
    struct sim_machine *machine = &host->machine;

    host->plan.wal_file_size = pick(host, wal_files, array_count(wal_files));
    host->plan.wal_size = host->plan.wal_file_size * sim_between(prng, 4, 8);
    host->plan.wal_size_max = 2 * host->plan.wal_size;
    host->plan.wal_each = host->plan.wal_file_size; /* A handful of logs make it grow. */
    host->plan.job_thread_count = (uint32_t)sim_between(prng, 1, 4);
    for (int i = 0; i < MEMORY_BUDGETS; i++) host->plan.data.budget[i] = sim_between(prng, 3, 6) * MEMORY_CHUNK;
    host->plan.data.from_heap = true;
    host->settings = (struct directory_settings){
        .path = "data",
        .node = 1,
        .cluster = TEXT_NULL,
        .relaxed = coin(host, 1, 10),
        .wal_size = host->plan.wal_size,
        .wal_file_size = host->plan.wal_file_size,
        .reserve_size = 8 << 20,
    };
    host->names = (uint32_t)sim_between(prng, 1, 12);
    host->producers = (uint32_t)sim_between(prng, 1, 3);
    host->records_max = (uint32_t)sim_between(prng, 1, 8);
    host->value_size_max = (uint32_t)pick(host, values, array_count(values));
    host->actions_left = sim_between(prng, 1000, host->value_size_max > 4000 ? 2000 : 4000);
    host->action_gap_ns = (int64_t)pick(host, gaps, array_count(gaps));
    struct host_weights *weights = &host->weights; /* One draw per statement: the order within one is the compiler's. */
    weights->append = (uint32_t)sim_between(prng, 200, 900);
    weights->burst = coin(host, 1, 4) ? 12 : 0;
    weights->again = (uint32_t)sim_between(prng, 0, 60);
    weights->bad = (uint32_t)sim_between(prng, 0, 20);
    weights->read = (uint32_t)sim_between(prng, 10, 300);
    weights->raise = coin(host, 1, 2) ? 8 : 0;
    weights->truncate = coin(host, 1, 3) ? 6 : 0;
    weights->search = 10;
    weights->remove = coin(host, 1, 2) ? 6 : 0;
    weights->settings = 2;
    if (host->settings.relaxed) host->weights.truncate = 0; /* It would not be durable when it says so. */
    machine->turn_ns = (int64_t)sim_between(prng, 1000, 20000);
    machine->durable_ns = (int64_t)sim_between(prng, 20000, 500000);
    machine->job_ns = (int64_t)sim_between(prng, 20000, 5000000);
    bool quick = machine->durable_ns < 120000;
    if (quick && host->action_gap_ns == 100000) host->action_gap_ns = 50000; /* A trickle of lone batches (flush.h). */
    machine->slow_ppm = coin(host, 1, 3) ? 1000 : 0;
    host->errors = coin(host, 1, 5);
}

struct model_log *host_log_draw(struct host *host, uint32_t name)
{
    char text[MODEL_NAME_SIZE];
    snprintf(text, sizeof text, "topic%u", name);
    struct model_log *log = model_log_make(&host->model, text, (int32_t)prng_below(&host->prng, 3), host->producers);

    log->replica = host->weights.truncate && coin(host, 1, 4);
    log_settings_draw(host, &log->settings);
    log->retained = log->settings.retention_bytes >= 0;
    return log;
}

static void log_settings_draw(struct host *host, struct log_settings *settings)
{
    static const uint64_t segment_sizes[] = { 16 << 10, 64 << 10, 256 << 10, 4 << 20 };

    *settings = (struct log_settings){
        .retention_ms = -1,
        .timestamp_before_max_ms = INT64_MAX,
        .timestamp_after_max_ms = INT64_MAX,
        .message_bytes_max = 1 << 20,
        .delete_old = true,
    };
    settings->segment_bytes = (int64_t)pick(host, segment_sizes, array_count(segment_sizes));
    settings->segment_ms = coin(host, 1, 4) ? 50 : 86400000;
    settings->retention_bytes = coin(host, 1, 5) ? 100000 : -1;
    settings->file_delete_delay_ms = coin(host, 1, 2) ? 10 : 60000;
    settings->index_interval_bytes = coin(host, 1, 2) ? 4096 : 100;
}

bool host_start(struct host *host)
{
    struct sim_machine *machine = &host->machine;
    struct jobs *jobs = sim_jobs_make(machine, host->plan.job_thread_count);
    struct store *stores[HOST_SHARDS_MAX];
    const char *why = "";

    host->shard_count = (uint32_t)sim_between(&host->prng, 1, 3);
    host->plan.shard_count = host->shard_count;
    host->failed = host->quiet = false;
    host->searches = 0;
    heap_init(&host->heap);
    arena_init(&host->arena, &host->heap, NULL, 0, 256 << 20);
    host->settings.seed = prng_u64(&host->prng);
    host->settings.wall_ms = sim_wall_ms(host->world);
    sim_told(host->world, NULL, "start %lu with %lu shards", ++host->starts, host->shard_count, 0, 0);
    for (uint32_t i = 0; i < host->shard_count; i++) {
        struct host_shard *at = &host->shards[i];
        *at = (struct host_shard){ .host = host, .ring = sim_io_make(machine, 4096, 1) };
        host->shard_list[i] = &at->shard;
        shard_init(&at->shard, i, host->shard_count, host->shard_list, &at->ring->io, &machine->disk.files, jobs,
                   prng_u64(&host->prng));
        invariant(memory_make(&at->shard, &host->plan.data, &at->shard.memory) == STATUS_OK);
    }

    host->directory = NULL;
    enum status status =
        directory_open(&machine->disk.files, &host->settings, &host->heap, &host->arena, &host->directory, &why);
    if (!stands(host, "directory_open", status, why)) return false;
    status = directory_recover(host->directory, &host->arena, &why);
    if (!stands(host, "directory_recover", status, why)) return false;
    for (uint32_t i = 0; i < host->shard_count; i++) {
        status = store_make(&host->shards[i].shard, host->directory, &host->plan, &host->shards[i].store);
        if (!stands(host, "store_make", status, "")) return false;
        stores[i] = host->shards[i].store;
    }
    if (!host_open_logs(host)) return false;
    status = directory_begin(host->directory, stores, host->shard_count, &host->arena, &why);
    if (!stands(host, "directory_begin", status, why)) return false;

    host_check_logs(host);
    for (uint32_t i = 0; i < host->shard_count; i++) sim_io_run(host->shards[i].ring, host_step, &host->shards[i]);
    return true;
}

/* True when the call succeeded; false when the simulator made it fail; any other failure is one. */
static bool stands(struct host *host, const char *what, enum status status, const char *why)
{
    if (host->machine.disk.frozen) return false;
    if (status == STATUS_OK) return true;
    sim_told(host->world, what, "failed: status %lu", status, 0, 0, 0);
    if (host->damaged && (status == STATUS_DAMAGED || status == STATUS_CORRUPT)) {
        host->refused = true;
        return false;
    }
    if (host->errors) return false;
    sim_fail(host->world, "start %lu: %s: %s: %s", host->starts, what, status_text(status), why ? why : "");
}

static void store_failed(struct store *store, enum status status)
{
    struct host_shard *at = container_of(store->shard, struct host_shard, shard);

    sim_told(at->host->world, NULL, "shard %lu: the directory failed: status %lu", at->shard.index, status, 0, 0);
    if (!at->host->errors && !at->host->machine.disk.frozen) {
        sim_fail(at->host->world, "the directory failed: %s", status_text(status));
    }
    at->host->failed = true;
}

struct host_log *host_open(struct host *host, struct model_log *model, const struct log_found *found)
{
    struct host_log *held = heap_take(&host->world->heap, sizeof *held);

    *held = (struct host_log){ .host = host,
                               .model = model,
                               .shard = (uint32_t)prng_below(&host->prng, host->shard_count) };
    struct store *store = host->shards[held->shard].store;
    store->on_failure = store_failed;
    enum status status = log_open(store, found, model->key, text_of(model->name), &model->settings, &held->log);
    if (!stands(host, "log_open", status, model->name)) {
        heap_give(&host->world->heap, held);
        return NULL;
    }
    list_node_init(&held->node);
    list_append(&host->logs, &held->node);
    sim_io_wake(host->shards[held->shard].ring, host->world->now_ns);
    return held;
}

static bool host_open_logs(struct host *host)
{
    struct directory *directory = host->directory;
    struct sim_world *world = host->world;

    /* Without a guard, after a clean stop or one that got so far, Kafka's rules hold, and of each producer Kafka's
     * snapshots tell the last batch only. */
    for (struct model_log *model = host->model.logs; model && !directory->guarded; model = model->next)
        model->forgotten = model->end;
    for (uint32_t i = 0; i < directory->found_count; i++) {
        const struct log_found *found = &directory->found[i];
        struct model_log *model = model_find(&host->model, found->key);
        if (!model) sim_fail(world, "found a log that never was: %.*s", TEXT_ARGS(found->topic));
        if (model->gone && !host->settings.relaxed)
            sim_fail(world, "resurrected: %s-%d was deleted for good", model->name, model->key.partition);
        if (!text_equal(found->topic, text_of(model->name)))
            sim_fail(world, "%s came back as %.*s", model->name, TEXT_ARGS(found->topic));
        if (!model->exists)
            directory_forget(directory, found->key);
        else if (!host_open(host, model, found))
            return false;
    }
    for (struct model_log *model = host->model.logs; model; model = model->next) {
        bool is_open = false;
        list_each(&host->logs, node) is_open |= container_of(node, struct host_log, node)->model == model;
        if (!model->exists || is_open) continue;
        bool promised = model->promised > 0 || model->start_promised > 0;
        if (model->settled > 0 || (promised && !host->settings.relaxed)) {
            sim_fail(world, "acked-durable: %s-%d was not found, promised below %ld", model->name, model->key.partition,
                     model->promised);
        }
        if (!host_open(host, model, NULL)) return false;
    }
    return true;
}

static void host_check_logs(struct host *host)
{
    list_each(&host->logs, node)
    {
        struct host_log *held = container_of(node, struct host_log, node);
        struct log *log = held->log;
        struct sim_world *world = host->world;
        const char *name = held->model->name;

        model_recovered(&host->model, held->model, log->start, log->end, host->settings.relaxed);
        if (log->durable.at != log->end) {
            sim_fail(world, "%s: durable %ld is not the recovered end %ld", name, log->durable.at, log->end);
        }
        if (log->committed.at > log->end)
            sim_fail(world, "%s: committed %ld, end %ld", name, log->committed.at, log->end);
        log_commit(log, log->durable.at);
        if (coin(host, 1, 2)) {
            held->model->leader_epoch = max_of(log->leader_epoch, held->model->leader_epoch) + 1;
            enum status status = log_begin_epoch(log, held->model->leader_epoch);
            if (status != STATUS_OK && status != STATUS_BUSY)
                sim_fail(world, "%s: new epoch: %s", name, status_text(status));
        }
    }
}

/* One turn of a shard, with at most one action of the outside world in it. */
static int64_t host_step(struct sim_io *ring, void *context)
{
    struct host_shard *at = context;
    struct host *host = at->host;
    int64_t now_ns = host->world->now_ns;

    io_turn(&ring->io, 0);
    mailbox_awake(&at->shard);
    if (!host->machine.disk.frozen) {
        actor_give(at, host->quiet);
        if (!host->quiet && !host->failed && host->actions_left && now_ns >= at->act_at_ns) {
            host->actions_left--;
            actor_act(at);
            at->act_at_ns = now_ns + sim_tail(&host->prng, host->action_gap_ns);
        }
    }
    int64_t deadline_ns = shard_step(&at->shard);
    if (!host->quiet) deadline_ns = min_of(deadline_ns, at->act_at_ns);
    int64_t due_ns = actor_due(at, host->quiet);
    deadline_ns = min_of(deadline_ns, due_ns);
    if (deadline_ns > now_ns && mailbox_sleep(&at->shard)) deadline_ns = now_ns;
    return deadline_ns;
}

bool host_at_rest(const struct host *host)
{
    return list_empty(&host->tickets) && list_empty(&host->reads) && host->searches == 0;
}

void host_fail_waiting(struct host *host)
{
    list_each(&host->tickets, node)
    {
        struct host_ticket *ticket = container_of(node, struct host_ticket, node);
        struct log *log = ticket->log->log;
        sim_fail(host->world,
                 "liveness: %s waits for %ld (kind %d; durable %ld, end %ld) two minutes after the last action",
                 ticket->log->model->name, ticket->limit, (int)ticket->kind, log ? log->durable.at : -1,
                 log ? log->end : -1);
    }
    list_each(&host->reads, node)
    {
        struct host_read *reading = container_of(node, struct host_read, node);
        sim_fail(host->world, "liveness: %s: a read from %ld does not come back", reading->log->model->name,
                 reading->read.offset);
    }
    sim_fail(host->world, "liveness");
}

static void store_closed(struct ready *ready)
{
    container_of(ready, struct host_shard, closed)->is_closed = true;
}

static bool host_closed(const struct host *host)
{
    for (uint32_t i = 0; i < host->shard_count; i++) {
        const struct shard *shard = &host->shards[i].shard;
        if (!host->shards[i].is_closed || shard->io->in_flight || shard->job_count) return false;
    }
    return true;
}

bool host_stop_clean(struct host *host)
{
    struct sim_world *world = host->world;
    struct sim_disk *disk = &host->machine.disk;
    int64_t until_ns = world->now_ns + 120000000000;

    host->quiet = true;
    for (uint32_t i = 0; i < host->shard_count; i++) sim_io_wake(host->shards[i].ring, world->now_ns);
    while (!disk->frozen && !host->failed && !host_at_rest(host))
        if (!sim_world_step(world, until_ns))
            sim_fail(world, "liveness: somebody still waits two minutes after the last action");
    for (uint32_t i = 0; i < host->shard_count && !disk->frozen && !host->failed; i++) {
        ready_init(&host->shards[i].closed, store_closed);
        store_close(host->shards[i].store, &host->shards[i].closed);
        sim_io_wake(host->shards[i].ring, world->now_ns);
    }
    until_ns = world->now_ns + 120000000000;
    while (!disk->frozen && !host->failed && !host_closed(host))
        if (!sim_world_step(world, until_ns)) sim_fail(world, "liveness: a store does not close");
    if (disk->frozen || host->failed) return false;

    for (uint32_t i = 0; i < host->shard_count; i++) store_end(host->shards[i].store);
    enum status status = directory_close(host->directory, 7);
    if (!stands(host, "directory_close", status, "")) return false;
    if (disk->handles_open) sim_fail(world, "fds: %u files are open after a clean stop", disk->handles_open);
    for (uint32_t i = 0; i < host->shard_count; i++) {
        struct shard *shard = &host->shards[i].shard;
        for (int b = 0; b < MEMORY_BUDGETS; b++) {
            size_t used = memory_used(shard->memory, (enum memory_budget)b);
            if (used) sim_fail(world, "memory: %zu bytes of budget %d are taken after a clean stop", used, b);
        }
    }
    for (struct model_log *log = host->model.logs; log; log = log->next)
        if (log->exists) log->promised = log->settled = log->end;
    sim_machine_stop(&host->machine, SIM_STOP_CLEAN);
    host_forget(host);
    return true;
}

struct chunk_place {
    struct sim_block *block;
    uint64_t incarnation, sequence;
};

/* The chunk's header as chunk.c lays it out: the magic at 0, incarnation at 32, sequence at 40. */
static uint32_t chunks_collect(const struct sim_inode *inode, struct chunk_place *places, uint32_t room)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < inode->block_room && count < room; i++) {
        struct sim_block *block = &inode->blocks[i];
        if (!block->written || memcmp(block->data, "SLUICEWL", 8) != 0) continue;
        places[count++] = (struct chunk_place){ block, load_u64(block->data + 32), load_u64(block->data + 40) };
    }
    return count;
}

void host_damage(struct host *host)
{
    enum { PLACES = 4096 };
    struct sim_inode *data = sim_names_find(&host->machine.disk.root->names, "data");
    struct chunk_place *places = heap_take(&host->world->heap, PLACES * sizeof *places);
    uint32_t count = 0, chosen = UINT32_MAX;

    for (uint32_t i = 0; data && i < data->names.count; i++) {
        const struct sim_name *name = &data->names.items[i];
        if (strncmp(name->text, "sluice-wal-0-", 13) != 0) continue; /* Of one shard: sequences compare. */
        count += chunks_collect(name->inode, places + count, PLACES - count);
    }
    /* Only the last one may have been in flight; the one before it proves all that come before. */
    for (uint32_t i = 0, seen = 0; i < count; i++) {
        bool proved = false;
        for (uint32_t k = 0; k < count && !proved; k++) {
            proved = places[k].incarnation == places[i].incarnation && places[k].sequence >= places[i].sequence + 2;
        }
        if (proved && prng_below(&host->prng, ++seen) == 0) chosen = i;
    }
    if (chosen < count) {
        uint64_t place = prng_below(&host->prng, 128);
        sim_block_flip(&host->machine.disk, places[chosen].block, place, (unsigned)prng_below(&host->prng, 8));
        sim_fault(host->world, SIM_BIT_FLIP);
        sim_told(host->world, NULL, "bit flip in chunk %lu", places[chosen].sequence, 0, 0, 0);
        host->damaged = true;
    }
    heap_give(&host->world->heap, places);
}

void host_stop_hard(struct host *host, bool power)
{
    sim_machine_stop(&host->machine, power ? SIM_STOP_POWER : SIM_STOP_KILL);
    host_forget(host);
}

static void host_forget(struct host *host)
{
    struct heap *heap = &host->world->heap;

    for (struct list_node *node; (node = list_take_first(&host->tickets));) {
        heap_give(heap, container_of(node, struct host_ticket, node));
    }
    for (struct list_node *node; (node = list_take_first(&host->reads));) {
        heap_give(heap, container_of(node, struct host_read, node));
    }
    for (struct list_node *node; (node = list_take_first(&host->logs));) {
        heap_give(heap, container_of(node, struct host_log, node));
    }
    for (uint32_t i = 0; i < host->shard_count; i++) heap_end(&host->shards[i].shard.heap);
    arena_reset(&host->arena);
    heap_end(&host->heap);
}
