/* net/api/walk.c   One driver for all walks. A step ends between two items, never within one:
 *
 *     pass begins --> item opens --> its parts, one by one --> next item ... --> next pass
 *                     \_ again, when a step begins in the midst of it
 */
#include "api/walk.h"

#include <string.h>

#include "conn/connection.h"

enum { KIB_SHIFT = 10, CLEAR_SIZE = 64 << KIB_SHIFT };

/* Stands in the piece itself, which is cleared from its end. */
struct uncleared {
    struct uncleared *next;
    size_t size; /* that is left */
};

void *walk_take(struct walk *walk, size_t size)
{
    struct arena *arena = &walk->request->arena;
    if (size <= CLEAR_SIZE) return arena_take(arena, size);

    struct uncleared *piece = arena_take_raw(arena, size);
    if (!piece) return NULL;
    *piece = (struct uncleared){ walk->uncleared, size };
    walk->uncleared = piece;
    return piece;
}

static void clear_some(struct walk *walk)
{
    struct uncleared *piece = walk->uncleared;
    size_t left = piece->size > CLEAR_SIZE + sizeof(*piece) ? piece->size - CLEAR_SIZE : 0;
    size_t size = piece->size - left;

    if (left == 0) walk->uncleared = piece->next;
    piece->size = left;
    memset((uint8_t *)piece + left, 0, size);
    walk->spent += (uint32_t)(size >> KIB_SHIFT);
}

static void item_leave(struct walk *walk)
{
    walk->at++;
    walk->part = 0;
    walk->opened = false;
}

/* One thing of the present pass. False: no memory. */
static bool walk_next(struct walk *walk)
{
    const struct walk_pass *pass = walk->pass;
    bool whole = true;

    if (walk->uncleared) {
        clear_some(walk);
        return true;
    }
    if (!walk->begun) {
        walk->at = walk->part = walk->count = 0;
        walk->opened = false;
        walk->begun = true;
        return pass->begin(walk);
    }
    if (walk->at == walk->count) {
        walk->pass++;
        walk->begun = false;
        return true;
    }
    walk->spent++;
    if (!walk->opened) {
        walk->opened = true;
        walk->parts = 1;
        if (pass->open) whole = pass->open(walk, walk->at);
    }
    if (walk->uncleared) return whole; /* what `open` took */
    if (whole && walk->part < walk->parts) whole = pass->item(walk, walk->at, walk->part++);
    if (walk->part >= walk->parts) item_leave(walk); /* Above: there are fewer of them than in the step before. */
    return whole;
}

static void walk_go(struct ready *ready)
{
    struct walk *walk = container_of(ready, struct walk, ready);
    struct request *request = walk->request;

    walk->steps++;
    walk->spent = 0;
    walk->opened = false;
    if (request->connection->stage >= CONNECTION_JOINING) walk->status = STATUS_CLOSED;
    while (walk->status == STATUS_OK && walk->pass->begin && walk->spent < WALK_PORTION) {
        size_t size = request->arena.size;
        if (!walk_next(walk)) walk->status = STATUS_NO_MEMORY;
        walk->spent += (uint32_t)((request->arena.size - size) >> KIB_SHIFT);
    }
    if (walk->status == STATUS_OK && walk->pass->begin) {
        shard_ready(request->shard, &walk->ready);
    } else {
        walk->end(walk);
    }
}

void walk_begin(struct walk *walk, struct request *request, const struct walk_pass *passes,
                void (*end)(struct walk *walk))
{
    *walk = (struct walk){ .request = request, .pass = passes, .end = end, .status = STATUS_OK };
    ready_init(&walk->ready, walk_go);
    walk_go(&walk->ready);
}

bool walk_whole(struct walk *walk)
{
    if (walk->status == STATUS_OK) return true;
    if (walk->status == STATUS_CLOSED) {
        request_silence(walk->request);
    } else {
        request_abort(walk->request, status_text(walk->status));
    }
    return false;
}
