/* net/api/topics_named.c   The row's own count of partitions says how many are named, until it is first looked up: then
 * it gets so much of the room, and counts those that are told. */
#include "api/topics_named.h"

#include "api/walk.h"
#include "base/array.h"

static bool rows_take(struct topics_named *named, struct arena *arena, uint32_t count)
{
    void *topics = arena_take_raw(arena, count * named->item_size);

    if (topics) array_set(named->topics, topics, 0);
    named->single = count < 2;
    return topics != NULL;
}

bool topics_named_begin(struct topics_named *named, struct arena *arena, uint32_t count)
{
    return rows_take(named, arena, count) && (named->single || numbered_init(&named->numbers, arena, count));
}

bool topics_named_prepare(struct topics_named *named, struct walk *walk, uint32_t count)
{
    return rows_take(named, &walk->request->arena, count) &&
           (named->single || numbered_prepare(&named->numbers, walk, count));
}

static uint32_t *number_of(struct topics_named *named, uint64_t hash)
{
    return named->single ? &named->only : numbered_of(&named->numbers, hash);
}

static char *row_of(const struct topics_named *named, uint32_t number)
{
    return (char *)array_get(named->topics).items + (number - 1) * named->item_size;
}

void *topics_named_count(struct topics_named *named, uint64_t hash, int32_t partitions)
{
    if (partitions <= 0) return NULL;

    uint32_t *number = number_of(named, hash);
    struct array topics = array_get(named->topics);
    if (*number == 0) {
        array_set(named->topics, topics.items, topics.count + 1);
        *number = (uint32_t)topics.count + 1;
        memset(row_of(named, *number), 0, named->item_size);
    }
    char *row = row_of(named, *number);
    array_set(row + named->place, NULL, array_get(row + named->place).count + partitions);
    named->partition_count += (uint32_t)partitions;
    return row;
}

bool topics_named_furnish(struct topics_named *named, struct arena *arena)
{
    named->room = arena_take_raw(arena, named->partition_count * named->partition_size);
    return named->room != NULL;
}

void *topics_named_row(struct topics_named *named, uint64_t hash)
{
    uint32_t number = *number_of(named, hash);
    invariant(number > 0);
    char *row = row_of(named, number);
    struct array partitions = array_get(row + named->place);

    if (!partitions.items) {
        array_set(row + named->place, named->room, 0);
        named->room += (size_t)partitions.count * named->partition_size;
    }
    return row;
}
