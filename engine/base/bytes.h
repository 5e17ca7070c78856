/* engine/base/bytes.h   Big-endian numbers in memory, and spans of bytes. All of Kafka's formats are big-endian; the
 * accessors read and write unaligned memory. Spans do not own: they point into a frame, a block or an arena. */
#ifndef ENGINE_BASE_BYTES_H
#define ENGINE_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that may be null (data == NULL, as Kafka's nullable bytes) or empty (data != NULL, size == 0). */
struct bytes {
    const uint8_t *data;
    size_t size;
};

#define BYTES_NULL ((struct bytes){ NULL, 0 })

static inline uint16_t load_u16(const uint8_t *at)
{
    uint16_t n;
    memcpy(&n, at, 2);
    return __builtin_bswap16(n);
}
static inline uint32_t load_u32(const uint8_t *at)
{
    uint32_t n;
    memcpy(&n, at, 4);
    return __builtin_bswap32(n);
}
static inline uint64_t load_u64(const uint8_t *at)
{
    uint64_t n;
    memcpy(&n, at, 8);
    return __builtin_bswap64(n);
}
static inline int16_t load_i16(const uint8_t *at)
{
    return (int16_t)load_u16(at);
}
static inline int32_t load_i32(const uint8_t *at)
{
    return (int32_t)load_u32(at);
}
static inline int64_t load_i64(const uint8_t *at)
{
    return (int64_t)load_u64(at);
}
static inline void store_u16(uint8_t *at, uint16_t n)
{
    n = __builtin_bswap16(n);
    memcpy(at, &n, 2);
}
static inline void store_u32(uint8_t *at, uint32_t n)
{
    n = __builtin_bswap32(n);
    memcpy(at, &n, 4);
}
static inline void store_u64(uint8_t *at, uint64_t n)
{
    n = __builtin_bswap64(n);
    memcpy(at, &n, 8);
}
static inline void store_i16(uint8_t *at, int16_t n)
{
    store_u16(at, (uint16_t)n);
}
static inline void store_i32(uint8_t *at, int32_t n)
{
    store_u32(at, (uint32_t)n);
}
static inline void store_i64(uint8_t *at, int64_t n)
{
    store_u64(at, (uint64_t)n);
}

/* Varints, low group of 7 bits first. `unsigned` ones count inside flexible messages, zigzag ones inside records.
 * Reading returns the number of bytes used, 0 when the varint runs past `limit` or is longer than its type allows.
 * Writing returns the number of bytes written (at most 5 or 10); `at` has room for them. */
size_t varint_read_u32(const uint8_t *at, const uint8_t *limit, uint32_t *n);
size_t varint_read_i32(const uint8_t *at, const uint8_t *limit, int32_t *n);
size_t varint_read_i64(const uint8_t *at, const uint8_t *limit, int64_t *n);
size_t varint_write_u32(uint8_t *at, uint32_t n);
size_t varint_write_i32(uint8_t *at, int32_t n);
size_t varint_write_i64(uint8_t *at, int64_t n);
size_t varint_size_u32(uint32_t n);
size_t varint_size_i32(int32_t n);
size_t varint_size_i64(int64_t n);

#endif
