/* Blocks: aligned, apart from each other, bounded by their budget, joined when given back; waiters served in turn. */
#include "shards.h"

#include <sys/mman.h>
#include <time.h>

#include "base/prng.h"

static struct memory *memory_of(struct shards *shards, size_t chunks, bool from_heap)
{
    struct memory_plan plan = { .from_heap = from_heap };
    struct memory *memory;
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++) plan.budget[budget] = chunks * MEMORY_CHUNK;
    assert_int_equal(memory_make(&shards->shard[0], &plan, &memory), STATUS_OK);
    shards->shard[0].memory = memory;
    return memory;
}

static void a_block_is_aligned_and_as_large_as_a_power_of_two_or_whole_chunks(void **state)
{
    (void)state;
    static const struct {
        size_t wanted, got;
    } rows[] = {
        { 1, 4096 },
        { 4096, 4096 },
        { 4097, 8192 },
        { 100000, 131072 },
        { MEMORY_CHUNK, MEMORY_CHUNK },
        { MEMORY_CHUNK + 1, 2 * (size_t)MEMORY_CHUNK },
        { 3 * (size_t)MEMORY_CHUNK, 3 * (size_t)MEMORY_CHUNK },
    };
    for (int from_heap = 0; from_heap < 2; from_heap++) {
        struct shards *shards = shards_make(1);
        struct memory *memory = memory_of(shards, 4, from_heap);
        for (size_t i = 0; i < array_count(rows); i++) {
            struct block *block = block_take(memory, MEMORY_TAIL, rows[i].wanted);
            assert_non_null(block);
            assert_int_equal(block->size, rows[i].got);
            assert_int_equal((uintptr_t)block->data % MEMORY_PAGE, 0);
            assert_int_equal(memory_used(memory, MEMORY_TAIL), rows[i].got);
            memset(block->data, 0x5a, block->size);
            block_unpin(block);
            assert_int_equal(memory_used(memory, MEMORY_TAIL), 0);
        }
        memory_end(memory);
        shards_end(shards);
    }
}

static void budgets_are_separate_and_are_limits(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct memory *memory = memory_of(shards, 2, false);
    struct block *whole = block_take(memory, MEMORY_RECEIVE, 2 * (size_t)MEMORY_CHUNK);
    assert_non_null(whole);
    assert_null(block_take(memory, MEMORY_RECEIVE, 1));
    assert_int_equal(memory_free(memory, MEMORY_RECEIVE), 0);
    struct block *other = block_take(memory, MEMORY_TAIL, 1);
    assert_non_null(other);
    block_unpin(whole);
    block_unpin(other);

    struct block *pages[1024];
    for (unsigned i = 0; i < 1024; i++) assert_non_null(pages[i] = block_take(memory, MEMORY_RECEIVE, 4096));
    assert_null(block_take(memory, MEMORY_RECEIVE, 4096));
    for (unsigned i = 0; i < 1024; i += 2) block_unpin(pages[i]);
    assert_null(block_take(memory, MEMORY_RECEIVE, 8192)); /* Half is free, in pieces. */
    for (unsigned i = 1; i < 1024; i += 2) block_unpin(pages[i]);
    assert_non_null(whole = block_take(memory, MEMORY_RECEIVE, 2 * (size_t)MEMORY_CHUNK)); /* Joined again. */
    block_unpin(whole);
    memory_end(memory);
    shards_end(shards);
}

static void a_run_of_chunks_is_found_between_used_ones(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct memory *memory = memory_of(shards, 8, false);
    struct block *first = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
    struct block *page = block_take(memory, MEMORY_CACHE, 4096);
    struct block *third = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
    block_unpin(first);
    block_unpin(third);
    struct block *run = block_take(memory, MEMORY_CACHE, 6 * (size_t)MEMORY_CHUNK); /* Behind the page. */
    assert_non_null(run);
    assert_true(run->data > page->data);
    struct block *left = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
    assert_non_null(left);
    assert_null(block_take(memory, MEMORY_CACHE, 2 * (size_t)MEMORY_CHUNK));
    block_unpin(run);
    block_unpin(left);
    block_unpin(page);
    memory_end(memory);
    shards_end(shards);
}

static unsigned idle_count;
static void count_idle(struct block *block)
{
    assert_int_equal(block->pins, 1);
    idle_count++;
}

