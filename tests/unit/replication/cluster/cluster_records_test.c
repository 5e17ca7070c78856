/* Features, producer ids, transactions of the metadata: Kafka's schemas, at every version. */
#include "golden_records.h"

static void golden_records_are_read_and_written_again(void **state)
{
    (void)state;
    static const enum record_type types[] = {
        RECORD_FEATURE_LEVEL,     RECORD_PRODUCER_IDS,    RECORD_NO_OP,
        RECORD_BEGIN_TRANSACTION, RECORD_END_TRANSACTION, RECORD_ABORT_TRANSACTION,
        RECORD_ZK_MIGRATION_STATE
    };
    check_records(types, array_count(types));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_records_are_read_and_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
