/* tests/unit/replication/replica/governed_calls.h   Calls of the controller from the data shard of a small node: topics
 * that are wanted, and whether every shard knew of them when the call was done. */
#ifndef TESTS_UNIT_REPLICATION_REPLICA_GOVERNED_CALLS_H
#define TESTS_UNIT_REPLICATION_REPLICA_GOVERNED_CALLS_H

#include "governed.h"

struct governed_call {
    struct controller_call call;
    struct arena arena;
    struct topic_create create;
    bool done;
    bool known; /* when it was done, by every shard */
};

static inline void governed_call_done(struct controller_call *call)
{
    struct governed_call *made = container_of(call, struct governed_call, call);
    const struct shard *at = call->caller;

    made->done = true;
    made->known = true;
    for (uint32_t i = 0; i < at->shard_count; i++) {
        made->known &= image_topic_by_name(&at->shards[i]->replicas->image, made->create.name) != NULL;
    }
}

/* A topic is wanted; nothing has been turned yet. */
static inline void governed_create(struct governed *governed, struct governed_call *made, const char *name,
                                   int32_t partitions)
{
    struct shard *shard = governed->node.shards[0];

    *made = (struct governed_call){
        .create = { .name = text_of(name), .partition_count = partitions, .replication_factor = -1 }
    };
    arena_init(&made->arena, &shard->heap, NULL, 0, SIZE_MAX);
    made->call = (struct controller_call){ .kind = CONTROLLER_CREATE_TOPICS,
                                           .arena = &made->arena,
                                           .creates = &made->create,
                                           .create_count = 1,
                                           .done = governed_call_done };
    controller_begin(shard, &made->call);
}

#endif
