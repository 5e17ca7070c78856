/* engine/shard/memory.c   One region per shard, cut into a range of 2 MiB chunks per budget, each chunk a buddy system
 * of blocks from 4 KiB to 2 MiB; larger blocks are runs of whole chunks.
 *
 *     region   | RECEIVE chunks | TAIL chunks | CACHE chunks | ANSWER chunks |
 *     blocks   one struct block per 4 KiB page, in an array of its own: page i is described by blocks[i]
 *
 * Invariants. (1) A block's first page describes it; the other pages of a block have size 0. (2) pins == 0 and in a
 * free list: free; pins > 0: taken. (3) Two free buddies of the same size are never side by side: they were joined. (4)
 * Chunks below `fresh` have been used, those from there on were never touched; used ones are preferred. (5) used <=
 * budget, always.
 *
 * Both the region and the descriptions are mapped without being touched, so memory grows with use. Huge pages make
 * writes without the page cache cost a third (one page of 2 MiB to pin instead of 512), but are resident whole. So the
 * first chunk of each range, which is all that an idle node uses, begins in small pages; the others are touched as huge
 * ones. A chunk is registered with the engine when more than half of it is taken for the first time; what is in small
 * pages then is collapsed first.
 *
 * To touch a huge page takes the kernel half a millisecond, and a guest of a busy host ten, in which its shard answers
 * nobody. So when a range begins to fill a chunk, a job touches the one that comes after it.
 */
#include "shard/memory.h"

#include <sys/mman.h>

#include "base/check.h"
#include "base/heap.h"
#include "shard/jobs.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

enum {
    PAGE_BITS = 12,
    ORDERS = 10, /* 4 KiB << 9 is a chunk */
    CHUNK_PAGES = MEMORY_CHUNK / MEMORY_PAGE,
};

struct range {
    uint32_t first_page, page_count;
    uint32_t fresh; /* page: from here on unused */
    size_t used;
    struct list free[ORDERS];
    struct list waiters;
    struct job touch; /* of the chunk at `ahead`, while `touching` */
    uint8_t *ahead;
    bool touching;
};

struct memory {
    struct shard *shard;
    uint8_t *region; /* aligned to a chunk */
    size_t region_size;
    struct block *blocks;
    uint32_t *chunk_used; /* pages taken, by chunk */
    bool *chunk_enrolled;
    struct range ranges[MEMORY_BUDGETS];
    bool from_heap;
    void *pieces[2]; /* what was mapped, or taken from the heap: region, blocks */
    size_t piece_sizes[2];
    enum status enrolled;
};

static uint32_t page_of(const struct memory *memory, const struct block *block)
{
    return (uint32_t)(block - memory->blocks);
}

static unsigned order_of(size_t size)
{
    invariant(size >= MEMORY_PAGE && size <= MEMORY_CHUNK);
    return (unsigned)(63 - __builtin_clzll((unsigned long long)size)) - PAGE_BITS;
}

static void *piece_take(struct memory *memory, size_t size)
{
    if (memory->from_heap) return heap_take(&memory->shard->heap, size);
    void *piece = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return piece == MAP_FAILED ? NULL : piece;
}

static void pieces_give(struct memory *memory)
{
    for (int i = 0; i < 2; i++) {
        if (memory->pieces[i] == NULL) continue;
        if (memory->from_heap) {
            heap_give(&memory->shard->heap, memory->pieces[i]);
        } else {
            munmap(memory->pieces[i], memory->piece_sizes[i]);
        }
    }
}

/* From the heap, alignment to a page is enough, and no page is huge. */
static bool memory_map(struct memory *memory, size_t blocks_size)
{
    size_t unit = memory->from_heap ? MEMORY_PAGE : MEMORY_CHUNK;
    memory->piece_sizes[0] = memory->region_size + unit;
    memory->piece_sizes[1] = blocks_size;
    for (int i = 0; i < 2; i++) memory->pieces[i] = piece_take(memory, memory->piece_sizes[i]);
    if (memory->pieces[0] == NULL || memory->pieces[1] == NULL) return false;

    uint8_t *start = memory->pieces[0];
    memory->region = start + (-(uintptr_t)start & (unit - 1));
    memory->blocks = memory->pieces[1];
    if (!memory->from_heap) (void)madvise(memory->region, memory->region_size, MADV_NOHUGEPAGE);
    return true;
}

