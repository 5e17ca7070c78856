/* tests/unit/engine/log/loose.h   A log of the file half alone: its table of segments, epochs and producers, with no
 * tail and no files. Each test gets a fresh one. */
#ifndef TESTS_UNIT_ENGINE_LOG_LOOSE_H
#define TESTS_UNIT_ENGINE_LOG_LOOSE_H

#include "unit.h"

#include "log/segment.h"
#include "log/state.h"

struct loose {
    struct io io;
    struct shard shard;
    struct store store;
    struct directory directory;
    struct log_settings settings;
    struct log log;
};

static inline struct log loose_log(struct loose *loose)
{
    return (struct log){
        .store = &loose->store, .directory = &loose->directory, .settings = &loose->settings, .topic = TEXT("t")
    };
}

static inline int loose_begin(void **test)
{
    static struct loose loose;
    loose = (struct loose){ .io.wall_ms = 5000 };
    loose.settings = (struct log_settings){
        .segment_bytes = 1000, .segment_ms = 500, .index_interval_bytes = 4096, .message_bytes_max = 1 << 20
    };
    heap_init(&loose.shard.heap);
    loose.shard.io = &loose.io;
    loose.store.shard = &loose.shard;
    loose.log = loose_log(&loose);
    *test = &loose;
    return 0;
}

static inline int loose_finish(void **test)
{
    struct loose *loose = *test;
    log_state_end(&loose->log);
    bool leaked = loose->shard.heap.live_count > 0;
    heap_end(&loose->shard.heap);
    return leaked;
}

static inline struct segment *loose_place(struct loose *loose, struct batch batch, uint32_t *position)
{
    struct segment *segment = segments_place(&loose->log, &batch, position);
    log_state_apply(&loose->log, &batch, APPEND_CLIENT);
    loose->log.end = batch_limit(&batch);
    return segment;
}

#define with_log(test) cmocka_unit_test_setup_teardown(test, loose_begin, loose_finish)

#endif
