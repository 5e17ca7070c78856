/* engine/shard/watermark.c   Waiters in ascending order of offset, so that an advance looks only at those it wakes. New
 * waiters mostly wait for the highest offset: their place is found from the end. */
#include "shard/watermark.h"

#include "base/check.h"

void watermark_init(struct watermark *watermark, int64_t at)
{
    watermark->at = at;
    list_init(&watermark->waiters);
}

static struct watermark_wait *wait_of(struct list_node *node)
{
    return container_of(node, struct watermark_wait, node);
}

/* A wait that never began may be all zeros. */
static bool waiting(const struct watermark_wait *wait)
{
    return wait->node.next != NULL && list_linked(&wait->node);
}

static void wait_end(struct shard *shard, struct watermark_wait *wait, enum status status)
{
    wait->status = status;
    shard_ready(shard, &wait->ready);
}

void watermark_wait(struct shard *shard, struct watermark *watermark, struct watermark_wait *wait, int64_t offset)
{
    invariant(wait->ready.run != NULL && !list_linked(&wait->ready.node));
    invariant(!waiting(wait));

    list_node_init(&wait->node);
    wait->offset = offset;
    wait->status = STATUS_OK;
    if (watermark->at >= offset) {
        wait_end(shard, wait, STATUS_OK);
        return;
    }

    struct list_node *place = watermark->waiters.head.previous;
    while (place != &watermark->waiters.head && wait_of(place)->offset > offset) place = place->previous;
    list_insert_before(place->next, &wait->node);
}

void watermark_leave(struct watermark_wait *wait)
{
    if (wait->node.next == NULL) return;
    list_remove(&wait->node);
    list_remove(&wait->ready.node);
}

void watermark_advance(struct shard *shard, struct watermark *watermark, int64_t at)
{
    invariant(at >= watermark->at);
    watermark->at = at;
    for (struct list_node *node; (node = list_first(&watermark->waiters)) != NULL && wait_of(node)->offset <= at;) {
        list_remove(node);
        wait_end(shard, wait_of(node), STATUS_OK);
    }
}

void watermark_retreat(struct watermark *watermark, int64_t at)
{
    invariant(at <= watermark->at);
    watermark->at = at;
}

void watermark_fail(struct shard *shard, struct watermark *watermark, enum status status)
{
    invariant(status != STATUS_OK);
    for (struct list_node *node; (node = list_take_first(&watermark->waiters)) != NULL;)
        wait_end(shard, wait_of(node), status);
}

void watermark_turn_away(struct shard *shard, struct watermark *watermark, enum status status)
{
    invariant(status != STATUS_OK);
    list_each(&watermark->waiters, node)
    {
        struct watermark_wait *wait = wait_of(node);
        if (!wait->impatient) continue;
        list_remove(node);
        wait_end(shard, wait, status);
    }
}
