/* net/api/rows.c   Memory that nothing clears: a row is cleared when it is added. */
#include "api/rows.h"

#include "base/array.h"

enum { ROOM_MIN = 16 };

static bool room_make(struct rows *rows, uint32_t room)
{
    struct array old = array_get(rows->array);
    void *items = arena_take_raw(rows->arena, room * rows->item_size);

    if (!items) return false;
    if (old.count > 0) memcpy(items, old.items, (size_t)old.count * rows->item_size);
    array_set(rows->array, items, old.count);
    rows->room = room;
    return true;
}

bool rows_begin(struct rows *rows, struct arena *arena, void *array, size_t item_size, uint32_t count)
{
    *rows = (struct rows){ .arena = arena, .array = array, .item_size = item_size };
    array_set(array, NULL, 0);
    return room_make(rows, count);
}

void *rows_add(struct rows *rows)
{
    uint32_t count = (uint32_t)array_get(rows->array).count;

    if (count == rows->room && !room_make(rows, max_of(2 * count, (uint32_t)ROOM_MIN))) return NULL;
    struct array array = array_get(rows->array);
    char *row = (char *)array.items + count * rows->item_size;
    memset(row, 0, rows->item_size);
    array_set(rows->array, array.items, array.count + 1);
    return row;
}
