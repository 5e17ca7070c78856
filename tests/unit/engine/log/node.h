/* tests/unit/engine/log/node.h   A small node for tests of the log: some shards with real rings and helper threads over
 * one log directory of the real file system, all stepped by the test's own thread. */
#ifndef TESTS_UNIT_ENGINE_LOG_NODE_H
#define TESTS_UNIT_ENGINE_LOG_NODE_H

#include <unistd.h>

#include "base/arena.h"
#include "io/files.h"
#include "io/uring.h"
#include "log/log.h"
#include "log/store.h"
#include "shard/jobs.h"
#include "shard/memory.h"
#include "unit.h"

enum { NODE_SHARDS_MAX = 4, NODE_ARENA_SIZE = 256 << 20 };

struct node {
    char path[64];
    uint32_t shard_count;
    struct shard *shards[NODE_SHARDS_MAX];
    struct shard shard[NODE_SHARDS_MAX];
    struct store *stores[NODE_SHARDS_MAX];
    struct jobs *jobs;
    struct heap heap;
    struct arena arena;
    size_t arena_size;
    struct directory *directory;
    struct plan plan;
    bool relaxed;
    uint64_t seed;
    struct files *files;
    const char *why;
    char told[256]; /* what it was, once the arena is gone */
    char said[512]; /* the last line for people */
};

static const struct log_settings node_log_settings = {
    .segment_bytes = 1 << 30,
    .segment_ms = INT64_MAX,
    .retention_ms = -1,
    .retention_bytes = -1,
    .timestamp_before_max_ms = INT64_MAX,
    .timestamp_after_max_ms = INT64_MAX,
    .index_interval_bytes = 4096,
    .message_bytes_max = 8 << 20,
};

static inline void node_init(struct node *node, uint32_t shard_count)
{
    *node =
        (struct node){ .shard_count = shard_count, .seed = 1, .files = files_kernel(), .arena_size = NODE_ARENA_SIZE };
    strcpy(node->path, "/tmp/sluice-log-XXXXXX");
    assert_non_null(mkdtemp(node->path));
    node->plan.shard_count = shard_count;
    node->plan.wal_size = 64 << 20;
    node->plan.wal_file_size = 16 << 20;
    for (int budget = 0; budget < MEMORY_BUDGETS; budget++) node->plan.data.budget[budget] = (size_t)8 * MEMORY_CHUNK;
    node->plan.data.budget[MEMORY_TAIL] = (size_t)32 * MEMORY_CHUNK;
}

static inline void node_remove(struct node *node)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", node->path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the path is of mkdtemp's */
}

static inline void node_says(void *context, const char *line)
{
    struct node *node = context;
    snprintf(node->said, sizeof node->said, "%s", line);
}

/* Shards, directory, recovery, stores. Logs are opened next, then node_begin. */
static inline enum status node_try_start(struct node *node)
{
    struct uring_settings rings = {
        .entries = 64, .completion_entries = 256, .receive_buffer_size = 4096, .receive_buffer_count = 16
    };
    struct directory_settings settings = {
        .path = node->path,
        .node = 1,
        .relaxed = node->relaxed,
        .seed = node->seed++,
        .wall_ms = 1,
        .say = node_says,
        .say_context = node,
    };

    assert_int_equal(jobs_threads_make(2, &node->jobs), STATUS_OK);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct io *io;
        assert_int_equal(uring_make(&rings, &io, &node->why), STATUS_OK);
        node->shards[i] = &node->shard[i];
        shard_init(&node->shard[i], i, node->shard_count, node->shards, io, node->files, node->jobs, node->seed++);
        assert_int_equal(memory_make(&node->shard[i], &node->plan.data, &node->shard[i].memory), STATUS_OK);
    }
    heap_init(&node->heap);
    arena_init(&node->arena, &node->heap, NULL, 0, node->arena_size);
    enum status status =
        directory_open(node->files, &settings, &node->heap, &node->arena, &node->directory, &node->why);
    if (status == STATUS_OK) status = directory_recover(node->directory, &node->arena, &node->why);
    for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++)
        status = store_make(&node->shard[i], node->directory, &node->plan, &node->stores[i]);
    return status;
}

static inline void node_start(struct node *node)
{
    enum status status = node_try_start(node);
    if (status != STATUS_OK) print_message("start: %s\n", node->why);
    assert_int_equal(status, STATUS_OK);
}

static inline void node_begin(struct node *node)
{
    enum status status = directory_begin(node->directory, node->stores, node->shard_count, &node->arena, &node->why);
    if (status != STATUS_OK) print_message("begin: %s\n", node->why);
    assert_int_equal(status, STATUS_OK);
}

static inline void node_turn(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        int64_t now = shard_now_ns(&node->shard[i]);
        int64_t deadline = shard_step(&node->shard[i]);
        io_turn(node->shard[i].io, min_of(deadline, now + 1000000));
    }
}

static inline bool node_quiet(const struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        const struct shard *shard = &node->shard[i];
        if (shard->io->in_flight > 0 || shard->job_count > 0 || !list_empty(&shard->ready)) return false;
        if (!list_empty(&shard->timers.exact)) return false; /* A stream waits for its next turn. */
    }
    return true;
}

/* Until nothing is under way. */
static inline void node_settle(struct node *node)
{
    do node_turn(node);
    while (!node_quiet(node));
}

#endif
