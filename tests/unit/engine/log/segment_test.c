/* The table of a log's segments: where batches go, when it rolls, what is found by an offset, and what is forgotten. */
#include "loose.h"

#include "log/producer_state.h"

static void batches_fill_segments_to_their_size(void **test)
{
    struct loose *loose = *test;
    uint32_t position;

    for (int i = 0; i < 25; i++) {
        struct segment *segment = loose_place(loose, unit_batch(i, 1, -1, -1, -1), &position);
        assert_int_equal(segment->base, i / 10 * 10);
        assert_int_equal(position, i % 10 * 100);
        assert_int_equal(segment->limit, i + 1);
    }
    assert_int_equal(loose->log.segments->count, 3);
    assert_int_equal(log_size(&loose->log), 2500);
    assert_int_equal(segments_find(&loose->log, 0)->base, 0);
    assert_int_equal(segments_find(&loose->log, 10)->base, 10);
    assert_int_equal(segments_find(&loose->log, 24)->base, 20);
    assert_null(segments_find(&loose->log, 25));
    assert_non_null(segments_at(&loose->log, 20));
    assert_null(segments_at(&loose->log, 21));
    assert_non_null(loose->log.segments->items[0].snapshot);
    assert_null(loose->log.segments->items[2].snapshot);
}

/* segment.ms=1 and many producers: each batch rolls a segment, and a picture of all producers would be kept of each. */
static void many_producers_are_not_pictured_for_few_bytes(void **test)
{
    enum { PRODUCERS = 4096, ROLLS = 2000, BATCH = 100 };
    struct loose *loose = *test;
    size_t snapshots = 0, rolled = 0;
    uint32_t position;

    loose->settings.segment_bytes = 1 << 30;
    loose->settings.segment_ms = INT64_MAX;
    for (int i = 0; i < PRODUCERS; i++) (void)loose_place(loose, unit_batch(i, 1, 1000 + i, 0, 0), &position);
    for (int i = 0; i < ROLLS; i++) {
        loose->log.segments->roll = true;
        (void)loose_place(loose, unit_batch(loose->log.end, 1, 1000 + i, 0, 1), &position);
    }
    const struct segments *segments = loose->log.segments;
    assert_int_equal(segments->count, ROLLS + 1);
    for (uint32_t i = 0; i < segments->count; i++) {
        snapshots += segments->items[i].snapshot_size;
        rolled += segments->items[i].size;
    }
    assert_true(snapshots <= rolled / 8);

    /* One is taken when there are bytes enough again that it spares somebody. */
    struct batch large = unit_batch(loose->log.end, 1, 1000, 0, 2);
    large.size = 8 << 20;
    (void)loose_place(loose, large, &position);
    loose->log.segments->roll = true;
    (void)loose_place(loose, unit_batch(loose->log.end, 1, 1000, 0, 3), &position);
    const struct segment *before = &loose->log.segments->items[loose->log.segments->count - 2];
    assert_int_equal(before->snapshot_size, producer_snapshot_size(loose->log.producers));
}

static void a_batch_larger_than_a_segment_gets_one_of_its_own(void **test)
{
    struct loose *loose = *test;
    uint32_t position;
    struct batch large = unit_batch(0, 1, -1, -1, -1);
    large.size = 5000;
    assert_int_equal(loose_place(loose, large, &position)->base, 0);
    assert_int_equal(loose_place(loose, unit_batch(1, 1, -1, -1, -1), &position)->base, 1);
    assert_int_equal(position, 0);
}

static void time_and_offsets_roll_too(void **test)
{
    struct loose *loose = *test;
    uint32_t position;
    struct batch batch = unit_batch(0, 1, -1, -1, -1);

    batch.max_timestamp_ms = 10000;
    (void)loose_place(loose, batch, &position);
    batch.base_offset = 1;
    batch.max_timestamp_ms = 10500;
    assert_int_equal(loose_place(loose, batch, &position)->base, 0);
    batch.base_offset = 2;
    batch.max_timestamp_ms = 10501;
    assert_int_equal(loose_place(loose, batch, &position)->base, 2);
    batch.base_offset = 3;
    batch.max_timestamp_ms = -1; /* Without a time it does not roll. */
    assert_int_equal(loose_place(loose, batch, &position)->base, 2);

    batch.base_offset = 2 + (int64_t)INT32_MAX;
    assert_int_equal(loose_place(loose, batch, &position)->base, 2);
    batch.base_offset++;
    assert_int_equal(loose_place(loose, batch, &position)->base, batch.base_offset);
    loose->log.segments->roll = true;
    batch.base_offset += 5;
    assert_int_equal(loose_place(loose, batch, &position)->base, batch.base_offset);
    assert_false(loose->log.segments->roll);
}

