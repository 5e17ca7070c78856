/* What is told of the quorum: each voter with what the leader knows of it, the leader with the end of its log. */
#include "deciding.h"
#include "replica/metadata_log.h"
#include "replica/quorum_view.h"

static const struct uuid home = { { 4 } }, elsewhere = { { 5 } };

static void look(bool dynamic, struct quorum_view *view)
{
    static struct node_identity identity = { .id = 2, .controller = { .port = 9093 } };
    struct metadata_log log = {
        .dynamic = dynamic,
        .raft = { .self = { 2, home }, .ballot = { .term = 9, .leader = 2 }, .last = { 50, 9 }, .committed = 41 },
    };
    struct controller controller = { .log = &log, .identity = &identity };
    struct controller_call call = { .quorum = view };

    quorum_init(&log.raft.quorum);
    quorum_add(&log.raft.quorum, (struct voter){ 1, elsewhere });
    quorum_add(&log.raft.quorum, (struct voter){ 2, home });
    quorum_add(&log.raft.quorum, (struct voter){ 3, elsewhere });
    log.raft.quorum.members[0].end = 33;
    log.raft.quorum.members[1].end = 48; /* durable; what stands in the log is more */
    quorum_look(&controller, &call);
    assert_ptr_equal(view->controller, &identity.controller);
}

static void the_leader_is_as_far_as_its_log_and_others_as_far_as_they_said(void **state)
{
    (void)state;
    struct quorum_view view = { .leader = -1 };
    look(true, &view);
    assert_int_equal(view.leader, 2);
    assert_int_equal(view.epoch, 9);
    assert_int_equal(view.committed, 41);
    assert_int_equal(view.count, 3);
    assert_int_equal(view.members[0].end, 33);
    assert_int_equal(view.members[1].end, 50);
    assert_int_equal(view.members[2].end, -1);
    assert_true(uuid_equal(view.members[0].voter.directory, elsewhere));
    assert_true(uuid_equal(view.members[1].voter.directory, home));
}

static void a_static_quorum_knows_no_directories(void **state)
{
    (void)state;
    struct quorum_view view = { .leader = -1 };
    look(false, &view);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(view.members[i].voter.id, i + 1);
        assert_true(uuid_none(view.members[i].voter.directory));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_leader_is_as_far_as_its_log_and_others_as_far_as_they_said),
        cmocka_unit_test(a_static_quorum_knows_no_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
