/* engine/base/array.h   The untyped view of any array of a message (ARRAY_OF, base/codec.h): same layout, checked in
 * codec.c. Moved by memcpy, because whoever uses it doesn't know the type and the compiler does. */
#ifndef ENGINE_BASE_ARRAY_H
#define ENGINE_BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct array {
    void *items;
    int32_t count;
};

static inline struct array array_get(const void *place)
{
    struct array array;
    memcpy(&array, place, sizeof(array));
    return array;
}

static inline void array_set(void *place, void *items, int32_t count)
{
    struct array array = { items, count };
    memcpy(place, &array.items, sizeof(array.items));
    memcpy((char *)place + offsetof(struct array, count), &array.count, sizeof(array.count));
}

#endif
