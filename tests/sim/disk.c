/* tests/sim/disk.c   Sectors: what reads see, what the device surely holds, and what a power cut makes of the
 * difference.
 *
 *     sector          data        before      after a power cut
 *     clean           new         -           new
 *     dirty           new         old         new, old, or torn: one part of each
 *     behind a cut    zeros, new  old         cut lost: old; else as dirty, with zeros as the old bytes
 */
#include "sim/inode.h"

#include <string.h>

#include "base/crc32c.h"

enum { SECTORS = SIM_BLOCK / SIM_SECTOR };
static const uint64_t NO_CUT = UINT64_MAX;

static bool inode_room(struct sim_disk *disk, struct sim_inode *inode, uint64_t position, uint64_t size);
static void inode_commit_size(struct sim_inode *inode);
static void inode_crash(struct sim_disk *disk, struct sim_inode *inode, uint64_t keep, uint64_t tear);
static void write_apply(struct sim_disk *disk, struct sim_write *write, bool durable);

void sim_disk_init(struct sim_disk *disk, struct sim_world *world, uint64_t blocks_max)
{
    *disk = (struct sim_disk){ .files.table = &sim_files_table, .world = world, .blocks_max = blocks_max };
    prng_seed(&disk->prng, prng_u64(&world->prng));
    list_init(&disk->inodes);
    list_init(&disk->changes);
    list_init(&disk->writes);
    disk->crash_at = UINT64_MAX;
    disk->root = sim_inode_make(disk, true);
}

void sim_disk_crash(struct sim_disk *disk, bool power)
{
    /* What is in flight has reached the device in part. */
    list_each(&disk->writes, node)
    {
        struct sim_write *write = container_of(node, struct sim_write, node);
        list_remove(&write->node);
        if (sim_chance(&disk->prng, 2, 3)) write_apply(disk, write, false);
    }

    if (power) {
        sim_names_crash(disk, false);
        static const uint64_t keeps[] = { 0, 1, 4, 7, 8 };
        uint64_t keep = keeps[prng_below(&disk->prng, array_count(keeps))];
        uint64_t tear = prng_below(&disk->prng, 3);
        list_each(&disk->inodes, inode) inode_crash(disk, container_of(inode, struct sim_inode, node), keep, tear);
    }

    for (uint32_t i = 0; i < disk->handle_count; i++) {
        if (disk->handles[i].inode) disk->handles[i].inode->locked = false;
        disk->handles[i].inode = NULL;
    }
    disk->handle_count = disk->handles_open = 0;
    disk->frozen = false;
    disk->crash_at = UINT64_MAX;
    sim_names_sweep(disk);
}

void sim_disk_settle(struct sim_disk *disk)
{
    sim_names_crash(disk, true);
    list_each(&disk->inodes, node)
    {
        struct sim_inode *inode = container_of(node, struct sim_inode, node);
        if (!inode->directory) sim_inode_sync(disk, inode);
    }
}

void sim_disk_flip(struct sim_disk *disk, uint32_t count)
{
    for (uint32_t tries = 0; count && tries < 1000; tries++) {
        struct list_node *node = disk->inodes.head.next;
        for (uint64_t n = prng_below(&disk->prng, disk->inode_count); n; n--) {
            node = node->next == &disk->inodes.head ? disk->inodes.head.next : node->next;
        }
        struct sim_inode *inode = container_of(node, struct sim_inode, node);
        if (inode->directory || !inode->size) continue;

        uint64_t place = prng_below(&disk->prng, inode->size);
        if (place / SIM_BLOCK >= inode->block_room) continue;
        struct sim_block *block = &inode->blocks[place / SIM_BLOCK];
        if (!block->written) continue;
        sim_block_flip(disk, block, place % SIM_BLOCK, (unsigned)prng_below(&disk->prng, 8));
        sim_fault(disk->world, SIM_BIT_FLIP);
        sim_told(disk->world, NULL, "bit flip: inode %lu position %lu", inode->number, place, 0, 0);
        count--;
    }
}

