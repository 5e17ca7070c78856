/* Records appended to and read from the partitions of a node, wherever they live; and what its shards agree on. */
#ifndef TESTS_UNIT_NET_NODE_RECORDS_H
#define TESTS_UNIT_NET_NODE_RECORDS_H

#include "errands.h"

static inline void find_run(struct errand *errand)
{
    struct partition *partition = replicas_find(errand->shard->replicas, errand->topic, errand->number);
    errand->status = partition ? partition_check(partition, -1) : STATUS_NOT_FOUND;
    errand->offset = partition ? partition->leader_epoch : -1;
    errand->done = true;
}

/* The shard that holds the partition; exactly one does. */
static inline uint32_t find_shard(struct bench *bench, struct uuid topic, int32_t index)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t shard = 0; shard < bench->node->shard_count; shard++) {
        struct errand errand = { .topic = topic, .number = index };
        errand_do(bench, shard, &errand, find_run);
        if (errand.status == STATUS_NOT_FOUND) continue;
        assert_int_equal(errand.status, STATUS_OK);
        assert_int_equal(found, UINT32_MAX);
        found = shard;
    }
    return found;
}

static inline void append_reached(struct ready *ready)
{
    struct errand *errand = container_of(ready, struct errand, wait.ready);
    errand->status = errand->wait.status;
    errand->done = true;
}

static inline void append_run(struct errand *errand)
{
    uint8_t memory[256];
    struct batch_builder builder;
    struct partition *partition = replicas_find(errand->shard->replicas, errand->topic, errand->number);

    batch_begin(&builder, memory, sizeof(memory), 0, shard_wall_ms(errand->shard));
    batch_add(&builder, BYTES_NULL, (struct bytes){ (const uint8_t *)"hello", 5 }, shard_wall_ms(errand->shard));
    errand->append = (struct log_append){ .batches = batch_end(&builder), .origin = APPEND_CLIENT };
    errand->status = partition_append(partition, &errand->append);
    if (errand->status != STATUS_OK) {
        errand->done = true;
        return;
    }
    ready_init(&errand->wait.ready, append_reached);
    watermark_wait(errand->shard, partition_mark(partition, -1), &errand->wait, errand->append.limit);
}

static inline void append_one(struct bench *bench, struct uuid topic, int32_t index, int64_t offset)
{
    struct errand errand = { .topic = topic, .number = index };
    errand_do(bench, find_shard(bench, topic, index), &errand, append_run);
    assert_int_equal(errand.status, STATUS_OK);
    assert_int_equal(errand.append.first, offset);
}

static inline void read_done(struct ready *ready)
{
    struct errand *errand = container_of(ready, struct errand, read.ready);
    errand->status = errand->read.status;
    for (uint32_t i = 0; i < errand->read.extent_count; i++) block_unpin(errand->extents[i].block);
    errand->done = true;
}

static inline void read_run(struct errand *errand)
{
    struct partition *partition = replicas_find(errand->shard->replicas, errand->topic, errand->number);
    errand->read = (struct log_read){ .log = partition->log,
                                      .offset = errand->offset,
                                      .limit = partition_limit(partition, false),
                                      .size_max = 1 << 20,
                                      .first_whole = true,
                                      .extents = errand->extents,
                                      .extent_max = array_count(errand->extents) };
    ready_init(&errand->read.ready, read_done);
    if (log_read_begin(&errand->read)) read_done(&errand->read.ready);
}

static inline void read_some(struct bench *bench, struct uuid topic, int32_t index, int64_t offset, bool something)
{
    struct errand errand = { .topic = topic, .number = index, .offset = offset };
    errand_do(bench, find_shard(bench, topic, index), &errand, read_run);
    assert_int_equal(errand.status, STATUS_OK);
    assert_int_equal(errand.read.size > 0, something);
}

static inline void hash_run(struct errand *errand)
{
    errand->hash = image_hash(&errand->shard->replicas->image);
    errand->done = true;
}

static inline void all_shards_agree(struct bench *bench)
{
    uint64_t first = 0;
    for (uint32_t shard = 0; shard < bench->node->shard_count; shard++) {
        struct errand errand = { 0 };
        errand_do(bench, shard, &errand, hash_run);
        if (shard == 0) first = errand.hash;
        assert_int_equal(errand.hash, first);
    }
}

#endif
