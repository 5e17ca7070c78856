/* engine/base/map.c   Entries stand densely in order of insertion; `places` is an open-addressed table of their
 * numbers, twice as long as there may be entries, probed linearly:
 *
 *     places   | 2 | - | 0 | x | 1 | - | - | - |        - free   x left by a removal
 *     entries  | a | b | c |   |                        removed ones have no value until the next rebuild
 *
 * When the entries are used up, the removed ones are dropped and, if that is not much, the map doubles. Both walk the
 * entries in order, so the order survives. */
#include "base/map.h"

#include <string.h>

#include "base/check.h"
#include "base/heap.h"

enum { PLACE_FREE = 0, PLACE_REMOVED = 1, PLACE_FIRST = 2, ENTRY_COUNT_MIN = 8 };

struct map_entry {
    uint64_t hash;
    void *value;
};

void map_init(struct map *map, struct heap *heap, map_equal *equal)
{
    *map = (struct map){ .heap = heap, .equal = equal };
}

void map_end(struct map *map)
{
    heap_give(map->heap, map->entries);
    heap_give(map->heap, map->places);
    map_init(map, map->heap, map->equal);
}

static uint32_t place_mask(const struct map *map)
{
    return 2 * map->entry_max - 1;
}

/* The place of the key, or UINT32_MAX. It ends: at least half of the places are free. */
static uint32_t place_find(const struct map *map, uint64_t hash, const void *key)
{
    if (map->count == 0) return UINT32_MAX;

    for (uint32_t place = (uint32_t)hash & place_mask(map);; place = (place + 1) & place_mask(map)) {
        uint32_t mark = map->places[place];
        if (mark == PLACE_FREE) return UINT32_MAX;
        if (mark == PLACE_REMOVED) continue;

        const struct map_entry *entry = &map->entries[mark - PLACE_FIRST];
        if (entry->hash == hash && map->equal(entry->value, key)) return place;
    }
}

void *map_find(const struct map *map, uint64_t hash, const void *key)
{
    uint32_t place = place_find(map, hash, key);
    return place == UINT32_MAX ? NULL : map->entries[map->places[place] - PLACE_FIRST].value;
}

static void place_set(struct map *map, uint32_t index)
{
    uint32_t place = (uint32_t)map->entries[index].hash & place_mask(map);
    while (map->places[place] >= PLACE_FIRST) place = (place + 1) & place_mask(map);
    map->places[place] = index + PLACE_FIRST;
}

/* Drops the removed entries; doubles when fewer than a quarter were. */
static void map_rebuild(struct map *map)
{
    uint32_t entry_max = map->entry_max;
    if (map->count >= entry_max - entry_max / 4) entry_max = max_of(2 * entry_max, (uint32_t)ENTRY_COUNT_MIN);
    invariant(entry_max < UINT32_MAX / 4);

    uint32_t kept = 0;
    for (uint32_t i = 0; i < map->entry_count; i++) {
        if (map->entries[i].value) map->entries[kept++] = map->entries[i];
    }
    invariant(kept == map->count);

    if (entry_max != map->entry_max) {
        map->entries = heap_resize(map->heap, map->entries, sizeof(*map->entries) * entry_max);
        map->places = heap_resize(map->heap, map->places, sizeof(*map->places) * 2 * entry_max);
        map->entry_max = entry_max;
    }
    map->entry_count = kept;
    memset(map->places, 0, sizeof(*map->places) * 2 * map->entry_max);
    for (uint32_t i = 0; i < kept; i++) place_set(map, i);
}

void map_add(struct map *map, uint64_t hash, const void *key, void *value)
{
    invariant(value != NULL);
    invariant(!map_find(map, hash, key));
    if (map->entry_count == map->entry_max) map_rebuild(map);

    uint32_t index = map->entry_count++;
    map->entries[index] = (struct map_entry){ hash, value };
    place_set(map, index);
    map->count++;
}

void *map_remove(struct map *map, uint64_t hash, const void *key)
{
    uint32_t place = place_find(map, hash, key);
    if (place == UINT32_MAX) return NULL;

    struct map_entry *entry = &map->entries[map->places[place] - PLACE_FIRST];
    void *value = entry->value;
    entry->value = NULL;
    map->places[place] = PLACE_REMOVED;
    map->count--;
    return value;
}

void *map_next(const struct map *map, uint32_t *cursor)
{
    while (*cursor < map->entry_count) {
        void *value = map->entries[(*cursor)++].value;
        if (value) return value;
    }
    return NULL;
}

uint32_t map_behind(const struct map *map, uint64_t hash, const void *key)
{
    uint32_t place = place_find(map, hash, key);
    return place == UINT32_MAX ? 0 : map->places[place] - PLACE_FIRST + 1;
}

/* MurmurHash3's finalizer. */
uint64_t hash_u64(uint64_t n)
{
    n = (n ^ n >> 33) * UINT64_C(0xff51afd7ed558ccd);
    n = (n ^ n >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return n ^ n >> 33;
}

uint64_t hash_join(uint64_t first, uint64_t second)
{
    return hash_u64(first * UINT64_C(0x9e3779b97f4a7c15) + second);
}

uint64_t hash_partition(struct uuid topic_id, int32_t partition)
{
    return hash_join(uuid_hash(topic_id), (uint32_t)partition);
}