/* One entry for each 32 KiB and more; a .timeindex of 120 bytes has room for nine, and one behind them. */
static void a_full_index_rolls(void **test)
{
    struct loose *loose = *test;
    uint32_t position;

    loose->settings.segment_bytes = INT32_MAX;
    loose->settings.index_interval_bytes = 1;
    loose->settings.segment_ms = INT64_MAX;
    loose->settings.index_bytes_max = 120;
    uint32_t spacing = index_spacing(1, INT32_MAX);
    for (int i = 0; i < 40; i++) {
        struct batch batch = unit_batch(i, 1, -1, -1, -1);
        batch.size = spacing + 1;
        struct segment *segment = loose_place(loose, batch, &position);
        assert_int_equal(segment->base, i / 10 * 10);
        struct index_entry last = { .max_timestamp_ms = INT64_MAX };
        assert_true(index_offsets_size(&segment->index) <= 120);
        assert_true(index_times_size(&segment->index, last) <= 120);
    }
    loose->settings.index_bytes_max = 4; /* As at Kafka: a segment for each batch. */
    assert_int_equal(loose_place(loose, unit_batch(40, 1, -1, -1, -1), &position)->base, 40);
    assert_int_equal(loose_place(loose, unit_batch(41, 1, -1, -1, -1), &position)->base, 41);
}

/* Each segment takes less than segment.ms by a share of the jitter, another one each. */
static void jitter_spreads_the_rolling(void **test)
{
    struct loose *loose = *test;
    int64_t begun_ms = 0, least_ms = INT64_MAX, most_ms = 0;
    uint32_t position, offset = 0;

    loose->settings.segment_bytes = INT32_MAX;
    loose->settings.segment_ms = 1000;
    loose->settings.segment_jitter_ms = 400;
    for (int64_t now_ms = 0; now_ms < 100000; now_ms += 10, offset++) {
        struct batch batch = unit_batch(offset, 1, -1, -1, -1);
        batch.max_timestamp_ms = now_ms;
        if (loose_place(loose, batch, &position)->base < offset || offset == 0) continue;
        least_ms = min_of(least_ms, now_ms - begun_ms);
        most_ms = max_of(most_ms, now_ms - begun_ms);
        begun_ms = now_ms;
    }
    assert_in_range(least_ms, 601, 700);
    assert_in_range(most_ms, 900, 1010);
}

static void a_gap_belongs_to_the_segment_above(void **test)
{
    struct loose *loose = *test;
    uint32_t position;
    (void)loose_place(loose, unit_batch(0, 5, -1, -1, -1), &position);
    loose->log.segments->roll = true;
    (void)loose_place(loose, unit_batch(20, 5, -1, -1, -1), &position);
    assert_int_equal(segments_find(&loose->log, 4)->base, 0);
    assert_int_equal(segments_find(&loose->log, 5)->base, 20);
}

/* Cut exactly where a sealed segment ends, the log goes on in the next one. */
static void a_sealed_segment_takes_no_more(void **test)
{
    struct loose *loose = *test;
    uint32_t position;

    struct segment *first = loose_place(loose, unit_batch(0, 5, -1, -1, -1), &position);
    first->sealed = true;
    assert_int_equal(loose_place(loose, unit_batch(5, 5, -1, -1, -1), &position)->base, 5);
    assert_int_equal(position, 0);
    assert_int_equal(loose->log.segments->count, 2);
}

