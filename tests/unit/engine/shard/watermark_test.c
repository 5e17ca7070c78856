/* Waiters wake in order of offset, once, through the ready list and never from inside the advance. */
#include "shards.h"

struct waiter {
    struct watermark_wait wait;
    unsigned *order;
    unsigned woken; /* 0: not; else when */
};

static void waiter_run(struct ready *ready)
{
    struct waiter *waiter = container_of(container_of(ready, struct watermark_wait, ready), struct waiter, wait);
    assert_int_equal(waiter->woken, 0);
    waiter->woken = ++*waiter->order;
}

static void waiter_init(struct waiter *waiter, unsigned *order)
{
    memset(waiter, 0, sizeof *waiter);
    ready_init(&waiter->wait.ready, waiter_run);
    waiter->order = order;
}

static void waiters_wake_in_order_when_their_offset_is_reached(void **state)
{
    (void)state;
    static const int64_t offsets[] = { 5, 3, 9, 3, 7, 4 };
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    struct watermark mark;
    struct waiter waiters[array_count(offsets)];
    unsigned order = 0;
    watermark_init(&mark, 2);
    for (size_t i = 0; i < array_count(offsets); i++) {
        waiter_init(&waiters[i], &order);
        watermark_wait(shard, &mark, &waiters[i].wait, offsets[i]);
    }
    shard_step(shard);
    assert_int_equal(order, 0);

    watermark_advance(shard, &mark, 4);
    assert_int_equal(order, 0); /* Nothing runs inside the advance. */
    shard_step(shard);
    assert_int_equal(waiters[1].woken, 1);
    assert_int_equal(waiters[3].woken, 2);
    assert_int_equal(waiters[5].woken, 3);
    watermark_advance(shard, &mark, 8);
    shard_step(shard);
    assert_int_equal(waiters[0].woken, 4);
    assert_int_equal(waiters[4].woken, 5);
    assert_int_equal(waiters[2].woken, 0);
    watermark_leave(&waiters[2].wait);
    shards_end(shards);
}

static void what_is_reached_already_wakes_through_the_ready_list(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct watermark mark;
    struct waiter waiter;
    unsigned order = 0;
    watermark_init(&mark, 10);
    waiter_init(&waiter, &order);
    watermark_wait(&shards->shard[0], &mark, &waiter.wait, 10);
    assert_int_equal(order, 0);
    shard_step(&shards->shard[0]);
    assert_int_equal(order, 1);
    assert_int_equal(waiter.wait.status, STATUS_OK);
    shards_end(shards);
}

static void who_leaves_is_not_woken_even_when_ready(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    struct watermark mark;
    struct waiter never, waiting, ready;
    unsigned order = 0;
    watermark_init(&mark, 0);
    waiter_init(&never, &order);
    waiter_init(&waiting, &order);
    waiter_init(&ready, &order);
    watermark_leave(&never.wait);
    watermark_wait(shard, &mark, &waiting.wait, 5);
    watermark_wait(shard, &mark, &ready.wait, 1);
    watermark_advance(shard, &mark, 1);
    watermark_leave(&ready.wait);
    watermark_leave(&waiting.wait);
    watermark_advance(shard, &mark, 9);
    shard_step(shard);
    assert_int_equal(order, 0);
    watermark_wait(shard, &mark, &waiting.wait, 5); /* And may wait again. */
    shard_step(shard);
    assert_int_equal(order, 1);
    shards_end(shards);
}

static void a_retreat_keeps_waiters_and_a_failure_wakes_all(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    struct watermark mark;
    struct waiter waiters[2];
    unsigned order = 0;
    watermark_init(&mark, 10);
    watermark_retreat(&mark, 3);
    for (int i = 0; i < 2; i++) {
        waiter_init(&waiters[i], &order);
        watermark_wait(shard, &mark, &waiters[i].wait, 5 + i);
    }
    shard_step(shard);
    assert_int_equal(order, 0);
    watermark_fail(shard, &mark, STATUS_OFFLINE);
    shard_step(shard);
    assert_int_equal(order, 2);
    for (int i = 0; i < 2; i++) assert_int_equal(waiters[i].wait.status, STATUS_OFFLINE);
    shards_end(shards);
}

static void only_the_impatient_are_turned_away(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct shard *shard = &shards->shard[0];
    struct watermark mark;
    struct waiter waiters[3];
    unsigned order = 0;
    watermark_init(&mark, 0);
    for (int i = 0; i < 3; i++) {
        waiter_init(&waiters[i], &order);
        waiters[i].wait.impatient = i != 1;
        watermark_wait(shard, &mark, &waiters[i].wait, 5);
    }
    watermark_turn_away(shard, &mark, STATUS_NO_SPACE);
    shard_step(shard);
    assert_int_equal(order, 2);
    for (int i = 0; i < 3; i += 2) assert_int_equal(waiters[i].wait.status, STATUS_NO_SPACE);
    watermark_advance(shard, &mark, 5);
    shard_step(shard);
    assert_int_equal(order, 3);
    assert_int_equal(waiters[1].wait.status, STATUS_OK);
    shards_end(shards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiters_wake_in_order_when_their_offset_is_reached),
        cmocka_unit_test(what_is_reached_already_wakes_through_the_ready_list),
        cmocka_unit_test(who_leaves_is_not_woken_even_when_ready),
        cmocka_unit_test(a_retreat_keeps_waiters_and_a_failure_wakes_all),
        cmocka_unit_test(only_the_impatient_are_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
