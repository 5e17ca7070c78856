/* tests/sim/site.c   What the node stands on here: the simulated disk for files, a simulated ring per shard, jobs that
 * are events. Its settings come as a properties text through the product's own reader. */
#include "sim/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/reader.h"
#include "replica/replicas.h"
#include "sim/story.h"

static enum status make_io(struct node_platform *platform, const struct plan *plan, uint32_t shard, struct io **io,
                           const char **why)
{
    struct site *site = container_of(platform, struct site, platform);
    struct sim_io *ring = sim_io_make(&site->machine, plan->receive_buffer_size, plan->receive_buffer_count);

    (void)why;
    invariant(ring->index == shard);
    *io = &ring->io;
    return STATUS_OK;
}

static enum status make_jobs(struct node_platform *platform, uint32_t thread_count, struct jobs **jobs)
{
    struct site *site = container_of(platform, struct site, platform);

    *jobs = sim_jobs_make(&site->machine, thread_count);
    return STATUS_OK;
}

static void say(struct node_platform *platform, const char *line)
{
    struct site *site = container_of(platform, struct site, platform);

    sim_told(site->world, line, "the node says:", 0, 0, 0, 0);
}

static uint64_t pick(struct site *site, const uint64_t *choices, size_t count)
{
    return choices[prng_below(&site->prng, count)];
}

void site_init(struct site *site, struct sim_world *world)
{
    static const uint64_t wal_files[] = { 1 << 20, 2 << 20 };
    static const uint64_t segments[] = { 1 << 20, 2 << 20 };

    *site = (struct site){ .world = world };
    for (uint32_t i = 0; i < SITE_PICTURES; i++) site->pictures[i].offset = -1;
    prng_seed(&site->prng, prng_u64(&world->prng));
    sim_network_init(&site->network, world);
    sim_machine_init(&site->machine, world, &site->network, 0, 1 << 18);
    site->relaxed = sim_chance(&site->prng, 1, 10);
    site->errors = sim_chance(&site->prng, 1, 6);
    site->wal_file_size = pick(site, wal_files, array_count(wal_files));
    site->wal_size = site->wal_file_size * sim_between(&site->prng, 3, 6);
    site->segment_bytes = (int64_t)pick(site, segments, array_count(segments));

    site->network.split = (uint32_t)sim_between(&site->prng, 0, 400);
    site->network.window = (uint32_t)sim_between(&site->prng, 4, 64) * 4096;
    if (sim_chance(&site->prng, 1, 3)) site->network.reset_ppm = sim_chance(&site->prng, 1, 3) ? 3000 : 200;
    if (sim_chance(&site->prng, 1, 4)) site->network.half_open_ppm = 50;
    struct sim_machine *machine = &site->machine;
    machine->turn_ns = (int64_t)sim_between(&site->prng, 1000, 20000);
    machine->durable_ns = (int64_t)sim_between(&site->prng, 20000, 500000);
    machine->job_ns = (int64_t)sim_between(&site->prng, 20000, 2000000);
    machine->slow_ppm = sim_chance(&site->prng, 1, 3) ? 1000 : 0;
}

/* ---- image equals replay ---- */

/* What is not the log's to say is left out: who leads, and which shard a partition is on. */
static struct site_picture picture_take(struct image *image)
{
    int32_t controller = image->controller;
    uint16_t *shards = calloc(image->partition_count + 1, sizeof *shards);
    uint32_t count = 0;

    invariant(shards);
    image_lead(image, -1);
    list_each(&image->topics, node)
    {
        struct image_topic *topic = container_of(node, struct image_topic, node);
        for (int32_t i = 0; i < topic->partition_count; i++) {
            invariant(count < image->partition_count);
            shards[count++] = topic->partitions[i].shard;
            topic->partitions[i].shard = 0;
        }
    }
    struct site_picture picture = { image->offset, image_hash(image) };
    count = 0;
    list_each(&image->topics, node)
    {
        struct image_topic *topic = container_of(node, struct image_topic, node);
        for (int32_t i = 0; i < topic->partition_count; i++) topic->partitions[i].shard = shards[count++];
    }
    image_lead(image, controller);
    free(shards);
    return picture;
}

