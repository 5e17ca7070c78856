/* Raft told as stories: events on the left margin, what they led to indented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/heap.h"
#include "base/sink.h"
#include "raft/raft.h"

struct story {
    struct heap heap;
    struct raft raft;
    struct memory_sink sink;
};

static struct uuid directory_of(int32_t id)
{
    return (struct uuid){ { [0] = 0xd1, [15] = (uint8_t)id } };
}

static void story_begin(struct story *story, uint32_t voters, struct ballot ballot, struct position last)
{
    struct voter self = { 1, directory_of(1) };
    struct history history;
    struct quorum quorum;

    heap_init(&story->heap);
    memory_sink_init(&story->sink, &story->heap, 1 << 16);
    history_init(&history, &story->heap);
    if (last.offset > 0) history_note(&history, last.term, 0);
    quorum_init(&quorum);
    for (uint32_t i = 1; i <= voters; i++) quorum_add(&quorum, (struct voter){ (int32_t)i, directory_of((int32_t)i) });
    raft_init(&story->raft, self, &quorum, ballot, history, last);
}

static void tell(struct story *story, struct raft_event event)
{
    struct raft_effects effects;
    raft_print_event(&story->sink.sink, &event);
    raft_step(&story->raft, &event, &effects);
    for (uint32_t i = 0; i < effects.count; i++) raft_print_effect(&story->sink.sink, &effects.items[i]);
}

static void hear(struct story *story, int32_t from, struct raft_message message)
{
    message.from = from;
    message.directory = directory_of(from);
    tell(story, (struct raft_event){ .kind = RAFT_MESSAGE, .message = message });
}

static void appended(struct story *story, int64_t offset)
{
    tell(story, (struct raft_event){ .kind = RAFT_APPENDED, .offset = offset, .term = story->raft.ballot.term });
}

static void durable(struct story *story, int64_t offset)
{
    tell(story, (struct raft_event){ .kind = RAFT_DURABLE, .offset = offset });
}

static void story_end(struct story *story, const char *expected)
{
    struct text told = memory_sink_text(&story->sink);
    assert_int_equal(told.size, strlen(expected));
    if (told.size > 0) assert_memory_equal(told.data, expected, told.size);
    raft_end(&story->raft);
    memory_sink_end(&story->sink);
    assert_int_equal(story->heap.live_count, 0);
}

static const struct ballot nobody = { .vote = RAFT_NOBODY, .leader = RAFT_NOBODY };

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

static void three_voters_elect_by_majority_and_commit_with_it(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, 3, nobody, (struct position){ 10, 2 });
    tell(&story, (struct raft_event){ .kind = RAFT_START });
    tell(&story, (struct raft_event){ .kind = RAFT_TIMEOUT });
    hear(&story, 2, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 3, .granted = true });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 3, .granted = true });
    appended(&story, 11);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 10, 2 } });
    durable(&story, 11);
    hear(&story, 2, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 11, 3 } });
    hear(&story, 3, (struct raft_message){ .kind = RAFT_FETCH_ASK, .term = 3, .last = { 12, 2 } });
    story_end(&story, "start\n"
                      "  deadline\n"
                      "timeout\n"
                      "  save term 3 vote 1 leader -1\n"
                      "  to 2: vote? term 3 at 10/2\n"
                      "  to 3: vote? term 3 at 10/2\n"
                      "  deadline\n"
                      "2 says vote term 3 granted\n"
                      "  save term 3 vote -1 leader 1\n"
                      "  lead term 3\n"
                      "  to 2: begin term 3\n"
                      "  to 3: begin term 3\n"
                      "3 says vote term 3 granted\n"
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
        cmocka_unit_test(three_voters_elect_by_majority_and_commit_with_it),
        cmocka_unit_test(a_vote_is_given_once_and_only_to_a_log_as_complete),
        cmocka_unit_test(a_leader_gives_way_to_a_higher_term),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
