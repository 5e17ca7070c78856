/* tests/unit/tools/client/sender_test.c   Records to a topic: where a key goes, what is sent again and what is not, and
 * topics as no broker should describe them. */
#include "pair.h"

#include "client/codes.h"
#include "client/sender.h"
#include "messages/produce.h"

/* Of Kafka. */
enum { NOT_LEADER = 6, TOO_LARGE = 10, INVALID_TOPIC = 17 };

static struct pair pair;
static struct sender sender;
static int64_t base_offsets[2];
static int32_t counts[2];
static const struct sender_settings settings = { .topic = "t", .acks = 1, .batch_size = 4096 };

static struct produce_partition_answer parts[2];
static struct produce_topic_answer answered = { .name = TEXT("t"), .partitions = { parts, 2 } };
static const struct produce_answer stored = { .topics = { &answered, 1 } };

static int begin(void **state)
{
    (void)state;
    pair_init(&pair);
    memset(counts, 0, sizeof(counts));
    parts[0] = (struct produce_partition_answer){ .index = 0, .base_offset = 10 };
    parts[1] = (struct produce_partition_answer){ .index = 1, .base_offset = 20 };
    answered.partitions.count = 2;
    return 0;
}

static void note_stored(struct sender *at, int32_t partition, int64_t base_offset, int32_t count)
{
    (void)at;
    base_offsets[partition] = base_offset;
    counts[partition] += count;
}

static void add(int32_t partition, const char *value)
{
    struct packer_record record = { .value = { (const uint8_t *)value, strlen(value) } };
    assert_int_equal(sender_add(&sender, partition, &record), STATUS_OK);
}

/* The vectors are those of Kafka's own test of its murmur2. */
static void a_key_goes_where_kafkas_producer_sends_it(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } rows[] = { { "21", -973932308 },
                 { "foobar", -790332482 },
                 { "a-little-bit-long-string", -985981536 },
                 { "a-little-bit-longer-string", -1486304829 },
                 { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
                 { "abc", 479470107 } };

    sender = (struct sender){ .sticky = SENDER_ANY_PARTITION };
    prng_seed(&sender.prng, 1);
    for (size_t i = 0; i < array_count(rows); i++) {
        struct bytes key = { (const uint8_t *)rows[i].key, strlen(rows[i].key) };
        int32_t positive = rows[i].hash & INT32_MAX;
        sender.partition_count = INT32_MAX;
        assert_int_equal(sender_partition_of(&sender, key), positive % INT32_MAX);
        sender.partition_count = 12;
        assert_int_equal(sender_partition_of(&sender, key), positive % 12);
    }
    /* Without a key: one partition until the next flush. */
    int32_t sticky = sender_partition_of(&sender, BYTES_NULL);
    for (int i = 0; i < 100; i++) assert_int_equal(sender_partition_of(&sender, BYTES_NULL), sticky);
}

static void records_are_stored_and_told_by_partition(void **state)
{
    (void)state;
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&stored) };

    pair_begin(&pair, first, 2, leader, 2);
    assert_int_equal(sender_open(&sender, &pair.client, &settings, 1), STATUS_OK);
    sender.stored = note_stored;
    add(0, "a");
    add(0, "b");
    add(1, "c");
    assert_int_equal(sender_flush(&sender), STATUS_OK);
    assert_int_equal(sender_flush(&sender), STATUS_OK); /* Nothing waits: nothing is asked. */
    assert_int_equal(sender.stored_count, 3);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    assert_int_equal(base_offsets[0], 10);
    assert_int_equal(base_offsets[1], 20);
    sender_close(&sender);
    pair_end(&pair);
    assert_int_equal(pair.leader.keys[1], API_PRODUCE);
}

