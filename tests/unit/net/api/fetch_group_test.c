/* tests/unit/net/api/fetch_group_test.c   How much of what is there goes into one answer: sizes, the first batch
 * always, and partitions without number. */
#include "desk_metadata.h"
#include "desk_records.h"

static struct desk desk;
static struct desk_fetch fetch;
static struct fetch_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin_with(&desk, 4, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct fetch_partition_answer *rows(void)
{
    desk_ask(&desk, API_FETCH, 17, &fetch.ask, &answer);
    assert_int_equal(answer.topics.count, 1);
    return answer.topics.items[0].partitions.items;
}

static int batches_of(const struct fetch_partition_answer *row)
{
    int64_t offset = 0;
    return desk_batches(row, &offset);
}

static void the_first_batch_comes_however_large(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "large", 2);
    for (int32_t i = 0; i < 2; i++) desk_store(&desk, "large", i, 2, 100000);

    desk_fetch_fill(&fetch, topic, "", 1);
    fetch.partitions[0].max_bytes = 10;
    assert_int_equal(batches_of(&rows()[0]), 1);
    fetch.partitions[0].max_bytes = 150000;
    assert_int_equal(batches_of(&rows()[0]), 1);
    fetch.partitions[0].max_bytes = 300000;
    assert_int_equal(batches_of(&rows()[0]), 2);
    fetch.ask.max_bytes = 10;
    assert_int_equal(batches_of(&rows()[0]), 1);
    fetch.ask.max_bytes = 0;
    fetch.partitions[0].max_bytes = 0;
    assert_int_equal(batches_of(&rows()[0]), 1);
}

/* Both shards find a first batch; together they are too much, so the second is left for the next time. */
static void of_several_partitions_only_the_first_may_exceed(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "both", 4);
    for (int32_t i = 0; i < 4; i++) desk_store(&desk, "both", i, 2, 50000);

    desk_fetch_fill(&fetch, topic, "", 4);
    fetch.ask.max_bytes = 1000;
    const struct fetch_partition_answer *row = rows();
    assert_int_equal(batches_of(&row[0]), 1);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(row[i].records.size, 0);
        assert_int_equal(row[i].error, ERROR_NONE);
        assert_int_equal(row[i].high_watermark, 2);
    }
    fetch.ask.max_bytes = 250000;
    row = rows();
    int sum = 0;
    for (int i = 0; i < 4; i++) sum += batches_of(&row[i]);
    assert_true(sum >= 3 && sum <= 4);
}

static void what_lies_inside_a_batch_gives_the_whole_batch(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "inside", 1);
    assert_int_equal(desk_produce(&desk, "inside", 0, 1, desk_batch(&desk, 10, 10)).error, ERROR_NONE);
    desk_fetch_fill(&fetch, topic, "", 1);
    fetch.partitions[0].fetch_offset = 7;
    assert_int_equal(batches_of(&rows()[0]), 1);
}

/* As many partitions with news as a consumer may have: one answer holds them all. */
static void many_partitions_are_served_in_one_answer(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "wide", DESK_PARTITIONS_MAX);
    for (int32_t i = 0; i < DESK_PARTITIONS_MAX; i++) desk_store(&desk, "wide", i, 1, 100);
    desk_fetch_fill(&fetch, topic, "", DESK_PARTITIONS_MAX);
    const struct fetch_partition_answer *row = rows();
    for (int32_t i = 0; i < DESK_PARTITIONS_MAX; i++) {
        assert_int_equal(row[i].index, i);
        assert_int_equal(batches_of(&row[i]), 1);
    }
}

/* Each was acknowledged before the next was sent, so each lies in memory by itself: there are more than the slot of a
 * request has room for. One partition of the two lives on the other shard. */
static void many_small_batches_are_one_answer(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "small", 2);
    for (int32_t i = 0; i < 2; i++) desk_store(&desk, "small", i, 100, 10);
    desk_fetch_fill(&fetch, topic, "", 2);
    const struct fetch_partition_answer *row = rows();
    for (int32_t i = 0; i < 2; i++) assert_int_equal(batches_of(&row[i]), 100);
}

