/* tests/unit/engine/log/unit.h   What the tests of pure parts share: cmocka, and batches made by hand. */
#ifndef TESTS_UNIT_ENGINE_LOG_UNIT_H
#define TESTS_UNIT_ENGINE_LOG_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/heap.h"
#include "log/batch.h"

/* The header of a batch as producer_state and segments see it. */
static inline struct batch unit_batch(int64_t offset, int32_t count, int64_t producer, int16_t epoch, int32_t sequence)
{
    return (struct batch){ .size = 100,
                           .base_offset = offset,
                           .last_delta = count - 1,
                           .max_timestamp_ms = 1000 + offset,
                           .producer_id = producer,
                           .producer_epoch = epoch,
                           .base_sequence = sequence,
                           .record_count = count };
}

/* A whole marker batch in `memory`. */
static inline struct batch unit_marker(uint8_t memory[256], int64_t offset, int64_t producer, int16_t epoch, bool abort,
                                       int32_t coordinator_epoch)
{
    uint8_t key[4] = { 0, 0, 0, abort ? 0 : 1 }, value[6] = { 0 };
    struct batch_builder builder;
    struct batch batch;

    store_i32(value + 2, coordinator_epoch);
    batch_begin(&builder, memory, 256, BATCH_TRANSACTIONAL | BATCH_CONTROL, 1000 + offset);
    builder.batch.producer_id = producer;
    builder.batch.producer_epoch = epoch;
    batch_add(&builder, (struct bytes){ key, 4 }, (struct bytes){ value, 6 }, 1000 + offset);
    assert_true(batch_end(&builder).size > 0);
    batch_stamp(memory, offset, 0);
    batch_decode(memory, &batch);
    return batch;
}

/* Its CRC made right again, after bytes that it covers were changed. */
static inline void unit_sum(uint8_t *batch, size_t size)
{
    store_u32(batch + 17, crc32c(0, batch + BATCH_CRC_FROM, size - BATCH_CRC_FROM));
}

static inline size_t unit_unhex(const char *hex, uint8_t *bytes)
{
    size_t size = 0;
    for (; hex[0] && hex[1]; hex += 2) {
        char byte[3] = { hex[0], hex[1], 0 };
        bytes[size++] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return size;
}

#endif