/* One partition's leader has moved: it is sent again, the other is not. */
static void what_may_be_tried_again_is_sent_again_alone(void **state)
{
    (void)state;
    static struct produce_partition_answer moved[2] = { { .index = 0, .base_offset = 10 },
                                                        { .index = 1, .error = NOT_LEADER } };
    static struct produce_topic_answer one = { .name = TEXT("t"), .partitions = { moved, 2 } };
    static const struct produce_answer half = { .topics = { &one, 1 } };
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&half), ANSWER(&stored) };

    pair_begin(&pair, first, 3, leader, 3);
    assert_int_equal(sender_open(&sender, &pair.client, &settings, 1), STATUS_OK);
    sender.stored = note_stored;
    add(0, "a");
    add(1, "b");
    assert_int_equal(sender_flush(&sender), STATUS_OK);
    assert_int_equal(sender.stored_count, 2);
    assert_int_equal(counts[0], 1); /* though the second answer names it again */
    assert_int_equal(base_offsets[1], 20);
    sender_close(&sender);
    pair_end(&pair);
    assert_int_equal(pair.first.keys[2], API_METADATA);
}

static void what_is_refused_for_good_is_told(void **state)
{
    (void)state;
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&stored) };

    parts[0].error = TOO_LARGE;
    parts[0].error_message = TEXT("so it is");
    pair_begin(&pair, first, 2, leader, 2);
    assert_int_equal(sender_open(&sender, &pair.client, &settings, 1), STATUS_OK);
    add(0, "a");
    add(1, "b");
    assert_int_equal(sender_flush(&sender), STATUS_INVALID);
    assert_int_equal(sender.error, TOO_LARGE);
    assert_int_equal(sender.stored_count, 1);
    assert_non_null(strstr(pair.client.why, "t [0]: 1 records refused: MESSAGE_TOO_LARGE"));
    assert_int_equal(sender_flush(&sender), STATUS_OK); /* It is not kept for the next time. */
    struct packer_record record = { .value = BYTES_NULL };
    assert_int_equal(sender_add(&sender, 2, &record), STATUS_INVALID);
    assert_string_equal(pair.client.why, "t has no partition 2, it has 2");
    assert_int_equal(sender_add(&sender, -2, &record), STATUS_INVALID);
    sender_close(&sender);
    pair_end(&pair);
}

static enum status open_with(int16_t error, int32_t partition_count)
{
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };

    pair.topic.error = error;
    pair.topic.partitions.count = partition_count;
    pair_begin(&pair, first, 2, NULL, 0);
    enum status status = sender_open(&sender, &pair.client, &settings, 1);
    return status;
}

static void a_topic_that_can_not_be_is_told(void **state)
{
    (void)state;
    assert_int_equal(open_with(INVALID_TOPIC, 0), STATUS_NOT_FOUND);
    assert_int_equal(sender.error, INVALID_TOPIC);
    sender_close(&sender);
    pair_end(&pair);
}

/* Nothing could be sent to one of its partitions, or chosen among them. */
static void a_topic_without_partitions_is_no_topic(void **state)
{
    (void)state;
    assert_int_equal(open_with(CODE_NONE, 0), STATUS_MALFORMED);
    sender_close(&sender);
    pair_end(&pair);
}

/* A number below zero is no place in a list; one that is left out has no leader. */
static void partitions_with_impossible_numbers_are_passed_over(void **state)
{
    (void)state;
    pair.partitions[0].index = -1;
    assert_int_equal(open_with(CODE_NONE, 2), STATUS_OK);
    assert_int_equal(sender.partition_count, 2);
    assert_int_equal(sender.partitions[0].leader, -1);
    assert_int_equal(sender.partitions[1].leader, PAIR_LEADER);
    sender_close(&sender);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_goes_where_kafkas_producer_sends_it),
        cmocka_unit_test_setup(records_are_stored_and_told_by_partition, begin),
        cmocka_unit_test_setup(what_may_be_tried_again_is_sent_again_alone, begin),
        cmocka_unit_test_setup(what_is_refused_for_good_is_told, begin),
        cmocka_unit_test_setup(a_topic_that_can_not_be_is_told, begin),
        cmocka_unit_test_setup(a_topic_without_partitions_is_no_topic, begin),
        cmocka_unit_test_setup(partitions_with_impossible_numbers_are_passed_over, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
