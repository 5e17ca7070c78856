/* tests/sim/node.c   The story of a whole node: clients speak the wire protocol to it over a bad network, while it is
 * cut off, killed and stopped cleanly, and started again with other settings. At the end the faults stop: then every
 * request must be answered, every promise be found kept, and nothing be left over. Last, some find a bit of their files
 * flipped: what was there must be served as it was, or refused. */
#include "sim/crowd.h"
#include "sim/demand.h"
#include "sim/site.h"
#include "sim/story.h"
#include "sim/trouble.h"

enum { STARTS_MIN = 4, STARTS_MAX = 6 };

static void errors_set(struct site *site, bool on)
{
    struct sim_disk_rates *rates = &site->machine.disk.rates;

    *rates = (struct sim_disk_rates){ 0 };
    if (!on || !site->errors) return;
    rates->read_error = (uint32_t)sim_between(&site->prng, 0, 1000);
    rates->write_error = (uint32_t)sim_between(&site->prng, 0, 2000);
    rates->sync_error = (uint32_t)sim_between(&site->prng, 0, 10000);
}

static void play_start(struct site *site, struct demand *demand, uint64_t actions)
{
    uint64_t left = demand->actions_left > actions ? demand->actions_left - actions : 0;
    int64_t until_ns = site->world->now_ns + 100000000000;

    while (!site_down(site) && demand->actions_left > left) {
        if (sim_world_step(site->world, until_ns)) continue;
        sim_fail(site->world, "liveness: %lu actions are not begun in 100 s (told %lu, lost %lu)",
                 demand->actions_left - left, demand->told, demand->lost);
    }
}

/* A story in which nothing fails any more comes to rest; one whose files are damaged may end before. */
static bool stands(struct site *site, int64_t until_ns, const char *what)
{
    if (site_down(site)) {
        if (site->damaged) return false;
        sim_fail(site->world, "the node died without a fault");
    }
    if (!sim_world_step(site->world, until_ns)) sim_fail(site->world, "liveness: %s", what);
    return true;
}

static bool settle(struct site *site, struct demand *demand, const struct crowd *crowd)
{
    int64_t until_ns = site->world->now_ns + 200000000000;

    demand->quiet = true;
    while (!demand_at_rest(demand) || !crowd_at_rest(crowd))
        if (!stands(site, until_ns, "somebody still waits for an answer")) return false;
    uint64_t metadata = demand->metadata_count, configs = demand->configs_seen;
    admin_look(demand);
    demand_read_all_begin(demand);
    while (!demand_read_all_done(demand) || demand->metadata_count == metadata || demand->configs_seen == configs) {
        if (!demand->admin_asking && demand->metadata_count == metadata) admin_look(demand);
        if (!demand->configs_asking && demand->metadata_count > metadata && demand->configs_seen == configs)
            admin_config_look(demand);
        if (!stands(site, until_ns, "not everything can be read")) return false;
    }
    return true;
}

static void heal(struct site *site)
{
    site->errors = false;
    errors_set(site, false);
    site->machine.slow_ppm = 0;
    site->network.reset_ppm = site->network.half_open_ppm = 0;
}

static void node_play(struct sim_world *world)
{
    struct site *site = heap_take(&world->heap, sizeof *site);
    struct demand *demand = heap_take(&world->heap, sizeof *demand);
    struct crowd *crowd = heap_take(&world->heap, sizeof *crowd);
    struct trouble trouble;

    site_init(site, world);
    demand_init(demand, world, &site->network, SITE_PORT, false);
    crowd_init(crowd, demand, &site->network, SITE_PORT);
    site->narrow = crowd->here;
    trouble_init(&trouble, site, demand->gap_ns * 300);
    uint64_t starts = sim_between(&site->prng, STARTS_MIN, STARTS_MAX);
    uint64_t actions = demand->actions_left / starts;
    for (uint64_t i = 0; i < starts; i++) {
        struct sim_disk *disk = &site->machine.disk;
        uint64_t way = prng_below(&site->prng, 8);
        errors_set(site, true);
        if (way < 4) disk->crash_at = disk->operations + sim_between(&site->prng, 1, way < 2 ? 100 : 3000);
        bool up = site_start(site);
        trouble_begin(&trouble);
        if (up) play_start(site, demand, actions);
        trouble_end(&trouble);
        if (up && way == 7 && !site_down(site) && site_stop_clean(site)) continue;
        sim_fault(world, disk->frozen ? SIM_CRASH_OPERATION : way == 6 ? SIM_KILL : SIM_CRASH_TIME);
        /* Relaxed durability promises what Kafka does: a process may die, the power may not fail. */
        site_stop_hard(site, !site->relaxed && (disk->frozen || way != 6));
    }

    heal(site);
    invariant(site_start(site));
    demand->actions_left = 100;
    play_start(site, demand, 100);
    invariant(settle(site, demand, crowd));
    invariant(site_stop_clean(site));
    site->damaged = demand->damaged = sim_chance(&site->prng, 1, 4) && trouble_flip(&trouble);
    bool up = site_start(site) && settle(site, demand, crowd);
    invariant(up || site->damaged);
    demand_end(demand);
    crowd_end(crowd);
    if (!up || !site_stop_clean(site)) {
        invariant(site->damaged);
        site_stop_hard(site, false);
    }
    site_end(site);
}

const struct sim_story sim_node = { "node", node_play };