/* How often a read had to wait for room in the read cache: the stories that want it must see it. */
static void waits_count(struct site *site)
{
    for (uint32_t i = 0; i < site->node->shard_count; i++) {
        const struct store *store = site->node->shards[i]->store;
        const struct cache *cache = store && store->reader ? &store->reader->cache : NULL;
        if (!cache) continue;
        site->world->faults[SIM_ROOM] += cache->wait_count;
        sim_told(site->world, NULL, "cache of shard %lu: %lu pieces read, %lu found, %lu waits", i, cache->read_count,
                 cache->hit_count, cache->wait_count);
    }
}

static void pictures_note(struct site *site)
{
    waits_count(site);
    for (uint32_t i = 0; i < SITE_PICTURES; i++) {
        struct replicas *replicas = i < site->node->shard_count ? site->node->shards[i]->replicas : NULL;
        site->pictures[i] = replicas ? picture_take(&replicas->image) : (struct site_picture){ .offset = -1 };
    }
}

static void pictures_check(struct site *site)
{
    struct site_picture first = picture_take(&site->node->shards[0]->replicas->image);

    for (uint32_t i = 1; i < site->node->shard_count; i++) {
        if (!site->node->shards[i]->replicas) continue;
        struct site_picture other = picture_take(&site->node->shards[i]->replicas->image);
        if (other.offset != first.offset || other.hash != first.hash)
            sim_fail(site->world, "image equals replay: shards 0 and %u replayed one log to two images", i);
    }
    for (uint32_t i = 0; i < SITE_PICTURES; i++) {
        if (site->pictures[i].offset != first.offset) continue;
        sim_told(site->world, NULL, "image of shard %lu at offset %lu: as replayed", i, (uint64_t)first.offset, 0, 0);
        if (site->pictures[i].hash != first.hash)
            sim_fail(site->world, "image equals replay: shard %u had another image at offset %ld", i, first.offset);
    }
}

/* ---- starting and stopping ---- */

/* Half of all starts write snapshots of the metadata often, and keep little of its log. Drawn aside, so that the rest
 * of a story is what it was. */
static int snapshot_settings(const struct site *site, char *text, size_t size)
{
    struct prng prng;

    prng_seed(&prng, site->world->seed * 31 + site->starts);
    if (sim_chance(&prng, 1, 2)) return 0;
    uint64_t between = sim_between(&prng, 1, 6000); /* One after the other: arguments are drawn in any order. */
    uint64_t interval_ms = sim_between(&prng, 20, 2000);
    if (sim_chance(&prng, 1, 2)) interval_ms = 0;
    uint64_t retention = sim_between(&prng, 1, 20000), retention_ms = sim_between(&prng, 1, 500);
    if (sim_chance(&prng, 1, 2)) retention_ms = 604800000;
    uint64_t segment = sim_between(&prng, 1000, 20000);
    uint64_t segment_ms = sim_chance(&prng, 1, 3) ? 100 : 604800000;
    return snprintf(text, size,
                    "metadata.log.max.record.bytes.between.snapshots=%lu\nmetadata.log.max.snapshot.interval.ms=%lu\n"
                    "metadata.max.retention.bytes=%lu\nmetadata.max.retention.ms=%lu\n"
                    "internal.metadata.log.segment.bytes=%lu\nmetadata.log.segment.ms=%lu\n",
                    between, interval_ms, retention, retention_ms, segment, segment_ms);
}

static void settings_make(struct site *site)
{
    char text[2048];
    struct property_list list;
    struct setting_report report = { 0 };
    int32_t bad_line;
    uint64_t shards = sim_between(&site->prng, 1, 3);
    uint64_t memory = sim_between(&site->prng, 96, 160) << 20;
    uint64_t roll_ms = sim_chance(&site->prng, 1, 3) ? 100 : 604800000;
    uint64_t interval = sim_between(&site->prng, 100, 4096);
    if (site->narrow) shards = 1;
    if (site->narrow) memory = 38 << 20; /* What plan.c must give a shard at least, and 4 MiB of read cache. */

    int length = snapshot_settings(site, text, sizeof text);
    snprintf(
        text + length, sizeof text - (size_t)length,
        "node.id=1\nprocess.roles=broker,controller\ncontroller.listener.names=CONTROLLER\n"
        "listeners=PLAINTEXT://:%d\nlog.dirs=data\nnum.partitions=2\n"
        "socket.request.max.bytes=2097152\nmessage.max.bytes=1048576\n"
        "sluice.shards=%lu\nsluice.memory=%lu\nsluice.wal.size=%lu\nsluice.wal.file.size=%lu\nsluice.durability=%s\n"
        "log.segment.bytes=%ld\nlog.roll.ms=%lu\nlog.retention.check.interval.ms=1000\nlog.index.interval.bytes=%lu\n",
        SITE_PORT, shards, memory, site->wal_size, site->wal_file_size, site->relaxed ? "relaxed" : "durable",
        site->segment_bytes, roll_ms, interval);
    heap_init(&site->heap);
    arena_init(&site->arena, &site->heap, NULL, 0, 16 << 20);
    properties_init(&list, &site->arena);
    struct text copy = text_copy(&site->arena, text_of(text));
    enum status status = properties_read(&list, copy, TEXT("sim"), &bad_line);
    site->settings.origins = arena_take(&site->arena, broker_table.row_count * sizeof(void *));
    if (status == STATUS_OK) {
        status =
            settings_apply(&broker_table, &list, &site->settings.values, site->settings.origins, &report, &site->arena);
    }
    if (status != STATUS_OK) {
        struct text why = report.count ? report.lines[0].message : text_of(status_text(status));
        sim_fail(site->world, "the settings are refused: %.*s", TEXT_ARGS(why));
    }
}

