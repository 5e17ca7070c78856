/* tests/unit/replication/raft/story.h   Raft told as stories: events on the left margin, what they led to indented. */
#ifndef TESTS_UNIT_REPLICATION_RAFT_STORY_H
#define TESTS_UNIT_REPLICATION_RAFT_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/heap.h"
#include "base/sink.h"
#include "raft/raft.h"

static const struct ballot nobody = { .vote = RAFT_NOBODY, .leader = RAFT_NOBODY };

struct story {
    struct heap heap;
    struct raft raft;
    struct memory_sink sink;
};

static inline struct uuid directory_of(int32_t id)
{
    return (struct uuid){ { [0] = 0xd1, [15] = (uint8_t)id } };
}

static inline void story_begin(struct story *story, uint32_t voters, struct ballot ballot, struct position last)
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

static inline void tell(struct story *story, struct raft_event event)
{
    struct raft_effects effects;
    raft_print_event(&story->sink.sink, &event);
    raft_step(&story->raft, &event, &effects);
    for (uint32_t i = 0; i < effects.count; i++) raft_print_effect(&story->sink.sink, &effects.items[i]);
}

static inline void hear(struct story *story, int32_t from, struct raft_message message)
{
    message.from = from;
    message.directory = directory_of(from);
    tell(story, (struct raft_event){ .kind = RAFT_MESSAGE, .message = message });
}

static inline void appended(struct story *story, int64_t offset)
{
    tell(story, (struct raft_event){ .kind = RAFT_APPENDED, .offset = offset, .term = story->raft.ballot.term });
}

static inline void durable(struct story *story, int64_t offset)
{
    tell(story, (struct raft_event){ .kind = RAFT_DURABLE, .offset = offset });
}

/* A story that most begin with: of three voters, with records up to 10 of term 2, the first asks for votes. */
#define STANDS                         \
    "start\n"                          \
    "  deadline\n"                     \
    "timeout\n"                        \
    "  save term 3 vote 1 leader -1\n" \
    "  to 2: vote? term 3 at 10/2\n"   \
    "  to 3: vote? term 3 at 10/2\n"   \
    "  deadline\n"

static inline void story_begin_standing(struct story *story)
{
    story_begin(story, 3, nobody, (struct position){ 10, 2 });
    tell(story, (struct raft_event){ .kind = RAFT_START });
    tell(story, (struct raft_event){ .kind = RAFT_TIMEOUT });
}

/* And how it goes on: it has the vote of the second, and so leads. */
#define LEADS                          \
    STANDS                             \
    "2 says vote term 3 granted\n"     \
    "  save term 3 vote -1 leader 1\n" \
    "  lead term 3\n"                  \
    "  to 2: begin term 3\n"           \
    "  to 3: begin term 3\n"

static inline void story_begin_leading(struct story *story)
{
    story_begin_standing(story);
    hear(story, 2, (struct raft_message){ .kind = RAFT_VOTE_ANSWER, .term = 3, .granted = true });
}

static inline void story_end(struct story *story, const char *expected)
{
    struct text told = memory_sink_text(&story->sink);
    assert_int_equal(told.size, strlen(expected));
    if (told.size > 0) assert_memory_equal(told.data, expected, told.size);
    raft_end(&story->raft);
    memory_sink_end(&story->sink);
    assert_int_equal(story->heap.live_count, 0);
}

#endif