static void removed_segments_leave_the_others_in_order(void **test)
{
    struct loose *loose = *test;
    uint32_t position;

    assert_null(segments_last(&loose->log));
    assert_null(segments_at(&loose->log, 0));
    assert_null(segments_find(&loose->log, 0));
    assert_int_equal(segments_size(&loose->log), 0);
    for (int i = 0; i < 60; i++) (void)loose_place(loose, unit_batch(i, 1, -1, -1, -1), &position);
    assert_int_equal(loose->log.segments->count, 6);
    segments_remove(&loose->log, 1, 2); /* [10, 30), with their snapshots */
    assert_int_equal(loose->log.segments->count, 4);
    assert_int_equal(segments_size(&loose->log), 4000);
    assert_null(segments_at(&loose->log, 10));
    assert_int_equal(segments_find(&loose->log, 10)->base, 30); /* a gap leads on */
    assert_int_equal(segments_find(&loose->log, 9)->base, 0);
    assert_int_equal(segments_last(&loose->log)->base, 50);
    segments_remove(&loose->log, 0, 4);
    assert_null(segments_last(&loose->log));
    assert_int_equal(loose_place(loose, unit_batch(60, 1, -1, -1, -1), &position)->base, 60);
}

static void aborts_below_the_start_are_forgotten(void **test)
{
    struct loose *loose = *test;
    uint32_t position;

    (void)loose_place(loose, unit_batch(0, 1, -1, -1, -1), &position);
    segments_forget_aborts(&loose->log, 100); /* None at all: there is no array. */
    for (int64_t i = 0; i < 9; i++)
        segments_abort(&loose->log, (struct abort_entry){ i, 10 * i, 10 * i + 5, 10 * i + 6 });
    segments_forget_aborts(&loose->log, 25); /* A marker at the start is needed still. */
    assert_int_equal(loose->log.segments->abort_count, 7);
    assert_int_equal(loose->log.segments->aborts[0].last, 25);
    segments_forget_aborts(&loose->log, 26);
    assert_int_equal(loose->log.segments->aborts[0].last, 35);
    assert_int_equal(loose->log.segments->aborts[5].producer_id, 8);
    segments_forget_aborts(&loose->log, 1000);
    assert_int_equal(loose->log.segments->abort_count, 0);
}

static void the_times_of_a_segment_are_of_its_own_batches(void **test)
{
    struct loose *loose = *test;
    static const int64_t times[] = { 700, 900, 900, 800 };
    uint32_t position;

    for (int i = 0; i < 4; i++) {
        struct batch batch = unit_batch((int64_t)3 * i, 3, -1, -1, -1);
        batch.max_timestamp_ms = times[i];
        (void)loose_place(loose, batch, &position);
    }
    assert_int_equal(segments_last(&loose->log)->base_timestamp_ms, 700);
    assert_int_equal(segments_last(&loose->log)->max_timestamp_ms, 900);
    assert_int_equal(segments_last(&loose->log)->max_timestamp_offset, 5); /* The first that has it. */
    loose->log.segments->roll = true;
    struct batch batch = unit_batch(12, 1, -1, -1, -1);
    batch.max_timestamp_ms = 100;
    const struct segment *next = loose_place(loose, batch, &position);
    assert_int_equal(next->max_timestamp_ms, 100);
    assert_int_equal(next->max_timestamp_offset, 12);
}

static void a_write_does_not_cross_the_border(void **test)
{
    (void)test;
    struct segment segment = { .border = 65536, .allocated = 131072 };
    assert_int_equal(segment_run_limit(&segment, 0), 65536);
    assert_int_equal(segment_run_limit(&segment, 65535), 65536);
    assert_int_equal(segment_run_limit(&segment, 65536), 131072);
    segment.border = segment.allocated;
    assert_int_equal(segment_run_limit(&segment, 0), 131072);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_log(batches_fill_segments_to_their_size),
        with_log(many_producers_are_not_pictured_for_few_bytes),
        with_log(a_batch_larger_than_a_segment_gets_one_of_its_own),
        with_log(time_and_offsets_roll_too),
        with_log(a_full_index_rolls),
        with_log(jitter_spreads_the_rolling),
        with_log(a_gap_belongs_to_the_segment_above),
        with_log(a_sealed_segment_takes_no_more),
        with_log(removed_segments_leave_the_others_in_order),
        with_log(aborts_below_the_start_are_forgotten),
        with_log(the_times_of_a_segment_are_of_its_own_batches),
        cmocka_unit_test(a_write_does_not_cross_the_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
