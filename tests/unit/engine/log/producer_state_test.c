/* Producers: the answers of Apache Kafka 4.3.1 to duplicates, gaps and epochs; transactions. */
#include "producers.h"

static void a_retry_of_the_last_five_gets_the_original(void **test)
{
    struct producers *producers = *test;
    struct producer_batch original;

    for (int i = 0; i < 6; i++) assert_int_equal(producers_send(producers, 100 + 2 * i, 2, 0, 2 * i), STATUS_OK);
    for (int i = 1; i < 6; i++) {
        struct batch again = unit_batch(0, 2, 7, 0, 2 * i);
        assert_int_equal(producer_state_check(producers->state, &again, &original), STATUS_DUPLICATE);
        assert_int_equal(original.last_offset, 101 + 2 * i);
        assert_int_equal(original.offset_delta, 1);
    }
    struct batch sixth = unit_batch(0, 2, 7, 0, 0);
    assert_int_equal(producer_state_check(producers->state, &sixth, &original), STATUS_OUT_OF_ORDER);
}

static void gaps_and_overlaps_are_out_of_order(void **test)
{
    struct producers *producers = *test;
    assert_int_equal(producers_send(producers, 0, 3, 0, 0), STATUS_OK);
    assert_int_equal(producers_send(producers, 3, 1, 0, 5), STATUS_OUT_OF_ORDER);
    assert_int_equal(producers_send(producers, 3, 1, 0, 2), STATUS_OUT_OF_ORDER);
    assert_int_equal(producers_send(producers, 3, 2, 0, 0), STATUS_OUT_OF_ORDER);
    assert_int_equal(producers_send(producers, 3, 1, 0, 3), STATUS_OK);
}

static void an_unknown_producer_may_begin_anywhere(void **test)
{
    assert_int_equal(producers_send(*test, 0, 1, 0, 5), STATUS_OK);
    assert_int_equal(producers_send(*test, 1, 1, 0, 6), STATUS_OK);
}

static void epochs_fence(void **test)
{
    struct producers *producers = *test;
    assert_int_equal(producers_send(producers, 0, 1, 1, 0), STATUS_OK);
    assert_int_equal(producers_send(producers, 1, 1, 0, 1), STATUS_FENCED);
    assert_int_equal(producers_send(producers, 1, 1, 2, 3), STATUS_OUT_OF_ORDER);
    assert_int_equal(producers_send(producers, 1, 1, 2, 0), STATUS_OK);
    assert_int_equal(producers_send(producers, 2, 1, 2, 1), STATUS_OK);
}

static void sequences_wrap_to_zero(void **test)
{
    struct producers *producers = *test;
    assert_int_equal(producers_send(producers, 0, 1, 0, 2147483645), STATUS_OK);
    assert_int_equal(producers_send(producers, 1, 2, 0, 2147483646), STATUS_OK);
    assert_int_equal(producers_send(producers, 3, 2, 0, 0), STATUS_OK);

    struct producer_batch original;
    struct batch over = unit_batch(0, 2, 7, 0, 2147483646);
    assert_int_equal(producer_state_check(producers->state, &over, &original), STATUS_DUPLICATE);
    assert_int_equal(original.last_offset, 2);
}

static void a_batch_across_the_wrap_is_known_again(void **test)
{
    struct producers *producers = *test;
    assert_int_equal(producers_send(producers, 0, 3, 0, 2147483646), STATUS_OK);
    struct producer_batch original;
    struct batch again = unit_batch(0, 3, 7, 0, 2147483646);
    assert_int_equal(producer_state_check(producers->state, &again, &original), STATUS_DUPLICATE);
    assert_int_equal(producers_send(producers, 3, 1, 0, 1), STATUS_OK);
}

static void checking_changes_nothing(void **test)
{
    struct producers *producers = *test;
    struct producer_batch original;
    struct batch batch = unit_batch(0, 1, 7, 0, 0);
    for (int i = 0; i < 3; i++) assert_int_equal(producer_state_check(producers->state, &batch, &original), STATUS_OK);
    assert_int_equal(producers->state->by_id.count, 0);
    assert_int_equal(producer_state_check(NULL, &batch, &original), STATUS_OK);
}

