/* engine/shard/timers.h   Deadlines of a shard: intrusive, set, moved and cleared in constant time (a hierarchical
 * wheel with a tick of 1 ms). A timer fires at or up to one tick after its deadline, never before, from shard_step. The
 * few whose deadline is nearer than a tick, or must be met, are set as exact ones. */
#ifndef ENGINE_SHARD_TIMERS_H
#define ENGINE_SHARD_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum { TIMERS_LEVELS = 5, TIMERS_SLOTS = 64 };

struct timer {
    struct list_node node;
    int64_t deadline_ns;
    void (*fire)(struct timer *timer);
};

struct timers {
    int64_t tick; /* everything up to this tick (ms) has fired */
    uint64_t count;
    uint64_t used[TIMERS_LEVELS]; /* a bit per slot that is not empty */
    struct list slots[TIMERS_LEVELS][TIMERS_SLOTS];
    struct list exact; /* by deadline, earliest first */
};

/* Settings say "never" with INT64_MAX milliseconds: what is more than there is of nanoseconds is as good as that. */
static inline int64_t ns_of_ms(int64_t ms)
{
    enum { NS_PER_MS = 1000000 };
    return min_of(ms, INT64_MAX / NS_PER_MS) * NS_PER_MS;
}
static inline int64_t deadline_after(int64_t now_ns, int64_t delay_ns)
{
    return delay_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + delay_ns;
}

void timers_init(struct timers *timers, int64_t now_ns);
void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
/* Sets or moves. */
void timer_set(struct timers *timers, struct timer *timer, int64_t deadline_ns);
/* Fires in the first step after its deadline. For timers that are few or set in the order of their deadlines: each
 * looks for its place from the latest on. */
void timer_set_exact(struct timers *timers, struct timer *timer, int64_t deadline_ns);
/* Nothing when it is not set. */
void timer_clear(struct timers *timers, struct timer *timer);
static inline bool timer_pending(const struct timer *timer)
{
    return list_linked(&timer->node);
}
/* When timers_expire has something to do next: never more than a tick after the earliest deadline, never after that of
 * an exact one, maybe long before it (a far timer is brought nearer in steps); INT64_MAX when no timer is set. */
int64_t timers_next_ns(const struct timers *timers);
/* Fires what is due, in no particular order among timers that became due since the last call. */
void timers_expire(struct timers *timers, int64_t now_ns);

#endif
