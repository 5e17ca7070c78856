/* The wheel against a plain list: never early, at most a tick late, wherever the deadline lies and however time
 * jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/prng.h"
#include "shard/timers.h"

#include "base/check.h"

#define MS INT64_C(1000000)

struct alarm {
    struct timer timer;
    int64_t *now_ns;
    unsigned fired;
};

static void alarm_fire(struct timer *timer)
{
    struct alarm *alarm = container_of(timer, struct alarm, timer);
    assert_true(*alarm->now_ns >= timer->deadline_ns);
    assert_false(timer_pending(timer));
    alarm->fired++;
}

static void a_timer_fires_at_its_tick_and_not_before(void **state)
{
    (void)state;
    static const int64_t delays[] = {
        0,         1,         MS - 1,    MS,          63 * MS,       64 * MS,      65 * MS,
        4095 * MS, 4096 * MS, 4097 * MS, 262144 * MS, 16777216 * MS, 16777217 * MS
    };
    static const int64_t starts[] = {
        0, 1, 63 * MS, 4095 * MS + 7, INT64_C(123456789012345), INT64_C(1073741823) * MS
    };

    for (size_t s = 0; s < array_count(starts); s++)
        for (size_t d = 0; d < array_count(delays); d++) {
            struct timers timers;
            int64_t now_ns = starts[s], deadline_ns = starts[s] + delays[d];
            struct alarm alarm = { .now_ns = &now_ns };
            timers_init(&timers, now_ns);
            timer_init(&alarm.timer, alarm_fire);
            timer_set(&timers, &alarm.timer, deadline_ns);
            unsigned steps = 0;
            while (alarm.fired == 0) {
                int64_t next_ns = timers_next_ns(&timers);
                assert_true(next_ns > now_ns && next_ns <= max_of(deadline_ns, now_ns) + MS);
                now_ns = next_ns;
                timers_expire(&timers, now_ns);
                assert_true(++steps < 10); /* One per level, not one per tick. */
            }
            assert_true(now_ns <= max_of(deadline_ns, starts[s]) + MS);
            assert_int_equal(timers_next_ns(&timers), INT64_MAX);
        }
}

static void a_deadline_beyond_the_wheel_comes_in_the_end(void **state)
{
    (void)state;
    struct timers timers;
    int64_t now_ns = 5 * MS;
    struct alarm far = { .now_ns = &now_ns }, farther = { .now_ns = &now_ns };
    timers_init(&timers, now_ns);
    timer_init(&far.timer, alarm_fire);
    timer_init(&farther.timer, alarm_fire);
    timer_set(&timers, &far.timer, INT64_C(86400000) * 100 * MS); /* A hundred days. */
    timer_set(&timers, &farther.timer, INT64_MAX);
    while (far.fired == 0) {
        now_ns = timers_next_ns(&timers);
        timers_expire(&timers, now_ns);
    }
    assert_true(now_ns <= INT64_C(86400000) * 100 * MS + MS);
    timer_clear(&timers, &farther.timer);
    assert_int_equal(timers.count, 0);
}

static void a_cleared_timer_does_not_fire_and_a_moved_one_fires_once(void **state)
{
    (void)state;
    struct timers timers;
    int64_t now_ns = 0;
    struct alarm cleared = { .now_ns = &now_ns }, moved = { .now_ns = &now_ns };
    timers_init(&timers, now_ns);
    timer_init(&cleared.timer, alarm_fire);
    timer_init(&moved.timer, alarm_fire);
    timer_set(&timers, &cleared.timer, 5 * MS);
    timer_set(&timers, &moved.timer, 5 * MS);
    timer_set(&timers, &moved.timer, 500 * MS);
    timer_clear(&timers, &cleared.timer);
    timer_clear(&timers, &cleared.timer);
    now_ns = 499 * MS;
    timers_expire(&timers, now_ns);
    assert_int_equal(moved.fired, 0);
    now_ns = 500 * MS;
    timers_expire(&timers, now_ns);
    assert_int_equal(moved.fired, 1);
    assert_int_equal(cleared.fired, 0);
}

struct meddler {
    struct timer timer;
    struct timers *timers;
    struct alarm *victim;
    unsigned fired;
};

static void meddler_fire(struct timer *timer)
{
    struct meddler *meddler = container_of(timer, struct meddler, timer);
    meddler->fired++;
    timer_clear(meddler->timers, &meddler->victim->timer);
    timer_set(meddler->timers, timer, timer->deadline_ns); /* In the past: for the next tick, not for this round. */
}

static void a_firing_timer_may_clear_another_and_set_itself(void **state)
{
    (void)state;
    struct timers timers;
    int64_t now_ns = 0;
    struct alarm victim = { .now_ns = &now_ns };
    struct meddler meddler = { .timers = &timers, .victim = &victim };
    timers_init(&timers, now_ns);
    timer_init(&meddler.timer, meddler_fire);
    timer_init(&victim.timer, alarm_fire);
    timer_set(&timers, &meddler.timer, MS);
    timer_set(&timers, &victim.timer, MS);
    now_ns = 2 * MS;
    timers_expire(&timers, now_ns);
    assert_int_equal(meddler.fired, 1);
    assert_int_equal(victim.fired, 0);
    now_ns = 3 * MS;
    timers_expire(&timers, now_ns);
    assert_int_equal(meddler.fired, 2);
}

