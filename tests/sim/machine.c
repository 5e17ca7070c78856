/* tests/sim/machine.c   The simulated ring: operations become events, events become entries of the done list, and the
 * next turn resumes them. The laws of io.h are kept as the kernel's engine keeps them: nothing completes from inside
 * the submitting call, whole or failed, every operation resumes exactly once.
 *
 * A write touches the disk when its event fires, not when it is begun; until then a power cut may leave any part of
 * it. */
#include "sim/machine.h"

#include <string.h>

#include "shard/shard.h"

static const struct io_engine ring_engine;

static struct sim_io *ring_of(struct io *io)
{
    return container_of(io, struct sim_io, io);
}

static void ring_turn_event(struct sim_event *event);
static void file_read_event(struct sim_event *event);
static void file_write_event(struct sim_event *event);
static void close_event(struct sim_event *event);
static void job_next(struct sim_jobs *jobs);

void sim_machine_init(struct sim_machine *machine, struct sim_world *world, struct sim_network *network,
                      uint32_t number, uint64_t blocks_max)
{
    *machine = (struct sim_machine){ .world = world,
                                     .network = network,
                                     .number = number,
                                     .read_ns = 80000,
                                     .write_ns = 60000,
                                     .durable_ns = 100000,
                                     .turn_ns = 3000,
                                     .job_ns = 200000,
                                     .slow_ns = 1000000000,
                                     .next_socket = SIM_SOCKET_FIRST,
                                     .next_port = 40000 };
    prng_seed(&machine->prng, prng_u64(&world->prng));
    list_init(&machine->sockets);
    sim_disk_init(&machine->disk, world, blocks_max);
}

struct sim_io *sim_io_make(struct sim_machine *machine, uint32_t buffer_size, uint32_t buffer_count)
{
    struct heap *heap = &machine->world->heap;
    struct sim_io *ring = heap_take(heap, sizeof *ring);

    invariant(machine->io_count < SIM_IOS_MAX && buffer_count <= INT16_MAX);
    ring->io.engine = &ring_engine;
    ring->io.now_ns = machine->world->now_ns;
    ring->io.wall_ms = sim_wall_ms(machine->world);
    ring->machine = machine;
    ring->index = machine->io_count;
    list_init(&ring->active);
    list_init(&ring->done);
    sim_event_init(&ring->turn, ring_turn_event);
    ring->buffer_size = buffer_size;
    ring->buffer_count = ring->buffers_free = buffer_count;
    ring->buffers = heap_take(heap, (size_t)buffer_size * buffer_count);
    ring->buffer_taken = heap_take(heap, buffer_count);
    machine->ios[machine->io_count++] = ring;
    return ring;
}

void sim_io_run(struct sim_io *ring, int64_t (*step)(struct sim_io *ring, void *context), void *context)
{
    ring->step = step;
    ring->context = context;
    sim_io_wake(ring, ring->machine->world->now_ns);
}

void sim_machine_stop(struct sim_machine *machine, enum sim_stop how)
{
    struct sim_world *world = machine->world;

    if (how == SIM_STOP_CLEAN) invariant(list_empty(&machine->disk.writes));
    sim_told(world, NULL, "machine %lu stops, way %lu, after %lu disk operations, %lu in flight", machine->number, how,
             machine->disk.operations, machine->io_count ? machine->ios[0]->io.in_flight : 0);
    if (how != SIM_STOP_CLEAN) sim_disk_crash(&machine->disk, how == SIM_STOP_POWER);

    list_each(&machine->sockets, node) sim_socket_end(container_of(node, struct sim_socket, node), true);
    if (machine->jobs.machine) {
        list_join(&machine->jobs.waiting, &machine->jobs.running);
        for (struct list_node *node; (node = list_take_first(&machine->jobs.waiting));) {
            struct sim_job *job = container_of(node, struct sim_job, node);
            sim_event_clear(world, &job->event);
            heap_give(&world->heap, job);
        }
        machine->jobs.machine = NULL;
    }
    for (uint32_t i = 0; i < machine->io_count; i++) {
        struct sim_io *ring = machine->ios[i];
        sim_event_clear(world, &ring->turn);
        for (struct list_node *node; (node = list_take_first(&ring->active));) {
            struct sim_operation *operation = container_of(node, struct sim_operation, node);
            sim_event_clear(world, &operation->event);
            heap_give(&world->heap, operation->lent);
            heap_give(&world->heap, operation);
        }
        for (struct list_node *node; (node = list_take_first(&ring->done));) {
            heap_give(&world->heap, container_of(node, struct sim_done, node));
        }
        heap_give(&world->heap, ring->buffers);
        heap_give(&world->heap, ring->buffer_taken);
        heap_give(&world->heap, ring);
    }
    machine->io_count = 0;
}

