/* net/api/seen.c   Open addressing at half load. Equal 64-bit hashes count as equal: who arranges for that deceives
 * only himself. */
#include "api/seen.h"

#include "base/check.h"
#include "base/map.h"

bool seen_init(struct seen *seen, struct arena *arena, uint32_t count)
{
    uint64_t places = 4;

    while (places < (uint64_t)count * 2) places *= 2;
    seen->hashes = arena_take(arena, places * sizeof(*seen->hashes));
    seen->mask = (uint32_t)(places - 1);
    return seen->hashes != NULL;
}

bool seen_add(struct seen *seen, uint64_t hash)
{
    uint64_t mixed = hash_u64(hash);
    mixed = mixed == 0 ? 1 : mixed;

    for (uint32_t place = (uint32_t)mixed & seen->mask;; place = (place + 1) & seen->mask) {
        if (seen->hashes[place] == mixed) return false;
        if (seen->hashes[place] == 0) {
            seen->hashes[place] = mixed;
            return true;
        }
    }
}
