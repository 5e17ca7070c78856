/* engine/shard/plan.c   From settings and the machine to bytes. Two thirds of the node's memory is for the data path;
 * the rest is for the control plane, sockets in the kernel, threads, and the unforeseen.
 *
 *     memory_size --2/3--> data path --> equal parts, one per data shard and one half for the replication shard
 *     a data shard's part --> RECEIVE 30 %, TAIL 30 %, CACHE 30 %, ANSWER 10 %, in whole chunks
 *                 --1/6--> heaps of the data shards: requests, decoded
 *
 * RECEIVE must hold one request of the largest size, or that request could never be received: it may borrow from CACHE,
 * and where that isn't enough the largest size is lowered, unless somebody asked for it. Budgets are limits, not costs:
 * nothing is touched before it is used.
 *
 *     file_count --> the node's own --> rest --3/5--> connections --1/4--> open segments --> the others: jobs, briefly
 *
 * So clients can't take the descriptors that the files need. Write-ahead logs grow only where all that they may grow to
 * leaves three quarters for others. */
#include "shard/plan.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"

#define KIB          UINT64_C(1024)
#define MIB          (UINT64_C(1024) * KIB)
#define GIB          (UINT64_C(1024) * MIB)
#define WAL_SIZE_MAX (1 * GIB)

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
    SHARD_MEMORY_MIN = 48,    /* MiB of the node's, for a shard that nobody asked for */
    REQUESTS_SIZE_MIN = 4,    /* MiB per shard, on its heap */
    REQUESTS_SIZE_MAX = 256,
    FILES_OF_NODE = 16,  /* standard ones, directory, signals, HTTP */
    FILES_OF_SHARD = 4,  /* ring, wake-up, sockets; and its WAL */
    FILES_REST_MIN = 8,  /* connections and segments */
    FILES_PLENTY = 4096, /* below, people are told */
    SEGMENTS_OPEN_MIN = 2,
    SEGMENTS_OPEN_MAX = 65536,
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

static size_t memory_total(const struct memory_plan *memory)
{
    size_t total = 0;
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++) total += memory->budget[budget];
    return total;
}

static size_t data_path_total(const struct plan *plan)
{
    return memory_total(&plan->data) * plan->shard_count + memory_total(&plan->replication);
}

/* Makes room for a request of this size; where it is tight receiving takes what it must have from the cache, as long as
 * that keeps a third. */
static bool receive_fits(struct plan *plan, uint32_t request_size)
{
    size_t request = round_up((size_t)request_size, (size_t)MEMORY_CHUNK);
    if (plan->data.budget[MEMORY_RECEIVE] >= request) return true;

    size_t missing = request - plan->data.budget[MEMORY_RECEIVE];
    if (plan->data.budget[MEMORY_CACHE] / 3 * 2 < missing) return false;
    plan->data.budget[MEMORY_CACHE] -= missing;
    plan->data.budget[MEMORY_RECEIVE] += missing;
    return true;
}

static bool memory_fits(const struct plan_input *input, struct plan *plan, struct arena *arena)
{
    if (receive_fits(plan, input->request_size_max)) return true;
    if (input->request_size_min == 0 || !receive_fits(plan, input->request_size_min)) return false;

    plan->request_size_max = (uint32_t)plan->data.budget[MEMORY_RECEIVE];
    plan->shortages[SHORTAGE_MEMORY] =
        text_format(
            arena,
            "%llu MiB of memory for the node: requests above %zu MiB are refused, although "
            "socket.request.max.bytes is %u. Give it more memory (the machine, the container, or sluice.memory).",
            (unsigned long long)(input->memory_size / MIB), plan->data.budget[MEMORY_RECEIVE] / (size_t)MIB,
            input->request_size_max)
            .data;
    return true;
}

static enum status plan_memory(const struct plan_input *input, struct plan *plan, struct arena *arena, const char **why)
{
    uint64_t data_path = input->memory_size / 3 * 2;
    uint64_t part = data_path * 2 / (plan->shard_count * UINT64_C(2) + 1);
    memory_split(part, &plan->data);
    memory_split(part / 2, &plan->replication);
    plan->request_size_max = input->request_size_max;

