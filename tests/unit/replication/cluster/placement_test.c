/* Partitions are dealt out evenly and always in the same way; features have a row each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/features.h"
#include "cluster/placement.h"

static void shards_take_turns(void **state)
{
    (void)state;
    for (uint32_t shards = 1; shards < 9; shards++) {
        struct placement placement;
        placement_init(&placement, shards);
        for (uint32_t i = 0; i < 100; i++) assert_int_equal(placement_take(&placement), i % shards);
    }
}

static void every_feature_is_found_and_finalized_within_its_range(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < feature_count; i++) {
        assert_ptr_equal(feature_find(features[i].name), &features[i]);
        assert_in_range(features[i].finalized, features[i].least, features[i].most);
    }
    assert_null(feature_find(TEXT("no.such.version")));
    assert_int_equal(feature_find(FEATURE_METADATA)->finalized, 30);
    assert_int_equal(feature_find(FEATURE_KRAFT)->finalized, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_take_turns),
        cmocka_unit_test(every_feature_is_found_and_finalized_within_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
