/* The image is what the records say, in whatever order histories are cut, and equal histories give equal images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/prng.h"
#include "cluster/image.h"
#include "cluster/record.h"

struct cluster {
    struct heap heap;
    struct image image;
};

static void cluster_init(struct cluster *cluster, uint32_t shards)
{
    heap_init(&cluster->heap);
    image_init(&cluster->image, &cluster->heap, shards);
}

static void cluster_end(struct cluster *cluster)
{
    image_end(&cluster->image);
    assert_int_equal(cluster->heap.live_count, 0);
}

static struct uuid id_of(uint8_t n)
{
    return (struct uuid){ { [0] = 1, [15] = n } };
}

static struct any_record topic_record(const char *name, uint8_t id)
{
    struct any_record record;
    record_clear(&record, RECORD_TOPIC);
    record.topic.name = text_of(name);
    record.topic.topic_id = id_of(id);
    return record;
}

static int32_t one[] = { 1 };
static int32_t two[] = { 1, 2 };

static struct any_record partition_record(uint8_t id, int32_t index)
{
    struct any_record record;
    record_clear(&record, RECORD_PARTITION);
    record.partition.topic_id = id_of(id);
    record.partition.index = index;
    record.partition.replicas.items = record.partition.isr.items = one;
    record.partition.replicas.count = record.partition.isr.count = 1;
    record.partition.leader = 1;
    record.partition.leader_epoch = 0;
    record.partition.partition_epoch = 0;
    return record;
}

static struct any_record change_record(uint8_t id, int32_t index, int32_t leader)
{
    struct any_record record;
    record_clear(&record, RECORD_PARTITION_CHANGE);
    record.partition_change.topic_id = id_of(id);
    record.partition_change.index = index;
    record.partition_change.leader = leader;
    return record;
}

static struct any_record config_record(int8_t type, const char *resource, const char *name, const char *value)
{
    struct any_record record;
    record_clear(&record, RECORD_CONFIG);
    record.config.resource_type = type;
    record.config.resource_name = text_of(resource);
    record.config.name = text_of(name);
    record.config.value = text_of(value);
    return record;
}

static struct any_record remove_record(uint8_t id)
{
    struct any_record record;
    record_clear(&record, RECORD_REMOVE_TOPIC);
    record.remove_topic.topic_id = id_of(id);
    return record;
}

static struct any_record plain_record(enum record_type type)
{
    struct any_record record;
    record_clear(&record, type);
    return record;
}

static struct any_record feature_record(const char *name, int16_t level)
{
    struct any_record record = plain_record(RECORD_FEATURE_LEVEL);
    record.feature_level.name = text_of(name);
    record.feature_level.level = level;
    return record;
}

static void take(struct cluster *cluster, struct any_record record)
{
    assert_int_equal(image_apply(&cluster->image, &record), STATUS_OK);
}

static void refuse(struct cluster *cluster, struct any_record record)
{
    uint64_t before = image_hash(&cluster->image);
    assert_int_equal(image_apply(&cluster->image, &record), STATUS_DAMAGED);
    assert_int_equal(image_hash(&cluster->image), before);
}

static void topics_are_found_by_name_and_id_and_walked_by_name(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 2);
    const char *names[] = { "m", "b", "z", "a", "n", "__consumer_offsets" };
    for (uint8_t i = 0; i < 6; i++) {
        take(&cluster, topic_record(names[i], i));
        take(&cluster, partition_record(i, 0));
    }
    struct text last = TEXT("");
    list_each(&cluster.image.topics, node)
    {
        struct image_topic *topic = container_of(node, struct image_topic, node);
        assert_true(text_compare(last, topic->name) < 0);
        assert_ptr_equal(image_topic_by_name(&cluster.image, topic->name), topic);
        assert_ptr_equal(image_topic_by_id(&cluster.image, topic->id), topic);
        assert_int_equal(topic->internal, text_starts(topic->name, TEXT("__")));
        last = topic->name;
    }
    assert_int_equal(cluster.image.topic_count, 6);
    assert_int_equal(cluster.image.partition_count, 6);
    refuse(&cluster, topic_record("m", 77));
    refuse(&cluster, topic_record("other", 0));
    take(&cluster, remove_record(0));
    refuse(&cluster, remove_record(0));
    assert_null(image_topic_by_name(&cluster.image, TEXT("m")));
    take(&cluster, topic_record("m", 9));
    assert_int_equal(cluster.image.topic_count, 6);
    cluster_end(&cluster);
}

static void partitions_are_dealt_out_in_order_of_creation(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 3);
    take(&cluster, topic_record("a", 1));
    for (int32_t i = 0; i < 4; i++) take(&cluster, partition_record(1, i));
    take(&cluster, remove_record(1));
    take(&cluster, topic_record("b", 2));
    for (int32_t i = 0; i < 3; i++) take(&cluster, partition_record(2, i));
    const struct image_topic *topic = image_topic_by_name(&cluster.image, TEXT("b"));
    assert_int_equal(topic->partitions[0].shard, 1);
    assert_int_equal(topic->partitions[1].shard, 2);
    assert_int_equal(topic->partitions[2].shard, 0);
    cluster_end(&cluster);
}

static void a_change_that_names_a_leader_raises_its_epoch(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 1);
    take(&cluster, topic_record("a", 1));
    for (int32_t i = 0; i < 3; i++) take(&cluster, partition_record(1, i));
    struct image_partition *partitions = image_topic_by_id(&cluster.image, id_of(1))->partitions;
    assert_ptr_equal(partitions[0].replicas, partitions[2].replicas);

    take(&cluster, change_record(1, 0, -1));
    take(&cluster, change_record(1, 0, 1));
    take(&cluster, change_record(1, 0, 1));
    assert_int_equal(partitions[0].leader, 1);
    assert_int_equal(partitions[0].leader_epoch, 3);
    assert_int_equal(partitions[0].partition_epoch, 3);

    struct any_record change = change_record(1, 1, -2);
    change.partition_change.replicas.items = two;
    change.partition_change.replicas.count = 2;
    take(&cluster, change);
    assert_int_equal(partitions[1].leader_epoch, 0);
    assert_int_equal(partitions[1].partition_epoch, 1);
    assert_int_equal(partitions[1].replica_count, 2);
    assert_int_equal(partitions[1].replicas[1], 2);
    assert_int_equal(partitions[1].replicas[2], 1); /* the ISR stays */
    assert_int_equal(partitions[2].replica_count, 1);
    refuse(&cluster, change_record(1, 3, 1));
    refuse(&cluster, change_record(2, 0, 1));
    cluster_end(&cluster);
}

