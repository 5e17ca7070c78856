/* engine/shard/timers.c   A hierarchical wheel. A timer that is due at tick d, seen from tick t, lies on the level of
 * the highest group of 6 bits in which d and t differ, in the slot that d's bits of that group name:
 *
 *     level     0        1         2         3         4
 *     slot is   1 ms     64 ms     4.1 s     4.4 min   4.7 h
 *
 * So all of a level comes before anything of the next level. When time moves on, the slots that were passed are
 * emptied: what is due fires, the rest finds a new place on a lower level. What lies beyond the last level waits in its
 * farthest slot.
 *
 * Exact timers lie beside the wheel, in a list.
 *
 * A timer that is cleared just leaves its list; the bit of a slot may therefore be set although the slot is empty. */
#include "shard/timers.h"

#include "base/check.h"

enum { NS_PER_TICK = 1000000, SLOT_BITS = 6, SLOT_MASK = TIMERS_SLOTS - 1 };

static int64_t tick_due(int64_t deadline_ns)
{
    return deadline_ns / NS_PER_TICK + (deadline_ns % NS_PER_TICK > 0);
}

static int64_t tick_at_level(int64_t tick, unsigned level)
{
    return tick >> (SLOT_BITS * level);
}

static unsigned level_of(int64_t tick, int64_t due)
{
    uint64_t differ = (uint64_t)(tick ^ due);
    unsigned level = (63 - (unsigned)__builtin_clzll(differ)) / SLOT_BITS;
    return min_of(level, (unsigned)TIMERS_LEVELS - 1);
}

void timers_init(struct timers *timers, int64_t now_ns)
{
    invariant(now_ns >= 0);
    timers->tick = now_ns / NS_PER_TICK;
    timers->count = 0;
    list_init(&timers->exact);
    for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
        timers->used[level] = 0;
        for (unsigned slot = 0; slot < TIMERS_SLOTS; slot++) list_init(&timers->slots[level][slot]);
    }
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
    list_node_init(&timer->node);
    timer->deadline_ns = 0;
    timer->fire = fire;
}

static void timer_place(struct timers *timers, struct timer *timer)
{
    int64_t due = max_of(tick_due(timer->deadline_ns), timers->tick + 1);
    unsigned level = level_of(timers->tick, due);
    int64_t farthest = tick_at_level(timers->tick, level) + TIMERS_SLOTS - 1;
    unsigned slot = (unsigned)(min_of(tick_at_level(due, level), farthest) & SLOT_MASK);

    list_append(&timers->slots[level][slot], &timer->node);
    timers->used[level] |= UINT64_C(1) << slot;
}

void timer_set(struct timers *timers, struct timer *timer, int64_t deadline_ns)
{
    invariant(timer->fire != NULL);
    timer_clear(timers, timer);
    timer->deadline_ns = deadline_ns;
    timer_place(timers, timer);
    timers->count++;
}

static struct timer *timer_at(struct list_node *node)
{
    return container_of(node, struct timer, node);
}

void timer_set_exact(struct timers *timers, struct timer *timer, int64_t deadline_ns)
{
    invariant(timer->fire != NULL);
    timer_clear(timers, timer);
    timer->deadline_ns = deadline_ns;
    struct list_node *place = &timers->exact.head;
    while (place->previous != &timers->exact.head && timer_at(place->previous)->deadline_ns > deadline_ns)
        place = place->previous;
    list_insert_before(place, &timer->node);
    timers->count++;
}

void timer_clear(struct timers *timers, struct timer *timer)
{
    if (!timer_pending(timer)) return;
    invariant(timers->count > 0);
    list_remove(&timer->node);
    timers->count--;
}

/* The used slots of a level in the order in which time will pass them; bit 0 is the next one. */
static uint64_t used_ahead(const struct timers *timers, unsigned level)
{
    unsigned next = (unsigned)((tick_at_level(timers->tick, level) + 1) & SLOT_MASK);
    uint64_t used = timers->used[level];
    return next == 0 ? used : used >> next | used << (TIMERS_SLOTS - next);
}

int64_t timers_next_ns(const struct timers *timers)
{
    if (timers->count == 0) return INT64_MAX;

    struct list_node *first = list_first(&timers->exact);
    int64_t exact_ns = first ? timer_at(first)->deadline_ns : INT64_MAX;
    for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
        int64_t next = tick_at_level(timers->tick, level) + 1;
        for (uint64_t ahead = used_ahead(timers, level); ahead != 0; ahead &= ahead - 1) {
            int64_t place = next + __builtin_ctzll(ahead);
            if (list_empty(&timers->slots[level][place & SLOT_MASK])) continue;
            int64_t tick = place << (SLOT_BITS * level);
            return tick > INT64_MAX / NS_PER_TICK ? exact_ns : min_of(exact_ns, tick * NS_PER_TICK);
        }
    }
    invariant(first && "a counted timer is in a slot or an exact one");
    return exact_ns;
}

/* Moves everything from the slots of a level that time passes on its way to `tick` into `passed`. */
static void level_pass(struct timers *timers, unsigned level, int64_t tick, struct list *passed)
{
    int64_t from = tick_at_level(timers->tick, level), to = tick_at_level(tick, level);
    int64_t count = min_of(to - from, (int64_t)TIMERS_SLOTS);

    for (int64_t i = 1; i <= count && timers->used[level] != 0; i++) {
        unsigned slot = (unsigned)((from + i) & SLOT_MASK);
        list_join(passed, &timers->slots[level][slot]);
        timers->used[level] &= ~(UINT64_C(1) << slot);
    }
}

static void exact_take(struct timers *timers, int64_t now_ns, struct list *due)
{
    struct list_node *node;
    while ((node = list_first(&timers->exact)) != NULL && timer_at(node)->deadline_ns <= now_ns) {
        list_remove(node);
        list_append(due, node);
    }
}

static void wheel_take(struct timers *timers, int64_t tick, struct list *due)
{
    struct list passed;

    list_init(&passed);
    for (unsigned level = 0; level < TIMERS_LEVELS; level++) level_pass(timers, level, tick, &passed);
    timers->tick = tick;
    list_each(&passed, node)
    {
        list_remove(node);
        if (tick_due(timer_at(node)->deadline_ns) <= tick) {
            list_append(due, node);
        } else {
            timer_place(timers, timer_at(node));
        }
    }
}

void timers_expire(struct timers *timers, int64_t now_ns)
{
    int64_t tick = now_ns / NS_PER_TICK;
    struct list due;

    list_init(&due);
    exact_take(timers, now_ns, &due);
    if (tick > timers->tick) wheel_take(timers, tick, &due);
    for (struct list_node *node; (node = list_take_first(&due)) != NULL;) {
        struct timer *timer = timer_at(node);
        timers->count--;
        timer->fire(timer); /* May set it again, and set or clear any other, also those that are due now. */
    }
}
