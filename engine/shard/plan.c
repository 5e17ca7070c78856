/* engine/shard/plan.c   From settings and the machine to bytes. Two thirds of the node's memory is for the data path;
 * the rest is for the control plane, sockets in the kernel, threads, and the unforeseen.
 *
 *     memory_size --2/3--> data path --> equal parts, one per data shard and one half for the replication shard
 *     a data shard's part --> RECEIVE 30 %, TAIL 30 %, CACHE 30 %, ANSWER 10 %, in whole chunks
 *
 * RECEIVE must hold one request of the largest size, or that request could never be received. Budgets are limits, not
 * costs: nothing is touched before it is used. */
#include "shard/plan.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1024) * KIB)
#define GIB (UINT64_C(1024) * MIB)

enum {
    SHARDS_MAX = 1024,
    REGION_CHUNKS_MAX = 16384, /* 32 GiB per shard */
    JOB_THREADS_MIN = 2,
    JOB_THREADS_MAX = 8,
    RING_ENTRIES = 512,
    COMPLETIONS_MIN = 4096,
    COMPLETIONS_MAX = 16384, /* 256 KiB, resident; what does not fit the kernel keeps */
    RECEIVE_BUFFER_SIZE = 8192,
    RECEIVE_BUFFERS_MIN = 64,
    RECEIVE_BUFFERS_MAX = 4096,
    CONNECTIONS_MAX = 262144, /* per shard */
};

/* clang-format off */
/* Two chunks of the tail are kept for what frees the others (log/gather.h). */
static const struct { const char *name, *reason; unsigned percent, chunks_min; } budget_rows[MEMORY_BUDGETS] = {
    [MEMORY_RECEIVE] = { "receive", "request bodies on their way in",                         30, 2 },
    [MEMORY_TAIL]    = { "tail",    "appended batches until their segment holds them",        30, 3 },
    [MEMORY_CACHE]   = { "cache",   "chunks read back from segments",                         30, 2 },
    [MEMORY_ANSWER]  = { "answer",  "encoded answers and what is joined, cut or decompressed", 10, 2 },
};
/* clang-format on */

static uint64_t clamp(uint64_t n, uint64_t low, uint64_t high)
{
    return n < low ? low : n > high ? high : n;
}

static uint32_t power_of_two(uint64_t n)
{
    uint32_t power = 1;
    while (power < n) power *= 2;
    return power;
}

static void memory_split(uint64_t size, struct memory_plan *memory)
{
    uint64_t chunks = min_of(size / MEMORY_CHUNK, (uint64_t)REGION_CHUNKS_MAX);
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++) {
        uint64_t share = chunks * budget_rows[budget].percent / 100;
        memory->budget[budget] = max_of(share, (uint64_t)budget_rows[budget].chunks_min) * MEMORY_CHUNK;
    }
    memory->from_heap = false;
}

static enum status plan_memory(const struct plan_input *input, struct plan *plan, struct arena *arena, const char **why)
{
    uint64_t data_path = input->memory_size / 3 * 2;
    uint64_t part = data_path * 2 / (plan->shard_count * UINT64_C(2) + 1);
    memory_split(part, &plan->data);
    memory_split(part / 2, &plan->replication);

    size_t request = round_up((size_t)input->request_size_max, (size_t)MEMORY_CHUNK);
    if (plan->data.budget[MEMORY_RECEIVE] >= request) return STATUS_OK;

    /* Tight: give receiving what it must have, as long as the cache keeps a third. */
    size_t missing = request - plan->data.budget[MEMORY_RECEIVE];
    if (plan->data.budget[MEMORY_CACHE] / 3 * 2 >= missing) {
        plan->data.budget[MEMORY_CACHE] -= missing;
        plan->data.budget[MEMORY_RECEIVE] += missing;
        return STATUS_OK;
    }
    *why = text_format(
               arena,
               "socket.request.max.bytes = %u does not fit: each of %u shards may use %zu MiB to receive requests, of "
               "%llu MiB for the node. Lower socket.request.max.bytes or sluice.shards, or raise sluice.memory.",
               input->request_size_max, plan->shard_count, plan->data.budget[MEMORY_RECEIVE] / (size_t)MIB,
               (unsigned long long)(input->memory_size / MIB))
               .data;
    return STATUS_INVALID;
}