enum status sim_disk_read(struct sim_disk *disk, int file, void *memory, size_t size, uint64_t position, size_t *done)
{
    *done = 0;
    if (disk->frozen) return STATUS_IO_ERROR;
    struct sim_handle *handle = sim_disk_handle(disk, file);
    struct sim_inode *inode = handle->inode;

    invariant(!inode->directory);
    if (handle->direct) invariant((position | size | (uintptr_t)memory) % SIM_BLOCK == 0);
    if (sim_chance(&disk->prng, disk->rates.read_error, 1000000)) {
        sim_fault(disk->world, SIM_READ_ERROR);
        return STATUS_IO_ERROR;
    }

    size = position < inode->size ? min_of(size, inode->size - position) : 0;
    for (uint64_t at = 0; at < size;) {
        uint64_t index = (position + at) / SIM_BLOCK, within = (position + at) % SIM_BLOCK;
        size_t piece = min_of(size - at, SIM_BLOCK - within);
        const uint8_t *data = index < inode->block_room ? inode->blocks[index].data : NULL;
        memcpy((uint8_t *)memory + at, (data ? data : sim_zeros) + within, piece);
        at += piece;
    }
    *done = size;
    return STATUS_OK;
}

void sim_disk_write_begin(struct sim_disk *disk, struct sim_write *write, int file, struct iovec *parts,
                          uint32_t part_count, uint64_t position, bool durable)
{
    struct sim_handle *handle = sim_disk_handle(disk, file);
    uint64_t size = 0;
    uint32_t sum = 0;

    invariant(handle->writable && !handle->inode->directory);
    for (uint32_t i = 0; i < part_count; i++) {
        if (handle->direct) invariant((parts[i].iov_len | (uintptr_t)parts[i].iov_base) % SIM_BLOCK == 0);
        sum = crc32c(sum, parts[i].iov_base, parts[i].iov_len);
        size += parts[i].iov_len;
    }
    if (handle->direct) invariant(position % SIM_BLOCK == 0);

    /* The law of io.h: at most one write in flight may touch a block. */
    uint64_t first = position / SIM_BLOCK, limit = (position + size + SIM_BLOCK - 1) / SIM_BLOCK;
    list_each(&disk->writes, node)
    {
        struct sim_write *other = container_of(node, struct sim_write, node);
        uint64_t other_first = other->position / SIM_BLOCK;
        uint64_t other_limit = (other->position + other->size + SIM_BLOCK - 1) / SIM_BLOCK;
        bool two_writes_touch_one_block = other->inode == handle->inode && first < other_limit && other_first < limit;
        invariant(!two_writes_touch_one_block);
    }

    *write = (struct sim_write){ .inode = handle->inode,
                                 .parts = parts,
                                 .part_count = part_count,
                                 .position = position,
                                 .size = size,
                                 .sum = sum,
                                 .durable = durable };
    list_node_init(&write->node);
    list_append(&disk->writes, &write->node);
    sim_told(disk->world, NULL,
             durable ? "write begin: inode %lu position %lu size %lu sum %08lx durable"
                     : "write begin: inode %lu position %lu size %lu sum %08lx",
             handle->inode->number, position, size, sum);
}

enum status sim_disk_write_end(struct sim_disk *disk, struct sim_write *write)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < write->part_count; i++)
        sum = crc32c(sum, write->parts[i].iov_base, write->parts[i].iov_len);
    bool memory_in_flight_unchanged = sum == write->sum;
    invariant(memory_in_flight_unchanged);

    if (!sim_disk_operate(disk)) return STATUS_IO_ERROR; /* Still in flight: the crash decides. */

    list_remove(&write->node);
    if (sim_chance(&disk->prng, disk->rates.write_error, 1000000)) {
        sim_fault(disk->world, SIM_WRITE_ERROR);
        if (sim_chance(&disk->prng, 1, 2)) write_apply(disk, write, false);
        return STATUS_IO_ERROR;
    }
    bool room = inode_room(disk, write->inode, write->position, write->size);
    if (!room || (write->position + write->size > write->inode->size &&
                  sim_chance(&disk->prng, disk->rates.no_space, 1000000))) {
        sim_fault(disk->world, SIM_NO_SPACE);
        return STATUS_NO_SPACE;
    }
    if (sim_chance(&disk->prng, disk->rates.misdirected, 1000000) && write->inode->size >= UINT64_C(2) * SIM_BLOCK) {
        sim_fault(disk->world, SIM_MISDIRECTED);
        write->position = prng_below(&disk->prng, write->inode->size / SIM_BLOCK) * SIM_BLOCK;
    }
    write_apply(disk, write, write->durable);
    return STATUS_OK;
}

