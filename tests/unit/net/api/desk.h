/* tests/unit/net/api/desk.h   The whole of net/api at work, without a node around it: two data shards and a replication
 * shard over one log directory, a client on a loopback socket to the first, all stepped by the test's own thread.
 *
 *     desk_metadata.h   topics, partitions and brokers: records that the test writes itself
 *     desk_ask.h        one request, one answer
 *     desk_records.h    what producers and consumers do: batches, produce, fetch
 *     decisions.h       calls of the controller, which the test decides itself */
#ifndef TESTS_UNIT_NET_API_DESK_H
#define TESTS_UNIT_NET_API_DESK_H

#include "desk_parts.h"

/* The tail's memory and the read cache of each shard, in chunks of 2 MiB. */
static inline void desk_begin_with(struct desk *desk, uint32_t tail_chunks, uint32_t cache_chunks)
{
    const char *why = NULL;

    *desk = (struct desk){ 0 };
    heap_init(&desk->heap);
    arena_init(&desk->arena, &desk->heap, NULL, 0, SIZE_MAX);
    arena_init(&desk->messages, &desk->heap, NULL, 0, SIZE_MAX);
    desk->frame = heap_take(&desk->heap, DESK_FRAME_SIZE);
    desk->answer = heap_take(&desk->heap, DESK_FRAME_SIZE);
    desk_configure(desk);
    node_init(&desk->node, 3);
    desk->node.plan.data.budget[MEMORY_TAIL] = (size_t)tail_chunks * MEMORY_CHUNK;
    desk->node.plan.data.budget[MEMORY_CACHE] = (size_t)cache_chunks * MEMORY_CHUNK;
    node_start(&desk->node);
    for (uint32_t i = 0; i < desk->node.shard_count; i++) {
        struct replicas *replicas;
        struct shard *shard = desk->node.shards[i];
        assert_int_equal(replicas_make(shard, desk->node.stores[i], &desk->settings, DESK_SELF, &replicas), STATUS_OK);
        assert_int_equal(replicas_open(replicas, desk_found, NULL, &desk->arena, &why), STATUS_OK);
    }
    node_begin(&desk->node);
    admission_init(&desk->admission, 100, UINT32_MAX, 1, &desk->heap);
    desk_faces(desk);
    desk_connect(desk);
}

static inline void desk_begin(struct desk *desk)
{
    desk_begin_with(desk, 8, 8);
}

static inline void desk_closed(struct ready *ready)
{
    container_of(ready, struct desk, on_closed)->closed = true;
}

static inline void desk_end(struct desk *desk)
{
    struct node *node = &desk->node;

    if (desk->client >= 0) close(desk->client);
    ready_init(&desk->on_closed, desk_closed);
    face_close(node->shards[0]->face, &desk->on_closed);
    for (int i = 0; i < DESK_TURNS && !desk->closed; i++) desk_turn(desk);
    assert_true(desk->closed);
    node_settle(node);
    for (uint32_t i = 0; i + 1 < node->shard_count; i++) {
        assert_int_equal(memory_used(node->shards[i]->memory, MEMORY_RECEIVE), 0);
        assert_int_equal(memory_used(node->shards[i]->memory, MEMORY_ANSWER), 0);
        apis_detach(node->shards[i]->face);
        face_end(node->shards[i]->face);
    }
    for (uint32_t i = 0; i < node->shard_count; i++) replicas_end(node->shards[i]->replicas);
    node_crash(node);
    node_remove(node);
    arena_reset(&desk->messages);
    arena_reset(&desk->arena);
    heap_end(&desk->heap);
}

#endif
