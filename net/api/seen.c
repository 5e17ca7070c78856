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

const uint32_t *seen_first(struct arena *arena, const uint64_t *hashes, uint32_t count)
{
    uint32_t *first = arena_take(arena, count * sizeof(*first));
    struct seen seen;
    if (!first || count < 2) return first;
    if (!seen_init(&seen, arena, count)) return NULL;

    uint32_t *firsts = arena_take(arena, ((size_t)seen.mask + 1) * sizeof(*firsts)); /* by place in the set */
    if (!firsts) return NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t mixed = mixed_of(hashes[i]), *place = seen_place(&seen, mixed);
        if (*place == 0) firsts[place - seen.hashes] = i;
        *place = mixed;
        first[i] = firsts[place - seen.hashes];
    }
    return first;
}

const bool *seen_again(struct arena *arena, const uint64_t *hashes, uint32_t count)
{
    bool *again = arena_take(arena, count * sizeof(*again));
    struct seen seen;

    if (!again || !seen_init(&seen, arena, count)) return NULL;
    for (uint32_t i = count; i > 0; i--) again[i - 1] = !seen_add(&seen, hashes[i - 1]);
    return again;
}
