/* engine/shard/plan.h   The memory plan: from settings and the machine to bytes, before anything is taken. `sluice
 * serve --plan` prints it. Every pool, queue and budget of a node has its row here. */
#ifndef ENGINE_SHARD_PLAN_H
#define ENGINE_SHARD_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "shard/memory.h"

struct arena;

struct plan_input {
    uint64_t memory_size;      /* bytes the node may use: sluice.memory, or a share of the machine or its cgroup */
    uint32_t core_count;       /* allowed ones */
    uint32_t shard_count;      /* sluice.shards; 0: one per core */
    uint32_t connections_max;  /* max.connections */
    uint32_t partition_count;  /* expected active ones; sizes the WAL */
    uint32_t request_size_max; /* socket.request.max.bytes */
};

struct plan {
    uint32_t shard_count; /* data shards; the replication shard comes on top */
    uint32_t job_thread_count;
    struct memory_plan data, replication;
    uint32_t ring_entries, completion_entries;
    uint32_t receive_buffer_size, receive_buffer_count; /* of the engine's small buffers, per shard */
    uint64_t wal_size, wal_file_size;                   /* per shard and log directory */
    uint32_t connections_max;                           /* per shard */
};

/* STATUS_INVALID when the machine is too small for the settings; `why` then says so in one sentence. */
must_check enum status plan_make(const struct plan_input *input, struct plan *plan, struct arena *arena,
                                 const char **why);
/* As text: one line per row, with its reason. */
const char *plan_print(const struct plan *plan, struct arena *arena);

#endif