bool site_start(struct site *site)
{
    const char *why = NULL;

    settings_make(site);
    site->platform = (struct node_platform){
        .files = &site->machine.disk.files,
        .make_io = make_io,
        .make_jobs = make_jobs,
        .seed = prng_u64(&site->prng),
        .wall_ms = sim_wall_ms(site->world),
        .say = say,
        .memory_size = 128 << 20,
        .core_count = 2,
        .memory_from_heap = true,
    };
    sim_told(site->world, NULL, "start %lu", ++site->starts, 0, 0, 0);
    site->node = NULL;
    enum status status = node_make(&site->platform, &site->settings, &site->node, &why);
    if (status != STATUS_OK) {
        sim_told(site->world, why, "node_make failed: status %lu", status, 0, 0, 0);
        site->node = NULL;
        bool refused = site->damaged && (status == STATUS_DAMAGED || status == STATUS_CORRUPT);
        if (!site->machine.disk.frozen && !site->errors && !refused) {
            sim_fail(site->world, "start %lu: %s: %s", site->starts, status_text(status), why ? why : "");
        }
        return false;
    }
    pictures_check(site);
    for (uint32_t i = 0; i < site->node->shard_count; i++) {
        sim_io_run(site->machine.ios[i], sim_shard_step, site->node->shards[i]);
    }
    return !site->machine.disk.frozen;
}

bool site_down(const struct site *site)
{
    if (site->machine.disk.frozen) return true;
    enum status status = node_status(site->node);
    if (status == STATUS_OK) return false;
    if (!site->errors && !site->damaged) sim_fail(site->world, "the node died: %s", status_text(status));
    return true;
}

bool site_stop_clean(struct site *site)
{
    struct sim_world *world = site->world;
    int64_t until_ns = world->now_ns + 120000000000;

    node_stop(site->node);
    for (uint32_t i = 0; i < site->machine.io_count; i++) sim_io_wake(site->machine.ios[i], world->now_ns);
    while (!site_down(site) && !node_stopped(site->node)) {
        if (!sim_world_step(world, until_ns)) sim_fail(world, "liveness: the node does not stop");
    }
    if (site_down(site)) return false;
    pictures_note(site);
    enum status status = node_end(site->node);
    if (site->machine.disk.frozen || (status != STATUS_OK && (site->errors || site->damaged))) {
        site->node = NULL;
        return false;
    }
    if (status != STATUS_OK) sim_fail(world, "node_end: %s", status_text(status));
    site->node = NULL;
    struct sim_disk *disk = &site->machine.disk;
    if (disk->handles_open) sim_fail(world, "fds: %u files are open after a clean stop", disk->handles_open);
    if (!list_empty(&site->machine.sockets)) sim_fail(world, "fds: a socket is open after a clean stop");
    sim_machine_stop(&site->machine, SIM_STOP_CLEAN);
    heap_end(&site->heap);
    return true;
}

void site_stop_hard(struct site *site, bool power)
{
    sim_machine_stop(&site->machine, power ? SIM_STOP_POWER : SIM_STOP_KILL);
    if (site->node) pictures_note(site);
    if (site->node) node_abandon(site->node);
    site->node = NULL;
    heap_end(&site->heap);
}

void site_end(struct site *site)
{
    sim_network_end(&site->network);
}
