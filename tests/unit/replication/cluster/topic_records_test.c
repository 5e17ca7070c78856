/* Topics, partitions and configs: Kafka's schemas, at every version. */
#include "golden_records.h"

static void golden_records_are_read_and_written_again(void **state)
{
    (void)state;
    static const enum record_type types[] = { RECORD_TOPIC,     RECORD_REMOVE_TOPIC,
                                              RECORD_PARTITION, RECORD_PARTITION_CHANGE,
                                              RECORD_CLEAR_ELR, RECORD_CONFIG };
    check_records(types, array_count(types));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_records_are_read_and_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