bool sim_disk_operate(struct sim_disk *disk)
{
    if (disk->frozen) return false;
    if (++disk->operations < disk->crash_at) return true;

    disk->frozen = true;
    sim_told(disk->world, NULL, "power cut at disk operation %lu", disk->operations, 0, 0, 0);
    return false;
}

struct sim_handle *sim_disk_handle(struct sim_disk *disk, int file)
{
    int index = file - SIM_FILE_FIRST;

    bool file_is_open = index >= 0 && (uint32_t)index < disk->handle_count && disk->handles[index].inode;
    invariant(file_is_open);
    return &disk->handles[index];
}

void sim_disk_close(struct sim_disk *disk, int file)
{
    struct sim_handle *handle = sim_disk_handle(disk, file);

    handle->inode->locked = false;
    handle->inode = NULL;
    disk->handles_open--;
}

struct sim_inode *sim_inode_make(struct sim_disk *disk, bool directory)
{
    struct sim_inode *inode = heap_take(&disk->world->heap, sizeof *inode);

    inode->number = ++disk->world->births;
    inode->directory = directory;
    inode->cut = NO_CUT;
    inode->modified_ms = sim_wall_ms(disk->world);
    list_node_init(&inode->node);
    list_append(&disk->inodes, &inode->node);
    disk->inode_count++;
    return inode;
}

bool sim_inode_put(struct sim_disk *disk, struct sim_inode *inode, uint64_t position, const void *data, size_t size,
                   bool durable)
{
    if (!inode_room(disk, inode, position, size)) return false;

    for (uint64_t at = 0; at < size;) {
        uint64_t index = (position + at) / SIM_BLOCK, within = (position + at) % SIM_BLOCK;
        uint64_t piece = min_of(size - at, SIM_BLOCK - within);
        sim_block_put(disk, &inode->blocks[index], within, (const uint8_t *)data + at, piece, durable);
        at += piece;
    }
    inode->size = max_of(inode->size, position + size);
    inode->modified_ms = sim_wall_ms(disk->world);
    if (durable) inode_commit_size(inode);
    return true;
}

bool sim_inode_allocate(struct sim_disk *disk, struct sim_inode *inode, uint64_t position, uint64_t size)
{
    if (!inode_room(disk, inode, position, size)) return false;

    for (uint64_t i = position / SIM_BLOCK; i * SIM_BLOCK < position + size; i++) {
        if (inode->blocks[i].data) continue;
        inode->blocks[i].data = sim_zeros;
        disk->blocks++;
    }
    inode->size = max_of(inode->size, position + size);
    return true;
}

void sim_inode_truncate(struct sim_disk *disk, struct sim_inode *inode, uint64_t size)
{
    inode->modified_ms = sim_wall_ms(disk->world);
    if (size >= inode->size) {
        inode->size = size;
        return;
    }

    for (uint64_t i = size / SIM_BLOCK; i < inode->block_room; i++) {
        struct sim_block *block = &inode->blocks[i];
        uint64_t within = i == size / SIM_BLOCK ? size % SIM_BLOCK : 0;
        if (block->written)
            sim_block_cut(disk, block, within);
        else if (within == 0)
            sim_block_drop(disk, block);
    }
    inode->size = size;
    inode->cut = min_of(inode->cut, size);
}

void sim_inode_sync(struct sim_disk *disk, struct sim_inode *inode)
{
    for (uint64_t i = 0; i < inode->block_room; i++) {
        struct sim_block *block = &inode->blocks[i];
        if (!block->written) continue;
        sim_block_clean(disk, block, UINT8_MAX);
        if (i * SIM_BLOCK >= inode->size) sim_block_drop(disk, block);
    }
    inode->cut = NO_CUT;
    inode->size_durable = inode->size;
}

