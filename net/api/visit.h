/* net/api/visit.h   What a request asks of many partitions is looked up where they live: the rows of a shard travel
 * there together, and are looked at in portions, a step of that shard each.
 *
 *     visit_add, row by row --> visit_go --[mail]--> look, look ... | next step | look ... --[mail]--> joined
 *
 * Between go and joined a row is its owner's, and what it points to of the answer. */
#ifndef NET_API_VISIT_H
#define NET_API_VISIT_H

#include "api/route.h"

struct visit_part;

/* A field of what is looked up. */
struct visit_row {
    struct visit_row *next;
};

struct visit {
    struct request *request;
    struct route route;
    struct visit_part *parts;                                     /* by shard */
    uint32_t (*look)(struct visit_row *row, struct shard *owner); /* there; what it cost, in items of a walk */
    void (*joined)(struct visit *visit);
};

/* False: no memory. One that has joined may begin again. */
must_check bool visit_begin(struct visit *visit, struct request *request,
                            uint32_t (*look)(struct visit_row *row, struct shard *owner),
                            void (*joined)(struct visit *visit));
void visit_add(struct visit *visit, uint32_t owner, struct visit_row *row);
/* May join at once: when all rows are ours, and few, or there are none. */
void visit_go(struct visit *visit);

#endif