/* As Kafka writes it when the last replica in sync leaves: null is "as it is", empty is nobody. */
static void an_empty_list_is_not_a_list_that_stays(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 1);
    take(&cluster, topic_record("a", 1));
    take(&cluster, partition_record(1, 0));
    struct any_record change = change_record(1, 0, -1);
    change.partition_change.isr.count = 0;
    change.partition_change.eligible_leader_replicas.items = change.partition_change.last_known_elr.items = one;
    change.partition_change.eligible_leader_replicas.count = change.partition_change.last_known_elr.count = 1;
    take(&cluster, change);

    const struct image_partition *partition = &image_topic_by_name(&cluster.image, TEXT("a"))->partitions[0];
    assert_int_equal(partition->isr_count, 0);
    assert_int_equal(partition->replica_count, 1);
    assert_int_equal(partition->counts[IMAGE_ELIGIBLE], 1);
    assert_int_equal(*image_partition_list(partition, IMAGE_LAST_KNOWN), 1);

    take(&cluster, change_record(1, 0, 1));
    assert_int_equal(partition->counts[IMAGE_ELIGIBLE], 1);
    take(&cluster, plain_record(RECORD_CLEAR_ELR));
    assert_int_equal(partition->counts[IMAGE_ELIGIBLE] + partition->counts[IMAGE_LAST_KNOWN], 0);
    assert_int_equal(partition->partition_epoch, 3);
    take(&cluster, plain_record(RECORD_CLEAR_ELR)); /* touches nobody */
    assert_int_equal(partition->partition_epoch, 3);
    cluster_end(&cluster);
}

static void a_snapshot_may_tell_partitions_in_any_order(void **state)
{
    (void)state;
    struct cluster cluster;
    cluster_init(&cluster, 2);
    take(&cluster, topic_record("a", 1));
    take(&cluster, partition_record(1, 2));
    struct image_topic *topic = image_topic_by_id(&cluster.image, id_of(1));
    assert_int_equal(topic->partition_count, 3);
    assert_null(topic->partitions[0].replicas);
    refuse(&cluster, change_record(1, 0, 1));
    take(&cluster, partition_record(1, 0));
    take(&cluster, partition_record(1, 1));
    assert_int_equal(cluster.image.partition_count, 3);
    cluster_end(&cluster);
}

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
    cluster_end(&cluster);
}

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
        cmocka_unit_test(topics_are_found_by_name_and_id_and_walked_by_name),
        cmocka_unit_test(partitions_are_dealt_out_in_order_of_creation),
        cmocka_unit_test(a_change_that_names_a_leader_raises_its_epoch),
        cmocka_unit_test(an_empty_list_is_not_a_list_that_stays),
        cmocka_unit_test(a_snapshot_may_tell_partitions_in_any_order),
        cmocka_unit_test(configs_are_set_replaced_and_removed),
        cmocka_unit_test(brokers_come_change_and_go_under_their_epoch),
        cmocka_unit_test(a_transaction_is_seen_at_its_end_or_never),
        cmocka_unit_test(features_and_producer_ids_keep_their_last_word),
        cmocka_unit_test(equal_histories_give_equal_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
