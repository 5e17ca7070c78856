/* Which snapshots are kept: Kafka's rule at its borders. How they are written while a node runs:
 * net/node/snapshots_test.c and the simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/configs.h"
#include "replica/snapshots.h"

enum { COUNT = 4, NOW_MS = 100000 };

/* 400 bytes together; 90, 60, 30 and 0 seconds old. */
static const struct snapshot_id ids[COUNT] = {
    { .end = 10, .size = 100, .timestamp_ms = 10000 },
    { .end = 20, .size = 100, .timestamp_ms = 40000 },
    { .end = 30, .size = 100, .timestamp_ms = 70000 },
    { .end = 40, .size = 100, .timestamp_ms = 100000 },
};

static uint32_t expired(uint32_t count, uint64_t log_size, int64_t bytes, int64_t ms)
{
    struct snapshot_limits limits = { .retention_bytes = bytes, .retention_ms = ms };
    return snapshots_expired(ids, count, log_size, &limits, NOW_MS);
}

static void the_oldest_go_while_log_and_snapshots_are_too_large(void **state)
{
    (void)state;
    assert_int_equal(expired(COUNT, 600, 1000, -1), 0);
    assert_int_equal(expired(COUNT, 601, 1000, -1), 1);
    assert_int_equal(expired(COUNT, 701, 1000, -1), 2);
    assert_int_equal(expired(COUNT, 600, 0, -1), 3);
    assert_int_equal(expired(COUNT, UINT32_MAX, 1000, -1), 3);
}

static void the_oldest_go_when_they_are_too_old(void **state)
{
    (void)state;
    assert_int_equal(expired(COUNT, 0, -1, 90000), 0);
    assert_int_equal(expired(COUNT, 0, -1, 89999), 1);
    assert_int_equal(expired(COUNT, 0, -1, 59999), 2);
    assert_int_equal(expired(COUNT, 0, -1, 0), 3);
    assert_int_equal(expired(COUNT, 601, 1000, 89999), 1); /* once, for two reasons */
    assert_int_equal(expired(COUNT, 601, 1000, 59999), 2);
}

static void the_newest_stays_and_without_limits_all_do(void **state)
{
    (void)state;
    assert_int_equal(expired(0, 1000, 0, 0), 0);
    assert_int_equal(expired(1, 1000, 0, 0), 0);
    assert_int_equal(expired(COUNT, INT64_MAX, -1, -1), 0);
}

static void limits_are_the_brokers_settings(void **state)
{
    (void)state;
    struct broker_values values = { .metadata_snapshot_bytes = 1,
                                    .metadata_snapshot_interval_ms = 2,
                                    .metadata_retention_bytes = 3,
                                    .metadata_retention_ms = 4 };
    struct snapshot_limits limits = snapshot_limits_of(&values);
    assert_int_equal(limits.bytes, 1);
    assert_int_equal(limits.interval_ms, 2);
    assert_int_equal(limits.retention_bytes, 3);
    assert_int_equal(limits.retention_ms, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_go_while_log_and_snapshots_are_too_large),
        cmocka_unit_test(the_oldest_go_when_they_are_too_old),
        cmocka_unit_test(the_newest_stays_and_without_limits_all_do),
        cmocka_unit_test(limits_are_the_brokers_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
