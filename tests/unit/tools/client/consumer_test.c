/* tests/unit/tools/client/consumer_test.c   Records of aborted transactions are left out, however many are open at
 * once, and from their first offset to their marker only. */
#include "broker.h"

#include "base/crc32c.h"
#include "client/consumer.h"
#include "messages/fetch.h"

enum { PRODUCERS = 300, BATCHES_MAX = 8, BATCH_ROOM = 512 };

static struct api_versions_api rows[] = { { API_METADATA, 0, 12 }, { API_FETCH, 4, 12 } };
static const struct api_versions_answer versions = { .api_keys = { rows, array_count(rows) } };

static uint8_t records[BATCHES_MAX * BATCH_ROOM];
static size_t records_size;
static int64_t next_offset;
static int64_t told[BATCHES_MAX];
static uint32_t told_count;

/* One record of a transaction, or its marker. */
static void add(int64_t producer, uint16_t attributes)
{
    uint8_t *at = records + records_size;
    struct batch_builder builder;

    batch_begin(&builder, at, BATCH_ROOM, (uint16_t)(BATCH_TRANSACTIONAL | attributes), 1000);
    batch_add(&builder, (struct bytes){ (const uint8_t *)"\0\0\0\0", 4 }, (struct bytes){ at, 0 }, 1000);
    struct bytes batch = batch_end(&builder);
    store_i64(at + 43, producer);
    store_u32(at + 17, crc32c(0, at + 21, batch.size - 21));
    batch_stamp(at, next_offset++, 0);
    records_size += batch.size;
}

static bool hear(struct consumer *consumer, const struct consumer_record *record)
{
    (void)consumer;
    assert_true(told_count < BATCHES_MAX);
    told[told_count++] = record->record.offset;
    return true;
}

/* The offsets that a consumer is told of when so many transactions were aborted. */
static void consume(struct fetch_aborted_transaction *aborted, int32_t count)
{
    struct metadata_broker node = { .node_id = 4, .host = TEXT("127.0.0.1") };
    struct metadata_answer metadata = { .brokers = { &node, 1 } };
    struct fetch_partition_answer partition = { .high_watermark = next_offset,
                                                .last_stable_offset = next_offset,
                                                .preferred_read_replica = -1,
                                                .aborted_transactions = { aborted, count },
                                                .records = { records, (int32_t)records_size } };
    struct fetch_topic_answer topic = { .name = TEXT("t"), .partitions = { &partition, 1 } };
    struct fetch_answer answer = { .topics = { &topic, 1 } };
    const struct broker_step steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                         { BROKER_ANSWERS, .answer = &metadata } };
    const struct broker_step leader_steps[] = { { BROKER_ANSWERS, .answer = &versions },
                                                { BROKER_ANSWERS, .answer = &answer } };
    struct consumer_partition wanted = { .topic = TEXT("t"), .leader = 4, .limit = next_offset };
    struct broker broker, leader;
    struct client client;
    struct consumer consumer = { .client = &client,
                                 .partitions = &wanted,
                                 .partition_count = 1,
                                 .committed = true,
                                 .fetch_size = 1 << 20,
                                 .wait_ms = 10,
                                 .deliver = hear };
    char servers[64];

    told_count = 0;
    broker_begin(&broker, steps, 2);
    broker_begin(&leader, leader_steps, 2);
    node.port = leader.port;
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", broker.port);
    assert_int_equal(client_open(&client, servers, "test", 5000), STATUS_OK);
    assert_int_equal(consumer_round(&consumer), STATUS_OK);
    assert_true(consumer_done(&consumer));
    client_close(&client);
    broker_end(&broker);
    broker_end(&leader);
}

static int begin(void **state)
{
    (void)state;
    records_size = 0;
    next_offset = 0;
    return 0;
}

static void an_aborted_transaction_is_left_out_up_to_its_marker(void **state)
{
    (void)state;
    struct fetch_aborted_transaction aborted = { 7, 1 };

    add(7, 0); /* of an earlier one, which was committed */
    add(7, 0);
    add(8, 0);
    add(7, BATCH_CONTROL);
    add(7, 0);
    consume(&aborted, 1);
    assert_int_equal(told_count, 3);
    assert_int_equal(told[0], 0);
    assert_int_equal(told[1], 2);
    assert_int_equal(told[2], 4);
}

static void many_may_be_open_at_once(void **state)
{
    (void)state;
    static struct fetch_aborted_transaction aborted[PRODUCERS];

    for (int i = 0; i < PRODUCERS; i++) aborted[i] = (struct fetch_aborted_transaction){ i, 0 };
    add(0, 0);
    add(PRODUCERS - 1, 0);
    add(PRODUCERS, 0);
    add(PRODUCERS - 1, BATCH_CONTROL);
    add(PRODUCERS - 1, 0);
    consume(aborted, PRODUCERS);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[0], 2);
    assert_int_equal(told[1], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_aborted_transaction_is_left_out_up_to_its_marker, begin),
        cmocka_unit_test_setup(many_may_be_open_at_once, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
