/* What a node writes when it comes and when it goes: the batches of the script, in order, and which partitions they
 * speak of. */
#include "cluster/features.h"
#include "deciding.h"

static struct deciding deciding;

static int begin(void **state)
{
    (void)state;
    static struct image_endpoint listener = { .port = 9092 };
    deciding_init(&deciding);
    deciding.identity.listeners = &listener;
    deciding.identity.listener_count = 1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    deciding_end(&deciding);
    return 0;
}

static struct record_list *list(void)
{
    return &deciding.list;
}

/* The next batch of the script that has records; false at its end. What was written before has come true. */
static bool script_next(bool (*next)(struct controller *controller, struct record_list *list))
{
    struct controller *controller = &deciding.controller;
    do {
        take_all(&deciding);
        image_advance(&controller->ahead, controller->ahead.offset + 10, 1);
        if (!next(controller, list())) return false;
        assert_false(list()->full);
        controller->step++;
    } while (list()->count == 0);
    return true;
}

static void comes(void)
{
    script_begin(&deciding.controller);
}

static void assert_change(uint32_t at, const char *topic, int32_t index, int32_t leader, int32_t isr_count)
{
    const struct partition_change_record *change = &list()->items[at].partition_change;
    assert_int_equal(list()->items[at].type, RECORD_PARTITION_CHANGE);
    assert_true(uuid_equal(change->topic_id, topic_id(topic)));
    assert_int_equal(change->index, index);
    assert_int_equal(change->leader, leader);
    assert_int_equal(change->isr.count, isr_count);
}

/* ---- coming ---- */

static void a_new_log_begins_with_features_in_one_transaction(void **state)
{
    (void)state;
    deciding.controller.image_empty = true;
    comes();
    assert_true(script_next(activation_next));
    uint32_t last = list()->count - 1;
    assert_int_equal(list()->items[0].type, RECORD_BEGIN_TRANSACTION);
    assert_int_equal(list()->items[last].type, RECORD_END_TRANSACTION);
    for (uint32_t i = 1; i < last; i++) assert_int_equal(list()->items[i].type, RECORD_FEATURE_LEVEL);
    assert_true(script_next(activation_next));
    assert_int_equal(list()->items[0].type, RECORD_REGISTER_CONTROLLER); /* nothing is left to raise */
    assert_true(image_feature(&deciding.controller.ahead, FEATURE_METADATA) > 0);
}

static void a_log_of_an_older_release_is_raised_feature_by_feature(void **state)
{
    (void)state;
    struct any_record record;
    record_clear(&record, RECORD_FEATURE_LEVEL);
    record.feature_level.name = FEATURE_METADATA;
    record.feature_level.level = (int16_t)(feature_find(FEATURE_METADATA)->finalized - 1);
    take(&deciding, &record);
    comes();
    assert_true(script_next(activation_next));
    for (uint32_t i = 0; i < list()->count; i++) assert_int_equal(list()->items[i].type, RECORD_FEATURE_LEVEL);
    assert_true(script_next(activation_next));
    assert_int_equal(image_feature(&deciding.controller.ahead, FEATURE_METADATA),
                     feature_find(FEATURE_METADATA)->finalized);
    assert_int_equal(list()->items[0].type, RECORD_REGISTER_CONTROLLER);
}

static void skip_to_partitions(void)
{
    comes();
    do assert_true(script_next(activation_next));
    while (list()->items[0].type != RECORD_BROKER_CHANGE || list()->items[0].broker_change.fenced != -1);
}

static void a_broker_registers_fenced_under_the_offset_of_its_record(void **state)
{
    (void)state;
    comes();
    do assert_true(script_next(activation_next));
    while (list()->items[0].type != RECORD_REGISTER_BROKER);
    const struct register_broker_record *record = &list()->items[0].register_broker;
    assert_int_equal(list()->count, 1);
    assert_int_equal(record->broker_epoch, deciding.controller.ahead.offset);
    assert_int_equal(deciding.controller.broker_epoch, deciding.controller.ahead.offset);
    assert_true(record->fenced);
    assert_int_equal(record->endpoints.count, 1);
    assert_true(uuid_equal(record->log_dirs.items[0], deciding.identity.directory));
    assert_true(script_next(activation_next));
    assert_int_equal(list()->items[0].broker_change.cordoned_log_dirs.count, 0);
    assert_int_equal(list()->items[0].broker_change.fenced, 0);
    assert_true(script_next(activation_next));
    assert_int_equal(list()->items[0].broker_change.fenced, -1);
    assert_false(script_next(activation_next));
}

