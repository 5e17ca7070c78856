/* Majorities of every size, and who belongs to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "raft/quorum.h"

static struct quorum quorum_of(uint32_t count)
{
    struct quorum quorum;
    quorum_init(&quorum);
    for (uint32_t i = 0; i < count; i++) quorum_add(&quorum, (struct voter){ (int32_t)i, UUID_METADATA_TOPIC });
    return quorum;
}

static void more_than_half_must_grant(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= QUORUM_MAX; count++) {
        struct quorum quorum = quorum_of(count);
        for (uint32_t granted = 0; granted < count; granted++) {
            assert_int_equal(quorum_granted(&quorum), granted > count / 2);
            quorum.members[granted].granted = true;
        }
        assert_true(quorum_granted(&quorum));
        quorum_reset(&quorum);
        assert_false(quorum_granted(&quorum));
    }
}

static void the_end_is_what_a_majority_has(void **state)
{
    (void)state;
    struct quorum quorum = quorum_of(5);
    const int64_t ends[] = { 10, -1, 30, 20, 40 };
    assert_int_equal(quorum_end(&quorum), -1);
    for (uint32_t i = 0; i < 5; i++) quorum.members[i].end = ends[i];
    assert_int_equal(quorum_end(&quorum), 20);

    struct quorum even = quorum_of(4);
    for (uint32_t i = 0; i < 4; i++) even.members[i].end = ends[i];
    assert_int_equal(quorum_end(&even), 10);
}

static void a_voter_with_another_directory_is_nobody(void **state)
{
    (void)state;
    struct quorum quorum = quorum_of(3);
    assert_non_null(quorum_find(&quorum, (struct voter){ 1, UUID_METADATA_TOPIC }));
    assert_null(quorum_find(&quorum, (struct voter){ 1, UUID_NONE }));
    assert_null(quorum_find(&quorum, (struct voter){ 7, UUID_METADATA_TOPIC }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_half_must_grant),
        cmocka_unit_test(the_end_is_what_a_majority_has),
        cmocka_unit_test(a_voter_with_another_directory_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
