/* Brokers and controllers: Kafka's schemas, at every version. */
#include "golden_records.h"

static void golden_records_are_read_and_written_again(void **state)
{
    (void)state;
    static const enum record_type types[] = { RECORD_REGISTER_BROKER, RECORD_UNREGISTER_BROKER,
                                              RECORD_FENCE_BROKER,    RECORD_UNFENCE_BROKER,
                                              RECORD_BROKER_CHANGE,   RECORD_REGISTER_CONTROLLER };
    check_records(types, array_count(types));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_records_are_read_and_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
