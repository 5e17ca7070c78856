/* net/api/walk.h   A request about many items is looked at in portions, a step of the shard each. A walk goes through
 * the passes of a table, one behind the other: each says how many items it has, and what is done with one. What fits a
 * portion is done in the step that began it, all passes together: a small request never waits for a turn.
 *
 *     walk_begin --pass by pass, item by item--> end          (a portion is full: the next step goes on)
 *                     \--no memory, or the connection ended--> end, which asks walk_whole
 *
 * Between portions the image may change: what a pass finds in it is good until the step ends, and found again.
 *
 * Memory that is as long as the request's lists is cleared in portions, too: walk_take. A page of it costs microseconds
 * when it is touched first. */
#ifndef NET_API_WALK_H
#define NET_API_WALK_H

#include "api/api.h"
#include "base/status.h"

enum { WALK_PORTION = 1000 }; /* items, each of some hundred nanoseconds, and KiB of memory taken for them */

struct walk_pass;

struct walk {
    struct ready ready;
    struct request *request;
    const struct walk_pass *pass; /* the present one */
    void (*end)(struct walk *walk);
    bool begun, opened;    /* the pass; the item, in this step */
    uint32_t at, count;    /* items of the pass: set by its `begin` */
    uint32_t part, parts;  /* of the item: set by `open` */
    uint32_t spent, steps; /* of this step's portion: an item that costs more adds to it; until now, with this one */
    struct uncleared *uncleared;
    enum status status;
};

/* False of any: no memory. A table ends with a row of nothing. */
struct walk_pass {
    bool (*begin)(struct walk *walk);             /* how many items; NULL: the table ends */
    bool (*open)(struct walk *walk, uint32_t at); /* how many parts item `at` has; again in each step. NULL: one */
    bool (*item)(struct walk *walk, uint32_t at, uint32_t part);
};

/* `end` runs exactly once: at once, or in a later step. A walk that has ended may begin again. */
void walk_begin(struct walk *walk, struct request *request, const struct walk_pass *passes,
                void (*end)(struct walk *walk));
/* Zeroed memory of the request: what is large is cleared before the walk comes to its next item or part, and not used
 * earlier. NULL: the limit is reached. */
void *walk_take(struct walk *walk, size_t size);
/* True: everything was walked over, go on. False: it was not, and the request is finished: nothing else may be done. */
must_check bool walk_whole(struct walk *walk);

/* In a pass whose `begin` can't know how many items there are (UINT32_MAX): there is none here, nor any behind it. */
static inline void walk_over(struct walk *walk)
{
    walk->parts = 0;
    walk->count = walk->at + 1;
}

#endif
