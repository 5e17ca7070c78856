/* tests/sim/store.c   The story of the storage engine: a drawn configuration is worked on through several starts, each
 * ended by a power cut (at a random time or at a random operation of the disk), a kill, or a clean stop, and each begun
 * with another number of shards. At the end the faults stop: then everything asked for must be answered, everything be
 * readable, and nothing be left over. */
#include "sim/host.h"

enum { STARTS_MIN = 4, STARTS_MAX = 7 };

static void errors_set(struct host *host, bool on)
{
    struct sim_disk_rates *rates = &host->machine.disk.rates;

    *rates = (struct sim_disk_rates){ 0 };
    if (!on || !host->errors) return;
    rates->read_error = (uint32_t)sim_between(&host->prng, 0, 2000);
    rates->write_error = (uint32_t)sim_between(&host->prng, 0, 5000);
    rates->sync_error = (uint32_t)sim_between(&host->prng, 0, 20000);
}

/* Plays until the actions of this start are done, power is cut, or the device fails. */
static void play_start(struct host *host, uint64_t actions)
{
    struct sim_world *world = host->world;
    uint64_t left = host->actions_left > actions ? host->actions_left - actions : 0;
    int64_t stuck_ns = world->now_ns + 600000000000;

    while (!host->machine.disk.frozen && !host->failed && host->actions_left > left) {
        if (!sim_world_step(world, stuck_ns)) break;
    }
}

static void read_everything(struct host *host)
{
    struct sim_world *world = host->world;

    host->quiet = true;
    for (uint32_t i = 0; i < host->shard_count; i++) actor_read_all(&host->shards[i]);
    for (uint32_t i = 0; i < host->shard_count; i++) sim_io_wake(host->shards[i].ring, world->now_ns);
    int64_t until_ns = world->now_ns + 120000000000;
    while (!host_at_rest(host))
        if (!sim_world_step(world, until_ns)) host_fail_waiting(host);
}

static void store_play(struct sim_world *world)
{
    struct host *host = heap_take(&world->heap, sizeof *host);
    host_init(host, world);

    uint64_t starts = sim_between(&host->prng, STARTS_MIN, STARTS_MAX);
    uint64_t actions = host->actions_left / starts;
    for (uint64_t i = 0; i < starts; i++) {
        struct sim_disk *disk = &host->machine.disk;
        uint64_t way = prng_below(&host->prng, 8);
        errors_set(host, true);
        if (way < 4) disk->crash_at = disk->operations + sim_between(&host->prng, 1, way < 2 ? 60 : 2000);
        bool up = host_start(host);
        if (up) play_start(host, actions);
        if (up && way == 7 && !disk->frozen && !host->failed && host_stop_clean(host)) continue;
        sim_fault(world, disk->frozen ? SIM_CRASH_OPERATION : way == 6 ? SIM_KILL : SIM_CRASH_TIME);
        host_stop_hard(host, disk->frozen || way != 6);
    }

    host->errors = false;
    errors_set(host, false);
    host->machine.slow_ppm = 0;
    if (!host->settings.relaxed && sim_chance(&host->prng, 1, 6)) host_damage(host);
    if (!host_start(host)) {
        invariant(host->refused);
        host_stop_hard(host, false);
        host_end(host);
        return;
    }
    host->actions_left = 50;
    play_start(host, 50);
    host->quiet = true;
    read_everything(host);
    invariant(host_stop_clean(host));
    invariant(host_start(host));
    read_everything(host);
    invariant(host_stop_clean(host));
    host_end(host);
}

const struct sim_story sim_store = { "store", store_play };
