/* engine/base/bytes.c   Varints: groups of seven bits, low group first, the top bit says that another group follows.
 *
 *     300 = 10 0101100  ->  1 0101100   0 0000010  ->  ac 02
 *
 * Signed ones are folded first (zigzag), so that small negatives stay short: 0 -1 1 -2 2 -> 0 1 2 3 4. Longer forms
 * than needed are read (Kafka reads them); bits that the type can't hold are not. */
#include "base/bytes.h"

#include "base/check.h"

static size_t varint_read(const uint8_t *at, const uint8_t *limit, unsigned bits, uint64_t *n)
{
    uint64_t value = 0;
    unsigned shift = 0;

    for (const uint8_t *next = at; next < limit && shift < bits; next++, shift += 7) {
        uint64_t group = *next & 0x7f;
        if (shift + 7 > bits && group >> (bits - shift) != 0) return 0;

        value |= group << shift;
        if (*next < 0x80) {
            *n = value;
            return (size_t)(next - at) + 1;
        }
    }
    return 0;
}

size_t varint_read_u32(const uint8_t *at, const uint8_t *limit, uint32_t *n)
{
    if (at < limit && *at < 0x80) {
        *n = *at;
        return 1;
    }
    uint64_t value = 0;
    size_t used = varint_read(at, limit, 32, &value);
    if (used > 0) *n = (uint32_t)value;
    return used;
}

size_t varint_read_i32(const uint8_t *at, const uint8_t *limit, int32_t *n)
{
    uint32_t folded = 0;
    size_t used = varint_read_u32(at, limit, &folded);
    if (used > 0) *n = (int32_t)(folded >> 1 ^ (0u - (folded & 1)));
    return used;
}

size_t varint_read_i64(const uint8_t *at, const uint8_t *limit, int64_t *n)
{
    uint64_t folded = 0;
    size_t used = varint_read(at, limit, 64, &folded);
    if (used > 0) *n = (int64_t)(folded >> 1 ^ (UINT64_C(0) - (folded & 1)));
    return used;
}

static uint32_t fold_i32(int32_t n)
{
    return (uint32_t)n << 1 ^ (uint32_t)(n >> 31);
}

static uint64_t fold_i64(int64_t n)
{
    return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

static size_t varint_write(uint8_t *at, uint64_t n)
{
    uint8_t *start = at;
    for (; n >= 0x80; n >>= 7) *at++ = (uint8_t)(n | 0x80);
    *at++ = (uint8_t)n;
    return (size_t)(at - start);
}

/* (bits + 6) / 7, at least one group. */
static size_t varint_size(uint64_t n)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(n | 1);
    return (bits + 6) / 7;
}

size_t varint_write_u32(uint8_t *at, uint32_t n)
{
    return varint_write(at, n);
}

size_t varint_write_i32(uint8_t *at, int32_t n)
{
    return varint_write(at, fold_i32(n));
}

size_t varint_write_i64(uint8_t *at, int64_t n)
{
    return varint_write(at, fold_i64(n));
}

size_t varint_size_u32(uint32_t n)
{
    return varint_size(n);
}

size_t varint_size_i32(int32_t n)
{
    return varint_size(fold_i32(n));
}

size_t varint_size_i64(int64_t n)
{
    return varint_size(fold_i64(n));
}
