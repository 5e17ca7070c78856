/* Access rules, credentials, quotas and tokens: Kafka's schemas, at every version. */
#include "golden_records.h"

static void golden_records_are_read_and_written_again(void **state)
{
    (void)state;
    static const enum record_type types[] = { RECORD_ACCESS_CONTROL_ENTRY,   RECORD_REMOVE_ACCESS_CONTROL_ENTRY,
                                              RECORD_USER_SCRAM_CREDENTIAL,  RECORD_REMOVE_USER_SCRAM_CREDENTIAL,
                                              RECORD_CLIENT_QUOTA,           RECORD_DELEGATION_TOKEN,
                                              RECORD_REMOVE_DELEGATION_TOKEN };
    check_records(types, array_count(types));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_records_are_read_and_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
