/* net/api/seen.c   Open addressing at half load. Equal 64-bit hashes count as equal: who arranges for that deceives
 * only himself. */
#include "api/seen.h"

#include "api/walk.h"
#include "base/map.h"

static size_t places_of(uint32_t count)
{
    size_t places = 4;

    while (places < (size_t)count * 2) places *= 2;
    return places;
}

/* In memory that is zero, or will be. */
static bool seen_lay(struct seen *seen, uint64_t *hashes, size_t places)
{
    seen->hashes = hashes;
    seen->mask = (uint32_t)(places - 1);
    return hashes != NULL;
}

bool seen_init(struct seen *seen, struct arena *arena, uint32_t count)
{
    size_t places = places_of(count);
    return seen_lay(seen, arena_take(arena, places * sizeof(*seen->hashes)), places);
}

bool seen_prepare(struct seen *seen, struct walk *walk, uint32_t count)
{
    size_t places = places_of(count);
    return seen_lay(seen, walk_take(walk, places * sizeof(*seen->hashes)), places);
}

/* Where it is, or where it belongs. */
static uint64_t *seen_place(const struct seen *seen, uint64_t mixed)
{
    uint32_t place = (uint32_t)mixed & seen->mask;
    while (seen->hashes[place] != 0 && seen->hashes[place] != mixed) place = (place + 1) & seen->mask;
    return &seen->hashes[place];
}

static uint64_t mixed_of(uint64_t hash)
{
    uint64_t mixed = hash_u64(hash);
    return mixed == 0 ? 1 : mixed;
}

bool seen_has(const struct seen *seen, uint64_t hash)
{
    return *seen_place(seen, mixed_of(hash)) != 0;
}

bool seen_add(struct seen *seen, uint64_t hash)
{
    uint64_t mixed = mixed_of(hash);
    uint64_t *place = seen_place(seen, mixed);

    if (*place != 0) return false;
    *place = mixed;
    return true;
}

bool numbered_init(struct numbered *set, struct arena *arena, uint32_t count)
{
    if (!seen_init(&set->seen, arena, count)) return false;
    set->numbers = arena_take(arena, ((size_t)set->seen.mask + 1) * sizeof(*set->numbers));
    return set->numbers != NULL;
}

bool numbered_prepare(struct numbered *set, struct walk *walk, uint32_t count)
{
    if (!seen_prepare(&set->seen, walk, count)) return false;
    set->numbers = walk_take(walk, ((size_t)set->seen.mask + 1) * sizeof(*set->numbers));
    return set->numbers != NULL;
}

uint32_t *numbered_of(struct numbered *set, uint64_t hash)
{
    uint64_t mixed = mixed_of(hash), *place = seen_place(&set->seen, mixed);

    *place = mixed;
    return &set->numbers[place - set->seen.hashes];
}

const bool *seen_again(struct arena *arena, const uint64_t *hashes, uint32_t count)
{
    bool *again = arena_take(arena, count * sizeof(*again));
    struct seen seen;

    if (!again || !seen_init(&seen, arena, count)) return NULL;
    for (uint32_t i = count; i > 0; i--) again[i - 1] = !seen_add(&seen, hashes[i - 1]);
    return again;
}
