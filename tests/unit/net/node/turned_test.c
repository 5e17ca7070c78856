/* A node without threads of its own: one thread turns and steps all its shards, as the simulator does. */
#include "log/state.h"
#include "records.h"

static void turn(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        io_turn(shard->io, shard->io->now_ns); /* does not wait */
        (void)shard_step(shard);
    }
}

static void turn_until(struct node *node, bool (*truth)(const struct node *node))
{
    int64_t limit_ns = patience_limit_ns();
    while (!truth(node) && monotonic_ns() < limit_ns) turn(node);
    assert_true(truth(node));
}

static void turn_for(struct errand *errand, uint32_t shard, void (*run)(struct errand *errand))
{
    struct node *node = errand->bench->node;
    errand->shard = node->shards[shard];
    errand->done = false;
    run(errand);
    int64_t limit_ns = patience_limit_ns();
    while (!errand->done && monotonic_ns() < limit_ns) turn(node);
    assert_true(errand->done);
}

static void start(struct bench *bench)
{
    const char *why;
    bench->platform.threads = false;
    assert_int_equal(node_make(&bench->platform, &bench->settings, &bench->node, &why), STATUS_OK);
    bench->platform.seed++;
    turn_until(bench->node, node_serving);
}

static void a_node_runs_in_the_thread_of_its_caller(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (int round = 0; round < 3; round++) {
        start(&bench);
        if (round == 0) {
            struct errand errand = {
                .bench = &bench, .create = { .name = TEXT("alpha"), .partition_count = 2, .replication_factor = -1 }
            };
            turn_for(&errand, 0, create_run);
            assert_int_equal(errand.create.status, STATUS_OK);
            arena_run(&errand);
        }
        struct uuid topic = image_topic_by_name(&bench.node->shards[1]->replicas->image, TEXT("alpha"))->id;
        for (int32_t index = 0; index < 2; index++) {
            struct errand errand = { .bench = &bench, .topic = topic, .number = index };
            uint32_t shard = replicas_find(bench.node->shards[0]->replicas, topic, index) ? 0 : 1;
            turn_for(&errand, shard, append_run);
            assert_int_equal(errand.status, STATUS_OK);
            assert_int_equal(errand.append.first, round);
        }
        node_stop(bench.node);
        turn_until(bench.node, node_stopped);
        assert_int_equal(node_end(bench.node), STATUS_OK);
    }
    bench_end(&bench);
}

/* Turns until a node that has nothing to recover serves. */
static uint32_t turns_of_a_start(struct bench *bench)
{
    const char *why;
    uint32_t turns = 0;
    assert_int_equal(node_make(&bench->platform, &bench->settings, &bench->node, &why), STATUS_OK);
    bench->platform.seed++;
    for (; turns < 1000000 && !node_serving(bench->node); turns++) turn(bench->node);
    node_stop(bench->node);
    turn_until(bench->node, node_stopped);
    assert_int_equal(node_end(bench->node), STATUS_OK);
    return turns;
}

/* What happens after so many turns of a start: a directory's failure seen by one of the shards, or a stop. */
static void interrupt(struct bench *bench, uint32_t turns, uint32_t shard)
{
    const char *why = NULL;
    enum status made = node_make(&bench->platform, &bench->settings, &bench->node, &why);
    if (made != STATUS_OK) fail_msg("after %u turns, shard %u: %s", turns, shard, why);
    bench->platform.seed++;
    bool fails = shard < bench->node->shard_count;
    for (uint32_t i = 0; i < turns; i++) turn(bench->node);
    if (fails) {
        directory_fail(bench->node->shards[shard]->store, STATUS_IO_ERROR);
    } else {
        node_stop(bench->node);
    }
    turn_until(bench->node, node_stopped);
    assert_int_equal(node_end(bench->node), fails ? STATUS_IO_ERROR : STATUS_OK);
}

static void a_start_may_be_interrupted_anywhere(void **state)
{
    enum { PLACES = 10 };
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench.platform.threads = false;
    (void)turns_of_a_start(&bench);
    uint32_t turns = turns_of_a_start(&bench);
    for (uint32_t i = 0; i <= PLACES; i++) {
        for (uint32_t shard = 0; shard < 4; shard++) interrupt(&bench, turns * i / PLACES, shard);
    }
    start(&bench);
    node_stop(bench.node);
    turn_until(bench.node, node_stopped);
    assert_int_equal(node_end(bench.node), STATUS_OK);
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_runs_in_the_thread_of_its_caller),
        cmocka_unit_test(a_start_may_be_interrupted_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
