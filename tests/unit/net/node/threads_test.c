/* tests/unit/net/node/threads_test.c   A thread per shard: none runs before it is released, what one of them can't have
 * fails the start, and a start that is given up ends them all without a turn. */
#include "nodes.h"

enum { SHARDS = 3 };

/* A node that is nothing but its threads. */
struct loom {
    struct node_platform platform;
    struct node node;
    struct node_work work;
    struct node_shard parts[SHARDS];
    struct shard *shards[SHARDS];
    uint32_t refused; /* the shard whose io can't be made; SHARDS: none */
    _Atomic uint32_t made, changes;
};

static struct loom loom;

static enum status loom_io(struct node_platform *platform, const struct plan *plan, uint32_t shard, struct io **io,
                           const char **why)
{
    static const struct uring_settings ring = {
        .entries = 8, .completion_entries = 16, .receive_buffer_size = 4096, .receive_buffer_count = 4
    };

    (void)platform, (void)plan;
    loom.made++;
    if (shard != loom.refused) return uring_make(&ring, io, why);
    *why = "io_uring is forbidden here";
    return STATUS_DENIED;
}

static void loom_changed(struct node_platform *platform)
{
    (void)platform;
    loom.changes++;
}

static void loom_begin(uint32_t refused)
{
    loom = (struct loom){ .refused = refused, .platform = { .make_io = loom_io, .changed = loom_changed } };
    loom.work.parts = loom.parts;
    loom.node =
        (struct node){ .platform = &loom.platform, .shard_count = SHARDS, .shards = loom.shards, .work = &loom.work };
    pthread_mutex_init(&loom.work.mutex, NULL);
    pthread_cond_init(&loom.work.changed, NULL);
    for (uint32_t i = 0; i < SHARDS; i++) {
        loom.parts[i].node = &loom.node;
        loom.shards[i] = &loom.parts[i].shard;
    }
}

static void loom_end(void)
{
    for (uint32_t i = 0; i < SHARDS; i++) {
        assert_false(loom.parts[i].thread_started);
        if (loom.parts[i].shard.io) io_end(loom.parts[i].shard.io);
    }
    pthread_mutex_destroy(&loom.work.mutex);
    pthread_cond_destroy(&loom.work.changed);
}

static void what_one_thread_lacks_fails_the_start(void **state)
{
    (void)state;
    for (uint32_t refused = 0; refused < SHARDS; refused++) {
        const char *why = NULL;
        loom_begin(refused);
        assert_int_equal(threads_make(&loom.node, &why), STATUS_DENIED);
        assert_string_equal(why, "io_uring is forbidden here");
        assert_int_equal(loom.made, SHARDS); /* Each had its try: nobody is waited for in vain. */
        assert_null(loom.parts[refused].shard.io);
        threads_release(&loom.node, false);
        threads_join(&loom.node);
        loom_end();
    }
}

static void a_start_that_is_given_up_ends_them_without_a_turn(void **state)
{
    (void)state;
    const char *why = NULL;

    loom_begin(SHARDS);
    assert_int_equal(threads_make(&loom.node, &why), STATUS_OK);
    for (uint32_t i = 0; i < SHARDS; i++) {
        assert_non_null(loom.parts[i].shard.io);
        assert_false(loom.parts[i].ended);
    }
    threads_release(&loom.node, false);
    threads_join(&loom.node);
    threads_join(&loom.node); /* There is nobody left. */
    for (uint32_t i = 0; i < SHARDS; i++) {
        assert_true(loom.parts[i].ended);
        assert_int_equal(loom.parts[i].shard.turn_count, 0);
    }
    assert_int_equal(loom.changes, 0); /* There was no node that could have changed. */
    loom_end();
}

static void stop_delivered(struct mail *mail, struct shard *at)
{
    (void)mail;
    shard_stop(at);
}

static void who_is_released_turns_until_it_is_stopped(void **state)
{
    (void)state;
    const char *why = NULL;

    loom_begin(SHARDS);
    assert_int_equal(threads_make(&loom.node, &why), STATUS_OK);
    for (uint32_t i = 0; i < SHARDS; i++) {
        shard_init(loom.shards[i], i, SHARDS, loom.shards, loom.shards[i]->io, files_kernel(), NULL, i + 1);
    }
    threads_release(&loom.node, true);
    for (uint32_t i = 0; i < SHARDS; i++) {
        assert_false(loom.parts[i].ended);
        mail_post_outside(loom.shards[i], &loom.parts[i].mail, stop_delivered);
        bench_wait(&loom.parts[i].ended);
    }
    threads_join(&loom.node);
    assert_int_equal(loom.changes, SHARDS);
    for (uint32_t i = 0; i < SHARDS; i++) {
        assert_true(loom.shards[i]->turn_count > 0);
        shard_end(loom.shards[i]);
    }
    loom_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_thread_lacks_fails_the_start),
        cmocka_unit_test(a_start_that_is_given_up_ends_them_without_a_turn),
        cmocka_unit_test(who_is_released_turns_until_it_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