    if (data_path_total(plan) > input->memory_size) {
        *why =
            text_format(arena,
                        "%llu MiB of memory for the node are too little: %u shards need %zu MiB. Give it more memory "
                        "(the machine, the container, or sluice.memory), or lower sluice.shards.",
                        (unsigned long long)(input->memory_size / MIB), plan->shard_count,
                        data_path_total(plan) / (size_t)MIB)
                .data;
        return STATUS_INVALID;
    }
    if (memory_fits(input, plan, arena)) return STATUS_OK;
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
    plan->connections_total = input->connections_max;
    plan->requests_size =
        clamp(input->memory_size / 6 / plan->shard_count, REQUESTS_SIZE_MIN * MIB, REQUESTS_SIZE_MAX * MIB);
    plan->ring_entries = RING_ENTRIES;
    plan->completion_entries =
        power_of_two(clamp(plan->connections_max * UINT64_C(2), COMPLETIONS_MIN, COMPLETIONS_MAX));
    plan->receive_buffer_size = RECEIVE_BUFFER_SIZE;
    plan->receive_buffer_count =
        power_of_two(clamp(plan->connections_max / 4, RECEIVE_BUFFERS_MIN, RECEIVE_BUFFERS_MAX));
}

/* A WAL file is reused once all partitions that wrote into it have been written out. The more partitions are active,
 * the fewer bytes each has gathered by then, hence 64 KiB for each; of those that are made later, too. */
static void plan_wal(const struct plan_input *input, struct plan *plan)
{
    uint64_t partitions = input->partition_count / plan->shard_count + 1;
    plan->wal_each = 64 * KIB;
    plan->wal_size = clamp(partitions * plan->wal_each, 64 * MIB, WAL_SIZE_MAX);
    plan->wal_file_size = clamp(plan->wal_size / 8, 8 * MIB, 64 * MIB);
    plan->wal_file_size = round_down(plan->wal_file_size, (uint64_t)MEMORY_CHUNK);
    plan->wal_size = plan->wal_size / plan->wal_file_size * plan->wal_file_size;
    plan->wal_size_max = WAL_SIZE_MAX;
    if (input->wal_size > 0) plan->wal_size = plan->wal_size_max = input->wal_size;
    if (input->wal_file_size > 0) plan->wal_file_size = input->wal_file_size;
}

/* Descriptors of the node's own, with write-ahead logs of that size. */
static uint64_t files_own(const struct plan *plan, uint64_t wal_size)
{
    return FILES_OF_NODE + (plan->shard_count + UINT64_C(1)) * (FILES_OF_SHARD + wal_size / plan->wal_file_size);
}

static enum status plan_files(const struct plan_input *input, struct plan *plan, struct arena *arena, const char **why)
{
    uint64_t rings = plan->shard_count + UINT64_C(1);

    plan->files_max = SEGMENTS_OPEN_MAX;
    if (input->file_count == 0) return STATUS_OK;
    if (files_own(plan, plan->wal_size_max) > input->file_count / 4) plan->wal_size_max = plan->wal_size;
    uint64_t own = files_own(plan, plan->wal_size_max);
    if (input->file_count < own + FILES_REST_MIN) {
        *why = text_format(arena,
                           "%llu descriptors are too few: %u shards need %llu of their own. Raise the hard limit "
                           "(`ulimit -Hn 65536`, LimitNOFILE=65536 in systemd, --ulimit nofile=65536 in Docker), or "
                           "lower sluice.shards.",
                           (unsigned long long)input->file_count, plan->shard_count,
                           (unsigned long long)own + FILES_REST_MIN)
                   .data;
        return STATUS_TOO_MANY;
    }
    uint64_t rest = input->file_count - own;
    plan->files_max = (uint32_t)clamp(rest / 4 / rings, SEGMENTS_OPEN_MIN, SEGMENTS_OPEN_MAX);
    plan->connections_total = (uint32_t)min_of((uint64_t)input->connections_max, rest * 3 / 5);
    plan->connections_max = min_of(plan->connections_max, max_of(plan->connections_total, 1U));
    if (input->file_count >= FILES_PLENTY || plan->connections_total == input->connections_max) return STATUS_OK;
    plan->shortages[SHORTAGE_FILES] =
        text_format(arena,
                    "%llu descriptors: %u connections are taken, and %u segments of a shard are open at a time. Raise "
                    "the hard limit (`ulimit -Hn 65536`, LimitNOFILE=65536 in systemd, --ulimit nofile=65536 in "
                    "Docker); the node raises the soft one itself.",
                    (unsigned long long)input->file_count, plan->connections_total, plan->files_max)
            .data;
    return STATUS_OK;
}