static uint32_t range_init(struct range *range, uint32_t first_page, size_t size)
{
    invariant(size % MEMORY_CHUNK == 0);
    range->first_page = range->fresh = first_page;
    range->page_count = (uint32_t)(size >> PAGE_BITS);
    range->used = 0;
    for (unsigned order = 0; order < ORDERS; order++) list_init(&range->free[order]);
    list_init(&range->waiters);
    return first_page + range->page_count;
}

enum status memory_make(struct shard *shard, const struct memory_plan *plan, struct memory **made)
{
    struct memory *memory = heap_take(&shard->heap, sizeof *memory);
    uint32_t page = 0;

    memory->shard = shard;
    memory->from_heap = plan->from_heap;
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++)
        page = range_init(&memory->ranges[budget], page, plan->budget[budget]);
    memory->region_size = (size_t)page << PAGE_BITS;
    invariant(memory->region_size > 0);

    uint32_t chunk_count = page / CHUNK_PAGES;
    memory->chunk_used = heap_take(&shard->heap, chunk_count * sizeof *memory->chunk_used);
    memory->chunk_enrolled = heap_take(&shard->heap, chunk_count * sizeof *memory->chunk_enrolled);
    if (!memory_map(memory, page * sizeof(struct block))) {
        pieces_give(memory);
        heap_give(&shard->heap, memory->chunk_used);
        heap_give(&shard->heap, memory->chunk_enrolled);
        heap_give(&shard->heap, memory);
        return STATUS_NO_MEMORY;
    }
    *made = memory;
    return STATUS_OK;
}

void memory_end(struct memory *memory)
{
    struct heap *heap = &memory->shard->heap;

    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++) {
        const struct range *range = &memory->ranges[budget];
        invariant(range->used == 0);
        invariant(!range->touching || memory->shard->turn_count == 0); /* A start that was given up hears of no job. */
        invariant(list_empty(&range->waiters));
    }
    pieces_give(memory);
    heap_give(heap, memory->chunk_used);
    heap_give(heap, memory->chunk_enrolled);
    heap_give(heap, memory);
}

/* ---- pages of chunks ---- */

static uint8_t *chunk_start(const struct memory *memory, uint32_t chunk)
{
    return memory->region + (size_t)chunk * MEMORY_CHUNK;
}

/* Pages that are touched from now on are huge, where the machine has them: a wish, not a need. */
static void chunk_huge(struct memory *memory, uint32_t chunk)
{
    if (!memory->from_heap) (void)madvise(chunk_start(memory, chunk), MEMORY_CHUNK, MADV_HUGEPAGE);
}

/* Registered is only what large writes, reads and sends come from: bodies on their way in and answers are copied or
 * small. The kernel touches all that is registered, half a thousandth of a second for each MiB, so it is done for one
 * chunk at a time, never for runs of them. To collapse a chunk may take ten milliseconds: worth it for bodies (produced
 * bytes cost 7 % less), not for answers, of which a single large one would hold up its shard. */
static void chunk_enroll(struct memory *memory, const struct range *range, uint32_t chunk)
{
    enum memory_budget budget = (enum memory_budget)(range - memory->ranges);
    bool small = chunk * CHUNK_PAGES == range->first_page && !memory->from_heap;

    memory->chunk_enrolled[chunk] = true;
    if (small && budget != MEMORY_ANSWER) {
        chunk_huge(memory, chunk);
        (void)madvise(chunk_start(memory, chunk), MEMORY_CHUNK, MADV_COLLAPSE);
    }
    if (budget != MEMORY_TAIL && budget != MEMORY_CACHE) return;
    if (memory->enrolled != STATUS_OK) return;
    memory->enrolled = io_enroll(memory->shard->io, chunk_start(memory, chunk), MEMORY_CHUNK);
}

/* Writes nothing: a shard may have taken the chunk meanwhile. */
static void touch_work(struct job *job)
{
    struct range *range = container_of(job, struct range, touch);
    job->status = STATUS_OK;
    (void)madvise(range->ahead, MEMORY_CHUNK, MADV_POPULATE_WRITE); /* If it can't, the first use does it. */
}

