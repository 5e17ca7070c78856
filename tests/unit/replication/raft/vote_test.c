/* Elections: to whom a vote goes, and when it is one's own that count. */
#include "story.h"

static void a_vote_is_given_once_and_only_to_a_log_as_complete(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, 3, nobody, (struct position){ 10, 2 });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 5, .last = { 9, 2 } });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 5, .last = { 3, 4 } });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 5, .last = { 3, 4 } });
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 5, .last = { 50, 4 } });
    hear(&story, 9, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 4, .last = { 50, 4 } });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_BEGIN, .term = 5 });
    story_end(&story, "start\n"
                      "  deadline\n"
                      "2 says vote? term 5 at 9/2\n"
                      "  save term 5 vote -1 leader -1\n"
                      "  deadline\n"
                      "  to 2: vote term 5 refused\n"
                      "3 says vote? term 5 at 3/4\n"
                      "  save term 5 vote 3 leader -1\n"
                      "  deadline\n"
                      "  to 3: vote term 5 granted\n"
                      "3 says vote? term 5 at 3/4\n"
                      "  to 3: vote term 5 granted\n"
                      "2 says vote? term 5 at 50/4\n"
                      "  to 2: vote term 5 refused\n"
                      "9 says vote? term 4 at 50/4\n"
                      "  to 9: vote term 5 refused\n"
                      "3 says begin term 5\n"
                      "  save term 5 vote 3 leader 3\n"
                      "  follow 3\n"
                      "  deadline\n");
}

/* A vote is given to an identity: a voter whose disk was exchanged is somebody else. */
static void a_vote_is_for_an_identity_and_from_voters_only(void **state)
{
    (void)state;
    struct story story;
    struct raft_event stranger = { .kind = RAFT_MESSAGE,
                                   .message = { .kind = RAFT_VOTE_ASK, .from = 2, .term = 5, .last = { 50, 4 } } };
    stranger.message.directory = directory_of(77);
    story_begin(&story, 3, nobody, (struct position){ 10, 2 });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    tell(&story, stranger);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 5, .last = { 10, 2 } });
    quorum_add(&story.raft.quorum, (struct voter){ 2, directory_of(77) });
    tell(&story, stranger); /* It has our vote by its number, and not by its directory. */
    story_end(&story, "start\n"
                      "  deadline\n"
                      "2 says vote? term 5 at 50/4\n"
                      "  save term 5 vote -1 leader -1\n"
                      "  deadline\n"
                      "  to 2: vote term 5 refused\n"
                      "2 says vote? term 5 at 10/2\n"
                      "  save term 5 vote 2 leader -1\n"
                      "  deadline\n"
                      "  to 2: vote term 5 granted\n"
                      "2 says vote? term 5 at 50/4\n"
                      "  to 2: vote term 5 refused\n");
}

static void votes_of_another_term_or_refused_ones_do_not_count(void **state)
{
    (void)state;
    struct story story;
    story_begin_standing(&story);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 3, .granted = false });
    tell(&story, (struct raft_event){ .kind = RAFT_TIMEOUT });
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 3, .granted = true }); /* late */
    hear(&story, 9, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 4, .granted = true }); /* no voter */
    hear(&story, 3, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 4, .granted = true });
    story_end(&story, STANDS "2 says vote term 3 refused\n"
                             "timeout\n"
                             "  save term 4 vote 1 leader -1\n"
                             "  to 2: vote? term 4 at 10/2\n"
                             "  to 3: vote? term 4 at 10/2\n"
                             "  deadline\n"
                             "2 says vote term 3 granted\n"
                             "9 says vote term 4 granted\n"
                             "3 says vote term 4 granted\n"
                             "  save term 4 vote -1 leader 1\n"
                             "  lead term 4\n"
                             "  to 2: begin term 4\n"
                             "  to 3: begin term 4\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vote_is_given_once_and_only_to_a_log_as_complete),
        cmocka_unit_test(a_vote_is_for_an_identity_and_from_voters_only),
        cmocka_unit_test(votes_of_another_term_or_refused_ones_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