/* Only what is written and sent from is registered: the tail and the cache. */
static void plan_locked(const struct plan_input *input, struct plan *plan, struct arena *arena)
{
    const struct memory_plan *data = &plan->data, *replication = &plan->replication;
    uint64_t size = (data->budget[MEMORY_TAIL] + data->budget[MEMORY_CACHE]) * plan->shard_count +
                    replication->budget[MEMORY_TAIL] + replication->budget[MEMORY_CACHE];

    if (input->locked_size == 0 || input->locked_size >= size) return;
    plan->shortages[SHORTAGE_LOCKED] =
        text_format(arena,
                    "%llu MiB of memory may be locked, of %llu MiB of buffers: the rest goes without being registered, "
                    "which costs CPU. `ulimit -l unlimited`, LimitMEMLOCK=infinity in systemd, --ulimit memlock=-1 in "
                    "Docker.",
                    (unsigned long long)(input->locked_size / MIB), (unsigned long long)(size / MIB))
            .data;
}

/* One per core, or as many as the memory bears. */
static uint32_t shards_wanted(const struct plan_input *input)
{
    if (input->shard_count > 0) return input->shard_count;
    uint64_t bearable = max_of(input->memory_size / (SHARD_MEMORY_MIN * MIB), UINT64_C(1));
    return (uint32_t)min_of(bearable, (uint64_t)min_of(input->core_count, (uint32_t)SHARDS_MAX));
}

enum status plan_make(const struct plan_input *input, struct plan *plan, struct arena *arena, const char **why)
{
    *plan = (struct plan){ 0 };
    *why = NULL;
    invariant(input->core_count > 0);

    plan->shard_count = shards_wanted(input);
    if (plan->shard_count > SHARDS_MAX) {
        *why = text_format(arena, "sluice.shards = %u is more than %d.", plan->shard_count, SHARDS_MAX).data;
        return STATUS_INVALID;
    }
    plan->job_thread_count = (uint32_t)clamp(input->core_count / 2, JOB_THREADS_MIN, JOB_THREADS_MAX);
    plan_sockets(input, plan);
    plan_wal(input, plan);
    enum status status = plan_memory(input, plan, arena, why);
    if (status == STATUS_OK) status = plan_files(input, plan, arena, why);
    if (status == STATUS_OK) plan_locked(input, plan, arena);
    return status;
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

static const char *print_shortages(const struct plan *plan, struct arena *arena)
{
    struct text printed = TEXT("");
    for (unsigned i = 0; i < PLAN_SHORTAGES; i++) {
        if (plan->shortages[i]) printed = text_format(arena, "%.*s\n%s\n", TEXT_ARGS(printed), plan->shortages[i]);
    }
    return printed.data;
}

const char *plan_print(const struct plan *plan, struct arena *arena)
{
    const char *data = print_budgets("data", &plan->data, arena);
    const char *replication = print_budgets("replication", &plan->replication, arena);
    const char *shortages = print_shortages(plan, arena);

    return text_format(
               arena,
               "shards              %6u       one thread each, and one for replication\n"
               "job threads         %6u       what blocks: files, recompression, handshakes\n"
               "connections         %6u       per shard\n"
               "requests            %6zu MiB   per shard, decoded: those that wait hold no more together\n"
               "open segments       %6u       per shard, about\n"
               "ring entries        %6u       operations begun per turn before they are submitted early\n"
               "completion entries  %6u       twice the operations in flight\n"
               "receive buffers     %6u       of %u bytes per shard, touched as needed\n"
               "wal                 %6llu MiB   per shard and log directory, in files of %llu MiB; %llu MiB with more "
               "partitions\n"
               "memory              %6zu MiB   at most, for the data path, touched as needed; of it per shard:\n"
               "%s%s%s",
               plan->shard_count, plan->job_thread_count, plan->connections_max, plan->requests_size / (size_t)MIB,
               plan->files_max, plan->ring_entries, plan->completion_entries, plan->receive_buffer_count,
               plan->receive_buffer_size, (unsigned long long)(plan->wal_size / MIB),
               (unsigned long long)(plan->wal_file_size / MIB), (unsigned long long)(plan->wal_size_max / MIB),
               data_path_total(plan) / (size_t)MIB, data, replication, shortages)
        .data;
}
