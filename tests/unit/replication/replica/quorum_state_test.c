/* The file quorum-state, both kinds, as Kafka 4.3.1 wrote them; and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replica/quorum_state.h"

#define DYNAMIC                                                                                                \
    "{\"leaderId\":1,\"leaderEpoch\":7,\"votedId\":-1,\"votedDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"data_" \
    "version\":1}"
#define STATIC                                                                                                     \
    "{\"clusterId\":\"\",\"leaderId\":-1,\"leaderEpoch\":2,\"votedId\":3,\"appliedOffset\":0,\"currentVoters\":[{" \
    "\"voterId\":1},{\"voterId\":3}],\"data_version\":0}"

static void both_kinds_are_read_and_written_as_kafka_does(void **state)
{
    (void)state;
    char memory[2048];
    struct arena arena;
    struct ballot ballot;
    struct quorum quorum;
    bool dynamic;
    arena_init(&arena, NULL, memory, sizeof(memory), 0);
    quorum_init(&quorum);
    quorum_add(&quorum, (struct voter){ 1, UUID_NONE });
    quorum_add(&quorum, (struct voter){ 3, UUID_NONE });

    assert_int_equal(quorum_state_parse(TEXT(DYNAMIC), &ballot, &dynamic), STATUS_OK);
    assert_true(dynamic);
    assert_int_equal(ballot.term, 7);
    assert_int_equal(ballot.leader, 1);
    assert_int_equal(ballot.vote, -1);
    assert_true(text_equal(quorum_state_print(&ballot, &quorum, true, &arena), TEXT(DYNAMIC)));

    assert_int_equal(quorum_state_parse(TEXT(STATIC), &ballot, &dynamic), STATUS_OK);
    assert_false(dynamic);
    assert_int_equal(ballot.term, 2);
    assert_int_equal(ballot.vote, 3);
    assert_true(text_equal(quorum_state_print(&ballot, &quorum, false, &arena), TEXT(STATIC)));
}

static void blanks_and_another_order_do_not_matter(void **state)
{
    (void)state;
    struct ballot ballot;
    bool dynamic;
    assert_int_equal(
        quorum_state_parse(TEXT("{ \"data_version\" : 0, \"votedId\": -1,\n \"leaderEpoch\": 5, \"leaderId\": 2 }"),
                           &ballot, &dynamic),
        STATUS_OK);
    assert_int_equal(ballot.term, 5);
    assert_int_equal(ballot.leader, 2);
}

static void what_says_too_little_or_nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "{\"leaderId\":1,\"leaderEpoch\":7,\"votedId\":-1,\"votedDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"leaderId\":1,\"leaderEpoch\":7,\"votedId\":-1,\"votedDirectoryId\":\"short\",\"data_version\":1}",
        "{\"leaderId\":1,\"leaderEpoch\":-7,\"votedId\":-1,\"data_version\":0}",
        "{\"leaderId\":1,\"leaderEpoch\":7,\"votedId\":-1,\"data_version\":2}",
        "{\"leaderId\":1,\"leaderEpoch\":99999999999,\"votedId\":-1,\"data_version\":0}",
        "{\"leaderId\":\"x\",\"leaderEpoch\":7,\"votedId\":-1,\"data_version\":0}",
    };
    for (size_t i = 0; i < array_count(bad); i++) {
        struct ballot ballot;
        bool dynamic;
        assert_int_equal(quorum_state_parse(text_of(bad[i]), &ballot, &dynamic), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_are_read_and_written_as_kafka_does),
        cmocka_unit_test(blanks_and_another_order_do_not_matter),
        cmocka_unit_test(what_says_too_little_or_nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
