/* tests/unit/replication/replica/controller_test.c   The order of things: calls wait for the lead, are decided one by
 * one, are done when every shard knows, and are told what became of the controller when it goes or fails. */
#include "governed_calls.h"

static struct governed governed;

static int end(void **state)
{
    (void)state;
    governed_end(&governed);
    return 0;
}

static void create_now(struct governed_call *made, const char *name, int32_t partitions)
{
    governed_create(&governed, made, name, partitions);
    governed_turn_until(&governed, &made->done);
}

static void forget(struct governed_call *made)
{
    arena_reset(&made->arena);
}

static void what_is_done_is_known_to_every_shard(void **state)
{
    (void)state;
    struct governed_call made;

    governed_start(&governed);
    assert_int_equal(controller_status(governed.controller), STATUS_OK);
    assert_true(controller_broker_epoch(governed.controller) >= 0);
    create_now(&made, "alpha", 3);
    assert_int_equal(made.call.status, STATUS_OK);
    assert_int_equal(made.create.status, STATUS_OK);
    assert_true(made.known);
    assert_true(made.call.applied > 0);
    assert_non_null(replicas_find(governed.replicas[0], made.create.id, 2));
    forget(&made);
}

/* Nobody decides before it leads; what came meanwhile is decided in its order. */
static void calls_before_the_lead_wait_for_it(void **state)
{
    (void)state;
    struct governed_call first, second;

    governed_make(&governed);
    governed_create(&governed, &first, "alpha", 1);
    governed_create(&governed, &second, "alpha", 1);
    node_settle(&governed.node);
    assert_false(first.done || second.done);
    controller_start(governed.controller, &governed.active, &governed.failed);
    governed_turn_until(&governed, &second.done);
    assert_true(first.done);
    assert_int_equal(first.create.status, STATUS_OK);
    assert_int_equal(second.create.status, STATUS_EXISTS);
    assert_true(second.call.applied >= first.call.applied); /* It saw what the first had decided. */
    forget(&first);
    forget(&second);
}

/* A decision of many records gives way to others between its portions, but not to another decision. */
static void a_large_decision_is_whole_before_the_next(void **state)
{
    (void)state;
    struct governed_call large, small;

    governed_start(&governed);
    governed_create(&governed, &large, "large", 5000);
    governed_create(&governed, &small, "small", 1);
    governed_turn_until(&governed, &small.done);
    assert_true(large.done && large.known && small.known);
    assert_int_equal(image_topic_by_name(&governed.replicas[0]->image, TEXT("large"))->partition_count, 5000);
    forget(&large);
    forget(&small);
}

static void a_call_without_room_for_words_is_not_sent(void **state)
{
    (void)state;
    struct governed_call made = { .create = { .name = TEXT("alpha"), .partition_count = 1, .replication_factor = -1 } };

    governed_start(&governed);
    int64_t end = governed.metadata.log->end;
    arena_init(&made.arena, NULL, NULL, 0, 0);
    made.call = (struct controller_call){ .kind = CONTROLLER_CREATE_TOPICS,
                                          .arena = &made.arena,
                                          .creates = &made.create,
                                          .create_count = 1,
                                          .done = governed_call_done };
    controller_begin(governed.node.shards[0], &made.call);
    assert_false(made.done); /* never from inside the call */
    governed_turn_until(&governed, &made.done);
    assert_int_equal(made.call.status, STATUS_NO_MEMORY);
    assert_int_equal(governed.metadata.log->end, end);
}

/* What was decided is finished, what was not is refused; partitions have no leader afterwards. */
static void who_calls_while_it_goes_is_refused(void **state)
{
    (void)state;
    struct governed_call before, after;

    governed_start(&governed);
    create_now(&before, "alpha", 2);
    controller_stop(governed.controller, &governed.stopped);
    governed_create(&governed, &after, "beta", 1);
    governed_turn_until(&governed, &after.done);
    governed_turn_until(&governed, &governed.has_stopped);
    assert_int_equal(after.call.status, STATUS_STOPPING);
    assert_false(after.known);
    const struct image_topic *topic = image_topic_by_name(&governed.replicas[0]->image, TEXT("alpha"));
    assert_int_equal(topic->partitions[0].leader, -1);
    assert_false(governed.has_failed);
    forget(&before);
    forget(&after);
}

/* The disk goes while a call is on its way: it is not acknowledged, and neither is any after it. */
static void a_lost_disk_fails_every_call(void **state)
{
    (void)state;
    struct governed_call running, after;

    governed_start(&governed);
    governed_create(&governed, &running, "alpha", 1);
    directory_fail(governed.node.stores[GOVERNED_LAST], STATUS_IO_ERROR);
    governed_turn_until(&governed, &running.done);
    governed_turn_until(&governed, &governed.has_failed);
    assert_int_equal(running.call.status, STATUS_OFFLINE);
    assert_false(running.known);
    assert_int_not_equal(controller_status(governed.controller), STATUS_OK);
    create_now(&after, "beta", 1);
    assert_int_equal(after.call.status, STATUS_OFFLINE);
    controller_stop(governed.controller, &governed.stopped); /* There is nothing left to write. */
    governed_turn_until(&governed, &governed.has_stopped);
    forget(&running);
    forget(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_done_is_known_to_every_shard, end),
        cmocka_unit_test_teardown(calls_before_the_lead_wait_for_it, end),
        cmocka_unit_test_teardown(a_large_decision_is_whole_before_the_next, end),
        cmocka_unit_test_teardown(a_call_without_room_for_words_is_not_sent, end),
        cmocka_unit_test_teardown(who_calls_while_it_goes_is_refused, end),
        cmocka_unit_test_teardown(a_lost_disk_fails_every_call, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
