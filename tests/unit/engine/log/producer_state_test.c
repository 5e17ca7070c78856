/* Producers: the answers of Apache Kafka 4.3.1 to duplicates, gaps and epochs, its snapshots byte for byte, and
 * transactions. */
#include "unit.h"

#include "log/producer_state.h"

struct fixture {
    struct heap heap;
    struct producer_state *state;
    struct transaction_end end;
};

static int begin(void **test)
{
    static struct fixture fixture;
    heap_init(&fixture.heap);
    fixture.state = producer_state_make(&fixture.heap);
    *test = &fixture;
    return 0;
}

static int finish(void **test)
{
    struct fixture *fixture = *test;
    producer_state_end(fixture->state);
    bool leaked = fixture->heap.live_count > 0;
    heap_end(&fixture->heap);
    return leaked;
}

static enum status send(struct fixture *fixture, int64_t offset, int32_t count, int16_t epoch, int32_t sequence)
{
    struct producer_batch original;
    struct batch batch = unit_batch(offset, count, 7, epoch, sequence);
    enum status status = producer_state_check(fixture->state, &batch, &original);
    if (status == STATUS_OK) producer_state_apply(fixture->state, &batch, 0, &fixture->end);
    return status;
}

static void a_retry_of_the_last_five_gets_the_original(void **test)
{
    struct fixture *fixture = *test;
    struct producer_batch original;

    for (int i = 0; i < 6; i++) assert_int_equal(send(fixture, 100 + 2 * i, 2, 0, 2 * i), STATUS_OK);
    for (int i = 1; i < 6; i++) {
        struct batch again = unit_batch(0, 2, 7, 0, 2 * i);
        assert_int_equal(producer_state_check(fixture->state, &again, &original), STATUS_DUPLICATE);
        assert_int_equal(original.last_offset, 101 + 2 * i);
        assert_int_equal(original.offset_delta, 1);
    }
    struct batch sixth = unit_batch(0, 2, 7, 0, 0);
    assert_int_equal(producer_state_check(fixture->state, &sixth, &original), STATUS_OUT_OF_ORDER);
}

static void gaps_and_overlaps_are_out_of_order(void **test)
{
    struct fixture *fixture = *test;
    assert_int_equal(send(fixture, 0, 3, 0, 0), STATUS_OK);
    assert_int_equal(send(fixture, 3, 1, 0, 5), STATUS_OUT_OF_ORDER);
    assert_int_equal(send(fixture, 3, 1, 0, 2), STATUS_OUT_OF_ORDER);
    assert_int_equal(send(fixture, 3, 2, 0, 0), STATUS_OUT_OF_ORDER);
    assert_int_equal(send(fixture, 3, 1, 0, 3), STATUS_OK);
}

static void an_unknown_producer_may_begin_anywhere(void **test)
{
    assert_int_equal(send(*test, 0, 1, 0, 5), STATUS_OK);
    assert_int_equal(send(*test, 1, 1, 0, 6), STATUS_OK);
}

static void epochs_fence(void **test)
{
    struct fixture *fixture = *test;
    assert_int_equal(send(fixture, 0, 1, 1, 0), STATUS_OK);
    assert_int_equal(send(fixture, 1, 1, 0, 1), STATUS_FENCED);
    assert_int_equal(send(fixture, 1, 1, 2, 3), STATUS_OUT_OF_ORDER);
    assert_int_equal(send(fixture, 1, 1, 2, 0), STATUS_OK);
    assert_int_equal(send(fixture, 2, 1, 2, 1), STATUS_OK);
}

static void sequences_wrap_to_zero(void **test)
{
    struct fixture *fixture = *test;
    assert_int_equal(send(fixture, 0, 1, 0, 2147483645), STATUS_OK);
    assert_int_equal(send(fixture, 1, 2, 0, 2147483646), STATUS_OK);
    assert_int_equal(send(fixture, 3, 2, 0, 0), STATUS_OK);

    struct producer_batch original;
    struct batch over = unit_batch(0, 2, 7, 0, 2147483646);
    assert_int_equal(producer_state_check(fixture->state, &over, &original), STATUS_DUPLICATE);
    assert_int_equal(original.last_offset, 2);
}

static void a_batch_across_the_wrap_is_known_again(void **test)
{
    struct fixture *fixture = *test;
    assert_int_equal(send(fixture, 0, 3, 0, 2147483646), STATUS_OK);
    struct producer_batch original;
    struct batch again = unit_batch(0, 3, 7, 0, 2147483646);
    assert_int_equal(producer_state_check(fixture->state, &again, &original), STATUS_DUPLICATE);
    assert_int_equal(send(fixture, 3, 1, 0, 1), STATUS_OK);
}

