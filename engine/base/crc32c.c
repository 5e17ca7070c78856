/* engine/base/crc32c.c   Two ways to the same sum: the processor's own instruction for small pieces, isa-l's folding
 * code for large ones (65 GB/s from 4 KiB on, but slower than the plain loop below a few hundred bytes).
 *
 * The sum is kept inverted while it is taken; between calls it is the finished one. */
#include "base/crc32c.h"

#include <isa-l/crc.h>
#include <string.h>

#include "base/check.h"

enum { FOLD_SIZE_MIN = 512, FOLD_SIZE_MAX = 1 << 30, COPY_STEP = 4096 };

#if defined(__SSE4_2__)
#include <nmmintrin.h>

static uint32_t sum_u64(uint32_t sum, uint64_t word)
{
    return (uint32_t)_mm_crc32_u64(sum, word);
}

static uint32_t sum_u8(uint32_t sum, uint8_t byte)
{
    return _mm_crc32_u8(sum, byte);
}
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

static uint32_t sum_u64(uint32_t sum, uint64_t word)
{
    return __crc32cd(sum, word);
}

static uint32_t sum_u8(uint32_t sum, uint8_t byte)
{
    return __crc32cb(sum, byte);
}
#else
#error "CRC-32C needs SSE4.2 on x86-64 or the CRC extension on aarch64"
#endif

static uint32_t sum_small(uint32_t sum, const uint8_t *at, size_t size)
{
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        sum = sum_u64(sum, word);
    }
    for (; size > 0; at++, size--) sum = sum_u8(sum, *at);
    return sum;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *at = data;
    uint32_t sum = ~crc;

    while (size >= FOLD_SIZE_MIN) {
        size_t step = min_of(size, (size_t)FOLD_SIZE_MAX);
        sum = crc32_iscsi((unsigned char *)at, (int)step, sum); /* isa-l only reads it */
        at += step;
        size -= step;
    }
    return ~sum_small(sum, at, size);
}

/* The copy is summed, not the source: what was summed is what stays, also when somebody writes into the source. */
uint32_t crc32c_copy(uint32_t crc, void *to, const void *from, size_t size)
{
    uint8_t *put = to;
    const uint8_t *get = from;

    while (size > 0) {
        size_t step = min_of(size, (size_t)COPY_STEP);
        memcpy(put, get, step);
        crc = crc32c(crc, put, step);
        put += step;
        get += step;
        size -= step;
    }
    return crc;
}

/* Sums are polynomials over GF(2), bit 31 is x^0. shifts[k] is x^(8 * 2^k) modulo Castagnoli's polynomial: multiplying
 * by it is what 2^k zero bytes do to a sum. */
/* clang-format off */
static const uint32_t shifts[] = {
    0x00800000, 0x00008000, 0x82f63b78, 0x6ea2d55c, 0x18b8ea18, 0x510ac59a, 0xb82be955, 0xb8fdb1e7,
    0x88e56f72, 0x74c360a4, 0xe4172b16, 0x0d65762a, 0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc,
    0xfe7740e6, 0xf946610b, 0x3c204f8f, 0x538586e3, 0x59726915, 0x734d5309, 0xbc1ac763, 0x7d0722cc,
    0xd289cabe, 0xe94ca9bc, 0x05b74f3f, 0xa51e1f42, 0x40000000, 0x20000000, 0x08000000, 0x00800000,
    0x00008000, 0x82f63b78, 0x6ea2d55c, 0x18b8ea18, 0x510ac59a, 0xb82be955, 0xb8fdb1e7, 0x88e56f72,
    0x74c360a4, 0xe4172b16, 0x0d65762a, 0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc, 0xfe7740e6,
};
/* clang-format on */

static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        product ^= b & (0u - (a >> 31));
        b = b >> 1 ^ (0x82f63b78 & (0u - (b & 1)));
    }
    return product;
}

uint32_t crc32c_join(uint32_t first, uint32_t second, size_t second_size)
{
    invariant(second_size >> array_count(shifts) == 0);
    for (unsigned k = 0; second_size != 0; k++, second_size >>= 1) {
        if (second_size & 1) first = multiply(shifts[k], first);
    }
    return first ^ second;
}