static void write_apply(struct sim_disk *disk, struct sim_write *write, bool durable)
{
    uint64_t position = write->position;

    for (uint32_t i = 0; i < write->part_count; i++) {
        if (!sim_inode_put(disk, write->inode, position, write->parts[i].iov_base, write->parts[i].iov_len, durable))
            return;
        position += write->parts[i].iov_len;
    }
}

/* Room in the array of blocks, and on the device for those that are missing. */
static bool inode_room(struct sim_disk *disk, struct sim_inode *inode, uint64_t position, uint64_t size)
{
    uint64_t first = position / SIM_BLOCK, limit = (position + size + SIM_BLOCK - 1) / SIM_BLOCK;

    if (limit > inode->block_room) {
        uint32_t room = (uint32_t)max_of(limit, (uint64_t)inode->block_room * 2);
        inode->blocks = heap_resize(&disk->world->heap, inode->blocks, room * sizeof *inode->blocks);
        inode->block_room = room;
    }
    uint64_t missing = 0;
    for (uint64_t i = first; i < limit; i++) missing += !inode->blocks[i].data;
    return disk->blocks + missing <= disk->blocks_max;
}

/* The size is durable; what stood behind a cut can't come back. */
static void inode_commit_size(struct sim_inode *inode)
{
    if (inode->cut != NO_CUT) {
        for (uint64_t i = inode->cut / SIM_BLOCK; i < inode->block_room; i++) {
            uint64_t within = i == inode->cut / SIM_BLOCK ? inode->cut % SIM_BLOCK : 0;
            sim_block_blank_before(&inode->blocks[i], within);
        }
    }
    inode->cut = NO_CUT;
    inode->size_durable = inode->size;
}

static void inode_crash(struct sim_disk *disk, struct sim_inode *inode, uint64_t keep, uint64_t tear)
{
    if (inode->directory) return;
    struct prng *prng = &disk->prng;
    bool cut_lost = inode->cut < inode->size_durable && sim_chance(prng, 1, 2);
    uint64_t restored = cut_lost ? round_down(inode->cut, (uint64_t)SIM_SECTOR) : UINT64_MAX;

    if (cut_lost) {
        inode->size = inode->size_durable;
        sim_fault(disk->world, SIM_SIZE_LOST);
    } else {
        uint64_t low = inode->cut < inode->size_durable ? inode->cut : inode->size_durable;
        inode_commit_size(inode);
        if (inode->size > low && sim_chance(prng, 1, 2)) {
            inode->size = sim_chance(prng, 1, 2) ? low : low + prng_below(prng, inode->size - low);
            sim_fault(disk->world, SIM_SIZE_LOST);
        }
    }

    for (uint64_t i = 0; i < inode->block_room; i++) {
        struct sim_block *block = &inode->blocks[i];
        for (unsigned s = 0; block->dirty && s < SECTORS; s++) {
            if (!(block->dirty >> s & 1)) continue;
            bool lost = (uint64_t)i * SIM_BLOCK + (uint64_t)s * SIM_SECTOR >= restored || !sim_chance(prng, keep, 8);
            if (!lost) {
                sim_fault(disk->world, SIM_SECTOR_KEPT);
            } else if (restored == UINT64_MAX && tear && sim_chance(prng, tear, 16)) {
                sim_block_lose(disk, block, s, sim_between(prng, 1, SIM_SECTOR - 1));
                sim_fault(disk->world, SIM_SECTOR_TORN);
            } else {
                sim_block_lose(disk, block, s, 0);
                sim_fault(disk->world, SIM_SECTOR_LOST);
            }
        }
    }
    /* What lies past the end is gone, the rest is on the device. */
    uint64_t size = inode->size;
    if (size % SIM_BLOCK && size / SIM_BLOCK < inode->block_room) {
        struct sim_block *block = &inode->blocks[size / SIM_BLOCK];
        if (block->written) sim_block_blank(disk, block, size % SIM_BLOCK);
    }
    sim_inode_sync(disk, inode);
}
