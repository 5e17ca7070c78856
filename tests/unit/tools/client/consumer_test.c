/* tests/unit/tools/client/consumer_test.c   Records from partitions: from the offset that is wanted to the one that is
 * not, over batches that are cut, broken, of transactions that were aborted, or markers. */
#include "pair.h"

#include "client/consumer.h"
#include "messages/fetch.h"

/* Of Kafka. */
enum { OUT_OF_RANGE = 1 };
enum { RECORDS_MAX = 2000, ABORTED_MAX = 400 };

static struct pair pair;
static struct consumer consumer;
static struct consumer_partition wanted[1];
static int64_t got[RECORDS_MAX];
static uint32_t got_count, stop_at;
static uint8_t bytes[60000];
static size_t size;

static struct fetch_aborted_transaction aborted[ABORTED_MAX];
static struct fetch_partition_answer part;
static struct fetch_topic_answer topic = { .name = TEXT("t"), .partitions = { &part, 1 } };
static const struct fetch_answer fetched = { .topics = { &topic, 1 } };

static bool deliver(struct consumer *at, const struct consumer_record *record)
{
    (void)at;
    assert_true(got_count < RECORDS_MAX);
    got[got_count++] = record->record.offset;
    return got_count != stop_at;
}

static int begin(void **state)
{
    (void)state;
    pair_init(&pair);
    part = (struct fetch_partition_answer){ .index = 0, .high_watermark = 100 };
    got_count = 0;
    size = 0;
    stop_at = UINT32_MAX;
    return 0;
}

/* A batch of `count` records from `offset` on; a producer below 0: of no transaction. */
static void put(int64_t offset, uint32_t count, int64_t producer, bool control)
{
    static const uint8_t marker[6] = { 0 };
    struct batch_builder builder;

    batch_begin(&builder, bytes + size, sizeof(bytes) - size,
                (producer >= 0 ? BATCH_TRANSACTIONAL : 0) | (control ? BATCH_CONTROL : 0), 1000);
    builder.batch.producer_id = producer;
    for (uint32_t i = 0; i < count; i++) {
        batch_add(&builder, control ? (struct bytes){ marker, 4 } : BYTES_NULL, (struct bytes){ marker, 6 }, 1000);
    }
    struct bytes batch = batch_end(&builder);
    assert_true(batch.size > 0);
    batch_stamp(bytes + size, offset, 0);
    size += batch.size;
}

static void abort_from(int32_t index, int64_t producer, int64_t first_offset)
{
    aborted[index] = (struct fetch_aborted_transaction){ .producer_id = producer, .first_offset = first_offset };
    part.aborted_transactions.items = aborted;
    part.aborted_transactions.count = index + 1;
}

/* One round for offsets `next` to `limit`. */
static enum status round_of(int64_t next, int64_t limit)
{
    const struct broker_step first[] = { ANSWER(&pair_versions), ANSWER(&pair.metadata) };
    const struct broker_step leader[] = { ANSWER(&pair_versions), ANSWER(&fetched) };
    struct metadata_answer answer;

    part.records = (struct records){ .data = bytes, .size = (int32_t)size };
    pair_begin(&pair, first, 2, leader, 2);
    assert_int_equal(client_metadata(&pair.client, NULL, -1, false, &answer, &pair.arena), STATUS_OK);
    wanted[0] = (struct consumer_partition){
        .topic = TEXT("t"), .index = 0, .leader = PAIR_LEADER, .next = next, .limit = limit
    };
    consumer = (struct consumer){ .client = &pair.client,
                                  .partitions = wanted,
                                  .partition_count = 1,
                                  .committed = true,
                                  .fetch_size = 1 << 20,
                                  .deliver = deliver };
    return consumer_round(&consumer);
}

static void assert_got(int64_t first, uint32_t count)
{
    assert_int_equal(got_count, count);
    for (uint32_t i = 0; i < count; i++) assert_int_equal(got[i], first + i);
}

static void only_what_is_wanted_is_delivered(void **state)
{
    (void)state;
    put(0, 5, -1, false); /* passed: an answer may begin anywhere below */
    put(5, 10, -1, false);
    put(15, 10, -1, false);
    assert_int_equal(round_of(7, 17), STATUS_OK);
    assert_got(7, 10);
    assert_true(wanted[0].next >= 17);
    assert_true(wanted[0].done && consumer_done(&consumer));
    assert_int_equal(wanted[0].high_watermark, 100);
    pair_end(&pair);
}

