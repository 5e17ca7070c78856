/* The plan: fits the machine, holds the largest request, and says in one sentence when it can't. */
#include "shards.h"

#include "base/arena.h"
#include "shard/plan.h"

static struct plan_input usual(void)
{
    return (struct plan_input){ .memory_size = UINT64_C(8) << 30,
                                .core_count = 4,
                                .connections_max = INT32_MAX,
                                .partition_count = 1000,
                                .request_size_max = 104857600 };
}

static size_t total(const struct memory_plan *memory)
{
    size_t sum = 0;
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++) {
        assert_true(memory->budget[budget] > 0 && memory->budget[budget] % MEMORY_CHUNK == 0);
        sum += memory->budget[budget];
    }
    return sum;
}

static void check(const struct plan_input *input, const struct plan *plan)
{
    size_t data_path = total(&plan->data) * plan->shard_count + total(&plan->replication);
    assert_true(data_path + plan->requests_size * plan->shard_count <= input->memory_size);
    assert_true(plan->data.budget[MEMORY_RECEIVE] >= input->request_size_max);
    assert_true(plan->completion_entries >= plan->ring_entries);
    assert_int_equal(plan->receive_buffer_count & (plan->receive_buffer_count - 1), 0);
    assert_int_equal(plan->wal_size % plan->wal_file_size, 0);
    assert_true(plan->wal_size / plan->wal_file_size >= 4);
    assert_true(plan->wal_size_max >= plan->wal_size && plan->wal_each > 0);
    assert_true(plan->connections_max > 0 && plan->connections_max <= max_of(input->connections_max, 1U));
    assert_true(plan->job_thread_count >= 2);
}

static void a_plan_fits_every_machine_from_half_a_gigabyte(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    for (uint64_t mib = 512; mib <= 1 << 20; mib *= 2)
        for (uint32_t cores = 1; cores <= 128; cores *= 2) {
            struct plan_input input = usual();
            struct plan plan;
            const char *why;
            input.memory_size = mib << 20;
            input.core_count = cores;
            if (cores > 1 && mib / cores < 512) continue;
            assert_int_equal(plan_make(&input, &plan, &arena, &why), STATUS_OK);
            assert_int_equal(plan.shard_count, cores);
            check(&input, &plan);
        }
    heap_end(&heap);
}

static void a_request_that_fits_nowhere_is_said_in_a_sentence(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct plan_input input = usual();
    struct plan plan;
    const char *why;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    input.memory_size = 128 << 20;
    assert_int_equal(plan_make(&input, &plan, &arena, &why), STATUS_INVALID);
    assert_non_null(strstr(why, "socket.request.max.bytes = 104857600"));
    input.request_size_max = 1 << 20;
    assert_int_equal(plan_make(&input, &plan, &arena, &why), STATUS_OK);
    input.shard_count = 100000;
    assert_int_equal(plan_make(&input, &plan, &arena, &why), STATUS_INVALID);
    assert_non_null(strstr(why, "sluice.shards"));
    heap_end(&heap);
}

/* A plan of `input`, or NULL with the reason; its texts live as long as the arena. */
static const struct plan *planned(struct arena *arena, const struct plan_input *input, const char **why)
{
    struct plan *plan = arena_take(arena, sizeof *plan);
    assert_non_null(plan);
    return plan_make(input, plan, arena, why) == STATUS_OK ? plan : NULL;
}

static void short_memory_lowers_what_nobody_asked_for(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct plan_input input = usual();
    const char *why;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    input.memory_size = 256 << 20;
    input.core_count = 2;
    input.request_size_min = 2 << 20;
    const struct plan *plan = planned(&arena, &input, &why);
    assert_non_null(plan);
    assert_in_range(plan->request_size_max, input.request_size_min, plan->data.budget[MEMORY_RECEIVE]);
    assert_non_null(strstr(plan->shortages[SHORTAGE_MEMORY], "socket.request.max.bytes is 104857600"));
    assert_non_null(strstr(plan_print(plan, &arena), plan->shortages[SHORTAGE_MEMORY]));

    input.core_count = 64; /* Shards that nobody asked for, too. */
    plan = planned(&arena, &input, &why);
    assert_non_null(plan);
    assert_in_range(plan->shard_count, 2, 8);
    input.shard_count = 64;
    assert_null(planned(&arena, &input, &why));
    assert_non_null(strstr(why, "lower sluice.shards"));

    input = usual();
    input.request_size_min = 2 << 20;
    plan = planned(&arena, &input, &why);
    assert_int_equal(plan->request_size_max, input.request_size_max);
    for (unsigned i = 0; i < PLAN_SHORTAGES; i++) assert_null(plan->shortages[i]);
    heap_end(&heap);
}

static void descriptors_are_shared_out_before_clients_take_them(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct plan_input input = usual();
    const char *why;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    input.shard_count = 2;
    for (input.file_count = 1; input.file_count <= 1 << 20; input.file_count += 1 + input.file_count / 8) {
        const struct plan *plan = planned(&arena, &input, &why);
        if (!plan) {
            assert_true(input.file_count < 64);
            assert_non_null(strstr(why, "descriptors are too few"));
            continue;
        }
        uint64_t segments = (uint64_t)plan->files_max * 3;
        assert_true(plan->connections_total > 0 && plan->connections_total + segments < input.file_count - 40);
        assert_int_equal(plan->shortages[SHORTAGE_FILES] != NULL, input.file_count < 4096);
        assert_int_equal(plan->wal_size_max, input.file_count < 1648 ? 64 << 20 : 1 << 30);
    }
    input.shard_count = 32; /* Room for what the logs may grow to must not be what a start fails for. */
    input.memory_size <<= 3;
    input.file_count = 4096;
    const struct plan *wide = planned(&arena, &input, &why);
    assert_non_null(wide);
    assert_int_equal(wide->wal_size_max, wide->wal_size);
    heap_end(&heap);
}

static void memory_that_may_not_be_locked_is_said(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct plan_input input = usual();
    const char *why;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    input.locked_size = 8 << 20;
    const struct plan *plan = planned(&arena, &input, &why);
    assert_non_null(strstr(plan->shortages[SHORTAGE_LOCKED], "8 MiB of memory may be locked"));
    input.locked_size = UINT64_C(8) << 30;
    assert_null(planned(&arena, &input, &why)->shortages[SHORTAGE_LOCKED]);
    heap_end(&heap);
}

static void the_plan_prints_a_line_for_every_row(void **state)
{
    (void)state;
    static const char *const rows[] = { "shards",  "job threads", "connections", "requests", "ring entries", "wal",
                                        "receive", "tail",        "cache",       "answer",   "replication" };
    struct heap heap;
    struct arena arena;
    struct plan_input input = usual();
    struct plan plan;
    const char *why;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    assert_int_equal(plan_make(&input, &plan, &arena, &why), STATUS_OK);
    const char *printed = plan_print(&plan, &arena);
    for (size_t i = 0; i < array_count(rows); i++) assert_non_null(strstr(printed, rows[i]));
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_fits_every_machine_from_half_a_gigabyte),
        cmocka_unit_test(a_request_that_fits_nowhere_is_said_in_a_sentence),
        cmocka_unit_test(short_memory_lowers_what_nobody_asked_for),
        cmocka_unit_test(descriptors_are_shared_out_before_clients_take_them),
        cmocka_unit_test(memory_that_may_not_be_locked_is_said),
        cmocka_unit_test(the_plan_prints_a_line_for_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
