/* Leading and committing: what a majority has of this term is committed, with everything before it. */
#include "story.h"

static void three_voters_elect_by_majority_and_commit_with_it(void **state)
{
    (void)state;
    struct story story;
    story_begin_leading(&story);
    hear(&story, 3, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 3, .granted = true });
    appended(&story, 11);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 10, 2 } });
    durable(&story, 11);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 11, 3 } });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 12, 2 } });
    story_end(&story, LEADS "3 says vote term 3 granted\n"
                            "appended to 11\n"
                            "2 says fetch? term 3 at 10/2\n"
                            "  to 2: fetch term 3\n"
                            "durable to 11\n"
                            "2 says fetch? term 3 at 11/3\n"
                            "  to 2: fetch term 3\n"
                            "  commit 11\n"
                            "3 says fetch? term 3 at 12/2\n"
                            "  to 3: fetch term 3 cut to 10/2\n");
}

/* Raft 3.6.2: what an earlier term left is never committed by counting alone. */
static void an_earlier_terms_records_wait_for_one_of_this_term(void **state)
{
    (void)state;
    struct story story;
    story_begin_leading(&story);
    durable(&story, 10);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 10, 2 } });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 10, 2 } });
    appended(&story, 11);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 11, 3 } });
    hear(&story, 9, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 11, 3 } }); /* an observer */
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 10, 2 } }); /* an older one */
    durable(&story, 11);
    story_end(&story, LEADS "durable to 10\n"
                            "2 says fetch? term 3 at 10/2\n"
                            "  to 2: fetch term 3\n"
                            "3 says fetch? term 3 at 10/2\n"
                            "  to 3: fetch term 3\n"
                            "appended to 11\n"
                            "2 says fetch? term 3 at 11/3\n"
                            "  to 2: fetch term 3\n"
                            "9 says fetch? term 3 at 11/3\n"
                            "  to 9: fetch term 3\n"
                            "2 says fetch? term 3 at 10/2\n"
                            "  to 2: fetch term 3\n"
                            "durable to 11\n"
                            "  commit 11\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_voters_elect_by_majority_and_commit_with_it),
        cmocka_unit_test(an_earlier_terms_records_wait_for_one_of_this_term),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
