/* net/api/visit.c   A part per shard: its rows in the order in which they were added. */
#include "api/visit.h"

#include "api/walk.h"

struct visit_part {
    struct route_part route;
    struct ready ready;
    struct visit *visit;
    struct shard *owner;
    struct visit_row *next, **last; /* to be looked at; where the next one is added */
};

static uint32_t data_shards(const struct request *request)
{
    return request->shard->shard_count - 1; /* The replication shard has no partitions. */
}

bool visit_begin(struct visit *visit, struct request *request,
                 uint32_t (*look)(struct visit_row *row, struct shard *owner), void (*joined)(struct visit *visit))
{
    uint32_t count = data_shards(request);

    *visit = (struct visit){ .request = request, .look = look, .joined = joined };
    visit->parts = arena_take(&request->arena, count * sizeof(*visit->parts));
    for (uint32_t i = 0; visit->parts && i < count; i++) {
        visit->parts[i].visit = visit;
        visit->parts[i].last = &visit->parts[i].next;
    }
    return visit->parts != NULL;
}

void visit_add(struct visit *visit, uint32_t owner, struct visit_row *row)
{
    struct visit_part *part = &visit->parts[owner];

    row->next = NULL;
    *part->last = row;
    part->last = &row->next;
}

static void part_go(struct ready *ready)
{
    struct visit_part *part = container_of(ready, struct visit_part, ready);

    for (uint32_t spent = 0; part->next && spent < WALK_PORTION;) {
        struct visit_row *row = part->next;
        part->next = row->next;
        spent += part->visit->look(row, part->owner);
    }
    if (part->next) {
        shard_ready(part->owner, &part->ready);
    } else {
        route_return(&part->route, part->owner);
    }
}

static void part_arrive(struct route_part *route, struct shard *owner)
{
    struct visit_part *part = container_of(route, struct visit_part, route);

    part->owner = owner;
    ready_init(&part->ready, part_go);
    part_go(&part->ready);
}

static void all_home(struct route *route)
{
    struct visit *visit = container_of(route, struct visit, route);
    visit->joined(visit);
}

void visit_go(struct visit *visit)
{
    route_begin(&visit->route, visit->request->shard, all_home);
    for (uint32_t i = 0; i < data_shards(visit->request); i++) {
        if (visit->parts[i].next) route_send(&visit->route, &visit->parts[i].route, i, part_arrive);
    }
    route_release(&visit->route);
}
