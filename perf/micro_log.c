/* perf/micro_log.c   What a broker does around a log, without sockets: a ring, a region of memory, helper threads, a
 * directory with one partition. Every append is acknowledged as by default, when it is on the device. */
#include "micro_log.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/files.h"
#include "io/uring.h"
#include "log/directory.h"
#include "log/store.h"
#include "shard/jobs.h"
#include "shard/plan.h"

enum { EXTENTS = 64, CHUNKS = 64, ARENA_SIZE = 256 << 20, WAL_SIZE = 256 << 20, WAL_FILE_SIZE = 64 << 20 };

struct micro_log {
    char path[128];
    struct heap heap;
    struct arena arena;
    struct shard shard, *shards[1];
    struct store *store, *stores[1];
    struct directory *directory;
    struct jobs *jobs;
    struct plan plan;
    struct log_settings settings;
    struct log *log;
    uint32_t batch_size, append_count; /* all batches are of one size */
    int64_t offset;                    /* of the next fetch */
};

static void must(enum status status, const char *what)
{
    if (status == STATUS_OK) return;
    fprintf(stderr, "micro: %s: %s\n", what, status_text(status));
    exit(1);
}

static void say(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "micro: %s\n", line);
}

static void shard_make(struct micro_log *bench)
{
    struct uring_settings rings = {
        .entries = 256, .completion_entries = 1024, .receive_buffer_size = 4096, .receive_buffer_count = 16
    };
    struct io *io;
    const char *why = "";

    must(jobs_threads_make(2, &bench->jobs), "threads");
    must(uring_make(&rings, &io, &why), "ring");
    bench->shards[0] = &bench->shard;
    shard_init(&bench->shard, 0, 1, bench->shards, io, files_kernel(), bench->jobs, 1);
    for (int budget = 0; budget < MEMORY_BUDGETS; budget++) {
        bench->plan.data.budget[budget] = (size_t)CHUNKS * MEMORY_CHUNK;
    }
    must(memory_make(&bench->shard, &bench->plan.data, &bench->shard.memory), "memory");
}

static void log_make(struct micro_log *bench)
{
    struct directory_settings settings = { .path = bench->path, .node = 1, .seed = 1, .wall_ms = 1, .say = say };
    struct log_key key = { .topic = { { 1 } } };
    const char *why = "";

    must(directory_open(files_kernel(), &settings, &bench->heap, &bench->arena, &bench->directory, &why), "directory");
    must(directory_recover(bench->directory, &bench->arena, &why), "recovery");
    must(store_make(&bench->shard, bench->directory, &bench->plan, &bench->store), "store");
    bench->stores[0] = bench->store;
    must(log_open(bench->store, NULL, key, TEXT("micro"), &bench->settings, &bench->log), "log");
    must(directory_begin(bench->directory, bench->stores, 1, &bench->arena, &why), "begin");
}

struct micro_log *micro_log_begin(void)
{
    struct micro_log *bench = calloc(1, sizeof(*bench));
    const char *place = getenv("TMPDIR");

    invariant(bench != NULL);
    snprintf(bench->path, sizeof(bench->path), "%s/sluice-micro-XXXXXX", place ? place : "/var/tmp");
    const char *made = mkdtemp(bench->path);
    invariant(made != NULL);
    bench->plan.shard_count = 1;
    bench->plan.wal_size = WAL_SIZE;
    bench->plan.wal_file_size = WAL_FILE_SIZE;
    bench->settings = (struct log_settings){
        .segment_bytes = 1 << 30,
        .segment_ms = INT64_MAX,
        .retention_ms = -1,
        .retention_bytes = -1,
        .timestamp_before_max_ms = INT64_MAX,
        .timestamp_after_max_ms = INT64_MAX,
        .index_interval_bytes = 4096,
        .message_bytes_max = 8 << 20,
    };
    heap_init(&bench->heap);
    arena_init(&bench->arena, &bench->heap, NULL, 0, ARENA_SIZE);
    shard_make(bench);
    log_make(bench);
    return bench;
}

static void turn(struct micro_log *bench)
{
    int64_t limit_ns = shard_now_ns(&bench->shard) + 1000000;
    io_turn(bench->shard.io, min_of(shard_step(&bench->shard), limit_ns));
}

void micro_log_append(struct micro_log *bench, struct bytes batch)
{
    struct log_append append = { .batches = batch, .origin = APPEND_CLIENT, .leader_epoch = 1 };
    enum status status;

    while ((status = log_append(bench->log, &append)) == STATUS_BUSY) turn(bench);
    must(status, "append");
    bench->batch_size = (uint32_t)batch.size;
    bench->append_count++;
}

void micro_log_settle(struct micro_log *bench)
{
    while (bench->log->durable.at < bench->log->end) turn(bench);
    log_commit(bench->log, bench->log->durable.at);
}

static void never(struct ready *ready)
{
    (void)ready;
}

uint32_t micro_log_fetch(struct micro_log *bench, uint32_t size_max)
{
    int64_t limit = bench->log->committed.at;
    struct extent extents[EXTENTS];
    struct log_read read = { .log = bench->log,
                             .offset = bench->offset,
                             .limit = limit,
                             .size_max = size_max,
                             .first_whole = true,
                             .extents = extents,
                             .extent_max = EXTENTS };

    ready_init(&read.ready, never);
    bool finished = log_read_begin(&read);
    invariant(finished); /* It is all in memory. */
    must(read.status, "fetch");
    for (uint32_t i = 0; i < read.extent_count; i++) block_unpin(extents[i].block);
    bench->offset += read.size / bench->batch_size * (limit / bench->append_count);
    if (bench->offset >= limit) bench->offset = 0;
    return read.size;
}

struct closing {
    struct ready ready;
    bool done;
};

static void closed(struct ready *ready)
{
    container_of(ready, struct closing, ready)->done = true;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

void micro_log_end(struct micro_log *bench)
{
    struct closing closing = { .done = false };

    ready_init(&closing.ready, closed);
    store_close(bench->store, &closing.ready);
    while (!closing.done || bench->shard.io->in_flight > 0 || bench->shard.job_count > 0) turn(bench);
    store_end(bench->store);
    must(directory_close(bench->directory, 1), "close");
    jobs_end(bench->jobs);
    memory_end(bench->shard.memory);
    io_end(bench->shard.io);
    shard_end(&bench->shard);
    arena_reset(&bench->arena);
    heap_end(&bench->heap);
    int left = nftw(bench->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    invariant(left == 0);
    free(bench);
}
