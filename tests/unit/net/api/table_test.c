/* tests/unit/net/api/table_test.c   The dispatch table: ascending, whole, and every row of it is counted under its
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api.h"
#include "conn/metrics.h"
#include "messages/apis.h"

static void rows_ascend_and_are_known_to_the_codec(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < served_api_count; i++) {
        const struct api *api = &served_apis[i];
        const struct api_row *row = api_find(api->key);

        assert_non_null(row);
        assert_true(i == 0 || api->key > served_apis[i - 1].key);
        assert_string_equal(api->name, row->name);
        assert_true(api->since >= row->since && api->until <= row->until && api->since <= api->until);
        assert_true(api->advertised_since <= api->since);
        assert_ptr_equal(api->ask, row->ask);
        assert_ptr_equal(api->answer, row->answer);
        assert_non_null(api->begin);
    }
}

static void what_is_served_is_counted_under_its_name(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < served_api_count; i++) {
        assert_in_range(served_apis[i].key, 0, CONN_METRIC_APIS - 1);
        assert_non_null(conn_metric_apis[served_apis[i].key]);
        assert_string_equal(conn_metric_apis[served_apis[i].key], served_apis[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_ascend_and_are_known_to_the_codec),
        cmocka_unit_test(what_is_served_is_counted_under_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
