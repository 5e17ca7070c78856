/* tests/unit/engine/shard/shards.h   For tests of shards: an engine that does nothing but count pokes, for what needs
 * no kernel, and shards on it. */
#ifndef TESTS_UNIT_ENGINE_SHARD_SHARDS_H
#define TESTS_UNIT_ENGINE_SHARD_SHARDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "shard/jobs.h"
#include "shard/memory.h"
#include "shard/shard.h"
#include "shard/watermark.h"

enum { SHARDS_MAX = 4 };

struct still_io {
    struct io io;
    unsigned pokes;
    unsigned enrolled;
    enum status enroll_status;
};

static inline void still_poke(struct io *from, struct io *to)
{
    (void)from;
    container_of(to, struct still_io, io)->pokes++;
}

static inline void still_poke_outside(struct io *to)
{
    container_of(to, struct still_io, io)->pokes++;
}

static inline enum status still_enroll(struct io *io, void *memory, size_t size)
{
    struct still_io *still = container_of(io, struct still_io, io);
    assert_non_null(memory);
    assert_int_equal(size, MEMORY_CHUNK);
    if (still->enroll_status == STATUS_OK) still->enrolled++;
    return still->enroll_status;
}

static const struct io_engine still_engine = { .poke = still_poke,
                                               .poke_outside = still_poke_outside,
                                               .enroll = still_enroll };

struct shards {
    struct shard *by_index[SHARDS_MAX];
    struct shard shard[SHARDS_MAX];
    struct still_io io[SHARDS_MAX];
    uint32_t count;
};

static inline struct shards *shards_make(uint32_t count)
{
    struct shards *shards = calloc(1, sizeof *shards);
    shards->count = count;
    for (uint32_t i = 0; i < count; i++) {
        shards->by_index[i] = &shards->shard[i];
        shards->io[i].io.engine = &still_engine;
    }
    for (uint32_t i = 0; i < count; i++)
        shard_init(&shards->shard[i], i, count, shards->by_index, &shards->io[i].io, NULL, NULL, i);
    return shards;
}

static inline void shards_end(struct shards *shards)
{
    for (uint32_t i = 0; i < shards->count; i++) shard_end(&shards->shard[i]);
    free(shards);
}

#endif
