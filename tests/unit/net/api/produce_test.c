/* tests/unit/net/api/produce_test.c   What is refused before a batch travels, which row says so, and how acks decide
 * what the client hears. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "messages/api_versions.h"

static struct desk desk;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "t", 4);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void an_answer_tells_where_the_batch_is(void **state)
{
    (void)state;
    for (int32_t index = 0; index < 4; index++) {
        struct produce_partition_answer first = desk_produce(&desk, "t", index, 1, desk_batch(&desk, 3, 10));
        struct produce_partition_answer next = desk_produce(&desk, "t", index, -1, desk_batch(&desk, 1, 10));
        assert_int_equal(first.error, ERROR_NONE);
        assert_int_equal(first.index, index);
        assert_int_equal(first.base_offset, 0);
        assert_int_equal(first.log_append_time_ms, -1);
        assert_int_equal(first.log_start_offset, 0);
        assert_int_equal(next.base_offset, 3);
        assert_null(next.current_leader);
    }
}

/* When the answer is here, the mark that acks asked for has been reached. */
static void acks_wait_for_the_device(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "durable", 2);
    for (int32_t index = 0; index < 2; index++) {
        struct log *log = desk_log(&desk, topic, index);
        assert_int_equal(desk_produce(&desk, "durable", index, 1, desk_batch(&desk, 2, 5000)).error, ERROR_NONE);
        assert_int_equal(log->durable.at, 2);
        assert_int_equal(desk_produce(&desk, "durable", index, -1, desk_batch(&desk, 2, 5000)).error, ERROR_NONE);
        assert_int_equal(log->committed.at, 4);
    }
}

static void without_acks_there_is_no_answer(void **state)
{
    (void)state;
    struct api_versions_ask ask = { 0 };
    struct api_versions_answer answer;
    struct uuid topic = desk_topic(&desk, "silent", 1);

    desk_produce_send(&desk, "silent", 0, 0, desk_batch(&desk, 1, 10));
    desk_ask(&desk, API_API_VERSIONS, 0, &ask, &answer); /* Its correlation is the next that comes. */
    for (int i = 0; i < DESK_TURNS && desk_log(&desk, topic, 0)->durable.at < 1; i++) desk_turn(&desk);
    assert_int_equal(desk_log(&desk, topic, 0)->durable.at, 1);
}

static void without_acks_an_error_ends_the_connection(void **state)
{
    (void)state;
    desk_produce_send(&desk, "nowhere", 0, 0, desk_batch(&desk, 1, 10));
    assert_true(desk_hung_up(&desk));
    close(desk.client);
    desk_connect(&desk);
}

static void what_can_not_be_is_refused_by_row(void **state)
{
    (void)state;
    struct bytes batch = desk_batch(&desk, 1, 10);
    uint8_t *broken = arena_take(&desk.messages, batch.size);

    memcpy(broken, batch.data, batch.size);
    broken[batch.size - 1] ^= 1;
    const struct {
        const char *topic;
        int32_t index;
        int16_t acks, error;
        struct bytes batch;
    } rows[] = {
        { "none", 0, 1, ERROR_UNKNOWN_TOPIC_OR_PARTITION, batch },
        { "t", 4, 1, ERROR_UNKNOWN_TOPIC_OR_PARTITION, batch },
        { "t", -1, 1, ERROR_UNKNOWN_TOPIC_OR_PARTITION, batch },
        { "__consumer_offsets", 0, 1, ERROR_INVALID_TOPIC, batch },
        { "t", 0, 2, ERROR_INVALID_REQUIRED_ACKS, batch },
        { "t", 0, -2, ERROR_INVALID_REQUIRED_ACKS, batch },
        { "t", 0, 1, ERROR_INVALID_RECORD, { batch.data, 0 } },
        { "t", 0, 1, ERROR_INVALID_RECORD, { batch.data, batch.size - 1 } },
        { "t", 0, 1, ERROR_CORRUPT_MESSAGE, { broken, batch.size } },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct produce_partition_answer row =
            desk_produce(&desk, rows[i].topic, rows[i].index, rows[i].acks, rows[i].batch);
        assert_int_equal(row.error, rows[i].error);
        assert_int_equal(row.index, rows[i].index);
        assert_int_equal(row.base_offset, -1);
        assert_int_equal(row.log_start_offset, -1);
    }
}

static void what_is_too_large_for_its_topic_is_refused(void **state)
{
    (void)state;
    desk_topic_of(&desk, "small", 1, DESK_SELF, "max.message.bytes", "1000");
    assert_int_equal(desk_produce(&desk, "small", 0, 1, desk_batch(&desk, 1, 800)).error, ERROR_NONE);
    assert_int_equal(desk_produce(&desk, "small", 0, 1, desk_batch(&desk, 1, 1000)).error, ERROR_MESSAGE_TOO_LARGE);
}