static void the_owner_hears_when_only_its_own_pin_is_left(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct memory *memory = memory_of(shards, 2, false);
    struct block *block = block_take(memory, MEMORY_TAIL, 4096);
    block->idle = count_idle;
    idle_count = 0;
    block_pin(block);
    block_pin(block);
    block_unpin(block);
    assert_int_equal(idle_count, 0);
    block_unpin(block);
    assert_int_equal(idle_count, 1);
    block_unpin(block);
    assert_int_equal(idle_count, 1);
    memory_end(memory);
    shards_end(shards);
}

struct taker {
    struct ready ready;
    struct memory *memory;
    struct block *block;
    size_t size;
    unsigned woken;
};

static void taker_run(struct ready *ready)
{
    struct taker *taker = container_of(ready, struct taker, ready);
    taker->woken++;
    taker->block = block_take(taker->memory, MEMORY_RECEIVE, taker->size);
}

static void waiters_are_served_in_turn_and_wake_each_other_while_there_is_room(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct memory *memory = memory_of(shards, 2, false);
    struct block *whole = block_take(memory, MEMORY_RECEIVE, 2 * (size_t)MEMORY_CHUNK);
    struct taker takers[4];
    for (unsigned i = 0; i < 4; i++) {
        takers[i] = (struct taker){ .memory = memory, .size = MEMORY_CHUNK };
        ready_init(&takers[i].ready, taker_run);
        memory_wait(memory, MEMORY_RECEIVE, &takers[i].ready);
    }
    block_unpin(whole);
    for (int i = 0; i < 5; i++) shard_step(&shards->shard[0]);
    assert_non_null(takers[0].block);
    assert_non_null(takers[1].block);
    assert_int_equal(takers[2].woken, 0); /* No room, no wake. */
    block_unpin(takers[0].block);
    for (int i = 0; i < 5; i++) shard_step(&shards->shard[0]);
    assert_non_null(takers[2].block);
    assert_int_equal(takers[3].woken, 0);
    list_remove(&takers[3].ready.node);
    block_unpin(takers[1].block);
    block_unpin(takers[2].block);
    memory_end(memory);
    shards_end(shards);
}

static void a_chunk_of_tail_or_cache_is_enrolled_once_when_half_of_it_is_taken(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct memory *memory = memory_of(shards, 4, false);
    struct still_io *io = &shards->io[0];
    struct block *half = block_take(memory, MEMORY_TAIL, MEMORY_CHUNK / 2);
    assert_int_equal(io->enrolled, 0);
    struct block *page = block_take(memory, MEMORY_TAIL, 4096);
    assert_int_equal(io->enrolled, 1);
    block_unpin(page);
    page = block_take(memory, MEMORY_TAIL, 4096);
    assert_int_equal(io->enrolled, 1);
    struct block *run = block_take(memory, MEMORY_CACHE, 2 * (size_t)MEMORY_CHUNK);
    assert_int_equal(io->enrolled, 1); /* A run would take the kernel too long. */
    struct block *body = block_take(memory, MEMORY_RECEIVE, MEMORY_CHUNK);
    assert_int_equal(io->enrolled, 1); /* A body is copied: nothing gained. */
    struct block *chunk = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
    assert_int_equal(io->enrolled, 2);
    assert_int_equal(memory_enrolled(memory), STATUS_OK);
    io->enroll_status = STATUS_NO_MEMORY;
    struct block *more = block_take(memory, MEMORY_CACHE, MEMORY_CHUNK);
    assert_non_null(more); /* It costs speed only. */
    assert_int_equal(memory_enrolled(memory), STATUS_NO_MEMORY);
    block_unpin(half);
    block_unpin(page);
    block_unpin(run);
    block_unpin(body);
    block_unpin(chunk);
    block_unpin(more);
    memory_end(memory);
    shards_end(shards);
}

