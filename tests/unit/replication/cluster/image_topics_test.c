/* Topics and partitions of the image: found, dealt out, changed list by list. */
#include "told.h"

static int32_t two[] = { 1, 2 };

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
    assert_true(text_equal(image_topic_from(&cluster.image, TEXT_NULL)->name, TEXT("__consumer_offsets")));
    assert_true(text_equal(image_topic_from(&cluster.image, TEXT("m"))->name, TEXT("m")));
    assert_true(text_equal(image_topic_from(&cluster.image, TEXT("ma"))->name, TEXT("n")));
    assert_null(image_topic_from(&cluster.image, TEXT("za")));
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

/* Every list of a partition is told by a record and by a change in its own place. */
static void each_list_is_taken_from_its_own_place(void **state)
{
    (void)state;
    static int32_t lists[IMAGE_LISTS][3] = { { 1, 2, 3 }, { 2, 3 }, { 3, 1 }, { 1 }, { 3, 2, 1 }, { 2 } };
    static const int32_t counts[IMAGE_LISTS] = { 3, 2, 2, 1, 3, 1 };
    struct cluster cluster;

    for (int change = 0; change < 2; change++) {
        cluster_init(&cluster, 1);
        take(&cluster, topic_record("t", 1));
        struct any_record whole = partition_record(1, 0), part = change_record(1, 0, -2);
        if (!change) {
            whole.partition.replicas.items = lists[IMAGE_REPLICAS], whole.partition.replicas.count = 3;
            whole.partition.isr.items = lists[IMAGE_ISR], whole.partition.isr.count = 2;
            whole.partition.removing_replicas.items = lists[IMAGE_REMOVING];
            whole.partition.removing_replicas.count = 2;
            whole.partition.adding_replicas.items = lists[IMAGE_ADDING], whole.partition.adding_replicas.count = 1;
            whole.partition.eligible_leader_replicas.items = lists[IMAGE_ELIGIBLE];
            whole.partition.eligible_leader_replicas.count = 3;
            whole.partition.last_known_elr.items = lists[IMAGE_LAST_KNOWN], whole.partition.last_known_elr.count = 1;
        }
        take(&cluster, whole);
        part.partition_change.replicas.items = lists[IMAGE_REPLICAS], part.partition_change.replicas.count = 3;
        part.partition_change.isr.items = lists[IMAGE_ISR], part.partition_change.isr.count = 2;
        part.partition_change.removing_replicas.items = lists[IMAGE_REMOVING];
        part.partition_change.removing_replicas.count = 2;
        part.partition_change.adding_replicas.items = lists[IMAGE_ADDING];
        part.partition_change.adding_replicas.count = 1;
        part.partition_change.eligible_leader_replicas.items = lists[IMAGE_ELIGIBLE];
        part.partition_change.eligible_leader_replicas.count = 3;
        part.partition_change.last_known_elr.items = lists[IMAGE_LAST_KNOWN];
        part.partition_change.last_known_elr.count = 1;
        if (change) take(&cluster, part);

        const struct image_partition *partition = &image_topic_by_name(&cluster.image, TEXT("t"))->partitions[0];
        for (int list = 0; list < IMAGE_LISTS; list++) {
            assert_int_equal(partition->counts[list], counts[list]);
            assert_memory_equal(image_partition_list(partition, (enum image_list)list), lists[list],
                                (size_t)counts[list] * sizeof(int32_t));
        }
        part.partition_change.last_known_elr.count = INT16_MAX + 1; /* Longer than any list. */
        refuse(&cluster, part);
        cluster_end(&cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_found_by_name_and_id_and_walked_by_name),
        cmocka_unit_test(partitions_are_dealt_out_in_order_of_creation),
        cmocka_unit_test(a_change_that_names_a_leader_raises_its_epoch),
        cmocka_unit_test(an_empty_list_is_not_a_list_that_stays),
        cmocka_unit_test(a_snapshot_may_tell_partitions_in_any_order),
        cmocka_unit_test(each_list_is_taken_from_its_own_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
