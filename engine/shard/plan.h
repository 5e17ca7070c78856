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
    uint32_t partition_count;  /* expected active ones, at the start; sizes the WAL */
    uint32_t request_size_max; /* socket.request.max.bytes */
    uint32_t request_size_min; /* below request_size_max: where memory is short, that may be lowered so far. 0: not */
    uint64_t wal_size, wal_file_size; /* 0: the plan's choice */
    uint64_t file_count;              /* descriptors that the process may have; 0: as many as it likes */
    uint64_t locked_size;             /* bytes of memory that it may lock; 0: as many as it likes */
};

/* What the machine has less of than the settings would like: the node works with what there is, and says so once. */
enum plan_shortage { SHORTAGE_MEMORY, SHORTAGE_FILES, SHORTAGE_LOCKED, PLAN_SHORTAGES };

struct plan {
    uint32_t shard_count; /* data shards; the replication shard comes on top */
    uint32_t job_thread_count;
    struct memory_plan data, replication;
    uint32_t ring_entries, completion_entries;
    uint32_t receive_buffer_size, receive_buffer_count; /* of the engine's small buffers, per shard */
    int64_t poll_ns;                                    /* how long a data shard looks before it sleeps */
    int64_t nap_ns;                                     /* and how long it sleeps at a time */
    uint64_t wal_size, wal_file_size;                   /* per shard and log directory; at first */
    uint64_t wal_size_max;                              /* it grows up to there */
    uint64_t wal_each;                                  /* by that for each log; 0: it does not grow */
    uint32_t connections_max;                           /* per shard */
    size_t requests_size;                               /* per shard, on its heap: what requests decode to */
    uint32_t connections_total;                         /* of the node */
    uint32_t files_max;                                 /* segments of a shard that are open at a time, about */
    uint32_t request_size_max;                          /* what is really taken */
    const char *shortages[PLAN_SHORTAGES];              /* a sentence each, with the remedy; NULL: enough */
};

/* STATUS_INVALID when the machine's memory is too small for the settings, STATUS_TOO_MANY when its descriptors are too
 * few; `why` then says so, and the remedy. */
must_check enum status plan_make(const struct plan_input *input, struct plan *plan, struct arena *arena,
                                 const char **why);
/* As text: one line per row, with its reason; then the shortages. */
const char *plan_print(const struct plan *plan, struct arena *arena);

#endif