static void random_takes_never_overlap_and_all_comes_back(void **state)
{
    (void)state;
    enum { SLOTS = 300, ROUNDS = 50000 };
    struct shards *shards = shards_make(1);
    struct memory *memory = memory_of(shards, 6, false);
    struct block *slots[SLOTS] = { NULL };
    struct prng prng;
    size_t used = 0;
    prng_seed(&prng, 3);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = (unsigned)prng_below(&prng, SLOTS);
        if (slots[i] != NULL) {
            uint32_t mark;
            memcpy(&mark, slots[i]->data, sizeof mark);
            assert_int_equal(mark, i); /* Nobody else wrote here, */
            memcpy(&mark, slots[i]->data + slots[i]->size - sizeof mark, sizeof mark);
            assert_int_equal(mark, i); /* nor there. */
            used -= slots[i]->size;
            block_unpin(slots[i]);
            slots[i] = NULL;
        } else if ((slots[i] = block_take(memory, MEMORY_CACHE,
                                          1 + prng_below(&prng, UINT64_C(1) << (10 + prng_below(&prng, 14))))) !=
                   NULL) {
            memcpy(slots[i]->data, &i, sizeof i);
            memcpy(slots[i]->data + slots[i]->size - sizeof i, &i, sizeof i);
            used += slots[i]->size;
        }
        assert_int_equal(memory_used(memory, MEMORY_CACHE), used);
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i] != NULL) block_unpin(slots[i]);
    struct block *whole = block_take(memory, MEMORY_CACHE, 6 * (size_t)MEMORY_CHUNK);
    assert_non_null(whole);
    block_unpin(whole);
    memory_end(memory);
    shards_end(shards);
}

static void jobs_await(struct shard *shard)
{
    for (int i = 0; i < 10000 && shard->job_count > 0; i++) {
        struct timespec pause = { .tv_nsec = 1000000 };
        shard_step(shard);
        nanosleep(&pause, NULL);
    }
    assert_int_equal(shard->job_count, 0);
}

static bool chunk_touched(uint8_t *start)
{
    unsigned char pages[MEMORY_CHUNK / MEMORY_PAGE];
    assert_int_equal(mincore(start, MEMORY_CHUNK, pages), 0);
    for (size_t i = 0; i < sizeof pages; i++)
        if (!(pages[i] & 1)) return false;
    return true;
}

static void the_chunk_after_the_one_that_fills_is_touched_by_a_job(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    assert_int_equal(jobs_threads_make(1, &shard->jobs), STATUS_OK);
    struct memory *memory = memory_of(shards, 3, false);

    struct block *small = block_take(memory, MEMORY_TAIL, MEMORY_CHUNK / 2);
    assert_int_equal(shard->job_count, 0); /* An idle node stays small. */
    assert_false(chunk_touched(small->data + MEMORY_CHUNK));
    struct block *other = block_take(memory, MEMORY_TAIL, MEMORY_PAGE);
    jobs_await(shard);
    assert_true(chunk_touched(small->data + MEMORY_CHUNK));
    assert_false(chunk_touched(small->data + 2 * (size_t)MEMORY_CHUNK));

    struct block *second = block_take(memory, MEMORY_TAIL, MEMORY_CHUNK);
    assert_ptr_equal(second->data, small->data + MEMORY_CHUNK);
    jobs_await(shard);
    assert_true(chunk_touched(small->data + 2 * (size_t)MEMORY_CHUNK));
    struct block *last = block_take(memory, MEMORY_TAIL, MEMORY_CHUNK);
    assert_int_equal(shard->job_count, 0); /* There is none behind it. */
    block_unpin(small);
    block_unpin(other);
    block_unpin(second);
    block_unpin(last);
    memory_end(memory);
    jobs_end(shard->jobs);
    shards_end(shards);
}

/* As the start of a node is given up, in memory of which its shard was to learn more when it ran. */
static void a_shard_that_never_ran_gives_its_memory_back(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    assert_int_equal(jobs_threads_make(1, &shard->jobs), STATUS_OK);
    struct memory *memory = memory_of(shards, 3, false);

    struct block *block = block_take(memory, MEMORY_TAIL, MEMORY_CHUNK);
    assert_int_equal(shard->job_count, 1);
    block_unpin(block);
    jobs_end(shard->jobs);
    memory_end(memory);
    heap_end(&shard->heap);
    free(shards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_aligned_and_as_large_as_a_power_of_two_or_whole_chunks),
        cmocka_unit_test(budgets_are_separate_and_are_limits),
        cmocka_unit_test(a_run_of_chunks_is_found_between_used_ones),
        cmocka_unit_test(the_owner_hears_when_only_its_own_pin_is_left),
        cmocka_unit_test(waiters_are_served_in_turn_and_wake_each_other_while_there_is_room),
        cmocka_unit_test(a_chunk_of_tail_or_cache_is_enrolled_once_when_half_of_it_is_taken),
        cmocka_unit_test(random_takes_never_overlap_and_all_comes_back),
        cmocka_unit_test(the_chunk_after_the_one_that_fills_is_touched_by_a_job),
        cmocka_unit_test(a_shard_that_never_ran_gives_its_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