void sim_io_wake(struct sim_io *ring, int64_t at_ns)
{
    at_ns = max_of(at_ns, ring->busy_until_ns);
    if (!ring->step || (sim_event_waiting(&ring->turn) && ring->turn.at_ns <= at_ns)) return;
    sim_event_set(ring->machine->world, &ring->turn, at_ns);
}

int64_t sim_shard_step(struct sim_io *ring, void *context)
{
    struct shard *shard = context;

    io_turn(&ring->io, 0);
    mailbox_awake(shard);
    int64_t deadline_ns = shard_step(shard);
    if (deadline_ns > ring->io.now_ns && mailbox_sleep(shard)) return ring->io.now_ns;
    return deadline_ns;
}

struct sim_operation *sim_operation_begin(struct sim_io *ring, struct completion *completion)
{
    struct sim_operation *operation = heap_take(&ring->machine->world->heap, sizeof *operation);

    list_node_init(&operation->node);
    list_append(&ring->active, &operation->node);
    operation->ring = ring;
    operation->completion = completion;
    operation->position = completion->position;
    completion->position = (uintptr_t)operation;
    sim_event_init(&operation->event, NULL);
    list_node_init(&operation->write.node);
    return operation;
}

void sim_operation_done(struct sim_operation *operation, enum status status, int64_t result, int buffer, bool more)
{
    struct sim_io *ring = operation->ring;
    struct sim_done *done = heap_take(&ring->machine->world->heap, sizeof *done);

    invariant(!operation->ended);
    operation->ended = !more;
    *done = (struct sim_done){
        .operation = operation, .result = result, .status = status, .buffer = (int16_t)buffer, .more = more
    };
    list_node_init(&done->node);
    list_append(&ring->done, &done->node);
    sim_io_wake(ring, ring->machine->world->now_ns + 500);
}

int64_t sim_latency(struct sim_machine *machine, int64_t mean_ns)
{
    if (sim_chance(&machine->prng, machine->slow_ppm, 1000000)) {
        sim_fault(machine->world, SIM_SLOW);
        return (int64_t)sim_between(&machine->prng, (uint64_t)mean_ns, (uint64_t)machine->slow_ns);
    }
    return sim_tail(&machine->prng, mean_ns);
}

int sim_buffer_take(struct sim_io *ring)
{
    for (uint32_t i = 0; i < ring->buffer_count; i++) {
        if (ring->buffer_taken[i]) continue;
        ring->buffer_taken[i] = 1;
        ring->buffers_free--;
        return (int)i;
    }
    return -1;
}

static void ring_turn_event(struct sim_event *event)
{
    struct sim_io *ring = container_of(event, struct sim_io, turn);
    struct sim_world *world = ring->machine->world;

    ring->busy_until_ns = world->now_ns + sim_tail(&ring->machine->prng, ring->machine->turn_ns);
    int64_t deadline_ns = ring->step(ring, ring->context);
    if (deadline_ns != INT64_MAX) sim_io_wake(ring, deadline_ns);
    if (!list_empty(&ring->done)) sim_io_wake(ring, world->now_ns);
}

static void ring_turn(struct io *io, int64_t deadline_ns)
{
    struct sim_io *ring = ring_of(io);
    struct sim_world *world = ring->machine->world;
    struct list done;

    (void)deadline_ns; /* The world's clock moves between turns, not in them. */
    io->now_ns = world->now_ns;
    io->wall_ms = sim_wall_ms(world);
    list_init(&done);
    list_join(&done, &ring->done);
    if (!list_empty(&done)) io->submit_count++;
    for (struct list_node *node; (node = list_take_first(&done));) {
        struct sim_done *entry = container_of(node, struct sim_done, node);
        struct sim_operation *operation = entry->operation;
        struct completion *completion = operation->completion;

        completion->result = entry->result;
        completion->status = entry->status;
        completion->more = entry->more;
        completion->buffer_index = entry->buffer < 0 ? 0 : (uint16_t)entry->buffer;
        completion->buffer = entry->buffer < 0 ? NULL : ring->buffers + (size_t)entry->buffer * ring->buffer_size;
        sim_told(world, NULL, "ring %lu.%lu: completion kind %lu, status %lu", ring->machine->number, ring->index,
                 completion->kind, entry->status);
        if (!entry->more) {
            completion->submitted = false;
            io->in_flight--;
            list_remove(&operation->node);
            heap_give(&world->heap, operation);
        }
        io->complete_count++;
        heap_give(&world->heap, entry);
        completion->resume(completion);
    }
}

