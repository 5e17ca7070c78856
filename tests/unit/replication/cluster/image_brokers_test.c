/* Brokers of the image: registered, changed and taken out under their epoch. */
#include "told.h"

static void brokers_come_change_and_go_under_their_epoch(void **state)
{
    (void)state;
    struct cluster cluster;
    struct record_endpoint endpoint = { TEXT("PLAINTEXT"), TEXT("host"), 9092, 0 };
    cluster_init(&cluster, 1);
    for (int32_t id = 3; id > 0; id--) {
        struct any_record record = plain_record(RECORD_REGISTER_BROKER);
        record.register_broker.broker_id = id;
        record.register_broker.broker_epoch = INT64_C(10) * id;
        record.register_broker.endpoints.items = &endpoint;
        record.register_broker.endpoints.count = 1;
        record.register_broker.fenced = true;
        take(&cluster, record);
        take(&cluster, record);
    }
    int32_t last = 0;
    list_each(&cluster.image.brokers, node)
    {
        assert_int_equal(container_of(node, struct image_broker, node)->id, ++last);
    }
    struct any_record change = plain_record(RECORD_BROKER_CHANGE);
    change.broker_change.broker_id = 2;
    change.broker_change.broker_epoch = 19;
    change.broker_change.fenced = -1;
    refuse(&cluster, change);
    change.broker_change.broker_epoch = 20;
    take(&cluster, change);
    assert_false(image_broker(&cluster.image, 2)->fenced);
    assert_true(image_broker(&cluster.image, 1)->fenced);
    assert_int_equal(image_broker(&cluster.image, 1)->endpoints[0].port, 9092);

    struct any_record gone = plain_record(RECORD_UNREGISTER_BROKER);
    gone.unregister_broker.broker_id = 3;
    gone.unregister_broker.broker_epoch = 30;
    take(&cluster, gone);
    refuse(&cluster, gone);
    assert_null(image_broker(&cluster.image, 3));
    cluster_end(&cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brokers_come_change_and_go_under_their_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
