/* tests/sim/block.c   A block of a file: what reads see and, sector by sector, what the device surely holds. Most of
 * what a node writes at a start are zeros (its WAL, made ahead), so zeros are one page that all blocks share and nobody
 * writes into; a page that is written whole changes its owner instead of being copied.
 *
 *     data      NULL: a hole. sim_zeros: zeros. Else a page of its own.
 *     before    NULL: no sector is dirty. sim_zeros or a page: good for the sectors that are dirty.
 */
#include <string.h>

#include "sim/inode.h"

enum { PAGES_PER_SLAB = 64, SECTORS = SIM_BLOCK / SIM_SECTOR };

static uint8_t zeros[SIM_BLOCK];
uint8_t *const sim_zeros = zeros;

static uint8_t *page_take(struct sim_disk *disk);
static void page_give(struct sim_disk *disk, uint8_t *page);
static void page_own(struct sim_disk *disk, uint8_t **page);
static void before_keep(struct sim_disk *disk, struct sim_block *block, uint64_t within, size_t size);
static uint8_t sector_bits(uint64_t within, size_t size);

void sim_block_put(struct sim_disk *disk, struct sim_block *block, uint64_t within, const void *data, size_t size,
                   bool durable)
{
    bool whole = size == SIM_BLOCK, is_zero = whole && !memcmp(data, sim_zeros, SIM_BLOCK);

    if (!block->data) {
        block->data = sim_zeros;
        disk->blocks++;
    }
    block->written = true;
    if (!durable) before_keep(disk, block, within, size);
    if (is_zero) {
        page_give(disk, block->data);
        block->data = sim_zeros;
    } else {
        if (whole && block->data == sim_zeros) block->data = page_take(disk);
        page_own(disk, &block->data);
        memcpy(block->data + within, data, size);
    }
    if (durable) sim_block_clean(disk, block, sector_bits(within, size));
}

void sim_block_cut(struct sim_disk *disk, struct sim_block *block, uint64_t within)
{
    before_keep(disk, block, within, SIM_BLOCK - within);
    sim_block_blank(disk, block, within);
}

void sim_block_blank(struct sim_disk *disk, struct sim_block *block, uint64_t within)
{
    if (block->data == sim_zeros) return;
    if (within > 0) {
        memset(block->data + within, 0, SIM_BLOCK - within);
        return;
    }
    page_give(disk, block->data);
    block->data = sim_zeros;
}

void sim_block_blank_before(struct sim_block *block, uint64_t within)
{
    if (block->before && block->before != sim_zeros) memset(block->before + within, 0, SIM_BLOCK - within);
}

void sim_block_lose(struct sim_disk *disk, struct sim_block *block, unsigned sector, uint64_t kept)
{
    uint64_t from = (uint64_t)sector * SIM_SECTOR + kept;

    if (block->data == sim_zeros && block->before == sim_zeros) return;
    page_own(disk, &block->data);
    memcpy(block->data + from, block->before + from, SIM_SECTOR - kept);
}

void sim_block_flip(struct sim_disk *disk, struct sim_block *block, uint64_t within, unsigned bit)
{
    page_own(disk, &block->data);
    block->data[within] ^= (uint8_t)(1u << bit);
}

void sim_block_clean(struct sim_disk *disk, struct sim_block *block, uint8_t sectors)
{
    block->dirty &= (uint8_t)~sectors;
    if (block->dirty) return;
    page_give(disk, block->before);
    block->before = NULL;
}

void sim_block_drop(struct sim_disk *disk, struct sim_block *block)
{
    if (!block->data) return;
    page_give(disk, block->data);
    page_give(disk, block->before);
    *block = (struct sim_block){ 0 };
    disk->blocks--;
}

/* These bytes are about to be overwritten: what stands in their sectors is the last that the device surely holds. */
static void before_keep(struct sim_disk *disk, struct sim_block *block, uint64_t within, size_t size)
{
    uint8_t fresh = sector_bits(within, size) & (uint8_t)~block->dirty;

    if (!fresh) return;
    block->dirty |= fresh;
    if (size == SIM_BLOCK && fresh == UINT8_MAX) {
        block->before = block->data;
        block->data = sim_zeros;
        return;
    }
    if (!block->before) block->before = sim_zeros;
    if (block->data == sim_zeros && block->before == sim_zeros) return;
    page_own(disk, &block->before);
    for (size_t i = 0; i < SECTORS; i++) {
        if (fresh >> i & 1) memcpy(block->before + i * SIM_SECTOR, block->data + i * SIM_SECTOR, SIM_SECTOR);
    }
}

/* Pages come in slabs that the world's heap gives back at its end; free ones are linked through their first bytes. What
 * a page holds that was just taken is of no meaning. */
static uint8_t *page_take(struct sim_disk *disk)
{
    if (!disk->pages) {
        uint8_t *slab = heap_take(&disk->world->heap, (size_t)PAGES_PER_SLAB * SIM_BLOCK);
        for (unsigned i = 0; i < PAGES_PER_SLAB; i++) page_give(disk, slab + (size_t)i * SIM_BLOCK);
    }
    uint8_t *page = disk->pages;
    memcpy(&disk->pages, page, sizeof disk->pages);
    return page;
}

static void page_give(struct sim_disk *disk, uint8_t *page)
{
    if (!page || page == sim_zeros) return;
    memcpy(page, &disk->pages, sizeof disk->pages);
    disk->pages = page;
}

static void page_own(struct sim_disk *disk, uint8_t **page)
{
    if (*page != sim_zeros) return;
    *page = page_take(disk);
    memset(*page, 0, SIM_BLOCK);
}

/* Those that these bytes touch. */
static uint8_t sector_bits(uint64_t within, size_t size)
{
    unsigned from = (unsigned)(within / SIM_SECTOR), to = (unsigned)((within + size + SIM_SECTOR - 1) / SIM_SECTOR);

    return (uint8_t)(((1u << to) - 1) & ~((1u << from) - 1));
}
