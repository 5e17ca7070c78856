/* A node from an empty directory to a record read back, over clean restarts. */
#include "nodes.h"

#include "log/batch.h"
#include "log/store.h"

static void call_done(struct controller_call *call)
{
    struct errand *errand = container_of(call, struct errand, call);
    errand->done = true;
}

static void create_run(struct errand *errand)
{
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){ .kind = CONTROLLER_CREATE_TOPICS,
                                             .arena = &errand->arena,
                                             .creates = &errand->create,
                                             .create_count = 1,
                                             .done = call_done };
    controller_begin(errand->shard, &errand->call);
}

static void delete_run(struct errand *errand)
{
    arena_init(&errand->arena, &errand->shard->heap, NULL, 0, SIZE_MAX);
    errand->call = (struct controller_call){ .kind = CONTROLLER_DELETE_TOPICS,
                                             .arena = &errand->arena,
                                             .deletes = &errand->delete,
                                             .delete_count = 1,
                                             .done = call_done };
    controller_begin(errand->shard, &errand->call);
}

static void arena_run(struct errand *errand)
{
    arena_reset(&errand->arena);
    errand->done = true;
}

static struct uuid create_topic(struct bench *bench, const char *name, int32_t partitions)
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

static void delete_topic(struct bench *bench, const char *name)
{
    struct errand errand = { .delete = { .name = text_of(name) } };
    errand_do(bench, 1, &errand, delete_run);
    assert_int_equal(errand.delete.status, STATUS_OK);
    errand_do(bench, 1, &errand, arena_run);
}

static void find_run(struct errand *errand)
{
    struct partition *partition = replicas_find(errand->shard->replicas, errand->topic, errand->number);
    errand->status = partition ? partition_check(partition, -1) : STATUS_NOT_FOUND;
    errand->offset = partition ? partition->leader_epoch : -1;
    errand->done = true;
}

/* The shard that holds the partition; exactly one does. */
static uint32_t find_shard(struct bench *bench, struct uuid topic, int32_t index)
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

static void append_reached(struct ready *ready)
{
    struct errand *errand = container_of(ready, struct errand, wait.ready);
    errand->status = errand->wait.status;
    errand->done = true;
}

static void append_run(struct errand *errand)
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

static void append_one(struct bench *bench, struct uuid topic, int32_t index, int64_t offset)
{
    struct errand errand = { .topic = topic, .number = index };
    errand_do(bench, find_shard(bench, topic, index), &errand, append_run);
    assert_int_equal(errand.status, STATUS_OK);
    assert_int_equal(errand.append.first, offset);
}

static void read_done(struct ready *ready)
{
    struct errand *errand = container_of(ready, struct errand, read.ready);
    errand->status = errand->read.status;
    for (uint32_t i = 0; i < errand->read.extent_count; i++) block_unpin(errand->extents[i].block);
    errand->done = true;
}

static void read_run(struct errand *errand)
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

static void read_some(struct bench *bench, struct uuid topic, int32_t index, int64_t offset, bool something)
{
    struct errand errand = { .topic = topic, .number = index, .offset = offset };
    errand_do(bench, find_shard(bench, topic, index), &errand, read_run);
    assert_int_equal(errand.status, STATUS_OK);
    assert_int_equal(errand.read.size > 0, something);
}

static void hash_run(struct errand *errand)
{
    errand->hash = image_hash(&errand->shard->replicas->image);
    errand->done = true;
}

static void all_shards_agree(struct bench *bench)
{
    uint64_t first = 0;
    for (uint32_t shard = 0; shard < bench->node->shard_count; shard++) {
        struct errand errand = { 0 };
        errand_do(bench, shard, &errand, hash_run);
        if (shard == 0) first = errand.hash;
        assert_int_equal(errand.hash, first);
    }
}

static void an_empty_directory_becomes_a_node_that_keeps_records(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_start(&bench);
    assert_int_not_equal(node_port(bench.node, 0), 0);

    struct uuid topic = create_topic(&bench, "alpha", 3);
    assert_int_not_equal(find_shard(&bench, topic, 0), find_shard(&bench, topic, 1));
    append_one(&bench, topic, 0, 0);
    append_one(&bench, topic, 0, 1);
    append_one(&bench, topic, 1, 0);
    read_some(&bench, topic, 0, 1, true);
    read_some(&bench, topic, 0, 2, false);
    read_some(&bench, topic, 2, 0, false);
    all_shards_agree(&bench);
    bench_stop(&bench);
    bench_end(&bench);
}

static void a_clean_restart_keeps_topics_and_records(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_start(&bench);
    struct uuid topic = create_topic(&bench, "alpha", 2), gone = create_topic(&bench, "beta", 2);
    append_one(&bench, topic, 0, 0);
    append_one(&bench, topic, 1, 0);
    append_one(&bench, gone, 0, 0);
    delete_topic(&bench, "beta");
    assert_int_equal(find_shard(&bench, gone, 0), UINT32_MAX);
    bench_stop(&bench);

    for (int round = 0; round < 3; round++) {
        bench_start(&bench);
        all_shards_agree(&bench);
        read_some(&bench, topic, 0, round, true);
        append_one(&bench, topic, 0, 1 + round);
        struct errand errand = { .topic = topic };
        errand_do(&bench, find_shard(&bench, topic, 0), &errand, find_run);
        assert_int_equal(errand.offset, 2 * (round + 1)); /* the leader epoch: left and came back */
        bench_stop(&bench);
    }
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_directory_becomes_a_node_that_keeps_records),
        cmocka_unit_test(a_clean_restart_keeps_topics_and_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