static void ring_read(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_operation *operation = sim_operation_begin(ring, completion);

    completion->kind = SIM_READ;
    operation->event.fire = file_read_event;
    sim_event_set(ring->machine->world, &operation->event,
                  ring->machine->world->now_ns + sim_latency(ring->machine, ring->machine->read_ns));
}

static void file_read_event(struct sim_event *event)
{
    struct sim_operation *operation = container_of(event, struct sim_operation, event);
    struct completion *completion = operation->completion;
    size_t done;

    enum status status = sim_disk_read(&operation->ring->machine->disk, completion->file, completion->single.iov_base,
                                       completion->single.iov_len, operation->position, &done);
    if (status == STATUS_OK && done < completion->single.iov_len) status = STATUS_TRUNCATED;
    sim_operation_done(operation, status, 0, -1, false);
}

static void ring_write(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_machine *machine = ring->machine;
    bool durable = (completion->flags & IO_DURABLE) != 0;
    struct sim_operation *operation = sim_operation_begin(ring, completion);

    completion->kind = SIM_WRITE;
    sim_disk_write_begin(&machine->disk, &operation->write, completion->file, completion->parts, completion->part_count,
                         operation->position, durable);
    operation->event.fire = file_write_event;
    int64_t latency = sim_latency(machine, durable ? machine->durable_ns : machine->write_ns);
    sim_event_set(machine->world, &operation->event,
                  machine->world->now_ns + latency + (int64_t)operation->write.size / 3);
}

static void file_write_event(struct sim_event *event)
{
    struct sim_operation *operation = container_of(event, struct sim_operation, event);

    enum status status = sim_disk_write_end(&operation->ring->machine->disk, &operation->write);
    sim_operation_done(operation, status, 0, -1, false);
}

static void ring_close(struct io *io, struct completion *completion)
{
    struct sim_io *ring = ring_of(io);
    struct sim_operation *operation = sim_operation_begin(ring, completion);

    completion->kind = SIM_CLOSE;
    if (completion->file >= SIM_SOCKET_FIRST)
        sim_socket_close(ring->machine, completion->file);
    else
        sim_disk_close(&ring->machine->disk, completion->file);
    operation->event.fire = close_event;
    sim_event_set(ring->machine->world, &operation->event,
                  ring->machine->world->now_ns + sim_tail(&ring->machine->prng, 5000));
}

static void close_event(struct sim_event *event)
{
    sim_operation_done(container_of(event, struct sim_operation, event), STATUS_OK, 0, -1, false);
}

static void ring_cancel(struct io *io, struct completion *completion)
{
    struct sim_operation *operation = sim_operation_of(completion);

    (void)io;
    if (operation->ended || completion->file < SIM_SOCKET_FIRST) return; /* What the disk has begun, it ends. */
    if (completion->kind == SIM_CLOSE) return;
    sim_event_clear(operation->ring->machine->world, &operation->event);
    sim_socket_forget(operation);
    sim_operation_done(operation, STATUS_CANCELLED, 0, -1, false);
}

static void ring_buffer_give(struct io *io, uint16_t index)
{
    struct sim_io *ring = ring_of(io);

    invariant(index < ring->buffer_count && ring->buffer_taken[index]);
    memset(ring->buffers + (size_t)index * ring->buffer_size, 0xdd, ring->buffer_size); /* Not to be read any more. */
    ring->buffer_taken[index] = 0;
    ring->buffers_free++;
}

static void ring_poke_outside(struct io *to)
{
    struct sim_io *ring = ring_of(to);

    sim_io_wake(ring, ring->machine->world->now_ns + sim_tail(&ring->machine->prng, 5000));
}

static void ring_poke(struct io *from, struct io *to)
{
    (void)from;
    ring_poke_outside(to);
}

