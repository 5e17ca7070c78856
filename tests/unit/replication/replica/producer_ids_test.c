/* Blocks of producer ids: what is promised is behind everything that was given before, and stands in the record. */
#include "deciding.h"

static struct deciding deciding;

static int begin(void **state)
{
    (void)state;
    deciding_init(&deciding);
    return 0;
}

static int end(void **state)
{
    (void)state;
    deciding_end(&deciding);
    return 0;
}

static int64_t take_block(void)
{
    struct controller_call call = { .kind = CONTROLLER_PRODUCER_IDS };
    producer_ids_take(&deciding.controller, &call, &deciding.list);
    return call.first_producer_id;
}

static void a_block_is_a_thousand_ids_and_the_record_says_where_the_next_begins(void **state)
{
    (void)state;
    assert_int_equal(take_block(), 0);
    assert_int_equal(deciding.list.count, 1);
    assert_int_equal(deciding.list.items[0].type, RECORD_PRODUCER_IDS);
    const struct producer_ids_record *record = &deciding.list.items[0].producer_ids;
    assert_int_equal(record->broker_id, DECIDING_NODE);
    assert_int_equal(record->broker_epoch, 70);
    assert_int_equal(record->next_producer_id, 1000);
    take_all(&deciding);
    assert_int_equal(take_block(), 1000);
}

/* Decided twice before anything is written: the image that is ahead has the first when the second is decided. */
static void a_block_begins_behind_whatever_the_image_has(void **state)
{
    (void)state;
    struct any_record record;
    record_clear(&record, RECORD_PRODUCER_IDS);
    record.producer_ids.broker_id = 2; /* another broker's block, of another size */
    record.producer_ids.next_producer_id = (int64_t)7 << 32;
    take(&deciding, &record);

    assert_int_equal(take_block(), (int64_t)7 << 32);
    take_all(&deciding);
    assert_int_equal(take_block(), ((int64_t)7 << 32) + 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_block_is_a_thousand_ids_and_the_record_says_where_the_next_begins, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_block_begins_behind_whatever_the_image_has, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