static void a_batch_that_is_cut_comes_with_the_next_round(void **state)
{
    (void)state;
    put(0, 5, -1, false);
    put(5, 5, -1, false);
    size -= 3;
    assert_int_equal(round_of(0, INT64_MAX), STATUS_OK);
    assert_got(0, 5);
    assert_int_equal(wanted[0].next, 5);
    assert_false(wanted[0].done);
    pair_end(&pair);
}

static void a_batch_that_is_broken_is_an_error_with_its_place(void **state)
{
    (void)state;
    put(0, 5, -1, false);
    put(5, 5, -1, false);
    bytes[size - 1] ^= 1;
    assert_int_equal(round_of(0, INT64_MAX), STATUS_CORRUPT);
    assert_got(0, 5);
    assert_string_equal(pair.client.why, "t [0] at offset 5: checksum does not match");
    pair_end(&pair);
}

/* Their offsets pass all the same: the end of a partition may be a marker. */
static void markers_are_nobodys_records(void **state)
{
    (void)state;
    put(0, 2, 9, false);
    put(2, 1, 9, true);
    assert_int_equal(round_of(0, 3), STATUS_OK);
    assert_got(0, 2);
    assert_int_equal(wanted[0].next, 3);
    assert_true(wanted[0].done);
    pair_end(&pair);
}

/* From where it began to its marker; what the producer had before, and what comes next, counts. */
static void what_was_aborted_is_left_out(void **state)
{
    (void)state;
    put(0, 1, 9, false);  /* of an earlier one, which was committed */
    put(1, 2, 9, false);  /* aborted */
    put(3, 2, 8, false);  /* another's */
    put(5, 2, -1, false); /* nobody's */
    put(7, 1, 9, true);
    put(8, 1, 9, false); /* a new transaction */
    abort_from(0, 9, 1);
    assert_int_equal(round_of(0, INT64_MAX), STATUS_OK);
    assert_int_equal(got_count, 6);
    assert_int_equal(got[0], 0);
    assert_int_equal(got[1], 3);
    assert_int_equal(got[4], 6);
    assert_int_equal(got[5], 8);
    pair_end(&pair);
}

/* However many are open at once. */
static void many_aborted_transactions_are_all_left_out(void **state)
{
    (void)state;
    for (int32_t i = 0; i < ABORTED_MAX; i++) {
        put(i, 1, 1000 + i, false);
        abort_from(i, 1000 + i, i);
    }
    put(ABORTED_MAX, 1, -1, false);
    assert_int_equal(round_of(0, INT64_MAX), STATUS_OK);
    assert_got(ABORTED_MAX, 1);
    pair_end(&pair);
}

static void who_has_enough_stops_in_the_middle(void **state)
{
    (void)state;
    put(0, 5, -1, false);
    put(5, 5, -1, false);
    stop_at = 3;
    assert_int_equal(round_of(0, INT64_MAX), STATUS_OK);
    assert_got(0, 3);
    assert_true(consumer.stopped && consumer_done(&consumer));
    assert_int_equal(wanted[0].next, 3);
    pair_end(&pair);
}

static void an_offset_that_there_is_none_of_is_told(void **state)
{
    (void)state;
    part.error = OUT_OF_RANGE;
    assert_int_equal(round_of(77, INT64_MAX), STATUS_OUT_OF_RANGE);
    assert_string_equal(pair.client.why, "t [0] at offset 77: OFFSET_OUT_OF_RANGE");
    assert_int_equal(wanted[0].next, 77);
    pair_end(&pair);
}

/* What nobody asked for is not taken. */
static void an_answer_of_other_partitions_is_passed_over(void **state)
{
    (void)state;
    put(0, 5, -1, false);
    part.index = 5;
    assert_int_equal(round_of(0, INT64_MAX), STATUS_OK);
    assert_got(0, 0);
    assert_int_equal(wanted[0].next, 0);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_what_is_wanted_is_delivered, begin),
        cmocka_unit_test_setup(a_batch_that_is_cut_comes_with_the_next_round, begin),
        cmocka_unit_test_setup(a_batch_that_is_broken_is_an_error_with_its_place, begin),
        cmocka_unit_test_setup(markers_are_nobodys_records, begin),
        cmocka_unit_test_setup(what_was_aborted_is_left_out, begin),
        cmocka_unit_test_setup(many_aborted_transactions_are_all_left_out, begin),
        cmocka_unit_test_setup(who_has_enough_stops_in_the_middle, begin),
        cmocka_unit_test_setup(an_offset_that_there_is_none_of_is_told, begin),
        cmocka_unit_test_setup(an_answer_of_other_partitions_is_passed_over, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