/* Aborted lists are asked of the log also when it lives on the other shard. */
static void who_reads_committed_is_told_of_no_aborted(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "committed", 2);
    for (int32_t i = 0; i < 2; i++) desk_store(&desk, "committed", i, 1, 100);
    desk_fetch_fill(&fetch, topic, "", 2);
    assert_int_equal(rows()[0].aborted_transactions.count, -1);
    fetch.ask.isolation_level = 1;
    const struct fetch_partition_answer *row = rows();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(row[i].aborted_transactions.count, 0);
        assert_int_equal(row[i].last_stable_offset, 1);
        assert_int_equal(batches_of(&row[i]), 1);
    }
}

/* A follower whose last epoch ends elsewhere is told where. */
static void a_log_that_diverges_is_told_where(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "diverging", 1);
    desk_store(&desk, "diverging", 0, 3, 10);
    desk_fetch_fill(&fetch, topic, "", 1);
    fetch.partitions[0].fetch_offset = 3;
    fetch.partitions[0].last_fetched_epoch = 4;
    const struct fetch_partition_answer *row = rows();
    assert_int_equal(row[0].error, ERROR_NONE);
    assert_non_null(row[0].diverging_epoch);
    assert_true(row[0].diverging_epoch->epoch < 5);
    assert_int_equal(row[0].records.size, 0);
    fetch.partitions[0].last_fetched_epoch = 5;
    assert_null(rows()[0].diverging_epoch);

    fetch.partitions[0].fetch_offset = 1000; /* Its log is longer than ours: it hears from where to cut it. */
    row = rows();
    assert_int_equal(row[0].error, ERROR_NONE);
    assert_non_null(row[0].diverging_epoch);
    assert_int_equal(row[0].diverging_epoch->epoch, 5);
    assert_int_equal(row[0].diverging_epoch->end_offset, 3);

    fetch.partitions[0].fetch_offset = 2; /* An epoch that nobody knows here. */
    fetch.partitions[0].last_fetched_epoch = 6;
    row = rows();
    assert_int_equal(row[0].error, ERROR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(row[0].aborted_transactions.count, -1);
}

static void an_epoch_below_zero_is_none(void **state)
{
    (void)state;
    struct uuid topic = desk_topic(&desk, "negative", 1);
    desk_store(&desk, "negative", 0, 1, 10);
    desk_fetch_fill(&fetch, topic, "", 1);
    fetch.partitions[0].current_leader_epoch = -3;
    assert_int_equal(rows()[0].error, ERROR_NONE);
}

/* More cold partitions than the cache has room for: whoever reads several holds what it has, so it must not wait for
 * the room that it holds itself. What finds none is left for the next time, and all of it comes in the end. */
static void cold_partitions_without_number_are_served_bit_by_bit(void **state)
{
    (void)state;
    enum { PARTITIONS = 40, BATCHES = 4 };
    struct uuid topic = desk_topic(&desk, "cold", PARTITIONS);
    int64_t offsets[PARTITIONS] = { 0 };
    int left = PARTITIONS * BATCHES, asks = 0;

    for (int32_t i = 0; i < PARTITIONS; i++) desk_store(&desk, "cold", i, BATCHES, 200000);
    for (; left > 0 && asks < 100; asks++) {
        desk_fetch_fill(&fetch, topic, "", PARTITIONS);
        for (int32_t i = 0; i < PARTITIONS; i++) fetch.partitions[i].fetch_offset = offsets[i];
        const struct fetch_partition_answer *row = rows();
        for (int32_t i = 0; i < PARTITIONS; i++) {
            assert_int_equal(row[i].error, ERROR_NONE);
            left -= desk_batches(&row[i], &offsets[i]);
        }
        arena_reset(&desk.messages);
    }
    assert_int_equal(left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_batch_comes_however_large),
        cmocka_unit_test(of_several_partitions_only_the_first_may_exceed),
        cmocka_unit_test(what_lies_inside_a_batch_gives_the_whole_batch),
        cmocka_unit_test(many_partitions_are_served_in_one_answer),
        cmocka_unit_test(many_small_batches_are_one_answer),
        cmocka_unit_test(who_reads_committed_is_told_of_no_aborted),
        cmocka_unit_test(a_log_that_diverges_is_told_where),
        cmocka_unit_test(an_epoch_below_zero_is_none),
        cmocka_unit_test(cold_partitions_without_number_are_served_bit_by_bit),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
