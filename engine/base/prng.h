/* engine/base/prng.h   Randomness as a value: seeded from the kernel in production, from the seed in the simulator.
 * xoshiro256**; not for secrets. */
#ifndef ENGINE_BASE_PRNG_H
#define ENGINE_BASE_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state[4];
};

void prng_seed(struct prng *prng, uint64_t seed);
uint64_t prng_u64(struct prng *prng);
uint64_t prng_below(struct prng *prng, uint64_t limit); /* 0 .. limit - 1, limit > 0, without bias */
void prng_fill(struct prng *prng, void *data, size_t size);

#endif
