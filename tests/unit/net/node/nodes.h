/* tests/unit/net/node/nodes.h   A node on the kernel's files and rings, in a directory of its own, with what a test
 * wants to do on its shards. */
#ifndef TESTS_UNIT_NET_NODE_NODES_H
#define TESTS_UNIT_NET_NODE_NODES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cluster/configs.h"
#include "io/files.h"
#include "io/uring.h"
#include "node/node.h"
#include "node/node_work.h"
#include "patience.h"
#include "shard/jobs.h"

struct bench {
    struct node_platform platform;
    struct settings settings;
    struct heap heap;
    struct arena arena;
    char path[64];
    struct node *node;
};

static inline enum status bench_io(struct node_platform *platform, const struct plan *plan, uint32_t shard,
                                   struct io **io, const char **why)
{
    (void)platform, (void)shard;
    struct uring_settings settings = { .entries = plan->ring_entries,
                                       .completion_entries = plan->completion_entries,
                                       .receive_buffer_size = plan->receive_buffer_size,
                                       .receive_buffer_count = plan->receive_buffer_count };
    return uring_make(&settings, io, why);
}

static inline enum status bench_jobs(struct node_platform *platform, uint32_t thread_count, struct jobs **jobs)
{
    (void)platform;
    return jobs_threads_make(thread_count, jobs);
}

static inline void bench_say(struct node_platform *platform, const char *line)
{
    (void)platform;
    print_message("%s\n", line);
}

/* Settings are "name=value", NULL at the end. */
static inline void bench_configure(struct bench *bench, const char *const *overrides)
{
    struct property_list list;
    struct setting_report report;
    properties_init(&list, &bench->arena);
    for (; *overrides; overrides++) {
        assert_int_equal(properties_override(&list, text_of(*overrides)), STATUS_OK);
    }
    char place[96];
    (void)snprintf(place, sizeof(place), "log.dirs=%s/data", bench->path);
    assert_int_equal(properties_override(&list, text_copy(&bench->arena, text_of(place))), STATUS_OK);
    bench->settings.origins = arena_take(&bench->arena, broker_table.row_count * sizeof(struct property *));
    enum status status =
        settings_apply(&broker_table, &list, &bench->settings.values, bench->settings.origins, &report, &bench->arena);
    for (uint32_t i = 0; i < report.count; i++) print_message("%.*s\n", TEXT_ARGS(report.lines[i].message));
    assert_int_equal(status, STATUS_OK);
}

static inline void bench_init(struct bench *bench)
{
    static const char *const overrides[] = { "listeners=PLAINTEXT://127.0.0.1:0", "sluice.shards=2",
                                             "socket.request.max.bytes=8388608",  "sluice.wal.size=33554432",
                                             "sluice.wal.file.size=8388608",      NULL };
    *bench = (struct bench){ 0 };
    heap_init(&bench->heap);
    arena_init(&bench->arena, &bench->heap, NULL, 0, SIZE_MAX);
    strcpy(bench->path, "/tmp/sluice-node-XXXXXX");
    assert_non_null(mkdtemp(bench->path));
    bench_configure(bench, overrides);
    bench->platform = (struct node_platform){
        .files = files_kernel(),
        .make_io = bench_io,
        .make_jobs = bench_jobs,
        .seed = 7,
        .wall_ms = (int64_t)time(NULL) * 1000,
        .say = bench_say,
        .memory_size = 1u << 30,
        .core_count = 2,
        .threads = true,
    };
}

static inline int bench_remove(const char *path, const struct stat *entry, int kind, struct FTW *place)
{
    (void)entry, (void)kind, (void)place;
    return remove(path);
}

static inline void bench_end(struct bench *bench)
{
    assert_int_equal(nftw(bench->path, bench_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
    arena_reset(&bench->arena);
    heap_end(&bench->heap);
}

static inline void bench_wait(const _Atomic bool *truth)
{
    int64_t limit_ns = patience_limit_ns();
    while (!*truth && monotonic_ns() < limit_ns) usleep(1000);
    assert_true(*truth);
}

static inline void bench_wait_stopped(struct bench *bench)
{
    int64_t limit_ns = patience_limit_ns();
    while (!node_stopped(bench->node) && monotonic_ns() < limit_ns) usleep(1000);
    assert_true(node_stopped(bench->node));
}

static inline void bench_start(struct bench *bench)
{
    const char *why = NULL;
    enum status status = node_make(&bench->platform, &bench->settings, &bench->node, &why);
    if (status != STATUS_OK) print_message("%s\n", why);
    assert_int_equal(status, STATUS_OK);
    bench->platform.seed++;
    bench_wait(&node_work(bench->node)->serving);
}

static inline void bench_stop(struct bench *bench)
{
    node_stop(bench->node);
    bench_wait_stopped(bench);
    assert_int_equal(node_end(bench->node), STATUS_OK);
    bench->node = NULL;
}

#endif
