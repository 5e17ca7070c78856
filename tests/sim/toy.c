/* tests/sim/toy.c   The smallest program that is worth simulating: a log with group commit on one shard, replicated to
 * nobody but its own next start. It proves the simulator (same seed, same hash; every kind of crash happens), not the
 * product, though it stands on the product's seams: io_write DURABLE, jobs, files, shard_step.
 *
 *     append --> gathered --chunk of one block, one write in flight--> file "log.N" --> acknowledged
 *     full file --> job: create log.N+1, allocate, sync, sync directory --> go on there
 *
 * A block: number u64, count u64, then `count` values, CRC-32C in the last 4 bytes. Values are 1, 2, 3 ... without
 * gaps, so the checker needs to know nothing but the last acknowledged one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/canary.h"
#include "base/crc32c.h"
#include "shard/shard.h"
#include "sim/machine.h"
#include "sim/story.h"

enum { BLOCK = 4096, VALUES_MAX = (BLOCK - 20) / 8, BLOCKS_PER_FILE = 8 };

struct toy {
    struct sim_world *world;
    struct sim_machine *machine;
    struct shard shard, *shards[1];
    struct sim_event arrival;                             /* the next append of the outside world */
    uint64_t gathered, in_flight, acknowledged, promised; /* values; each is one past the last */
    uint64_t block;                                       /* the next one, over all files */
    int file;
    bool full, rolling;
    uint8_t *memory;
    struct completion io;
    struct iovec part;
    struct job job;
    int job_file;
};

static void toy_gather(struct sim_event *event);
static void toy_flush(struct toy *toy);

static void toy_written(struct completion *io)
{
    struct toy *toy = container_of(io, struct toy, io);

    if (io->status != STATUS_OK) return; /* Out of service until the next start. */
    toy->acknowledged = toy->promised = toy->in_flight;
    sim_told(toy->world, NULL, "acknowledged below %lu", toy->acknowledged, 0, 0, 0);
    toy->in_flight = 0;
    toy_flush(toy);
}

static void toy_roll_work(struct job *job)
{
    struct toy *toy = container_of(job, struct toy, job);
    struct files *files = &toy->machine->disk.files;
    char name[32];
    int directory;

    snprintf(name, sizeof name, "log.%lu", (unsigned long)(toy->block / BLOCKS_PER_FILE));
    job->status = files_open_directory(files, FILES_HERE, ".", &directory);
    if (job->status != STATUS_OK) return;
    job->status = files_open(files, directory, name, FILES_WRITE | FILES_CREATE | FILES_DIRECT, &toy->job_file);
    if (job->status == STATUS_OK)
        job->status = files_allocate(files, toy->job_file, 0, (uint64_t)BLOCKS_PER_FILE * BLOCK);
    if (job->status == STATUS_OK) job->status = files_sync(files, toy->job_file);
    if (job->status == STATUS_OK && !CANARY(CANARY_NAME_NOT_SYNCED)) {
        job->status = files_sync_directory(files, directory);
    }
    files_close(files, directory);
}

static void toy_roll_done(struct job *job)
{
    struct toy *toy = container_of(job, struct toy, job);

    if (job->status != STATUS_OK) return;
    if (toy->file >= 0) files_close(&toy->machine->disk.files, toy->file);
    toy->file = toy->job_file;
    toy->full = toy->rolling = false;
    toy_flush(toy);
}

static void toy_flush(struct toy *toy)
{
    uint64_t count = min_of(toy->gathered - toy->acknowledged, (uint64_t)VALUES_MAX);
    if (count == 0 || toy->in_flight || toy->rolling) return;

    if (toy->full) {
        toy->rolling = true;
        jobs_begin(&toy->shard, &toy->job, 1, toy_roll_work, toy_roll_done);
        return;
    }
    memset(toy->memory, 0, BLOCK);
    store_u64(toy->memory, toy->block);
    store_u64(toy->memory + 8, count);
    for (uint64_t i = 0; i < count; i++) store_u64(toy->memory + 16 + i * 8, toy->acknowledged + i);
    store_u32(toy->memory + BLOCK - 4, crc32c(0, toy->memory, BLOCK - 4));
    toy->part = (struct iovec){ toy->memory, BLOCK };
    toy->in_flight = toy->acknowledged + count;
    toy->io.resume = toy_written;
    if (CANARY(CANARY_ACK_BEFORE_WRITE)) toy->promised = toy->in_flight;
    io_write(toy->shard.io, &toy->io, toy->file, &toy->part, 1, toy->block % BLOCKS_PER_FILE * BLOCK, IO_DURABLE);
    toy->full = ++toy->block % BLOCKS_PER_FILE == 0;
}

