/* tests/sim/names.c   Directories: the names that are seen now, the names that would survive a power cut, and the
 * journal of changes between the two.
 *
 *     names_durable  --changes, oldest first-->  names
 *
 * Invariant: playing all changes on the durable names gives the present ones. A sync plays those of one directory (and
 * those they stand on); a power cut plays a prefix for each directory and forgets the rest. */
#include <string.h>

#include "sim/inode.h"

static uint32_t names_place(const struct sim_names *names, const char *text, bool *found);
static void names_set(struct sim_disk *disk, struct sim_names *names, const char *text, struct sim_inode *inode);
static void names_clear(struct sim_disk *disk, struct sim_names *names);
static void change_play(struct sim_disk *disk, struct sim_change *change);
static void change_drop(struct sim_disk *disk, struct sim_change *change);
static bool change_reached(const struct sim_change *change);
static void reach(struct sim_inode *inode);
static void inode_end(struct sim_disk *disk, struct sim_inode *inode);

static char *name_copy(struct heap *heap, const char *name)
{
    size_t size = strlen(name) + 1;
    return memcpy(heap_take(heap, size), name, size);
}

struct sim_inode *sim_names_find(const struct sim_names *names, const char *text)
{
    bool found;
    uint32_t place = names_place(names, text, &found);

    return found ? names->items[place].inode : NULL;
}

void sim_change_make(struct sim_disk *disk, struct sim_inode *directory, const char *name, struct sim_inode *inode,
                     struct sim_inode *from_directory, const char *from)
{
    struct heap *heap = &disk->world->heap;
    struct sim_change *change = heap_take(heap, sizeof *change);
    struct sim_inode *directories[2] = { directory, from_directory }, *inodes[2] = { inode, NULL };
    const char *names[2] = { name, from };

    list_node_init(&change->node);
    change->part_count = from_directory ? 2 : 1;
    for (uint32_t i = change->part_count; i-- > 0;) { /* The old name goes first: a file renamed to itself stays. */
        change->parts[i].directory = directories[i];
        change->parts[i].inode = inodes[i];
        change->parts[i].name = name_copy(heap, names[i]);
        names_set(disk, &directories[i]->names, names[i], inodes[i]);
        directories[i]->modified_ms = sim_wall_ms(disk->world);
    }
    list_append(&disk->changes, &change->node);
}

void sim_names_sync(struct sim_disk *disk, struct sim_inode *directory)
{
    list_each(&disk->inodes, node) container_of(node, struct sim_inode, node)->reached = false;
    directory->reached = true;

    /* Backwards: what a durable change stands on must be durable too. */
    struct list chosen;
    list_init(&chosen);
    for (struct list_node *node = disk->changes.head.previous, *before; node != &disk->changes.head; node = before) {
        struct sim_change *change = container_of(node, struct sim_change, node);
        before = node->previous;
        if (!change_reached(change)) continue;
        for (uint32_t i = 0; i < change->part_count; i++) change->parts[i].directory->reached = true;
        list_remove(node);
        list_prepend(&chosen, node);
    }
    for (struct list_node *node; (node = list_take_first(&chosen));) {
        change_play(disk, container_of(node, struct sim_change, node));
    }
    sim_names_sweep(disk);
}

void sim_names_crash(struct sim_disk *disk, bool settle)
{
    struct prng *prng = &disk->prng;

    /* `reached` says here: no further change of this directory survives. */
    uint64_t lose = settle ? 0 : prng_below(prng, 5);
    list_each(&disk->inodes, node)
    {
        struct sim_inode *inode = container_of(node, struct sim_inode, node);
        inode->reached = !settle && inode->directory && sim_chance(prng, lose, 8);
    }
    for (struct list_node *node; (node = list_take_first(&disk->changes));) {
        struct sim_change *change = container_of(node, struct sim_change, node);
        bool lost = change_reached(change) || (!settle && sim_chance(prng, lose, 16));
        sim_fault(disk->world, lost ? SIM_NAME_LOST : SIM_NAME_KEPT);
        if (lost) {
            for (uint32_t i = 0; i < change->part_count; i++) change->parts[i].directory->reached = true;
            change_drop(disk, change);
        } else {
            change_play(disk, change);
        }
    }

    list_each(&disk->inodes, node)
    {
        struct sim_inode *inode = container_of(node, struct sim_inode, node);
        names_clear(disk, &inode->names);
        for (uint32_t i = 0; i < inode->names_durable.count; i++) {
            names_set(disk, &inode->names, inode->names_durable.items[i].text, inode->names_durable.items[i].inode);
        }
    }
}

