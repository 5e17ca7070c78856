/* tests/unit/replication/replica/metadata_log_test.c   Raft's driver: the ballot is on the device before anything is
 * led, committed is nothing that is not durable, and shards apply in order what was published. */
#include "governed_calls.h"

static struct governed governed;

static int end(void **state)
{
    (void)state;
    governed_end(&governed);
    return 0;
}

static struct text quorum_state(void)
{
    struct text text;
    assert_int_equal(files_load(files_kernel(), governed.handle, "quorum-state", 4096, &governed.arena,
                                (const uint8_t **)&text.data, &text.size),
                     STATUS_OK);
    return text;
}

static void a_ballot_is_saved_before_it_is_acted_on(void **state)
{
    (void)state;
    struct files_entry entry;

    governed_make(&governed);
    assert_int_equal(files_entry(files_kernel(), governed.handle, "quorum-state", &entry), STATUS_NOT_FOUND);
    controller_start(governed.controller, &governed.active, &governed.failed);
    assert_int_equal(governed.metadata.stage, METADATA_LOG_SAVING);
    assert_int_equal(governed.metadata.log->end, 0); /* Nothing is led yet. */
    governed_turn_until(&governed, &governed.is_active);
    struct text text = quorum_state();
    assert_true(text_starts(text, TEXT("{\"leaderId\":1,\"leaderEpoch\":1,")));
    assert_int_equal(governed.metadata.raft.ballot.term, 1);
}

/* A vote that is not durable is no vote: nothing is led on the strength of it. */
static void a_ballot_that_can_not_be_saved_fails_the_controller(void **state)
{
    (void)state;
    governed_make(&governed);
    int handle = governed.metadata.directory;
    governed.metadata.directory = -1; /* no directory at all */
    controller_start(governed.controller, &governed.active, &governed.failed);
    governed_turn_until(&governed, &governed.has_failed);
    assert_false(governed.is_active);
    assert_int_equal(governed.metadata.log->end, 0);
    assert_int_not_equal(controller_status(governed.controller), STATUS_OK);
    governed.metadata.directory = handle;
}

static void what_is_committed_is_durable_and_applied_by_all(void **state)
{
    (void)state;
    struct governed_call made;

    governed_start(&governed);
    governed_create(&governed, &made, "alpha", 3);
    while (!made.done) {
        node_turn(&governed.node);
        assert_true(governed.metadata.committed <= governed.metadata.log->durable.at);
        assert_true(governed.metadata.log->committed.at <= governed.metadata.log->durable.at);
    }
    node_settle(&governed.node);
    assert_int_equal(governed.metadata.committed, governed.metadata.log->end);
    assert_int_equal(governed.metadata.publication_count, 0);
    assert_true(list_empty(&governed.metadata.publications));
    for (uint32_t i = 0; i < GOVERNED_SHARDS; i++) {
        assert_int_equal(governed.replicas[i]->image.offset, governed.metadata.log->end);
        assert_int_equal(governed.replicas[i]->image.controller, 1);
    }
    assert_true(image_hash(&governed.replicas[0]->image) == image_hash(&governed.replicas[1]->image));
    arena_reset(&made.arena);
}

/* In a new log the first batch also says of which kind the quorum is, as Kafka's first leader does. */
static void a_new_log_begins_with_its_leader_and_its_voters(void **state)
{
    (void)state;
    governed_start(&governed);
    node_settle(&governed.node);
    assert_true(governed.metadata.dynamic);
    assert_true(governed.metadata.log->end >= 3); /* leader, version, voters */
    assert_int_equal(governed.metadata.raft.role, RAFT_LEADER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_ballot_is_saved_before_it_is_acted_on, end),
        cmocka_unit_test_teardown(a_ballot_that_can_not_be_saved_fails_the_controller, end),
        cmocka_unit_test_teardown(what_is_committed_is_durable_and_applied_by_all, end),
        cmocka_unit_test_teardown(a_new_log_begins_with_its_leader_and_its_voters, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
