/* What is written when a broker is taken out of the cluster: its partitions' leadership and in-sync replicas first, its
 * registration last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/record.h"
#include "replica/controller_work.h"

static struct heap heap;
static struct arena arena;
static struct node_identity identity = { .id = 1 };
static struct controller controller = { .identity = &identity };

static void take(struct any_record record)
{
    assert_int_equal(image_apply(&controller.ahead, &record), STATUS_OK);
}

static void take_broker(int32_t id)
{
    struct any_record record;
    record_clear(&record, RECORD_REGISTER_BROKER);
    record.register_broker.broker_id = id;
    record.register_broker.broker_epoch = 70 + id;
    take(record);
}

static void take_partition(int32_t index, int32_t leader, int32_t *replicas, int32_t count, int32_t isr_count)
{
    struct any_record record;
    record_clear(&record, RECORD_PARTITION);
    record.partition.topic_id = (struct uuid){ { 9 } };
    record.partition.index = index;
    record.partition.replicas.items = record.partition.isr.items = replicas;
    record.partition.replicas.count = count;
    record.partition.isr.count = isr_count;
    record.partition.leader = leader;
    take(record);
}

static int begin(void **state)
{
    (void)state;
    static int32_t own[] = { 1 }, both[] = { 1, 2 }, other[] = { 2 };
    struct any_record topic;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    image_init(&controller.ahead, &heap, 2);
    take_broker(1);
    take_broker(2);
    record_clear(&topic, RECORD_TOPIC);
    topic.topic.name = TEXT("t");
    topic.topic.topic_id = (struct uuid){ { 9 } };
    take(topic);
    take_partition(0, 1, own, 1, 1);
    take_partition(1, 1, both, 2, 2);
    take_partition(2, 2, other, 1, 1);
    take_partition(3, 1, both, 2, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    image_end(&controller.ahead);
    arena_reset(&arena);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
    return 0;
}

static void its_partitions_come_first_and_its_registration_last(void **state)
{
    (void)state;
    struct controller_call call = { .kind = CONTROLLER_UNREGISTER_BROKER, .broker = 2 };
    struct record_list list;

    record_list_init(&list, &arena);
    assert_true(decide(&controller, &call, &list));
    assert_int_equal(call.status, STATUS_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.items[0].partition_change.index, 1);
    assert_int_equal(list.items[0].partition_change.leader, -2); /* stays */
    assert_int_equal(list.items[0].partition_change.isr.count, 1);
    assert_int_equal(list.items[0].partition_change.isr.items[0], 1);
    assert_int_equal(list.items[1].partition_change.index, 2);
    assert_int_equal(list.items[1].partition_change.leader, -1);
    assert_int_equal(list.items[1].partition_change.isr.count, -1); /* stays: nobody else has the records */
    assert_int_equal(list.items[2].type, RECORD_UNREGISTER_BROKER);
    assert_int_equal(list.items[2].unregister_broker.broker_id, 2);
    assert_int_equal(list.items[2].unregister_broker.broker_epoch, 72);

    for (uint32_t i = 0; i < list.count; i++) take(list.items[i]);
    assert_null(image_broker(&controller.ahead, 2));
    const struct image_topic *topic = image_topic_by_name(&controller.ahead, TEXT("t"));
    assert_int_equal(topic->partitions[1].isr_count, 1);
    assert_int_equal(topic->partitions[1].leader, 1);
    assert_int_equal(topic->partitions[2].leader, -1);
    assert_int_equal(topic->partitions[3].isr_count, 1);
}

static void a_stranger_and_the_node_itself_are_refused(void **state)
{
    (void)state;
    struct controller_call stranger = { .kind = CONTROLLER_UNREGISTER_BROKER, .broker = 77 };
    struct controller_call self = { .kind = CONTROLLER_UNREGISTER_BROKER, .broker = 1 };
    struct record_list list;

    record_list_init(&list, &arena);
    assert_true(decide(&controller, &stranger, &list));
    assert_true(decide(&controller, &self, &list));
    assert_int_equal(stranger.status, STATUS_NOT_FOUND);
    assert_int_equal(self.status, STATUS_INVALID_REQUEST);
    assert_int_equal(list.count, 0);
}

/* Whose partitions they are is no matter: all are looked at, so many in a step. */
static void many_partitions_are_looked_at_in_portions(void **state)
{
    (void)state;
    enum { MANY = 9000, PORTION = 4000 };
    static int32_t own[] = { 1 };
    struct controller_call call = { .kind = CONTROLLER_UNREGISTER_BROKER, .broker = 3 };
    struct record_list list;
    int portions = 1;

    take_broker(3);
    for (int32_t i = 4; i < MANY; i++) take_partition(i, 1, own, 1, 1);
    static int32_t both[] = { 1, 3 };
    take_partition(MANY, 3, both, 2, 2);
    record_list_init(&list, &arena);
    memset(&controller.decision.next, 0, sizeof(controller.decision.next));
    while (!decide(&controller, &call, &list)) portions++;
    assert_int_equal(portions, 1 + MANY / PORTION);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].partition_change.index, MANY);
    assert_int_equal(list.items[0].partition_change.leader, -1);
    assert_int_equal(list.items[1].unregister_broker.broker_id, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_partitions_come_first_and_its_registration_last),
        cmocka_unit_test(a_stranger_and_the_node_itself_are_refused),
        cmocka_unit_test(many_partitions_are_looked_at_in_portions),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