void sim_names_sweep(struct sim_disk *disk)
{
    list_each(&disk->inodes, node) container_of(node, struct sim_inode, node)->reached = false;
    reach(disk->root);
    for (uint32_t i = 0; i < disk->handle_count; i++)
        if (disk->handles[i].inode) reach(disk->handles[i].inode);
    list_each(&disk->writes, node) reach(container_of(node, struct sim_write, node)->inode);
    list_each(&disk->changes, node)
    {
        struct sim_change *change = container_of(node, struct sim_change, node);
        for (uint32_t i = 0; i < change->part_count; i++) {
            reach(change->parts[i].directory);
            if (change->parts[i].inode) reach(change->parts[i].inode);
        }
    }
    list_each(&disk->inodes, node)
    {
        struct sim_inode *inode = container_of(node, struct sim_inode, node);
        if (!inode->reached) inode_end(disk, inode);
    }
}

static void reach(struct sim_inode *inode)
{
    if (inode->reached) return;
    inode->reached = true;
    for (uint32_t i = 0; i < inode->names.count; i++) reach(inode->names.items[i].inode);
    for (uint32_t i = 0; i < inode->names_durable.count; i++) reach(inode->names_durable.items[i].inode);
}

static void inode_end(struct sim_disk *disk, struct sim_inode *inode)
{
    struct heap *heap = &disk->world->heap;

    for (uint64_t i = 0; i < inode->block_room; i++) sim_block_drop(disk, &inode->blocks[i]);
    heap_give(heap, inode->blocks);
    names_clear(disk, &inode->names);
    names_clear(disk, &inode->names_durable);
    heap_give(heap, inode->names.items);
    heap_give(heap, inode->names_durable.items);
    list_remove(&inode->node);
    disk->inode_count--;
    heap_give(heap, inode);
}

static bool change_reached(const struct sim_change *change)
{
    for (uint32_t i = 0; i < change->part_count; i++)
        if (change->parts[i].directory->reached) return true;
    return false;
}

static void change_play(struct sim_disk *disk, struct sim_change *change)
{
    for (uint32_t i = change->part_count; i-- > 0;) {
        names_set(disk, &change->parts[i].directory->names_durable, change->parts[i].name, change->parts[i].inode);
    }
    change_drop(disk, change);
}

static void change_drop(struct sim_disk *disk, struct sim_change *change)
{
    for (uint32_t i = 0; i < change->part_count; i++) heap_give(&disk->world->heap, change->parts[i].name);
    heap_give(&disk->world->heap, change);
}

static void names_set(struct sim_disk *disk, struct sim_names *names, const char *text, struct sim_inode *inode)
{
    bool found;
    uint32_t place = names_place(names, text, &found);

    if (found && inode) {
        names->items[place].inode = inode;
    } else if (found) {
        heap_give(&disk->world->heap, names->items[place].text);
        names->count--;
        memmove(names->items + place, names->items + place + 1, (names->count - place) * sizeof *names->items);
    } else if (inode) {
        if (names->count == names->room) {
            names->room = names->room ? names->room * 2 : 8;
            names->items = heap_resize(&disk->world->heap, names->items, names->room * sizeof *names->items);
        }
        memmove(names->items + place + 1, names->items + place, (names->count - place) * sizeof *names->items);
        names->items[place].text = name_copy(&disk->world->heap, text);
        names->items[place].inode = inode;
        names->count++;
    }
}

static void names_clear(struct sim_disk *disk, struct sim_names *names)
{
    for (uint32_t i = 0; i < names->count; i++) heap_give(&disk->world->heap, names->items[i].text);
    names->count = 0;
}

static uint32_t names_place(const struct sim_names *names, const char *text, bool *found)
{
    uint32_t low = 0, high = names->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(names->items[middle].text, text);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}
