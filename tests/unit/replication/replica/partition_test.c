/* Who may append and read, by leadership, leader epoch (KIP-320) and the state of the log's directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replica/partition.h"

static void requests_are_checked_against_leader_and_epoch(void **state)
{
    (void)state;
    struct log log = { .last_stable = 7 };
    struct partition partition = { .log = &log, .leading = true, .leader_epoch = 5 };
    log.committed.at = 9;

    assert_int_equal(partition_check(&partition, -1), STATUS_OK);
    assert_int_equal(partition_check(&partition, 5), STATUS_OK);
    assert_int_equal(partition_check(&partition, 4), STATUS_OLD_EPOCH);
    assert_int_equal(partition_check(&partition, 6), STATUS_NEW_EPOCH);
    partition.leading = false;
    assert_int_equal(partition_check(&partition, 5), STATUS_NOT_LEADER);
    log.offline = true;
    assert_int_equal(partition_check(&partition, 5), STATUS_OFFLINE);
}

static void acks_choose_the_mark_and_isolation_the_limit(void **state)
{
    (void)state;
    struct log log = { .last_stable = 7 };
    struct partition partition = { .log = &log };
    log.committed.at = 9;

    assert_ptr_equal(partition_mark(&partition, 1), &log.durable);
    assert_ptr_equal(partition_mark(&partition, -1), &log.committed);
    assert_int_equal(partition_limit(&partition, false), 9);
    assert_int_equal(partition_limit(&partition, true), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_checked_against_leader_and_epoch),
        cmocka_unit_test(acks_choose_the_mark_and_isolation_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
