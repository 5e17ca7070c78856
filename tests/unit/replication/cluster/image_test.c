/* The image is what the records say, in whatever order histories are cut, and equal histories give equal images. */
#include "told.h"

static void configs_are_set_replaced_and_removed(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 1);
    take(&cluster, topic_record("a", 1));
    take(&cluster, config_record(2, "a", "retention.ms", "1"));
    take(&cluster, config_record(2, "a", "cleanup.policy", "compact"));
    take(&cluster, config_record(2, "a", "retention.ms", "2"));
    const struct image_topic *topic = image_topic_by_id(&cluster.image, id_of(1));
    assert_int_equal(topic->config_count, 2);
    assert_true(text_equal(topic->configs[0].name, TEXT("cleanup.policy")));
    assert_true(text_equal(image_topic_config(topic, TEXT("retention.ms")), TEXT("2")));
    take(&cluster, config_record(2, "a", "cleanup.policy", NULL));
    take(&cluster, config_record(2, "a", "segment.ms", NULL));
    assert_int_equal(topic->config_count, 1);
    refuse(&cluster, config_record(2, "b", "retention.ms", "1"));

    take(&cluster, config_record(4, "", "log.retention.ms", "7"));
    take(&cluster, config_record(4, "1203", "log.retention.ms", "8"));
    assert_true(text_equal(image_broker_config(&cluster.image, -1, TEXT("log.retention.ms")), TEXT("7")));
    assert_true(text_equal(image_broker_config(&cluster.image, 1203, TEXT("log.retention.ms")), TEXT("8")));
    assert_null(image_broker_config(&cluster.image, 0, TEXT("log.retention.ms")).data);

    uint32_t cursor = 0, count = 0;
    int8_t type = 0;
    struct text name = TEXT_NULL;
    while (image_next_resource(&cluster.image, &cursor, &type, &name)) {
        assert_int_equal(type, RESOURCE_BROKER);
        assert_int_equal(image_resources_behind(&cluster.image, type, name), cursor);
        count++;
    }
    assert_int_equal(count, 2);
    assert_int_equal(image_resources_behind(&cluster.image, RESOURCE_GROUP, TEXT("1203")), 0);
    cluster_end(&cluster);
}

static void a_transaction_is_seen_at_its_end_or_never(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 1);
    take(&cluster, plain_record(RECORD_BEGIN_TRANSACTION));
    char name[] = "metadata.version";
    take(&cluster, feature_record(name, 30));
    name[0] = 'x'; /* what was told is kept, not pointed at */
    take(&cluster, topic_record("a", 1));
    assert_int_equal(image_feature(&cluster.image, TEXT("metadata.version")), 0);
    assert_null(image_topic_by_name(&cluster.image, TEXT("a")));
    take(&cluster, plain_record(RECORD_END_TRANSACTION));
    assert_int_equal(image_feature(&cluster.image, TEXT("metadata.version")), 30);
    assert_non_null(image_topic_by_name(&cluster.image, TEXT("a")));

    take(&cluster, plain_record(RECORD_BEGIN_TRANSACTION));
    take(&cluster, topic_record("b", 2));
    take(&cluster, plain_record(RECORD_ABORT_TRANSACTION));
    assert_null(image_topic_by_name(&cluster.image, TEXT("b")));
    refuse(&cluster, plain_record(RECORD_END_TRANSACTION));
    cluster_end(&cluster);
}

static void features_and_producer_ids_keep_their_last_word(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 1);
    take(&cluster, feature_record("b", 2));
    take(&cluster, feature_record("a", 1));
    take(&cluster, feature_record("b", 0));
    uint32_t cursor = 0;
    struct text name;
    int16_t level;
    assert_true(image_next_feature(&cluster.image, &cursor, &name, &level));
    assert_true(text_equal(name, TEXT("a")));
    assert_false(image_next_feature(&cluster.image, &cursor, &name, &level));

    struct any_record ids = plain_record(RECORD_PRODUCER_IDS);
    ids.producer_ids.next_producer_id = 1000;
    take(&cluster, ids);
    ids.producer_ids.next_producer_id = 999;
    refuse(&cluster, ids);
    assert_int_equal(image_next_producer_id(&cluster.image), 1000);
    cluster_end(&cluster);
}

/* Random histories, told to two images: equal at every step, and different from one that missed a record. */
static void equal_histories_give_equal_images(void **state)
{
    (void)state;
    struct cluster a, b;
    struct prng prng;
    cluster_init(&a, 2);
    cluster_init(&b, 2);
    prng_seed(&prng, 1);
    for (int step = 0; step < 5000; step++) {
        uint8_t id = (uint8_t)prng_below(&prng, 20);
        char name[] = { 't', (char)('a' + id), 0 };
        struct any_record record;
        switch (prng_below(&prng, 6)) {
        case 0: record = topic_record(name, id); break;
        case 1: record = partition_record(id, (int32_t)prng_below(&prng, 5)); break;
        case 2: record = change_record(id, (int32_t)prng_below(&prng, 5), (int32_t)prng_below(&prng, 2)); break;
        case 3: record = config_record(2, name, step % 2 ? "retention.ms" : "segment.ms", step % 3 ? "5" : NULL); break;
        case 4: record = remove_record(id); break;
        default: record = feature_record(name, (int16_t)prng_below(&prng, 3)); break;
        }
        enum status status = image_apply(&a.image, &record);
        if (status == STATUS_OK && prng_below(&prng, 100) == 0) {
            image_advance(&a.image, step, 1);
            assert_int_not_equal(image_hash(&a.image), image_hash(&b.image));
            image_advance(&b.image, step, 1);
        }
        assert_int_equal(image_apply(&b.image, &record), status);
        assert_int_equal(image_hash(&a.image), image_hash(&b.image));
    }
    cluster_end(&a);
    cluster_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configs_are_set_replaced_and_removed),
        cmocka_unit_test(a_transaction_is_seen_at_its_end_or_never),
        cmocka_unit_test(features_and_producer_ids_keep_their_last_word),
        cmocka_unit_test(equal_histories_give_equal_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
