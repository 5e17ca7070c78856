/* What tests do on the shards of a node: topics made and deleted, records appended and read, images compared. */
#ifndef TESTS_UNIT_NET_NODE_ERRANDS_H
#define TESTS_UNIT_NET_NODE_ERRANDS_H

#include "log/batch.h"
#include "log/store.h"
#include "nodes.h"

enum { CONTROLLER_WORDS = 512 };

/* Something done on a shard, by mail from outside. */
struct errand {
    struct mail mail;
    struct bench *bench;
    struct shard *shard;
    void (*run)(struct errand *errand);
    _Atomic bool done;
    /* What tests need. */
    struct arena arena;
    struct controller_call call;
    struct topic_create create;
    struct topic_delete delete;
    struct log_append append;
    struct log_read read;
    struct extent extents[16];
    struct watermark_wait wait;
    struct config_change configs[2];
    int32_t number;
    int64_t offset;
    enum status status;
    struct uuid topic;
    uint64_t hash;
    bool validate_only;
};

static inline void errand_delivered(struct mail *mail, struct shard *at)
{
    struct errand *errand = container_of(mail, struct errand, mail);
    errand->shard = at;
    errand->run(errand);
}

static inline void errand_do(struct bench *bench, uint32_t shard, struct errand *errand,
                             void (*run)(struct errand *errand))
{
    errand->bench = bench;
    errand->run = run;
    errand->done = false;
    mail_post_outside(bench->node->shards[shard], &errand->mail, errand_delivered);
    bench_wait(&errand->done);
}

static inline void call_done(struct controller_call *call)
{
    struct errand *errand = container_of(call, struct errand, call);
    errand->done = true;
}

static inline void create_run(struct errand *errand)
{
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){ .kind = CONTROLLER_CREATE_TOPICS,
                                             .arena = &errand->arena,
                                             .creates = &errand->create,
                                             .create_count = 1,
                                             .validate_only = errand->validate_only,
                                             .done = call_done };
    controller_begin(errand->shard, &errand->call);
}

static inline void delete_run(struct errand *errand)
{
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){ .kind = CONTROLLER_DELETE_TOPICS,
                                             .arena = &errand->arena,
                                             .deletes = &errand->delete,
                                             .delete_count = 1,
                                             .done = call_done };
    controller_begin(errand->shard, &errand->call);
}

static inline void producer_ids_run(struct errand *errand)
{
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call =
        (struct controller_call){ .kind = CONTROLLER_PRODUCER_IDS, .arena = &errand->arena, .done = call_done };
    controller_begin(errand->shard, &errand->call);
}

static inline void arena_run(struct errand *errand)
{
    arena_reset(&errand->arena);
    errand->done = true;
}

static inline struct uuid create_topic(struct bench *bench, const char *name, int32_t partitions)
{
    struct errand errand = { .create = {
                                 .name = text_of(name), .partition_count = partitions, .replication_factor = -1 } };
    errand_do(bench, 0, &errand, create_run);
    assert_int_equal(errand.call.status, STATUS_OK);
    assert_int_equal(errand.create.status, STATUS_OK);
    assert_false(uuid_none(errand.create.id));
    errand_do(bench, 0, &errand, arena_run);
    return errand.create.id;
}

static inline void delete_topic(struct bench *bench, const char *name)
{
    struct errand errand = { .delete = { .name = text_of(name) } };
    errand_do(bench, 1, &errand, delete_run);
    assert_int_equal(errand.delete.status, STATUS_OK);
    errand_do(bench, 1, &errand, arena_run);
}

#endif
