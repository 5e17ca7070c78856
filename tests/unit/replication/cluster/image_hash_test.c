/* What two images differ in, their hashes differ in: the simulator compares histories by them. */
#include "told.h"

/* An image of some of everything, but for one record that says something else. */
static uint64_t hash_with(int other)
{
    struct cluster cluster;
    struct any_record broker = plain_record(RECORD_REGISTER_BROKER), ids = plain_record(RECORD_PRODUCER_IDS);

    cluster_init(&cluster, 2);
    broker.register_broker.broker_id = 1;
    broker.register_broker.broker_epoch = other == 1 ? 8 : 7;
    broker.register_broker.fenced = other != 2;
    broker.register_broker.incarnation_id = id_of(other == 3 ? 4 : 3);
    broker.register_broker.rack = other == 4 ? TEXT("r") : TEXT_NULL;
    take(&cluster, broker);
    take(&cluster, topic_record(other == 5 ? "u" : "t", 1));
    struct any_record partition = partition_record(1, 0);
    partition.partition.leader = other == 6 ? -1 : 1;
    partition.partition.leader_epoch = other == 7 ? 1 : 0;
    partition.partition.partition_epoch = other == 8 ? 1 : 0;
    partition.partition.leader_recovery_state = other == 9 ? 1 : 0;
    if (other == 10) partition.partition.isr.count = 0;
    take(&cluster, partition);
    if (other != 11) take(&cluster, partition_record(1, 1));
    take(&cluster, config_record(2, other == 5 ? "u" : "t", "retention.ms", other == 12 ? "2" : "1"));
    take(&cluster, config_record(4, other == 13 ? "" : "1", "a", "b"));
    take(&cluster, feature_record("metadata.version", other == 14 ? 29 : 30));
    ids.producer_ids.broker_id = 1;
    ids.producer_ids.next_producer_id = other == 15 ? 2000 : 1000;
    take(&cluster, ids);
    uint64_t hash = image_hash(&cluster.image);
    cluster_end(&cluster);
    return hash;
}

static void each_word_counts(void **state)
{
    (void)state;
    enum { WORDS = 16 };
    uint64_t hashes[WORDS];

    for (int i = 0; i < WORDS; i++) {
        hashes[i] = hash_with(i);
        assert_int_equal(hash_with(i), hashes[i]);
        for (int k = 0; k < i; k++) {
            if (hashes[k] == hashes[i]) fail_msg("%d and %d", k, i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
