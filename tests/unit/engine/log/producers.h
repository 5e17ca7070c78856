/* tests/unit/engine/log/producers.h   The producers of one log, fresh for each test. */
#ifndef TESTS_UNIT_ENGINE_LOG_PRODUCERS_H
#define TESTS_UNIT_ENGINE_LOG_PRODUCERS_H

#include "unit.h"

#include "log/producer_state.h"

struct producers {
    struct heap heap;
    struct producer_state *state;
    struct transaction_end end;
};

static inline int producers_begin(void **test)
{
    static struct producers producers;
    heap_init(&producers.heap);
    producers.state = producer_state_make(&producers.heap);
    *test = &producers;
    return 0;
}

static inline int producers_finish(void **test)
{
    struct producers *producers = *test;
    producer_state_end(producers->state);
    bool leaked = producers->heap.live_count > 0;
    heap_end(&producers->heap);
    return leaked;
}

static inline enum status producers_send(struct producers *producers, int64_t offset, int32_t count, int16_t epoch,
                                         int32_t sequence)
{
    struct producer_batch original;
    struct batch batch = unit_batch(offset, count, 7, epoch, sequence);
    enum status status = producer_state_check(producers->state, &batch, &original);
    if (status == STATUS_OK) producer_state_apply(producers->state, &batch, 0, &producers->end);
    return status;
}

static inline void producers_transact(struct producers *producers, int64_t producer, int64_t offset, int32_t count,
                                      int32_t sequence)
{
    struct batch batch = unit_batch(offset, count, producer, 0, sequence);
    batch.attributes = BATCH_TRANSACTIONAL;
    producer_state_apply(producers->state, &batch, 0, &producers->end);
    assert_false(producers->end.ended);
}

static inline void producers_mark(struct producers *producers, int64_t producer, int64_t offset, int16_t epoch,
                                  bool abort)
{
    uint8_t memory[256];
    struct batch batch = unit_marker(memory, offset, producer, epoch, abort, 3);
    producer_state_apply(producers->state, &batch, 0, &producers->end);
}

#define with_state(test) cmocka_unit_test_setup_teardown(test, producers_begin, producers_finish)

#endif
