/* tests/sim/trouble.c   The clock stays within twenty minutes of the true one, so that no time stamp is refused for
 * being too far ahead. A full disk is one that leaves between nothing and a little more than the node's reserve;
 * appends are refused then, nothing that was acknowledged is lost, and half a minute on at the latest there is room. */
#include "sim/trouble.h"

#include <string.h>

#include "sim/inode.h"

enum { CLOCK_OFF_MS = 20 * 60000, FREE_MAX = 96 << 20, PLACES_MAX = 256 };

static void trouble_jump(struct sim_event *event);
static void trouble_fill(struct sim_event *event);

void trouble_init(struct trouble *trouble, struct site *site, int64_t span_ns)
{
    *trouble = (struct trouble){ .site = site,
                                 .clock = sim_chance(&site->prng, 1, 4),
                                 .full = sim_chance(&site->prng, 1, 5),
                                 .span_ns = span_ns,
                                 .wall_ms = site->world->wall_ms,
                                 .blocks_max = site->machine.disk.blocks_max };
    sim_event_init(&trouble->jump, trouble_jump);
    sim_event_init(&trouble->fill, trouble_fill);
}

static void soon(struct trouble *trouble, struct sim_event *event)
{
    struct site *site = trouble->site;

    sim_event_set(site->world, event,
                  site->world->now_ns + (int64_t)prng_below(&site->prng, (uint64_t)trouble->span_ns * 2));
}

void trouble_begin(struct trouble *trouble)
{
    if (trouble->clock) soon(trouble, &trouble->jump);
    if (trouble->full) soon(trouble, &trouble->fill);
}

void trouble_end(struct trouble *trouble)
{
    struct site *site = trouble->site;

    sim_event_clear(site->world, &trouble->jump);
    sim_event_clear(site->world, &trouble->fill);
    site->machine.disk.blocks_max = trouble->blocks_max;
}

static void trouble_jump(struct sim_event *event)
{
    struct trouble *trouble = container_of(event, struct trouble, jump);
    struct sim_world *world = trouble->site->world;

    world->wall_ms =
        trouble->wall_ms - CLOCK_OFF_MS + (int64_t)prng_below(&trouble->site->prng, UINT64_C(2) * CLOCK_OFF_MS);
    sim_fault(world, SIM_CLOCK);
    sim_told(world, NULL, "the wall clock jumps to %lu", (uint64_t)sim_wall_ms(world), 0, 0, 0);
    soon(trouble, event);
}

static void trouble_fill(struct sim_event *event)
{
    struct trouble *trouble = container_of(event, struct trouble, fill);
    struct site *site = trouble->site;
    struct sim_disk *disk = &site->machine.disk;
    bool full = disk->blocks_max == trouble->blocks_max;
    uint64_t room = prng_below(&site->prng, FREE_MAX / SIM_BLOCK);

    disk->blocks_max = full ? min_of(disk->blocks + room, trouble->blocks_max) : trouble->blocks_max;
    sim_told(site->world, NULL, full ? "others fill the disk: %lu blocks are left" : "the disk has room: %lu blocks",
             disk->blocks_max - min_of(disk->blocks, disk->blocks_max), 0, 0, 0);
    if (full) {
        sim_fault(site->world, SIM_FULL);
        sim_event_set(site->world, event,
                      site->world->now_ns + (int64_t)sim_between(&site->prng, 1000000, 30000000000));
    } else {
        soon(trouble, event);
    }
}

/* ---- bits that flip at rest ---- */

struct places {
    struct sim_inode *files[PLACES_MAX];
    uint32_t count;
};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && !strcmp(text + size - end_size, end);
}

/* Files of the partitions. */
static void places_collect(const struct sim_inode *directory, const char *end, struct places *places)
{
    for (uint32_t i = 0; i < directory->names.count; i++) {
        const struct sim_name *name = &directory->names.items[i];
        if (name->inode->directory && !strncmp(name->text, "slot", 4)) {
            places_collect(name->inode, end, places);
        } else if (!name->inode->directory && name->inode->size && places->count < PLACES_MAX) {
            if (ends_with(name->text, end)) places->files[places->count++] = name->inode;
        }
    }
}

bool trouble_flip(struct trouble *trouble)
{
    static const char *const ends[] = { ".log", ".log", ".log", ".index", ".timeindex" };
    struct site *site = trouble->site;
    struct sim_inode *data = sim_names_find(&site->machine.disk.root->names, "data");
    struct places places = { .count = 0 };

    if (!data) return false;
    places_collect(data, ends[prng_below(&site->prng, array_count(ends))], &places);
    for (uint32_t tries = 0; places.count && tries < 100; tries++) {
        struct sim_inode *inode = places.files[prng_below(&site->prng, places.count)];
        uint64_t place = prng_below(&site->prng, inode->size);
        struct sim_block *block = place / SIM_BLOCK < inode->block_room ? &inode->blocks[place / SIM_BLOCK] : NULL;
        if (!block || !block->written || block->data == sim_zeros) continue;
        sim_block_flip(&site->machine.disk, block, place % SIM_BLOCK, (unsigned)prng_below(&site->prng, 8));
        sim_fault(site->world, SIM_BIT_FLIP);
        sim_told(site->world, NULL, "bit flip: inode %lu position %lu", inode->number, place, 0, 0);
        return true;
    }
    return false;
}
