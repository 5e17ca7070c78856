/* The settings of a broker: each found by its name, with a default that its own rules let through. */
#include "rows.h"

static void rows_obey_the_law(void **state)
{
    (void)state;
    struct broker_values values;
    check_rows(&broker_table, &values, SETTING_BROKER | SETTING_DYNAMIC_BROKER | SETTING_DYNAMIC_CLUSTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows_obey_the_law) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