static void touch_done(struct job *job)
{
    container_of(job, struct range, touch)->touching = false;
}

static void chunk_touch_ahead(struct memory *memory, struct range *range)
{
    if (memory->from_heap || range->touching || memory->shard->stopping || !memory->shard->jobs) return;
    if (range->fresh == range->first_page + range->page_count) return;

    uint32_t chunk = range->fresh / CHUNK_PAGES;
    uint8_t *start = chunk_start(memory, chunk);
    if (range->ahead == start) return;
    chunk_huge(memory, chunk);
    range->ahead = start;
    range->touching = true;
    jobs_begin(memory->shard, &range->touch, 0, touch_work, touch_done);
}

/* ---- free blocks ---- */

static struct block *block_at(struct memory *memory, uint32_t page)
{
    return &memory->blocks[page];
}

static bool block_free(const struct block *block, size_t size)
{
    return block->size == size && block->pins == 0;
}

static void free_put(struct memory *memory, struct range *range, uint32_t page, size_t size)
{
    struct block *block = block_at(memory, page);
    block->size = (uint32_t)size;
    block->pins = 0;
    list_node_init(&block->node);
    list_prepend(&range->free[order_of(size)], &block->node); /* The one given last is the warmest. */
}

static void free_drop(struct block *block)
{
    list_remove(&block->node);
    block->size = 0;
}

/* The page of a free block of this order: one that is there, or half of a larger one, or a fresh chunk. -1: none. */
static int64_t free_take(struct memory *memory, struct range *range, unsigned wanted)
{
    unsigned order = wanted;
    while (order < ORDERS && list_empty(&range->free[order])) order++;
    if (order == ORDERS) {
        if (range->fresh == range->first_page + range->page_count) return -1;
        if (range->fresh > range->first_page) chunk_huge(memory, range->fresh / CHUNK_PAGES);
        free_put(memory, range, range->fresh, MEMORY_CHUNK);
        range->fresh += CHUNK_PAGES;
        order = ORDERS - 1;
    }

    struct block *block = container_of(list_first(&range->free[order]), struct block, node);
    uint32_t page = page_of(memory, block);
    free_drop(block);
    while (order > wanted) {
        order--;
        free_put(memory, range, page + (1U << order), (size_t)MEMORY_PAGE << order);
    }
    return page;
}

/* Joins a free block with its buddy for as long as that is free and as large. */
static void free_give(struct memory *memory, struct range *range, uint32_t page, size_t size)
{
    while (size < MEMORY_CHUNK) {
        struct block *buddy = block_at(memory, page ^ (uint32_t)(size >> PAGE_BITS));
        if (!block_free(buddy, size)) break;
        page = min_of(page, page_of(memory, buddy));
        free_drop(buddy);
        size *= 2;
    }
    free_put(memory, range, page, size);
}

/* The first page of `count` neighbouring free chunks, which are taken. -1: none. */
static int64_t chunks_take(struct memory *memory, struct range *range, uint32_t count)
{
    uint32_t limit = range->first_page + range->page_count, run = 0;

    for (uint32_t page = range->first_page; page < limit; page += CHUNK_PAGES) {
        bool free = page >= range->fresh || block_free(block_at(memory, page), MEMORY_CHUNK);
        run = free ? run + 1 : 0;
        if (run < count) continue;

        uint32_t first = page - (count - 1) * CHUNK_PAGES;
        for (uint32_t chunk = first; chunk <= page && chunk < range->fresh; chunk += CHUNK_PAGES)
            free_drop(block_at(memory, chunk));
        for (; range->fresh < first; range->fresh += CHUNK_PAGES) free_put(memory, range, range->fresh, MEMORY_CHUNK);
        for (; range->fresh < page + CHUNK_PAGES; range->fresh += CHUNK_PAGES)
            chunk_huge(memory, range->fresh / CHUNK_PAGES);
        return first;
    }
    return -1;
}

