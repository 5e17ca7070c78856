/* tests/unit/replication/replica/governed.h   A small node with everything that decides: one data shard, and a
 * replication shard with the metadata log and its controller, over real files, turned by the test's own thread. */
#ifndef TESTS_UNIT_REPLICATION_REPLICA_GOVERNED_H
#define TESTS_UNIT_REPLICATION_REPLICA_GOVERNED_H

#include "../../engine/log/node_end.h"
#include "cluster/configs.h"
#include "log/state.h"
#include "replica/bootstrap.h"
#include "replica/controller_work.h"
#include "replica/metadata_log.h"
#include "replica/replicas.h"

enum { GOVERNED_SHARDS = 2, GOVERNED_LAST = GOVERNED_SHARDS - 1, GOVERNED_TURNS = 100000 };

struct governed {
    struct node node;
    struct arena arena;
    struct settings settings;
    struct replicas *replicas[GOVERNED_SHARDS];
    struct node_identity identity;
    struct metadata_log metadata;
    struct controller *controller;
    int handle; /* of __cluster_metadata-0 */
    struct ready active, failed, stopped;
    bool is_active, has_failed, has_stopped;
};

static inline void governed_active(struct ready *ready)
{
    container_of(ready, struct governed, active)->is_active = true;
}

static inline void governed_failed(struct ready *ready)
{
    container_of(ready, struct governed, failed)->has_failed = true;
}

static inline void governed_stopped(struct ready *ready)
{
    container_of(ready, struct governed, stopped)->has_stopped = true;
}

static inline const struct log_found *governed_find(void *context, struct log_key key)
{
    (void)context, (void)key;
    return NULL;
}

/* Up to where the controller may be started. */
static inline void governed_make(struct governed *governed)
{
    struct node *node = &governed->node;
    struct metadata_found found;
    struct log_key key = { UUID_METADATA_TOPIC, 0 };
    struct shard *shard = &node->shard[GOVERNED_LAST];
    const char *why = NULL;

    *governed = (struct governed){ .identity = { .id = 1, .directory = { { 31 } } } };
    governed->identity.controller = (struct image_endpoint){ TEXT("CONTROLLER"), TEXT("localhost"), 9093, 0 };
    node_init(node, GOVERNED_SHARDS);
    node_start(node);
    arena_init(&governed->arena, &node->heap, NULL, 0, SIZE_MAX);
    assert_int_equal(settings_clear(&broker_table, &governed->settings.values, &governed->arena), STATUS_OK);
    governed->settings.origins = arena_take(&governed->arena, broker_table.row_count * sizeof(struct property *));
    assert_int_equal(
        bootstrap_format(node->directory, &governed->identity, 1, &governed->arena, &governed->handle, &why),
        STATUS_OK);
    assert_int_equal(bootstrap_read(node->directory, governed->handle, &governed->arena, &found, &why), STATUS_OK);
    for (uint32_t i = 0; i < GOVERNED_SHARDS; i++) {
        assert_int_equal(
            replicas_make(node->shards[i], node->stores[i], &governed->settings, 1, &governed->replicas[i]), STATUS_OK);
    }
    metadata_log_init(&governed->metadata, shard, governed->handle, &governed->settings.values, &found);
    assert_int_equal(log_open(node->stores[GOVERNED_LAST], NULL, key, TEXT("__cluster_metadata"),
                              &governed->metadata.settings, &governed->metadata.log),
                     STATUS_OK);
    bootstrap_raft(&found, &governed->identity, &shard->heap, &governed->metadata.raft);
    controller_make(shard, &governed->metadata, &governed->identity, &governed->controller);
    for (uint32_t i = 0; i < GOVERNED_SHARDS; i++) {
        assert_int_equal(replicas_open(governed->replicas[i], governed_find, NULL, &governed->arena, &why), STATUS_OK);
    }
    node_begin(node);
    ready_init(&governed->active, governed_active);
    ready_init(&governed->failed, governed_failed);
    ready_init(&governed->stopped, governed_stopped);
}

static inline void governed_turn_until(struct governed *governed, const bool *truth)
{
    for (int i = 0; i < GOVERNED_TURNS && !*truth; i++) node_turn(&governed->node);
    assert_true(*truth);
}

static inline void governed_start(struct governed *governed)
{
    governed_make(governed);
    controller_start(governed->controller, &governed->active, &governed->failed);
    governed_turn_until(governed, &governed->is_active);
}

static inline void governed_end(struct governed *governed)
{
    node_settle(&governed->node);
    metadata_log_end(&governed->metadata);
    controller_end(governed->controller);
    for (uint32_t i = 0; i < GOVERNED_SHARDS; i++) replicas_end(governed->replicas[i]);
    files_close(files_kernel(), governed->handle);
    arena_reset(&governed->arena);
    node_crash(&governed->node);
    node_remove(&governed->node);
}

#endif
