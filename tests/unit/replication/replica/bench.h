/* tests/unit/replication/replica/bench.h   What tests of snapshots and batches stand on: an empty image with memory for
 * records, and snapshots that Apache Kafka 4.3.1 wrote (tests/wire/captured_snapshots.tsv). */
#ifndef TESTS_UNIT_REPLICATION_REPLICA_BENCH_H
#define TESTS_UNIT_REPLICATION_REPLICA_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../wire/golden.h"
#include "base/arena.h"
#include "cluster/image.h"

/* Of captured_snapshots.tsv, by their end offsets. */
enum { KAFKA_BOOTSTRAP = 0, KAFKA_SNAPSHOT = 225 };

struct bench {
    struct heap heap;
    struct arena arena, scratch;
    struct image image;
};

static inline void bench_init(struct bench *bench)
{
    heap_init(&bench->heap);
    arena_init(&bench->arena, &bench->heap, NULL, 0, SIZE_MAX);
    arena_init(&bench->scratch, &bench->heap, NULL, 0, SIZE_MAX);
    image_init(&bench->image, &bench->heap, 1);
}

static inline void bench_end(struct bench *bench)
{
    image_end(&bench->image);
    arena_reset(&bench->arena);
    arena_reset(&bench->scratch);
    assert_int_equal(bench->heap.live_count, 0);
}

/* The file, in the bench's arena, and the epoch that its name says. */
static inline struct bytes bench_snapshot(struct bench *bench, int64_t end, int32_t *epoch)
{
    struct golden golden;
    struct bytes key, value, file = BYTES_NULL;

    *epoch = -1;
    golden_open(&golden, __FILE__, "captured_snapshots.tsv");
    while (golden_next_pair(&golden, &key, &value)) {
        if (!key.data || load_i64(key.data) != end) continue;
        uint8_t *copy = arena_take(&bench->arena, value.size);
        memcpy(copy, value.data, value.size);
        file = (struct bytes){ copy, value.size };
        *epoch = load_i32(key.data + 8);
    }
    golden_close(&golden);
    if (!file.data) {
        fail_msg("no snapshot ends at %lld", (long long)end);
        abort(); /* fail_msg jumps, which its declaration does not say. */
    }
    return file;
}

#endif
