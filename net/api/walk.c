/* net/api/walk.c   One driver for all walks. A step ends between two items, never within one:
 *
 *     pass begins --> item opens --> its parts, one by one --> next item ... --> next pass
 *                     \_ again, when a step begins in the midst of it
 */
#include "api/walk.h"

#include "conn/connection.h"

enum { KIB_SHIFT = 10 };

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
    if (whole && walk->part < walk->parts) whole = pass->item(walk, walk->at, walk->part++);
    if (walk->part == walk->parts) item_leave(walk);
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
