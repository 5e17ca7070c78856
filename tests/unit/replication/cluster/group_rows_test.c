/* The configs of groups and of subscriptions to client metrics. */
#include "cluster/group_rows.h"

#include "rows.h"

static void rows_obey_the_law(void **state)
{
    (void)state;
    struct resource_values values;
    check_rows(&group_table, &values, SETTING_GROUP);
    check_rows(&metrics_table, &values, SETTING_CLIENT_METRICS);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows_obey_the_law) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
