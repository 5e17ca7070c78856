/* engine/base/prng.c   xoshiro256** 1.0 (Blackman and Vigna), seeded by splitmix64 so that any seed, also 0, gives a
 * full state. */
#include "base/prng.h"

#include <string.h>

#include "base/check.h"

void prng_seed(struct prng *prng, uint64_t seed)
{
    for (unsigned i = 0; i < array_count(prng->state); i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        prng->state[i] = z ^ z >> 31;
    }
}

static uint64_t rotate_left(uint64_t n, unsigned count)
{
    return n << count | n >> (64 - count);
}

uint64_t prng_u64(struct prng *prng)
{
    uint64_t *state = prng->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

/* Lemire's method: the high half of a product; the few low halves that would make some results likelier are drawn
 * again. */
uint64_t prng_below(struct prng *prng, uint64_t limit)
{
    invariant(limit > 0);
    uint64_t unfair = -limit % limit;

    for (;;) {
        unsigned __int128 product = (unsigned __int128)prng_u64(prng) * limit;
        if ((uint64_t)product >= unfair) return (uint64_t)(product >> 64);
    }
}

void prng_fill(struct prng *prng, void *data, size_t size)
{
    for (uint8_t *at = data; size > 0;) {
        uint64_t word = prng_u64(prng);
        size_t step = min_of(size, sizeof(word));
        memcpy(at, &word, step);
        at += step;
        size -= step;
    }
}