/* Reads the blocks from the first on; the first bad one is the end. Everything that was acknowledged must be there.
 * What is believed is synced first: after a kill it may stand in the file and not on the device. */
static void toy_recover(struct toy *toy)
{
    struct files *files = &toy->machine->disk.files;
    uint64_t value = 1;
    size_t done = 0;
    char name[32];
    int directory;

    if (files_open_directory(files, FILES_HERE, ".", &directory) != STATUS_OK) return;
    if (files_sync_directory(files, directory) != STATUS_OK) return;
    files_close(files, directory);
    toy->block = 0;
    for (;; toy->block++) {
        if (toy->block % BLOCKS_PER_FILE == 0) {
            if (toy->file >= 0) files_close(files, toy->file);
            snprintf(name, sizeof name, "log.%lu", (unsigned long)(toy->block / BLOCKS_PER_FILE));
            if (files_open(files, FILES_HERE, name, FILES_WRITE | FILES_DIRECT, &toy->file) != STATUS_OK) {
                toy->file = -1;
                break;
            }
            if (files_sync(files, toy->file) != STATUS_OK) return;
        }
        enum status status =
            files_read(files, toy->file, toy->memory, BLOCK, toy->block % BLOCKS_PER_FILE * BLOCK, &done);
        if (status != STATUS_OK || done < BLOCK || load_u64(toy->memory) != toy->block) break;
        if (load_u32(toy->memory + BLOCK - 4) != crc32c(0, toy->memory, BLOCK - 4)) break;
        for (uint64_t i = 0; i < load_u64(toy->memory + 8); i++, value++) {
            if (load_u64(toy->memory + 16 + i * 8) != value) sim_fail(toy->world, "value %lu is out of order", value);
        }
    }
    sim_told(toy->world, NULL, "recovered below %lu, promised below %lu", value, toy->promised, 0, 0);
    if (toy->machine->disk.frozen) return;
    if (value < toy->promised) {
        sim_fail(toy->world, "lost: acknowledged below %lu, found below %lu", toy->promised, value);
    }
    toy->gathered = toy->acknowledged = toy->promised = value;
    toy->full = toy->file < 0;
}

static void toy_gather(struct sim_event *event)
{
    struct toy *toy = container_of(event, struct toy, arrival);

    toy->gathered += sim_between(&toy->world->prng, 1, 100);
    sim_event_set(toy->world, event, toy->world->now_ns + (int64_t)sim_between(&toy->world->prng, 1000, 300000));
    toy_flush(toy);
}

static void toy_start(struct toy *toy)
{
    struct sim_io *ring = sim_io_make(toy->machine, 4096, 4);

    toy->shards[0] = &toy->shard;
    shard_init(&toy->shard, 0, 1, toy->shards, &ring->io, &toy->machine->disk.files, sim_jobs_make(toy->machine, 1), 1);
    toy->file = -1;
    toy->rolling = false;
    toy->gathered = toy->acknowledged = toy->in_flight = 0;
    toy->io = (struct completion){ 0 };
    toy->job = (struct job){ 0 };
    toy_recover(toy);
    sim_io_run(ring, sim_shard_step, &toy->shard);
    sim_event_set(toy->world, &toy->arrival, toy->world->now_ns);
}

static void toy_play(struct sim_world *world)
{
    struct sim_network network;
    struct sim_machine machine;

    sim_network_init(&network, world);
    sim_machine_init(&machine, world, &network, 0, 1 << 16);
    struct toy toy = { .world = world, .machine = &machine };
    if (posix_memalign((void **)&toy.memory, BLOCK, BLOCK)) abort();
    sim_event_init(&toy.arrival, toy_gather);

    for (int crash = 0; crash < 12; crash++) {
        int64_t until_ns = world->now_ns + (int64_t)sim_between(&world->prng, 100000, 30000000);
        bool at_operation = sim_chance(&world->prng, 1, 2);
        if (at_operation) machine.disk.crash_at = machine.disk.operations + sim_between(&world->prng, 1, 40);
        toy_start(&toy);
        while (!machine.disk.frozen && sim_world_step(world, until_ns)) continue;

        sim_event_clear(world, &toy.arrival);
        bool power = machine.disk.frozen || sim_chance(&world->prng, 2, 3);
        sim_fault(world, machine.disk.frozen ? SIM_CRASH_OPERATION : power ? SIM_CRASH_TIME : SIM_KILL);
        sim_machine_stop(&machine, power ? SIM_STOP_POWER : SIM_STOP_KILL);
        heap_end(&toy.shard.heap);
    }
    free(toy.memory);
    sim_network_end(&network);
}

const struct sim_story sim_toy = { "toy", toy_play };