static enum status ring_enroll(struct io *io, void *memory, size_t size)
{
    (void)io;
    (void)memory;
    (void)size;
    return STATUS_OK;
}

static void ring_end(struct io *io)
{
    (void)io; /* The machine frees it when it stops. */
}

/* clang-format off */
static const struct io_engine ring_engine = {
    .read = ring_read,                  .write = ring_write,
    .accept = sim_socket_accept,        .connect = sim_socket_connect,
    .receive = sim_socket_receive,      .receive_exact = sim_socket_receive_exact,
    .send = sim_socket_send,            .cancel = ring_cancel,
    .close = ring_close,                .buffer_give = ring_buffer_give,
    .turn = ring_turn,                  .poke = ring_poke,
    .poke_outside = ring_poke_outside,  .listen = sim_socket_listen,
    .name = sim_socket_name,            .enroll = ring_enroll,
    .end = ring_end,
};
/* clang-format on */

/* Jobs: work runs at a moment of its own, whole; a power cut between two of its file operations freezes the disk, so
 * that the rest of it fails and nobody is told. */
static void job_event(struct sim_event *event)
{
    struct sim_job *entry = container_of(event, struct sim_job, event);
    struct sim_machine *machine = entry->machine;

    if (!entry->worked) {
        entry->worked = true;
        uint64_t before = machine->disk.operations;
        entry->job->work(entry->job);
        if (machine->disk.frozen) return;
        sim_told(machine->world, NULL, "job worked: %lu disk operations, %lu jobs wait",
                 machine->disk.operations - before, machine->jobs.waiting_count, 0, 0);
        int64_t operations = (int64_t)(machine->disk.operations - before);
        sim_event_set(machine->world, event,
                      machine->world->now_ns + sim_latency(machine, machine->job_ns) +
                          operations * machine->job_ns / 8);
        return;
    }
    struct job *job = entry->job;
    list_remove(&entry->node);
    machine->jobs.running_count--;
    heap_give(&machine->world->heap, entry);
    mail_post_outside(job->shard, &job->mail, jobs_deliver);
    job_next(&machine->jobs);
}

static void job_begin(struct jobs *base, struct job *job)
{
    struct sim_jobs *jobs = container_of(base, struct sim_jobs, jobs);
    struct sim_job *entry = heap_take(&jobs->machine->world->heap, sizeof *entry);

    *entry = (struct sim_job){ .machine = jobs->machine, .job = job };
    sim_event_init(&entry->event, job_event);
    list_node_init(&entry->node);
    list_append(&jobs->waiting, &entry->node);
    jobs->waiting_count++;
    job_next(jobs);
}

static bool lane_busy(const struct sim_jobs *jobs, const struct sim_job *until)
{
    if (until->job->lane == 0) return false;
    list_each(&jobs->running,
              node) if (container_of(node, struct sim_job, node)->job->lane == until->job->lane) return true;
    list_each(&jobs->waiting, node)
    {
        if (node == &until->node) break;
        if (container_of(node, struct sim_job, node)->job->lane == until->job->lane) return true;
    }
    return false;
}

static void job_next(struct sim_jobs *jobs)
{
    list_each(&jobs->waiting, node)
    {
        struct sim_job *entry = container_of(node, struct sim_job, node);
        if (jobs->running_count == jobs->thread_count) return;
        if (lane_busy(jobs, entry)) continue;
        list_remove(&entry->node);
        list_append(&jobs->running, &entry->node);
        jobs->running_count++;
        jobs->waiting_count--;
        struct sim_machine *machine = jobs->machine;
        sim_event_set(machine->world, &entry->event, machine->world->now_ns + sim_latency(machine, machine->job_ns));
    }
}

static void jobs_end_simulated(struct jobs *base)
{
    struct sim_jobs *jobs = container_of(base, struct sim_jobs, jobs);

    invariant(list_empty(&jobs->waiting) && list_empty(&jobs->running));
    jobs->machine = NULL;
}

static const struct jobs_engine sim_jobs_engine = { .begin = job_begin, .end = jobs_end_simulated };

struct jobs *sim_jobs_make(struct sim_machine *machine, uint32_t thread_count)
{
    machine->jobs =
        (struct sim_jobs){ .jobs.engine = &sim_jobs_engine, .machine = machine, .thread_count = thread_count };
    list_init(&machine->jobs.waiting);
    list_init(&machine->jobs.running);
    return &machine->jobs.jobs;
}