static void checking_changes_nothing(void **test)
{
    struct fixture *fixture = *test;
    struct producer_batch original;
    struct batch batch = unit_batch(0, 1, 7, 0, 0);
    for (int i = 0; i < 3; i++) assert_int_equal(producer_state_check(fixture->state, &batch, &original), STATUS_OK);
    assert_int_equal(fixture->state->by_id.count, 0);
    assert_int_equal(producer_state_check(NULL, &batch, &original), STATUS_OK);
}

static void transact(struct fixture *fixture, int64_t producer, int64_t offset, int32_t count, int32_t sequence)
{
    struct batch batch = unit_batch(offset, count, producer, 0, sequence);
    batch.attributes = BATCH_TRANSACTIONAL;
    producer_state_apply(fixture->state, &batch, 0, &fixture->end);
    assert_false(fixture->end.ended);
}

static void mark(struct fixture *fixture, int64_t producer, int64_t offset, int16_t epoch, bool abort)
{
    uint8_t memory[256];
    struct batch batch = unit_marker(memory, offset, producer, epoch, abort, 3);
    producer_state_apply(fixture->state, &batch, 0, &fixture->end);
}

static void the_stable_offset_waits_for_markers_and_for_the_high_watermark(void **test)
{
    struct fixture *fixture = *test;
    assert_int_equal(producer_state_commit(fixture->state, 0), INT64_MAX);
    transact(fixture, 1, 10, 5, 0);
    transact(fixture, 2, 15, 5, 0);
    assert_int_equal(producer_state_commit(fixture->state, 20), 10);

    mark(fixture, 1, 20, 0, true);
    assert_true(fixture->end.ended && fixture->end.aborted);
    assert_int_equal(fixture->end.first, 10);
    assert_int_equal(fixture->end.last, 20);
    assert_int_equal(fixture->end.last_stable, 15);
    assert_int_equal(producer_state_commit(fixture->state, 20), 10); /* The marker is not committed. */
    assert_int_equal(producer_state_commit(fixture->state, 21), 15);

    mark(fixture, 2, 21, 0, false);
    assert_true(fixture->end.ended && !fixture->end.aborted);
    assert_int_equal(fixture->end.last_stable, 22);
    assert_int_equal(producer_state_commit(fixture->state, 22), INT64_MAX);
}

static void a_marker_without_a_transaction_ends_nothing(void **test)
{
    struct fixture *fixture = *test;
    mark(fixture, 4, 0, 2, true);
    assert_false(fixture->end.ended);
    assert_int_equal(producer_find(fixture->state, 4)->epoch, 2);
}

static void markers_of_a_bumped_epoch_begin_sequences_anew(void **test)
{
    struct fixture *fixture = *test;
    struct producer_batch original;

    transact(fixture, 1, 0, 2, 0);
    mark(fixture, 1, 2, 1, false);
    struct batch next = unit_batch(3, 1, 1, 1, 0), wrong = unit_batch(3, 1, 1, 1, 2), old = unit_batch(3, 1, 1, 0, 2);
    assert_int_equal(producer_state_check(fixture->state, &next, &original), STATUS_OK);
    assert_int_equal(producer_state_check(fixture->state, &wrong, &original), STATUS_OUT_OF_ORDER);
    assert_int_equal(producer_state_check(fixture->state, &old, &original), STATUS_FENCED);
}

static void a_stale_coordinator_is_fenced(void **test)
{
    struct fixture *fixture = *test;
    struct producer_batch original;
    uint8_t memory[256];

    transact(fixture, 1, 0, 2, 0);
    mark(fixture, 1, 2, 0, false); /* Coordinator epoch 3. */
    struct batch stale = unit_marker(memory, 3, 1, 0, true, 2);
    assert_int_equal(producer_state_check(fixture->state, &stale, &original), STATUS_FENCED);
    struct batch fresh = unit_marker(memory, 3, 1, 0, true, 3);
    assert_int_equal(producer_state_check(fixture->state, &fresh, &original), STATUS_OK);
}

static void plain_batches_inside_a_transaction_are_refused(void **test)
{
    struct fixture *fixture = *test;
    struct producer_batch original;
    transact(fixture, 1, 0, 2, 0);
    struct batch plain = unit_batch(2, 1, 1, 0, 2);
    assert_int_equal(producer_state_check(fixture->state, &plain, &original), STATUS_INVALID);
}

/* plain-0 of a directory that Kafka wrote: producer 0, 300 records in batches of 10. */
static void snapshots_are_kafkas_bytes(void **test)
{
    struct fixture *fixture = *test;
    static const char golden[] = "00019ab28fe200000001"
                                 "000000000000000000000000012b000000000000012b000000090000018bcfe9f7f8ffffffffffffffff"
                                 "ffffffff";
    uint8_t wanted[64], made[64];
    size_t size = unit_unhex(golden, wanted);

    struct batch batch = unit_batch(290, 10, 0, 0, 290);
    batch.max_timestamp_ms = 1700000299000;
    producer_state_apply(fixture->state, &batch, 0, &fixture->end);
    assert_int_equal(producer_snapshot_size(fixture->state), size);
    producer_snapshot_write(fixture->state, made);
    assert_memory_equal(made, wanted, 56);

    static const char empty[] = "000148674bc700000000";
    size = unit_unhex(empty, wanted);
    assert_int_equal(producer_snapshot_size(NULL), size);
    producer_snapshot_write(NULL, made);
    assert_memory_equal(made, wanted, 10);
}

