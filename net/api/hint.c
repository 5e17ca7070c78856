/* net/api/hint.c   Leaders out of the shard's image. A leader that is not alive is named all the same, without a place:
 * that its epoch has moved on is news, too. */
#include "api/hint.h"

#include "api/route.h"

static bool endpoints_known(struct leader_hints *hints)
{
    if (hints->endpoints) return true;

    hints->endpoints = endpoints_of(hints->request, false, &hints->endpoint_count);
    hints->nodes = arena_take(&hints->request->arena, hints->endpoint_count * sizeof(*hints->nodes));
    return hints->endpoints && hints->nodes;
}

static void node_add(struct leader_hints *hints, int32_t id)
{
    for (int32_t i = 0; i < hints->node_count; i++) {
        if (hints->nodes[i].node_id == id) return;
    }
    for (uint32_t i = 0; i < hints->endpoint_count; i++) {
        const struct endpoint *endpoint = &hints->endpoints[i];
        if (endpoint->node_id != id) continue;
        hints->nodes[hints->node_count++] =
            (struct node_endpoint){ id, endpoint->host, endpoint->port, endpoint->rack };
        return;
    }
}

struct current_leader *hint_leader(struct leader_hints *hints, struct uuid topic, int32_t index)
{
    struct route_place place = route_by_id(apis_of(hints->request), topic, index);
    struct current_leader *leader = arena_take(&hints->request->arena, sizeof(*leader));
    if (!leader || !endpoints_known(hints)) return NULL;

    *leader = (struct current_leader){ -1, -1 };
    if (!place.partition) return leader;
    leader->leader_id = place.partition->leader;
    leader->leader_epoch = place.partition->leader_epoch;
    node_add(hints, leader->leader_id);
    return leader;
}
