/* net/api/rows.h   Rows of an answer of which nobody knows how many there will be, because the image changes while they
 * are told. They stand in a row, as the answer needs them; where the room was too small, they move. */
#ifndef NET_API_ROWS_H
#define NET_API_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"

struct rows {
    struct arena *arena;
    void *array; /* an ARRAY_OF structs of `item_size` bytes */
    size_t item_size;
    uint32_t room;
};

/* Room for as many as there are now. False: no memory. */
must_check bool rows_begin(struct rows *rows, struct arena *arena, void *array, size_t item_size, uint32_t count);
/* One more, cleared, at the end. NULL: no memory. */
void *rows_add(struct rows *rows);

#endif