static void a_snapshot_comes_back_with_its_last_batches(void **test)
{
    struct fixture *fixture = *test;
    uint8_t bytes[512];

    for (int i = 0; i < 3; i++) assert_int_equal(send(fixture, i, 1, 0, i), STATUS_OK);
    transact(fixture, 9, 3, 2, 0);
    transact(fixture, 8, 5, 2, 0);
    size_t size = producer_snapshot_size(fixture->state);
    producer_snapshot_write(fixture->state, bytes);

    struct producer_state *back = producer_state_make(&fixture->heap);
    assert_int_equal(producer_snapshot_read(back, (struct bytes){ bytes, size }, 0), STATUS_OK);
    assert_int_equal(back->by_id.count, 3);
    assert_int_equal(producer_find(back, 7)->batch_count, 1);
    assert_int_equal(producer_state_commit(back, 100), 3);
    producer_state_end(back);

    for (size_t cut = 0; cut < size; cut++) {
        back = producer_state_make(&fixture->heap);
        assert_int_not_equal(producer_snapshot_read(back, (struct bytes){ bytes, cut }, 0), STATUS_OK);
        producer_state_end(back);
    }
    bytes[20] ^= 1;
    back = producer_state_make(&fixture->heap);
    assert_int_equal(producer_snapshot_read(back, (struct bytes){ bytes, size }, 0), STATUS_CORRUPT);
    producer_state_end(back);
}

static void our_own_form_keeps_everything(void **test)
{
    struct fixture *fixture = *test;
    struct producer_batch original;
    uint8_t bytes[2048];

    for (int i = 0; i < 6; i++) assert_int_equal(send(fixture, i, 1, 0, i), STATUS_OK);
    transact(fixture, 9, 6, 2, 0);
    transact(fixture, 8, 8, 2, 0);
    mark(fixture, 8, 10, 0, true);
    size_t size = producer_state_size(fixture->state);
    producer_state_write(fixture->state, bytes);

    struct producer_state *back = producer_state_make(&fixture->heap);
    assert_int_equal(producer_state_read(back, (struct bytes){ bytes, size }, 0), STATUS_OK);
    for (int i = 1; i < 6; i++) {
        struct batch again = unit_batch(0, 1, 7, 0, i);
        assert_int_equal(producer_state_check(back, &again, &original), STATUS_DUPLICATE);
        assert_int_equal(original.last_offset, i);
    }
    assert_int_equal(producer_state_commit(back, 10), 6);
    assert_int_equal(back->decided_count, 1);
    producer_state_end(back);

    for (size_t cut = 0; cut < size; cut++) {
        back = producer_state_make(&fixture->heap);
        assert_int_equal(producer_state_read(back, (struct bytes){ bytes, cut }, 0), STATUS_MALFORMED);
        producer_state_end(back);
    }
}

static void silent_producers_expire_but_not_their_transactions(void **test)
{
    struct fixture *fixture = *test;
    transact(fixture, 1, 0, 1, 0);
    assert_int_equal(send(fixture, 1, 1, 0, 0), STATUS_OK);
    producer_state_expire(fixture->state, 99, 100);
    assert_int_equal(fixture->state->by_id.count, 2);
    producer_state_expire(fixture->state, 100, 100);
    assert_int_equal(fixture->state->by_id.count, 1);
    assert_non_null(producer_find(fixture->state, 1));
}

static void memory_is_bounded(void **test)
{
    struct fixture *fixture = *test;
    transact(fixture, 1, 0, 1, 0);
    for (int64_t id = 2; id < PRODUCERS_MAX + 10; id++) {
        struct batch batch = unit_batch(id, 1, id, 0, 0);
        producer_state_apply(fixture->state, &batch, 0, &fixture->end);
    }
    assert_int_equal(fixture->state->by_id.count, PRODUCERS_MAX);
    assert_non_null(producer_find(fixture->state, 1));
    assert_null(producer_find(fixture->state, 2));
}

#define with_state(test) cmocka_unit_test_setup_teardown(test, begin, finish)

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
        with_state(snapshots_are_kafkas_bytes),
        with_state(a_snapshot_comes_back_with_its_last_batches),
        with_state(our_own_form_keeps_everything),
        with_state(silent_producers_expire_but_not_their_transactions),
        with_state(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