static void whoever_comes_leads_what_it_holds_and_is_in_sync_again(void **state)
{
    (void)state;
    static const int32_t both[] = { 2, 1 }, other[] = { 2 };
    take_broker(&deciding, 2, false);
    take_topic(&deciding, "t", 1);
    take_partition(&deciding, "t", 1, 2, both, 2, 1); /* only 2 is in sync */
    take_partition(&deciding, "t", 2, 2, other, 1, 1);
    take_partition(&deciding, "t", 3, -1, both, 2, 2);
    skip_to_partitions();
    assert_int_equal(list()->count, 4);
    assert_change(1, "t", 0, 1, -1);
    assert_change(2, "t", 1, 1, 1);
    assert_int_equal(list()->items[2].partition_change.isr.items[0], 1);
    assert_int_equal(list()->items[2].partition_change.eligible_leader_replicas.count, -1);
    assert_change(3, "t", 3, 1, -1);
}

static void many_partitions_are_batch_after_batch(void **state)
{
    (void)state;
    take_topic(&deciding, "a", 9999);
    take_topic(&deciding, "b", 10002);
    skip_to_partitions();
    assert_int_equal(list()->count, 10000); /* one of them speaks of the broker */
    assert_change(9999, "a", 9998, 1, -1);
    assert_true(script_next(activation_next));
    assert_int_equal(list()->count, 10000);
    assert_change(0, "b", 0, 1, -1);
    assert_true(script_next(activation_next));
    assert_int_equal(list()->count, 2);
    assert_change(1, "b", 10001, 1, -1);
    assert_false(script_next(activation_next));
}

/* ---- going ---- */

static void whoever_goes_gives_up_what_it_leads_and_is_fenced_last(void **state)
{
    (void)state;
    static const int32_t both[] = { 1, 2 };
    take_broker(&deciding, 1, false);
    deciding.controller.broker_epoch = 71;
    take_topic(&deciding, "t", 2);
    take_partition(&deciding, "t", 2, 2, both, 2, 2); /* led by another */
    script_begin(&deciding.controller);
    assert_true(script_next(farewell_next));
    assert_int_equal(list()->count, 3);
    assert_int_equal(list()->items[0].broker_change.in_controlled_shutdown, 1);
    assert_int_equal(list()->items[0].broker_change.broker_epoch, 71);
    assert_change(1, "t", 0, -1, -1);
    assert_change(2, "t", 1, -1, -1);
    assert_true(script_next(farewell_next));
    assert_int_equal(list()->count, 1);
    assert_int_equal(list()->items[0].broker_change.fenced, 1);
    assert_false(script_next(farewell_next));
    assert_true(image_broker(&deciding.controller.ahead, 1)->fenced);
    assert_int_equal(image_topic_by_name(&deciding.controller.ahead, TEXT("t"))->partitions[1].leader, -1);
}

static void a_farewell_of_many_partitions_takes_more_than_a_batch(void **state)
{
    (void)state;
    take_broker(&deciding, 1, false);
    deciding.controller.broker_epoch = 71;
    take_topic(&deciding, "t", 10000);
    script_begin(&deciding.controller);
    assert_true(script_next(farewell_next));
    assert_int_equal(list()->count, 10000);
    assert_true(script_next(farewell_next));
    assert_int_equal(list()->count, 1);
    assert_change(0, "t", 9999, -1, -1);
    assert_true(script_next(farewell_next));
    assert_int_equal(list()->items[0].broker_change.fenced, 1);
    assert_false(script_next(farewell_next));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_new_log_begins_with_features_in_one_transaction),
        TEST(a_log_of_an_older_release_is_raised_feature_by_feature),
        TEST(a_broker_registers_fenced_under_the_offset_of_its_record),
        TEST(whoever_comes_leads_what_it_holds_and_is_in_sync_again),
        TEST(many_partitions_are_batch_after_batch),
        TEST(whoever_goes_gives_up_what_it_leads_and_is_fenced_last),
        TEST(a_farewell_of_many_partitions_takes_more_than_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