static void chunks_count(struct memory *memory, struct range *range, uint32_t page, size_t size, bool taken)
{
    uint32_t pages = (uint32_t)(size >> PAGE_BITS);

    for (uint32_t chunk = page / CHUNK_PAGES; pages > 0; chunk++) {
        uint32_t here = min_of(pages, (uint32_t)CHUNK_PAGES);
        pages -= here;
        invariant(taken || memory->chunk_used[chunk] >= here);
        memory->chunk_used[chunk] += taken ? here : 0 - here;
        invariant(memory->chunk_used[chunk] <= CHUNK_PAGES);
        bool half = memory->chunk_used[chunk] > CHUNK_PAGES / 2;
        if (!half || size > MEMORY_CHUNK || memory->chunk_enrolled[chunk]) continue;
        chunk_enroll(memory, range, chunk);
        chunk_touch_ahead(memory, range);
    }
}

enum status memory_enrolled(const struct memory *memory)
{
    return memory->enrolled;
}

/* ---- blocks ---- */

static size_t block_size(size_t size)
{
    if (size > MEMORY_CHUNK) return round_up(size, (size_t)MEMORY_CHUNK);
    size_t whole = MEMORY_PAGE;
    while (whole < size) whole *= 2;
    return whole;
}

static void waiter_wake(struct memory *memory, struct range *range)
{
    struct list_node *node = list_take_first(&range->waiters);
    if (node != NULL) shard_ready(memory->shard, container_of(node, struct ready, node));
}

struct block *block_take(struct memory *memory, enum memory_budget budget, size_t size)
{
    invariant(budget < MEMORY_BUDGETS && size > 0 && size <= UINT32_MAX - MEMORY_CHUNK);
    struct range *range = &memory->ranges[budget];
    size = block_size(size);
    if (size > memory_free(memory, budget)) return NULL;

    int64_t page = size > MEMORY_CHUNK ? chunks_take(memory, range, (uint32_t)(size / MEMORY_CHUNK))
                                       : free_take(memory, range, order_of(size));
    if (page < 0) return NULL; /* There is room, but not in one piece. */

    struct block *block = block_at(memory, (uint32_t)page);
    *block = (struct block){ .data = memory->region + ((size_t)page << PAGE_BITS),
                             .size = (uint32_t)size,
                             .pins = 1,
                             .budget = (uint8_t)budget,
                             .shard = memory->shard };
    list_node_init(&block->node);
    range->used += size;
    chunks_count(memory, range, (uint32_t)page, size, true);
    if (range->used < (size_t)range->page_count << PAGE_BITS)
        waiter_wake(memory, range); /* There may be room for the next. */
    return block;
}

static void block_give(struct block *block)
{
    struct memory *memory = block->shard->memory;
    struct range *range = &memory->ranges[block->budget];
    uint32_t page = page_of(memory, block);
    size_t size = block->size;

    invariant(!list_linked(&block->node));
    invariant(range->used >= size);
    range->used -= size;
    chunks_count(memory, range, page, size, false);
    if (size > MEMORY_CHUNK) {
        for (size_t done = 0; done < size; done += MEMORY_CHUNK)
            free_put(memory, range, page + (uint32_t)(done >> PAGE_BITS), MEMORY_CHUNK);
    } else {
        free_give(memory, range, page, size);
    }
    waiter_wake(memory, range);
}

void block_pin(struct block *block)
{
    invariant(block->pins > 0 && block->pins < UINT32_MAX);
    block->pins++;
}

void block_unpin(struct block *block)
{
    invariant(block->pins > 0);
    block->pins--;
    if (block->pins == 0) {
        block_give(block);
    } else if (block->pins == 1 && block->idle != NULL) {
        block->idle(block);
    }
}

void memory_wait(struct memory *memory, enum memory_budget budget, struct ready *ready)
{
    invariant(budget < MEMORY_BUDGETS && ready->run != NULL);
    invariant(!list_linked(&ready->node));
    list_append(&memory->ranges[budget].waiters, &ready->node);
}

size_t memory_used(const struct memory *memory, enum memory_budget budget)
{
    return memory->ranges[budget].used;
}

size_t memory_free(const struct memory *memory, enum memory_budget budget)
{
    const struct range *range = &memory->ranges[budget];
    return ((size_t)range->page_count << PAGE_BITS) - range->used;
}