static void a_record_without_key_is_named_where_keys_are_wanted(void **state)
{
    (void)state;
    desk_topic_of(&desk, "compact", 1, DESK_SELF, "cleanup.policy", "compact");
    uint8_t memory[512];
    struct batch_builder builder;
    struct bytes text = { (const uint8_t *)"x", 1 };
    int64_t now = shard_wall_ms(desk.node.shards[0]);

    batch_begin(&builder, memory, sizeof(memory), 0, now);
    batch_add(&builder, text, text, now);
    batch_add(&builder, BYTES_NULL, text, now);
    batch_add(&builder, BYTES_NULL, text, now);
    struct produce_partition_answer row = desk_produce(&desk, "compact", 0, 1, batch_end(&builder));
    assert_int_equal(row.error, ERROR_INVALID_RECORD);
    assert_int_equal(row.log_start_offset, 0);
    assert_int_equal(row.record_errors.count, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(row.record_errors.items[i].batch_index, i + 1);
        assert_true(text_equal(row.record_errors.items[i].message,
                               TEXT("Compacted topic cannot accept message without key in topic partition compact-0")));
    }
    assert_true(text_equal(
        row.error_message,
        TEXT("One or more records have been rejected due to 2 record errors in total, and only showing the first "
             "three errors at most: [RecordError(batchIndex=1, message='Compacted topic cannot accept message "
             "without key in topic partition compact-0'), RecordError(batchIndex=2, message='Compacted topic cannot "
             "accept message without key in topic partition compact-0')]")));
}

static void the_broker_stamps_where_the_topic_says_so(void **state)
{
    (void)state;
    desk_topic_of(&desk, "stamped", 1, DESK_SELF, "message.timestamp.type", "LogAppendTime");
    int64_t before = shard_wall_ms(desk.node.shards[0]);
    struct produce_partition_answer row = desk_produce(&desk, "stamped", 0, 1, desk_batch(&desk, 1, 10));
    assert_true(row.log_append_time_ms >= before && row.log_append_time_ms < before + 60000);
}

/* One request for several partitions, on both shards, with one that is not there: each has its own row, in order. */
static void every_partition_has_its_own_row(void **state)
{
    (void)state;
    desk_topic(&desk, "many", 3);
    struct bytes batch = desk_batch(&desk, 2, 10);
    struct produce_partition_ask partitions[4];
    struct desk_produce produce;
    struct produce_answer answer;

    desk_produce_fill(&produce, "many", 0, -1, batch);
    for (int32_t i = 0; i < 4; i++) {
        partitions[i] = produce.partition;
        partitions[i].index = 3 - i;
    }
    produce.topic.partitions.items = partitions;
    produce.topic.partitions.count = 4;
    desk_ask(&desk, API_PRODUCE, 9, &produce.ask, &answer);
    assert_int_equal(answer.topics.items[0].partitions.count, 4);
    for (int32_t i = 0; i < 4; i++) {
        const struct produce_partition_answer *row = &answer.topics.items[0].partitions.items[i];
        assert_int_equal(row->index, 3 - i);
        assert_int_equal(row->error, i == 0 ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_NONE);
        assert_int_equal(row->base_offset, i == 0 ? -1 : 0);
    }
}

static void of_a_partition_that_is_named_twice_the_last_word_counts(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "twice", 1);
    struct produce_partition_ask partitions[2];
    struct desk_produce produce;
    struct produce_answer answer;

    desk_produce_fill(&produce, "twice", 0, 1, desk_batch(&desk, 5, 10));
    partitions[0] = produce.partition;
    desk_produce_fill(&produce, "twice", 0, 1, desk_batch(&desk, 2, 10));
    partitions[1] = produce.partition;
    produce.topic.partitions.items = partitions;
    produce.topic.partitions.count = 2;
    desk_ask(&desk, API_PRODUCE, 11, &produce.ask, &answer);
    assert_int_equal(answer.topics.items[0].partitions.count, 1);
    assert_int_equal(desk_log(&desk, topic, 0)->end, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_where_the_batch_is),
        cmocka_unit_test(acks_wait_for_the_device),
        cmocka_unit_test(without_acks_there_is_no_answer),
        cmocka_unit_test(without_acks_an_error_ends_the_connection),
        cmocka_unit_test(what_can_not_be_is_refused_by_row),
        cmocka_unit_test(what_is_too_large_for_its_topic_is_refused),
        cmocka_unit_test(a_record_without_key_is_named_where_keys_are_wanted),
        cmocka_unit_test(the_broker_stamps_where_the_topic_says_so),
        cmocka_unit_test(every_partition_has_its_own_row),
        cmocka_unit_test(of_a_partition_that_is_named_twice_the_last_word_counts),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
