/* engine/base/map.h   A hash map from keys to pointers. The key lives in the value: the map keeps {hash, pointer} and
 * asks `equal` whether a value has the key, so any key works that its owner can hash.
 *
 *     static bool topic_has_name(const void *value, const void *key)
 *     {
 *         return text_equal(((const struct topic *)value)->name, *(const struct text *)key);
 *     }
 *     map_init(&topics, heap, topic_has_name);
 *     map_add(&topics, text_hash(topic->name), &topic->name, topic);
 *     struct topic *found = map_find(&topics, text_hash(name), &name);
 *
 * The order of iteration is the order of insertion, never one of addresses: two runs of one seed walk alike. */
#ifndef ENGINE_BASE_MAP_H
#define ENGINE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

struct heap;

typedef bool map_equal(const void *value, const void *key);

struct map {
    struct heap *heap;
    map_equal *equal;
    struct map_entry *entries; /* in order of insertion; private */
    uint32_t *places;          /* hash -> entry; private */
    uint32_t entry_count;      /* with the removed ones */
    uint32_t entry_max;
    uint32_t count;
};

void map_init(struct map *map, struct heap *heap, map_equal *equal);
/* Gives the map's own memory back; the values are their owner's. */
void map_end(struct map *map);

/* NULL when no value has the key. */
void *map_find(const struct map *map, uint64_t hash, const void *key);
/* No value may have the key yet. `value` is not NULL. */
void map_add(struct map *map, uint64_t hash, const void *key, void *value);
/* The value that was removed; NULL when there was none. */
void *map_remove(struct map *map, uint64_t hash, const void *key);

/* The next value in order; begin with a cursor of 0; NULL at the end. Values may be removed on the way, not added. */
void *map_next(const struct map *map, uint32_t *cursor);
/* The cursor behind the value with this key, for who goes on after the map has changed; 0: no value has it. */
uint32_t map_behind(const struct map *map, uint64_t hash, const void *key);

/* map_each(&topics, struct topic, topic) { ... } */
/* NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared can't stand in parentheses */
#define map_each(map, type, value)                                                      \
    for (uint32_t value##_cursor = 0, value##_once = 1; value##_once; value##_once = 0) \
        for (type * value; (value = map_next((map), &value##_cursor)) != NULL;)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Hashes for the keys that text_hash and uuid_hash don't cover. */
uint64_t hash_u64(uint64_t n);
uint64_t hash_join(uint64_t first, uint64_t second);
uint64_t hash_partition(struct uuid topic_id, int32_t partition);

#endif
