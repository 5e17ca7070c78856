/* tests/unit/net/api/describe_producers_test.c   Producers of logs on both shards; more of them than there was room
 * for. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "messages/describe_producers.h"

enum { PRODUCERS = 700 };

static struct desk desk;
static struct describe_producers_answer answer;

/* A batch of one record from `producer`. */
static void produce_from(int32_t index, int64_t producer, int32_t sequence)
{
    struct bytes batch = desk_batch(&desk, 1, 10);
    uint8_t *data = (uint8_t *)(uintptr_t)batch.data;

    store_u64(data + 43, (uint64_t)producer);
    store_u16(data + 51, 3);
    store_u32(data + 53, (uint32_t)sequence);
    store_u32(data + 17, crc32c(0, data + 21, batch.size - 21));
    assert_int_equal(desk_produce(&desk, "t", index, 1, batch).error, ERROR_NONE);
}

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "t", 2);
    for (int32_t sequence = 0; sequence < 3; sequence++) produce_from(0, 77, sequence);
    for (int64_t producer = 0; producer < PRODUCERS; producer++) {
        produce_from(1, producer, 0);
        arena_reset(&desk.messages);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct describe_producers_partition *ask(const char *topic, int32_t *indexes, int32_t count)
{
    struct describe_producers_topic_ask row = { text_of(topic), { indexes, count } };
    struct describe_producers_ask asked = { { &row, 1 } };

    desk_ask(&desk, API_DESCRIBE_PRODUCERS, 0, &asked, &answer);
    assert_int_equal(answer.topics.count, 1);
    assert_int_equal(answer.topics.items[0].partitions.count, count);
    return answer.topics.items[0].partitions.items;
}

static void a_producer_is_shown_with_its_last_batch(void **state)
{
    (void)state;
    int32_t indexes[] = { 0 };
    const struct describe_producers_partition *row = ask("t", indexes, 1);
    assert_int_equal(row->error, ERROR_NONE);
    assert_null(row->error_message.data);
    assert_int_equal(row->producers.count, 1);
    const struct describe_producers_producer *producer = row->producers.items;
    assert_int_equal(producer->producer_id, 77);
    assert_int_equal(producer->producer_epoch, 3);
    assert_int_equal(producer->last_sequence, 2);
    assert_true(producer->last_timestamp_ms > 0);
    assert_int_equal(producer->coordinator_epoch, -1);
    assert_int_equal(producer->current_transaction_start_offset, -1);
}

static void many_producers_of_both_shards_come_whole(void **state)
{
    (void)state;
    int32_t indexes[] = { 1, 0, 1 };
    const struct describe_producers_partition *rows = ask("t", indexes, 3);
    assert_int_equal(rows[0].producers.count, PRODUCERS);
    assert_int_equal(rows[1].producers.count, 1);
    assert_int_equal(rows[2].producers.count, PRODUCERS);
    for (int64_t i = 0; i < PRODUCERS; i++) assert_int_equal(rows[0].producers.items[i].producer_id, i);
}

static void refusals_explain_topics_and_not_partitions(void **state)
{
    (void)state;
    int32_t indexes[] = { 7, -1 };
    const struct describe_producers_partition *rows = ask("t", indexes, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(rows[i].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        assert_null(rows[i].error_message.data);
    }
    rows = ask("none", indexes, 1);
    assert_int_equal(rows->error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_true(text_equal(rows->error_message, TEXT("This server does not host this topic-partition.")));
    rows = ask("a/b", indexes, 1);
    assert_int_equal(rows->error, ERROR_INVALID_TOPIC);
    assert_true(text_equal(rows->error_message,
                           TEXT("Topic name is invalid: 'a/b' contains one or more characters other than ASCII "
                                "alphanumerics, '.', '_' and '-'")));
    assert_true(
        text_equal(ask("", indexes, 1)->error_message, TEXT("Topic name is invalid: the empty string is not allowed")));
}

/* In portions: of each its producers, or why there are none. */
static void many_partitions_are_told_as_few_are(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    int32_t *indexes = arena_take(&desk.messages, MANY * sizeof(*indexes));

    for (int32_t i = 0; i < MANY; i++) indexes[i] = i % 3 == 0 ? 0 : i + 10;
    indexes[MANY / 2 + 1] = 1;
    const struct describe_producers_partition *rows = ask("t", indexes, MANY);
    for (int32_t i = 0; i < MANY; i++) {
        assert_int_equal(rows[i].index, indexes[i]);
        assert_int_equal(rows[i].error, indexes[i] < 2 ? ERROR_NONE : ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        assert_int_equal(rows[i].producers.count, indexes[i] == 0 ? 1 : indexes[i] == 1 ? PRODUCERS : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_producer_is_shown_with_its_last_batch),
        cmocka_unit_test(many_producers_of_both_shards_come_whole),
        cmocka_unit_test(many_partitions_are_told_as_few_are),
        cmocka_unit_test(refusals_explain_topics_and_not_partitions),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
