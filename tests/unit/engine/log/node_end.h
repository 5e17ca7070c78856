/* tests/unit/engine/log/node_end.h   How a small node of the tests ends: as a kill does, with a clean stop, or given up
 * again right after recovery has looked at its directory. */
#ifndef TESTS_UNIT_ENGINE_LOG_NODE_END_H
#define TESTS_UNIT_ENGINE_LOG_NODE_END_H

#include "node.h"

static inline void node_end_shards(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        if (node->stores[i]) store_end(node->stores[i]);
        node->stores[i] = NULL;
    }
}

static inline void node_end_rest(struct node *node)
{
    jobs_end(node->jobs);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        memory_end(node->shard[i].memory);
        io_end(node->shard[i].io);
        shard_end(&node->shard[i]);
    }
    arena_reset(&node->arena);
    heap_end(&node->heap);
}

/* As a kill does: nothing is written that was not on its way. */
static inline void node_crash(struct node *node)
{
    node_settle(node);
    node_end_shards(node);
    directory_abandon(node->directory);
    node_end_rest(node);
}

struct node_closing {
    struct ready ready;
    bool done;
};

static inline void node_closed(struct ready *ready)
{
    container_of(ready, struct node_closing, ready)->done = true;
}

static inline void node_stop(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct node_closing closing = { .done = false };
        ready_init(&closing.ready, node_closed);
        store_close(node->stores[i], &closing.ready);
        while (!closing.done) node_turn(node);
    }
    node_settle(node);
    node_end_shards(node);
    assert_int_equal(directory_close(node->directory, 7), STATUS_OK);
    node_end_rest(node);
}

/* A start up to where logs are opened, given up again: the end of log "t", or -1 with node->told. */
static inline int64_t node_restart_end(struct node *node, enum status *status)
{
    int64_t end = -1;
    *status = node_try_start(node);
    for (uint32_t i = 0; *status == STATUS_OK && i < node->directory->found_count; i++) {
        const struct log_found *found = &node->directory->found[i];
        if (text_equal(found->topic, TEXT("t"))) end = found->end;
    }
    for (uint32_t i = 0; i < node->shard_count; i++) {
        if (node->stores[i]) store_end(node->stores[i]);
        node->stores[i] = NULL;
    }
    snprintf(node->told, sizeof node->told, "%s", node->why);
    directory_abandon(node->directory);
    node_end_rest(node);
    return end;
}

#endif
