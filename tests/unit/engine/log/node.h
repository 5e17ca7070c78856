/* tests/unit/engine/log/node.h   A small node for tests of the log: some shards with real rings and helper threads over
 * one log directory of the real file system, all stepped by the test's own thread. */
#ifndef TESTS_UNIT_ENGINE_LOG_NODE_H
#define TESTS_UNIT_ENGINE_LOG_NODE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/crc32c.h"
#include "io/files.h"
#include "io/uring.h"
#include "log/log.h"
#include "log/store.h"
#include "shard/jobs.h"
#include "shard/memory.h"

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
    *node = (struct node){ .shard_count = shard_count, .seed = 1, .files = files_kernel() };
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
    arena_init(&node->arena, &node->heap, NULL, 0, NODE_ARENA_SIZE);
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
    }
    return true;
}

/* Until nothing is under way. */
static inline void node_settle(struct node *node)
{
    do node_turn(node);
    while (!node_quiet(node));
}

static inline void node_end_shards(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        if (node->stores[i]) store_end(node->stores[i]);
        node->stores[i] = NULL;
    }
}

static inline void node_end_rest(struct node *node)
{
    jobs_end(node->jobs);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        memory_end(node->shard[i].memory);
        io_end(node->shard[i].io);
        shard_end(&node->shard[i]);
    }
    arena_reset(&node->arena);
    heap_end(&node->heap);
}

/* As a kill does: nothing is written that was not on its way. */
static inline void node_crash(struct node *node)
{
    node_settle(node);
    node_end_shards(node);
    directory_abandon(node->directory);
    node_end_rest(node);
}

struct node_closing {
    struct ready ready;
    bool done;
};

static inline void node_closed(struct ready *ready)
{
    container_of(ready, struct node_closing, ready)->done = true;
}

static inline void node_stop(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct node_closing closing = { .done = false };
        ready_init(&closing.ready, node_closed);
        store_close(node->stores[i], &closing.ready);
        while (!closing.done) node_turn(node);
    }
    node_settle(node);
    node_end_shards(node);
    assert_int_equal(directory_close(node->directory, 7), STATUS_OK);
    node_end_rest(node);
}

static inline struct log *node_log(struct node *node, uint32_t shard, const char *topic, int32_t partition)
{
    struct log_key key = { .partition = partition };
    struct log *log;
    const struct log_found *found = NULL;

    snprintf((char *)key.topic.byte, 16, "%s", topic);
    for (uint32_t i = 0; i < node->directory->found_count; i++) {
        const struct log_found *one = &node->directory->found[i];
        if (uuid_equal(one->key.topic, key.topic) && one->key.partition == partition) found = one;
    }
    assert_int_equal(log_open(node->stores[shard], found, key, text_of(topic), &node_log_settings, &log), STATUS_OK);
    return log;
}

/* A start up to where logs are opened, given up again: the end of log "t", or -1 with node->told. */
static inline int64_t node_restart_end(struct node *node, enum status *status)
{
    int64_t end = -1;
    *status = node_try_start(node);
    for (uint32_t i = 0; *status == STATUS_OK && i < node->directory->found_count; i++) {
        const struct log_found *found = &node->directory->found[i];
        if (text_equal(found->topic, TEXT("t"))) end = found->end;
    }
    for (uint32_t i = 0; i < node->shard_count; i++) {
        if (node->stores[i]) store_end(node->stores[i]);
        node->stores[i] = NULL;
    }
    snprintf(node->told, sizeof node->told, "%s", node->why);
    directory_abandon(node->directory);
    node_end_rest(node);
    return end;
}

/* A batch of `count` records with values of `size` bytes that begin with `number`. */
static inline struct bytes node_batch(uint8_t *memory, size_t room, uint32_t count, size_t size, uint64_t number)
{
    static uint8_t value[1 << 20];
    struct batch_builder builder;

    assert_true(size <= sizeof value);
    batch_begin(&builder, memory, room, 0, 1700000000000);
    for (uint32_t i = 0; i < count; i++) {
        memset(value, (int)(number & 0xff), size);
        if (size >= 8) store_u64(value, number + i);
        batch_add(&builder, BYTES_NULL, (struct bytes){ value, size }, 1700000000000);
    }
    return batch_end(&builder);
}

static inline enum status node_append(struct log *log, uint32_t count, size_t size, uint64_t number)
{
    static uint8_t memory[4 << 20];
    struct log_append append = { .batches = node_batch(memory, sizeof memory, count, size, number),
                                 .origin = APPEND_CLIENT,
                                 .leader_epoch = 3 };
    return log_append(log, &append);
}

struct node_reading {
    struct log_read read;
    bool done;
};

static inline void node_read_done(struct ready *ready)
{
    container_of(ready, struct node_reading, read.ready)->done = true;
}

/* Reads everything from `offset` to the end, checking offsets, CRCs and that each record's value begins with the number
 * of its offset; returns the offset behind the last batch. */
static inline int64_t node_read_all(struct node *node, struct log *log, int64_t offset)
{
    while (offset < log->end) {
        struct extent extents[16];
        struct node_reading reading = { .read = { .log = log,
                                                  .offset = offset,
                                                  .limit = log->end,
                                                  .size_max = 1 << 20,
                                                  .first_whole = true,
                                                  .extents = extents,
                                                  .extent_max = 16 } };
        ready_init(&reading.read.ready, node_read_done);
        if (!log_read_begin(&reading.read)) {
            while (!reading.done) node_turn(node);
        }
        const struct log_read read = reading.read;
        assert_int_equal(read.status, STATUS_OK);
        assert_true(read.extent_count > 0);
        static uint8_t joined[16 << 20];
        size_t size = 0;
        for (uint32_t i = 0; i < read.extent_count; i++) { /* A batch may lie across two extents. */
            assert_true(size + extents[i].size <= sizeof joined);
            memcpy(joined + size, extents[i].data, extents[i].size);
            size += extents[i].size;
            block_unpin(extents[i].block);
        }
        assert_int_equal(size, read.size);
        struct batch batch;
        for (size_t at = 0; at < size; at += batch.size) {
            assert_int_equal(batch_read(joined + at, size - at, &batch), STATUS_OK);
            assert_int_equal(batch_check_crc(&batch), STATUS_OK);
            assert_true(batch.base_offset == offset || (at == 0 && batch.base_offset <= offset));
            offset = batch_limit(&batch);
        }
    }
    return offset;
}

#endif
