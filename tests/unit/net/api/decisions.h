/* tests/unit/net/api/decisions.h   The desk without a controller: what an API asks of it is kept, and the test decides.
 * The linker takes this controller_begin for the one of replication/replica, which no other part of the desk needs. */
#ifndef TESTS_UNIT_NET_API_DECISIONS_H
#define TESTS_UNIT_NET_API_DECISIONS_H

#include "desk_ask.h"

#include "replica/controller.h"

enum { DECISIONS_MAX = 8 };

static struct controller_call *decisions[DECISIONS_MAX];
static uint32_t decision_count;

void controller_begin(struct shard *from, struct controller_call *call)
{
    assert_non_null(call->done);
    assert_non_null(call->arena);
    assert_true(decision_count < DECISIONS_MAX);
    call->caller = from;
    decisions[decision_count++] = call;
}

/* The call that the request just sent has become. */
static inline struct controller_call *desk_asks(struct desk *desk, int16_t key, int16_t version, const void *ask,
                                                enum controller_kind kind)
{
    uint32_t before = decision_count;

    desk_send(desk, key, version, ask);
    for (int i = 0; i < DESK_TURNS && decision_count == before; i++) desk_turn(desk);
    assert_int_equal(decision_count, before + 1);
    assert_int_equal(decisions[before]->kind, kind);
    return decisions[before];
}

/* The oldest call is done. */
static inline void desk_decides(enum status status)
{
    struct controller_call *call = decisions[0];

    assert_true(decision_count > 0);
    decision_count--;
    for (uint32_t i = 0; i < decision_count; i++) decisions[i] = decisions[i + 1];
    call->status = status;
    call->done(call);
}

/* The answer to the request that asked last. */
static inline void desk_told(struct desk *desk, int16_t key, int16_t version, void *answer)
{
    desk_answer_of(desk, desk->correlation, key, version, answer);
}

#endif
