/* Raft told as stories: events on the left margin, what they led to indented. */
#include "story.h"

static void a_sole_voter_leads_at_once_and_commits_what_is_durable(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, 1, nobody, (struct position){ 0, 0 });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    appended(&story, 3);
    appended(&story, 6);
    durable(&story, 3);
    durable(&story, 6);
    story_end(&story, "start\n"
                      "  save term 1 vote -1 leader 1\n"
                      "  lead term 1\n"
                      "appended to 3\n"
                      "appended to 6\n"
                      "durable to 3\n"
                      "  commit 3\n"
                      "durable to 6\n"
                      "  commit 6\n");
}

static void who_led_before_leads_a_higher_term_now(void **state)
{
    (void)state;
    struct story story;
    struct ballot ballot = { .term = 4, .vote = RAFT_NOBODY, .leader = 1 };
    story_begin(&story, 1, ballot, (struct position){ 20, 4 });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    appended(&story, 21);
    durable(&story, 21);
    story_end(&story, "start\n"
                      "  save term 5 vote -1 leader 1\n"
                      "  lead term 5\n"
                      "appended to 21\n"
                      "durable to 21\n"
                      "  commit 21\n");
}

static void a_lost_ballot_is_raised_to_the_term_of_the_log(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, 1, nobody, (struct position){ 20, 7 });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    story_end(&story, "start\n"
                      "  save term 8 vote -1 leader 1\n"
                      "  lead term 8\n");
}

static void a_leader_gives_way_to_a_higher_term(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, 1, nobody, (struct position){ 0, 0 });
    quorum_add(&story.raft.quorum, (struct voter){ 2, directory_of(2) });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    tell(&story, (struct raft_event){ .kind = RAFT_TIMEOUT });
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 1, .granted = true });
    appended(&story, 1);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ASK, .term = 2, .last = { 0, 0 } });
    durable(&story, 1);
    story_end(&story, "start\n"
                      "  deadline\n"
                      "timeout\n"
                      "  save term 1 vote 1 leader -1\n"
                      "  to 2: vote? term 1 at 0/0\n"
                      "  deadline\n"
                      "2 says vote term 1 granted\n"
                      "  save term 1 vote -1 leader 1\n"
                      "  lead term 1\n"
                      "  to 2: begin term 1\n"
                      "appended to 1\n"
                      "2 says vote? term 2 at 0/0\n"
                      "  save term 2 vote -1 leader -1\n"
                      "  follow -1\n"
                      "  deadline\n"
                      "  to 2: vote term 2 refused\n"
                      "durable to 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sole_voter_leads_at_once_and_commits_what_is_durable),
        cmocka_unit_test(who_led_before_leads_a_higher_term_now),
        cmocka_unit_test(a_lost_ballot_is_raised_to_the_term_of_the_log),
        cmocka_unit_test(a_leader_gives_way_to_a_higher_term),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
