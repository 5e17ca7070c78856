/* The table of features: sorted, with levels that we can work with, each found by its name and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/features.h"

static void rows_are_sorted_and_hold_what_they_finalize(void **state)
{
    (void)state;
    assert_true(feature_count > 1);
    for (uint32_t i = 0; i < feature_count; i++) {
        const struct feature *feature = &features[i];
        if (i > 0) assert_true(text_compare(features[i - 1].name, feature->name) < 0);
        assert_true(feature->least <= feature->most);
        assert_true(feature->finalized == 0 ||
                    (feature->finalized >= feature->least && feature->finalized <= feature->most));
        assert_ptr_equal(feature_find(feature->name), feature);
    }
}

static void a_name_is_found_whole_or_not(void **state)
{
    (void)state;
    assert_null(feature_find(TEXT("metadata.versio")));
    assert_null(feature_find(TEXT("metadata.version ")));
    assert_null(feature_find(TEXT("")));
    assert_null(feature_find(TEXT("transaction.version.of.tomorrow")));
    assert_true(feature_find(FEATURE_METADATA)->in_log);
    assert_false(feature_find(FEATURE_KRAFT)->in_log); /* Raft keeps it. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_and_hold_what_they_finalize),
        cmocka_unit_test(a_name_is_found_whole_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