static void the_stable_offset_waits_for_markers_and_for_the_high_watermark(void **test)
{
    struct producers *producers = *test;
    assert_int_equal(producer_state_commit(producers->state, 0), INT64_MAX);
    producers_transact(producers, 1, 10, 5, 0);
    producers_transact(producers, 2, 15, 5, 0);
    assert_int_equal(producer_state_commit(producers->state, 20), 10);

    producers_mark(producers, 1, 20, 0, true);
    assert_true(producers->end.ended && producers->end.aborted);
    assert_int_equal(producers->end.first, 10);
    assert_int_equal(producers->end.last, 20);
    assert_int_equal(producers->end.last_stable, 15);
    assert_int_equal(producer_state_commit(producers->state, 20), 10); /* The marker is not committed. */
    assert_int_equal(producer_state_commit(producers->state, 21), 15);

    producers_mark(producers, 2, 21, 0, false);
    assert_true(producers->end.ended && !producers->end.aborted);
    assert_int_equal(producers->end.last_stable, 22);
    assert_int_equal(producer_state_commit(producers->state, 22), INT64_MAX);
}

static void a_marker_without_a_transaction_ends_nothing(void **test)
{
    struct producers *producers = *test;
    producers_mark(producers, 4, 0, 2, true);
    assert_false(producers->end.ended);
    assert_int_equal(producer_find(producers->state, 4)->epoch, 2);
}

static void markers_of_a_bumped_epoch_begin_sequences_anew(void **test)
{
    struct producers *producers = *test;
    struct producer_batch original;

    producers_transact(producers, 1, 0, 2, 0);
    producers_mark(producers, 1, 2, 1, false);
    struct batch next = unit_batch(3, 1, 1, 1, 0), wrong = unit_batch(3, 1, 1, 1, 2), old = unit_batch(3, 1, 1, 0, 2);
    assert_int_equal(producer_state_check(producers->state, &next, &original), STATUS_OK);
    assert_int_equal(producer_state_check(producers->state, &wrong, &original), STATUS_OUT_OF_ORDER);
    assert_int_equal(producer_state_check(producers->state, &old, &original), STATUS_FENCED);
}

static void a_stale_coordinator_is_fenced(void **test)
{
    struct producers *producers = *test;
    struct producer_batch original;
    uint8_t memory[256];

    producers_transact(producers, 1, 0, 2, 0);
    producers_mark(producers, 1, 2, 0, false); /* Coordinator epoch 3. */
    struct batch stale = unit_marker(memory, 3, 1, 0, true, 2);
    assert_int_equal(producer_state_check(producers->state, &stale, &original), STATUS_FENCED);
    struct batch fresh = unit_marker(memory, 3, 1, 0, true, 3);
    assert_int_equal(producer_state_check(producers->state, &fresh, &original), STATUS_OK);
}

static void plain_batches_inside_a_transaction_are_refused(void **test)
{
    struct producers *producers = *test;
    struct producer_batch original;
    producers_transact(producers, 1, 0, 2, 0);
    struct batch plain = unit_batch(2, 1, 1, 0, 2);
    assert_int_equal(producer_state_check(producers->state, &plain, &original), STATUS_INVALID);
}

static void silent_producers_expire_but_not_their_transactions(void **test)
{
    struct producers *producers = *test;
    producers_transact(producers, 1, 0, 1, 0);
    assert_int_equal(producers_send(producers, 1, 1, 0, 0), STATUS_OK);
    producer_state_expire(producers->state, 99, 100);
    assert_int_equal(producers->state->by_id.count, 2);
    producer_state_expire(producers->state, 100, 100);
    assert_int_equal(producers->state->by_id.count, 1);
    assert_non_null(producer_find(producers->state, 1));
}

static void memory_is_bounded(void **test)
{
    struct producers *producers = *test;
    producers_transact(producers, 1, 0, 1, 0);
    for (int64_t id = 2; id < PRODUCERS_MAX + 10; id++) {
        struct batch batch = unit_batch(id, 1, id, 0, 0);
        producer_state_apply(producers->state, &batch, 0, &producers->end);
    }
    assert_int_equal(producers->state->by_id.count, PRODUCERS_MAX);
    assert_non_null(producer_find(producers->state, 1));
    assert_null(producer_find(producers->state, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_state(a_retry_of_the_last_five_gets_the_original),
        with_state(gaps_and_overlaps_are_out_of_order),
        with_state(an_unknown_producer_may_begin_anywhere),
        with_state(epochs_fence),
        with_state(sequences_wrap_to_zero),
        with_state(a_batch_across_the_wrap_is_known_again),
        with_state(checking_changes_nothing),
        with_state(the_stable_offset_waits_for_markers_and_for_the_high_watermark),
        with_state(a_marker_without_a_transaction_ends_nothing),
        with_state(markers_of_a_bumped_epoch_begin_sequences_anew),
        with_state(a_stale_coordinator_is_fenced),
        with_state(plain_batches_inside_a_transaction_are_refused),
        with_state(silent_producers_expire_but_not_their_transactions),
        with_state(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