static void an_exact_timer_fires_at_its_deadline_beside_the_wheel(void **state)
{
    (void)state;
    struct timers timers;
    int64_t now_ns = 10 * MS + 1;
    struct alarm wheel = { .now_ns = &now_ns }, early = { .now_ns = &now_ns }, late = { .now_ns = &now_ns };
    timers_init(&timers, now_ns);
    timer_init(&wheel.timer, alarm_fire);
    timer_init(&early.timer, alarm_fire);
    timer_init(&late.timer, alarm_fire);
    timer_set_exact(&timers, &late.timer, now_ns + 300);
    timer_set_exact(&timers, &early.timer, now_ns + 200);
    timer_set(&timers, &wheel.timer, now_ns + 100);
    now_ns += 200;
    assert_int_equal(timers_next_ns(&timers), now_ns);
    timers_expire(&timers, now_ns);
    assert_true(early.fired == 1 && late.fired == 0 && wheel.fired == 0);
    assert_int_equal(timers_next_ns(&timers), now_ns + 100);
    timer_clear(&timers, &late.timer);
    assert_int_equal(timers_next_ns(&timers), 11 * MS);
    timer_set_exact(&timers, &wheel.timer, now_ns); /* Moved from the wheel; now is late enough. */
    timers_expire(&timers, now_ns);
    assert_true(wheel.fired == 1 && late.fired == 0);
    assert_int_equal(timers_next_ns(&timers), INT64_MAX);
}

static void random_timers_agree_with_a_plain_list(void **state)
{
    (void)state;
    enum { COUNT = 200, ROUNDS = 20000 };
    struct prng prng;
    prng_seed(&prng, 7);
    struct timers timers;
    int64_t now_ns = 77 * MS;
    struct alarm *alarms = calloc(COUNT, sizeof *alarms);
    bool exact[COUNT] = { false };
    timers_init(&timers, now_ns);
    for (unsigned i = 0; i < COUNT; i++) {
        alarms[i].now_ns = &now_ns;
        timer_init(&alarms[i].timer, alarm_fire);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t chosen = prng_below(&prng, COUNT);
        struct timer *timer = &alarms[chosen].timer;
        int64_t reach = INT64_C(1) << prng_below(&prng, 45);
        int64_t deadline_ns = now_ns + (int64_t)prng_below(&prng, (uint64_t)reach);
        switch (prng_below(&prng, 5)) {
        case 0:
        case 1:
            timer_set(&timers, timer, deadline_ns);
            exact[chosen] = false;
            break;
        case 2:
            timer_set_exact(&timers, timer, deadline_ns);
            exact[chosen] = true;
            break;
        case 3: timer_clear(&timers, timer); break;
        default: now_ns += (int64_t)prng_below(&prng, (uint64_t)(reach >> 8) + 1); timers_expire(&timers, now_ns);
        }
        int64_t earliest_ns = INT64_MAX, exact_ns = INT64_MAX;
        unsigned pending = 0;
        for (unsigned i = 0; i < COUNT; i++) {
            if (!timer_pending(&alarms[i].timer)) continue;
            pending++;
            earliest_ns = min_of(earliest_ns, alarms[i].timer.deadline_ns);
            if (exact[i]) exact_ns = min_of(exact_ns, alarms[i].timer.deadline_ns);
            assert_true(alarms[i].timer.deadline_ns > timers.tick * MS - MS); /* Nothing is overdue by a tick. */
        }
        assert_int_equal(pending, timers.count);
        int64_t next_ns = timers_next_ns(&timers);
        assert_true(pending == 0 ? next_ns == INT64_MAX : next_ns <= max_of(earliest_ns, now_ns) + MS);
        assert_true(next_ns <= exact_ns);
    }
    free(alarms);
}

/* As settings say it. */
static void never_is_far_away(void **state)
{
    (void)state;
    int64_t now_ns = INT64_C(5000000000);

    assert_int_equal(ns_of_ms(7), 7000000);
    assert_int_equal(deadline_after(now_ns, ns_of_ms(7)), now_ns + 7000000);
    assert_true(ns_of_ms(INT64_MAX) > INT64_MAX - 1000000);
    assert_int_equal(deadline_after(now_ns, ns_of_ms(INT64_MAX)), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_is_far_away),
        cmocka_unit_test(a_timer_fires_at_its_tick_and_not_before),
        cmocka_unit_test(a_deadline_beyond_the_wheel_comes_in_the_end),
        cmocka_unit_test(a_cleared_timer_does_not_fire_and_a_moved_one_fires_once),
        cmocka_unit_test(a_firing_timer_may_clear_another_and_set_itself),
        cmocka_unit_test(an_exact_timer_fires_at_its_deadline_beside_the_wheel),
        cmocka_unit_test(random_timers_agree_with_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
