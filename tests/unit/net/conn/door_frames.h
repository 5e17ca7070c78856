/* tests/unit/net/conn/door_frames.h   Requests to the doors, byte by byte: each returns the size of the frame that it
 * has written, length included. */
#ifndef TESTS_UNIT_NET_CONN_DOOR_FRAMES_H
#define TESTS_UNIT_NET_CONN_DOOR_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

static inline size_t frame_begin_at(uint8_t *frame, int16_t key, int16_t version, int32_t correlation)
{
    store_i16(frame + 4, key);
    store_i16(frame + 6, version);
    store_i32(frame + 8, correlation);
    store_i16(frame + 12, 1);
    frame[14] = 'c';
    return 15;
}

static inline size_t frame_end_at(uint8_t *frame, size_t size)
{
    store_u32(frame, (uint32_t)(size - 4));
    return size;
}

static inline size_t frame_api_versions(uint8_t *frame, int16_t version, int32_t correlation)
{
    return frame_end_at(frame, frame_begin_at(frame, 18, version, correlation));
}

/* Produce v3 with one topic, one partition and `size` bytes of 1. */
static inline size_t frame_produce(uint8_t *frame, int32_t correlation, int16_t acks, uint32_t size)
{
    size_t at = frame_begin_at(frame, 0, 3, correlation);
    store_i16(frame + at, -1);
    store_i16(frame + at + 2, acks);
    store_i32(frame + at + 4, 1000);
    store_i32(frame + at + 8, 1);
    store_i16(frame + at + 12, 1);
    frame[at + 14] = 't';
    store_i32(frame + at + 15, 1);
    store_i32(frame + at + 19, 0);
    store_u32(frame + at + 23, size);
    memset(frame + at + 27, 1, size);
    return frame_end_at(frame, at + 27 + size);
}

/* Fetch v4 without topics. */
static inline size_t frame_fetch(uint8_t *frame, int32_t correlation)
{
    size_t at = frame_begin_at(frame, 1, 4, correlation);
    store_i32(frame + at, -1);
    store_i32(frame + at + 4, 500);
    store_i32(frame + at + 8, 1);
    store_i32(frame + at + 12, 1 << 20);
    frame[at + 16] = 0;
    store_i32(frame + at + 17, 0);
    return frame_end_at(frame, at + 21);
}

#endif