static void plan_sockets(const struct plan_input *input, struct plan *plan)
{
    /* The kernel spreads connections over the shards by hash, not evenly: room for twice the share, and 64. */
    uint64_t share = input->connections_max / plan->shard_count * UINT64_C(2) + 64;
    uint64_t affordable = max_of(input->memory_size / plan->shard_count / (16 * KIB), (uint64_t)64);
    plan->connections_max = (uint32_t)clamp(min_of(share, affordable), 1, CONNECTIONS_MAX);
    plan->connections_max = (uint32_t)min_of((uint64_t)plan->connections_max, max_of(input->connections_max, 1U));
    plan->ring_entries = RING_ENTRIES;
    plan->completion_entries =
        power_of_two(clamp(plan->connections_max * UINT64_C(2), COMPLETIONS_MIN, COMPLETIONS_MAX));
    plan->receive_buffer_size = RECEIVE_BUFFER_SIZE;
    plan->receive_buffer_count =
        power_of_two(clamp(plan->connections_max / 4, RECEIVE_BUFFERS_MIN, RECEIVE_BUFFERS_MAX));
}

/* A WAL file is reused once all partitions that wrote into it have been written out. The more partitions are active,
 * the fewer bytes each has gathered by then, hence 64 KiB for each. */
static void plan_wal(const struct plan_input *input, struct plan *plan)
{
    uint64_t partitions = input->partition_count / plan->shard_count + 1;
    plan->wal_size = clamp(partitions * 64 * KIB, 64 * MIB, 1 * GIB);
    plan->wal_file_size = clamp(plan->wal_size / 8, 8 * MIB, 64 * MIB);
    plan->wal_file_size = round_down(plan->wal_file_size, (uint64_t)MEMORY_CHUNK);
    plan->wal_size = plan->wal_size / plan->wal_file_size * plan->wal_file_size;
}

enum status plan_make(const struct plan_input *input, struct plan *plan, struct arena *arena, const char **why)
{
    *plan = (struct plan){ 0 };
    *why = NULL;
    invariant(input->core_count > 0);

    plan->shard_count = input->shard_count > 0 ? input->shard_count : min_of(input->core_count, (uint32_t)SHARDS_MAX);
    if (plan->shard_count > SHARDS_MAX) {
        *why = text_format(arena, "sluice.shards = %u is more than %d.", plan->shard_count, SHARDS_MAX).data;
        return STATUS_INVALID;
    }
    plan->job_thread_count = (uint32_t)clamp(input->core_count / 2, JOB_THREADS_MIN, JOB_THREADS_MAX);
    plan_sockets(input, plan);
    plan_wal(input, plan);
    return plan_memory(input, plan, arena, why);
}

static size_t memory_total(const struct memory_plan *memory)
{
    size_t total = 0;
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++) total += memory->budget[budget];
    return total;
}

static const char *print_budgets(const char *shard, const struct memory_plan *memory, struct arena *arena)
{
    struct text printed = TEXT("");
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++)
        printed =
            text_format(arena, "%.*s  %-12s %-10s %6zu MiB   %s\n", TEXT_ARGS(printed), shard, budget_rows[budget].name,
                        memory->budget[budget] / (size_t)MIB, budget_rows[budget].reason);
    return printed.data;
}

const char *plan_print(const struct plan *plan, struct arena *arena)
{
    const char *data = print_budgets("data", &plan->data, arena);
    const char *replication = print_budgets("replication", &plan->replication, arena);
    size_t total = memory_total(&plan->data) * plan->shard_count + memory_total(&plan->replication);

    return text_format(
               arena,
               "shards              %6u       one thread each, and one for replication\n"
               "job threads         %6u       what blocks: files, recompression, handshakes\n"
               "connections         %6u       per shard\n"
               "ring entries        %6u       operations begun per turn before they are submitted early\n"
               "completion entries  %6u       twice the operations in flight\n"
               "receive buffers     %6u       of %u bytes per shard, touched as needed\n"
               "wal                 %6llu MiB   per shard and log directory, in files of %llu MiB\n"
               "memory              %6zu MiB   at most, for the data path, touched as needed; of it per shard:\n"
               "%s%s",
               plan->shard_count, plan->job_thread_count, plan->connections_max, plan->ring_entries,
               plan->completion_entries, plan->receive_buffer_count, plan->receive_buffer_size,
               (unsigned long long)(plan->wal_size / MIB), (unsigned long long)(plan->wal_file_size / MIB),
               total / (size_t)MIB, data, replication)
        .data;
}
